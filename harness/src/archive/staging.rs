//! The files of an archive before they are written: those that exist, and those that were made for
//! it in a temporary folder.

use super::layout::check_path;
use super::manifest::{FileHash, HashedReader, copy_hashed};
use anyhow::{Context, anyhow, ensure};
use offload_instances::files::open_regular;
use std::collections::BTreeMap;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A file of the archive.
pub(super) struct StagedFile {
    /// Where its bytes are.
    pub source: PathBuf,
    /// Whether its owner may execute it.
    pub is_executable: bool,
    /// Number of bytes.
    pub bytes: u64,
    /// Their hash.
    pub hash: FileHash,
}

/// The files of an archive by their paths in it.
pub(super) struct Staging {
    folder: TempDir,
    /// The files.
    pub files: BTreeMap<String, StagedFile>,
}

impl Staging {
    /// Starts with no files; those that are made stand in a folder beside the archive.
    ///
    /// # Errors
    /// If the folder cannot be made.
    pub fn new(beside: &Path) -> anyhow::Result<Staging> {
        let folder = tempfile::Builder::new()
            .prefix(".offload-")
            .tempdir_in(beside);
        let folder =
            folder.with_context(|| format!("{}: cannot write to this folder", beside.display()))?;
        Ok(Staging {
            folder,
            files: BTreeMap::new(),
        })
    }

    /// Where a file that is made for the archive is written.
    ///
    /// # Errors
    /// If its folder cannot be made.
    pub fn place(&self, path: &str) -> anyhow::Result<PathBuf> {
        let place = self.folder.path().join(path);
        if let Some(folder) = place.parent() {
            crate::files::make_folder(folder)?;
        }
        Ok(place)
    }

    /// Adds a text.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn add_text(&mut self, path: &str, text: &str) -> anyhow::Result<()> {
        let place = self.place(path)?;
        std::fs::write(&place, text)
            .with_context(|| format!("{}: cannot write", place.display()))?;
        self.add_file(path, &place)
    }

    /// Adds a file. One that was added before under this path stays.
    ///
    /// # Errors
    /// If it cannot be read, is not an ordinary file, or its path cannot stand in an archive.
    pub fn add_file(&mut self, path: &str, source: &Path) -> anyhow::Result<()> {
        check_path(path).map_err(|e| anyhow!("{}: cannot be packed: {e}", source.display()))?;
        if self.files.contains_key(path) {
            return Ok(());
        }
        let mut file = open_regular(source)?;
        let name = || format!("{}: cannot read", source.display());
        let mode = file.metadata().with_context(name)?.permissions().mode();
        let copied = copy_hashed(&mut file, &mut std::io::sink(), &|| true).with_context(name)?;
        let staged = StagedFile {
            source: source.to_path_buf(),
            is_executable: mode & 0o100 != 0,
            bytes: copied.bytes,
            hash: copied.hash,
        };
        self.files.insert(path.to_string(), staged);
        Ok(())
    }

    /// Calls `write` with a file's content.
    ///
    /// # Errors
    /// If it cannot be read, was changed since it was added, or `write` fails.
    pub fn with_content(
        &self,
        path: &str,
        write: &mut dyn FnMut(&mut dyn Read) -> std::io::Result<()>,
    ) -> anyhow::Result<()> {
        let staged = &self.files[path];
        let mut reader = HashedReader::new(open_regular(&staged.source)?);
        write(&mut reader)?;
        ensure!(
            reader.finish().hash == staged.hash,
            "{}: was changed while it was packed; pack again",
            staged.source.display()
        );
        Ok(())
    }
}
