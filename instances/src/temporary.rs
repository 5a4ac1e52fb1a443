//! Temporary files and folders beside their target, and removal of those that killed writers left.
//!
//! A file is written under a temporary name in the folder of its target and then renamed, so that
//! it is there whole or not at all. A writer that is killed leaves its temporary file behind. Every
//! writer therefore holds a lock on what it writes; the next writer in the folder removes what
//! begins with [`PREFIX`] and is not locked by anyone. Names with this prefix are reserved.

use std::collections::HashSet;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;
use tempfile::{Builder, NamedTempFile, TempDir};

/// Names of temporary files and folders begin with this.
pub const PREFIX: &str = ".offload-";

/// Time that a writer may take between making a file and locking it. Younger files are left alone.
const SETTLED: Duration = Duration::from_secs(60);

/// Age at which a file counts as left behind where the file system has no locks. No output takes a
/// day to write.
const ABANDONED: Duration = Duration::from_secs(24 * 3600);

/// Most entries of a folder that a writer looks at before it writes. A worker writes one
/// certificate into a folder that may hold 100,000: reading all names would take as long as a short
/// solve. [`remove_leftovers`] has no such limit.
const MOST_ENTRIES: usize = 10_000;

/// Folders that this process has cleaned.
static CLEANED: Mutex<Option<HashSet<PathBuf>>> = Mutex::new(None);

/// A temporary folder, removed with its content when this is dropped.
pub struct TemporaryFolder {
    folder: TempDir,
    /// Open, and locked where the file system has locks.
    _lock: Option<File>,
}

impl TemporaryFolder {
    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// A new temporary file in `folder`, locked and as readable as any other file. It is removed when
/// it is dropped, unless it was persisted.
///
/// # Errors
/// If the folder cannot be written.
pub fn file_in(folder: &Path) -> io::Result<NamedTempFile> {
    clean_once(folder);
    let mut builder = Builder::new();
    set_ordinary_mode(&mut builder);
    let file = builder.prefix(PREFIX).tempfile_in(folder)?;
    // Without locks, age decides.
    let _ = file.as_file().try_lock();
    Ok(file)
}

/// A new temporary folder in `folder`, locked.
///
/// # Errors
/// If the folder cannot be written.
pub fn folder_in(folder: &Path) -> io::Result<TemporaryFolder> {
    clean_once(folder);
    let folder = Builder::new().prefix(PREFIX).tempdir_in(folder)?;
    let lock = File::open(folder.path()).ok();
    if let Some(lock) = &lock {
        let _ = lock.try_lock();
    }
    Ok(TemporaryFolder {
        folder,
        _lock: lock,
    })
}

/// Removes what killed writers left in a folder. What cannot be removed stays.
pub fn remove_leftovers(folder: &Path) {
    clean(folder, usize::MAX);
}

fn clean_once(folder: &Path) {
    let Ok(mut cleaned) = CLEANED.lock() else {
        return;
    };
    let cleaned = cleaned.get_or_insert_default();
    if cleaned.insert(folder.to_path_buf()) {
        clean(folder, MOST_ENTRIES);
    }
}

fn clean(folder: &Path, most: usize) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.take(most).flatten() {
        let name = entry.file_name();
        if name.as_encoded_bytes().starts_with(PREFIX.as_bytes()) && is_left_behind(&entry.path()) {
            let path = entry.path();
            // Neither follows a symbolic link.
            let _ = match path.is_dir() {
                true => std::fs::remove_dir_all(&path),
                false => std::fs::remove_file(&path),
            };
        }
    }
}

/// Whether a temporary file or folder has no writer any more.
fn is_left_behind(path: &Path) -> bool {
    // Opening a pipe would wait for its writer; a link is none of ours.
    let about = path.symlink_metadata().ok();
    let Some(about) = about.filter(|about| about.is_file() || about.is_dir()) else {
        return false;
    };
    let age = about.modified().ok().and_then(|time| time.elapsed().ok());
    let Some(age) = age.filter(|age| *age >= SETTLED) else {
        return false;
    };
    let lock = File::open(path).map(|file| file.try_lock());
    match lock {
        Ok(Ok(())) => true,
        Ok(Err(TryLockError::WouldBlock)) => false,
        Ok(Err(TryLockError::Error(_))) | Err(_) => age >= ABANDONED,
    }
}

/// Temporary files are private by default; the finished file gets the ordinary mode.
#[cfg(unix)]
fn set_ordinary_mode(builder: &mut Builder) {
    use std::os::unix::fs::PermissionsExt;
    builder.permissions(std::fs::Permissions::from_mode(0o666));
}

#[cfg(not(unix))]
fn set_ordinary_mode(_: &mut Builder) {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::SystemTime;

    fn make_old(path: &Path) {
        let hour = Duration::from_secs(3600);
        let file = File::open(path).unwrap();
        file.set_modified(SystemTime::now() - hour).unwrap();
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap().flatten();
        let mut names: Vec<String> = entries
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn the_next_writer_removes_what_killed_writers_left() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at(".offload-dead"), "half").unwrap();
        std::fs::create_dir(at(".offload-deadset")).unwrap();
        std::fs::write(at(".offload-deadset/report.md"), "half").unwrap();
        std::fs::write(at(".offload-young"), "half").unwrap();
        std::fs::write(at("records.jsonl"), "").unwrap();
        // A writer that still holds its file, however old.
        let mut builder = Builder::new();
        let alive = builder.prefix(PREFIX).tempfile_in(folder.path()).unwrap();
        alive.as_file().try_lock().unwrap();
        let kept = alive.path().file_name().unwrap().to_string_lossy();
        for name in [".offload-dead", ".offload-deadset", "records.jsonl", &kept] {
            make_old(&at(name));
        }
        let written = file_in(folder.path()).unwrap();
        written.persist(at("new.json")).unwrap();
        let mut expected = [".offload-young", "new.json", "records.jsonl", &kept];
        expected.sort_unstable();
        assert_eq!(names(folder.path()), expected);
    }

    #[test]
    #[cfg(unix)]
    fn pipes_and_links_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let target = tempfile::tempdir().unwrap();
        std::fs::write(target.path().join("precious"), "x").unwrap();
        let link = folder.path().join(".offload-link");
        std::os::unix::fs::symlink(target.path(), &link).unwrap();
        make_old(target.path());
        remove_leftovers(folder.path());
        assert!(link.is_symlink() && target.path().join("precious").is_file());
    }

    #[test]
    fn a_dropped_folder_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let made = folder_in(folder.path()).unwrap();
        std::fs::write(made.path().join("a"), "x").unwrap();
        assert_eq!(names(folder.path()).len(), 1);
        drop(made);
        assert!(names(folder.path()).is_empty());
    }
}
