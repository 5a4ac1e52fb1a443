//! A report's files, written all together or not at all, and the one function that makes CSV.

use crate::error::ReportError;
use offload_instances::temporary::{TemporaryFolder, folder_in};
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Folder of a report's figures.
pub const FIGURES: &str = "figures";

/// Folder of the files that a new set replaces, within the temporary folder.
const OLD: &str = "old";
/// Folder of the new files, within the temporary folder.
const NEW: &str = "new";

/// Characters with which a spreadsheet begins a formula, the full-width ones included.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// Files that belong together. They are made in a temporary folder beside their targets and moved
/// there once all are complete: a failure leaves the files of an earlier set as they were.
///
/// ```
/// use offload_reports::FileSet;
///
/// let folder = tempfile::tempdir()?;
/// let set = FileSet::begin(folder.path())?;
/// set.add("a.csv", b"a,b\n")?;
/// set.add("figures/a.svg", b"<svg/>")?;
/// assert!(!folder.path().join("a.csv").exists());
/// set.finish()?;
/// assert!(folder.path().join("figures/a.svg").is_file());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct FileSet {
    folder: PathBuf,
    staging: TemporaryFolder,
    /// Paths below the folder.
    names: Mutex<BTreeSet<String>>,
}

impl FileSet {
    /// A set of files for `folder`, which is made if it is missing.
    ///
    /// # Errors
    /// [`ReportError::Io`], naming the folder.
    pub fn begin(folder: &Path) -> Result<Self, ReportError> {
        let fail = |e| ReportError::io(folder, "make the folder", e);
        fs::create_dir_all(folder).map_err(fail)?;
        let staging = folder_in(folder).map_err(|e| ReportError::io(folder, "write", e))?;
        Ok(Self {
            folder: folder.to_path_buf(),
            staging,
            names: Mutex::default(),
        })
    }

    /// Adds a file by its path below the folder.
    ///
    /// # Errors
    /// [`ReportError::Io`], naming the file.
    pub fn add(&self, name: &str, bytes: &[u8]) -> Result<(), ReportError> {
        self.add_with(name, |out| out.write_all(bytes))
    }

    /// Adds a file that is written as it is made.
    ///
    /// # Errors
    /// [`ReportError::Io`], naming the file.
    pub fn add_with(
        &self,
        name: &str,
        fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), ReportError> {
        let write = || {
            let path = self.staging.path().join(NEW).join(name);
            make_parent(&path)?;
            let mut out = BufWriter::new(File::create(&path)?);
            fill(&mut out)?;
            out.flush()?;
            out.get_ref().sync_all()
        };
        write().map_err(|e| ReportError::io(&self.folder.join(name), "write", e))?;
        if let Ok(mut names) = self.names.lock() {
            names.insert(name.to_string());
        }
        Ok(())
    }

    /// Moves all files to their places.
    ///
    /// # Errors
    /// [`ReportError::Io`], naming the file that cannot be replaced. Every file is then as it was
    /// before.
    pub fn finish(self) -> Result<(), ReportError> {
        let names = self.names.lock().map(|names| names.clone());
        let names = names.unwrap_or_default();
        let mut replaced: Vec<&str> = Vec::new();
        for name in &names {
            if let Err(e) = self.replace(name) {
                for done in replaced.iter().rev() {
                    self.restore(done);
                }
                return Err(ReportError::io(&self.folder.join(name), "write", e));
            }
            replaced.push(name);
        }
        Ok(())
    }

    fn replace(&self, name: &str) -> io::Result<()> {
        let (target, old) = (self.folder.join(name), self.staging.path().join(OLD));
        let old = old.join(name);
        if target.is_dir() {
            let what = "it is a directory; rename it";
            return Err(io::Error::new(io::ErrorKind::IsADirectory, what));
        }
        make_parent(&target)?;
        make_parent(&old)?;
        if target.symlink_metadata().is_ok() {
            // A second name keeps the old file in its place until the new one takes it. Not every
            // file system has that.
            fs::hard_link(&target, &old).or_else(|_| fs::rename(&target, &old))?;
        }
        let moved = fs::rename(self.staging.path().join(NEW).join(name), &target);
        moved.inspect_err(|_| self.restore(name))
    }

    /// Puts back what was there before. Nothing more can be done where that fails.
    fn restore(&self, name: &str) {
        let (target, old) = (self.folder.join(name), self.staging.path().join(OLD));
        let old = old.join(name);
        let _ = match old.symlink_metadata() {
            Ok(_) => fs::rename(&old, &target),
            Err(_) => fs::remove_file(&target),
        };
    }
}

fn make_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}

/// Writes texts by name into `folder`, which is made if it is missing, all or none; returns their
/// paths.
pub(crate) fn write_all(
    folder: &Path,
    files: &[(&str, String)],
) -> Result<Vec<PathBuf>, ReportError> {
    let set = FileSet::begin(folder)?;
    for (name, text) in files {
        set.add(name, text.as_bytes())?;
    }
    set.finish()?;
    Ok(files.iter().map(|file| folder.join(file.0)).collect())
}

/// A text cell that no spreadsheet takes for a formula: an apostrophe before what would begin one,
/// as OWASP recommends. Numbers stay numbers.
fn neutral(cell: String) -> String {
    if cell.starts_with(FORMULA) && cell.parse::<f64>().is_err() {
        format!("'{cell}")
    } else {
        cell
    }
}

/// Writes CSV row by row.
pub(crate) fn write_csv<'a>(
    out: &mut dyn Write,
    header: impl IntoIterator<Item = &'a str>,
    rows: impl Iterator<Item = Vec<String>>,
) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(row.into_iter().map(neutral))?;
    }
    writer.flush()
}

/// CSV as text.
pub(crate) fn csv_text(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut bytes = Vec::new();
    // Writing to memory does not fail, and every row is as long as the header.
    let _ = write_csv(&mut bytes, header.iter().copied(), rows);
    String::from_utf8(bytes).unwrap_or_default()
}

/// A value with all its digits (`{:?}` is the shortest text that reads back bit for bit); empty for
/// none.
pub(crate) fn full<T: Debug>(value: Option<T>) -> String {
    value.map_or_else(String::new, |v| format!("{v:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(folder: &Path, name: &str) -> Option<String> {
        fs::read_to_string(folder.join(name)).ok()
    }

    fn set(folder: &Path, names: &[&str], text: &str) -> Result<(), ReportError> {
        let set = FileSet::begin(folder)?;
        for name in names {
            set.add(name, text.as_bytes())?;
        }
        set.finish()
    }

    #[test]
    fn a_set_is_replaced_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let names = ["a.md", "figures/b.svg", "z.csv"];
        set(folder, &names, "first").unwrap();
        // The last file cannot be replaced: those before it are put back, a new one is removed.
        fs::remove_file(folder.join("z.csv")).unwrap();
        fs::create_dir(folder.join("z.csv")).unwrap();
        let names = ["a.md", "figures/b.svg", "figures/new.svg", "z.csv"];
        let error = set(folder, &names, "second").unwrap_err().to_string();
        assert!(
            error.contains("z.csv: cannot write: it is a directory"),
            "{error}"
        );
        assert_eq!(read(folder, "a.md").as_deref(), Some("first"));
        assert_eq!(read(folder, "figures/b.svg").as_deref(), Some("first"));
        assert_eq!(read(folder, "figures/new.svg"), None);
        fs::remove_dir(folder.join("z.csv")).unwrap();
        set(folder, &names, "second").unwrap();
        for name in names {
            assert_eq!(read(folder, name).as_deref(), Some("second"), "{name}");
        }
        assert_eq!(fs::read_dir(folder).unwrap().count(), 3, "nothing else");
    }

    #[test]
    fn a_failure_before_the_end_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        set(folder, &["a.md"], "first").unwrap();
        let failing = FileSet::begin(folder).unwrap();
        failing.add("a.md", b"second").unwrap();
        let full = |_: &mut dyn Write| Err(io::Error::from(io::ErrorKind::StorageFull));
        let error = failing.add_with("gaps.csv", full).unwrap_err().to_string();
        assert!(error.contains("gaps.csv: cannot write: "), "{error}");
        drop(failing);
        assert_eq!(read(folder, "a.md").as_deref(), Some("first"));
        assert_eq!(fs::read_dir(folder).unwrap().count(), 1, "nothing else");
    }

    #[test]
    fn no_cell_is_a_formula_and_numbers_stay_numbers() {
        let attacks = [
            "=cmd|' /C calc'!A0",
            "+1+1",
            "-2+3",
            "@SUM(A1)",
            "\tx",
            "\r=x",
            "＝1",
        ];
        for attack in attacks {
            assert_eq!(neutral(attack.into()), format!("'{attack}"));
        }
        for plain in ["-1.5", "+2", "-1e-9", "goa", "a=b", "", "'x", "–"] {
            assert_eq!(neutral(plain.into()), plain);
        }
        let text = csv_text(
            &["a", "b"],
            [vec!["=1+1".into(), "-1.5".into()]].into_iter(),
        );
        assert_eq!(text, "a,b\n'=1+1,-1.5\n");
    }
}
