//! Names in an archive, and which names are allowed.

/// Version tag, in the first line of the manifest.
pub(super) const ARCHIVE_FORMAT: &str = "offload-archive/1";

/// The folder that holds everything in the tar file, so that `tar -x` leaves one folder.
pub(super) const TOP: &str = "campaign/";

/// Hashes of all other files, in the format of `sha256sum`. It is the first file of the archive.
pub(super) const MANIFEST: &str = "manifest-sha256.txt";

/// The description of the archive as an RO-Crate.
pub(super) const METADATA: &str = "ro-crate-metadata.json";

/// The configuration, with paths inside the archive.
pub(super) const CONFIG: &str = "config.toml";

/// Folder of solver files that stand outside the configuration's folder.
pub(super) const SOLVERS: &str = "solvers";

/// Longest path and longest name in it, bytes: what Linux file systems take.
const MAX_PATH: usize = 4096;
const MAX_NAME: usize = 255;

/// Why a path is not allowed in an archive: it could leave the folder, or not be written to a file
/// system or a manifest.
///
/// # Errors
/// The reason.
pub(super) fn check_path(path: &str) -> Result<(), String> {
    let shown = path.escape_debug();
    let fail = |why: &str| Err(format!("the path \"{shown}\" {why}"));
    if path.is_empty() || path.len() > MAX_PATH {
        return fail("is empty or too long");
    }
    if path.starts_with('/') {
        return fail("is absolute");
    }
    if path.chars().any(|c| c.is_control() || c == '\\') {
        return fail("contains a control character or a backslash");
    }
    for name in path.split('/') {
        if name.is_empty() || name == "." || name == ".." {
            return fail("is not a plain path inside the archive");
        }
        if name.len() > MAX_NAME {
            return fail("contains a name that is too long");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_paths_are_allowed() {
        for good in ["records.jsonl", "a/b c/ü.json.gz", "..a/b..", ".lock"] {
            assert_eq!(check_path(good), Ok(()), "{good}");
        }
        let long = "x".repeat(256);
        for bad in [
            "",
            "/etc/passwd",
            "../a",
            "a/../b",
            "a/..",
            "./a",
            "a/./b",
            "a//b",
            "a/",
            "a\\b",
            "a\nb",
            "a\0b",
            "\u{9b}x",
            &long,
        ] {
            assert!(check_path(bad).is_err(), "{bad}");
        }
    }
}
