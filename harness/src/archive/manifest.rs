//! The manifest: the SHA-256 hash of each file, in the format of `sha256sum`.

use super::layout::{ARCHIVE_FORMAT, MANIFEST, check_path};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read, Write};

/// A SHA-256 hash.
pub(super) type FileHash = [u8; 32];

/// Bytes copied at a time.
const CHUNK: usize = 1 << 16;

/// The hash of each file by its path, without the manifest itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct ArchiveManifest(pub BTreeMap<String, FileHash>);

/// What was copied.
pub(super) struct CopiedFile {
    /// Number of bytes.
    pub bytes: u64,
    /// Their hash.
    pub hash: FileHash,
}

/// Hashes everything that is read through it.
pub(super) struct HashedReader<R> {
    inner: R,
    hasher: Sha256,
    bytes: u64,
}

impl<R: Read> HashedReader<R> {
    /// Reads from `inner`.
    pub fn new(inner: R) -> Self {
        HashedReader {
            inner,
            hasher: Sha256::new(),
            bytes: 0,
        }
    }

    /// What was read.
    pub fn finish(self) -> CopiedFile {
        CopiedFile {
            bytes: self.bytes,
            hash: self.hasher.finalize().into(),
        }
    }
}

impl<R: Read> Read for HashedReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..read]);
        self.bytes += read as u64;
        Ok(read)
    }
}

/// Copies everything and hashes it. `go_on` is asked before each piece; if it says no, the copy
/// ends early.
///
/// # Errors
/// If reading or writing fails.
pub(super) fn copy_hashed(
    from: &mut dyn Read,
    to: &mut dyn Write,
    go_on: &dyn Fn() -> bool,
) -> std::io::Result<CopiedFile> {
    let mut from = HashedReader::new(from);
    let mut piece = vec![0; CHUNK];
    while go_on() {
        let read = match from.read(&mut piece) {
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        if read == 0 {
            break;
        }
        to.write_all(&piece[..read])?;
    }
    Ok(from.finish())
}

/// A hash in hexadecimal.
pub(super) fn hexadecimal(hash: &FileHash) -> String {
    hash.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl ArchiveManifest {
    /// The text of the file.
    pub fn text(&self) -> String {
        let mut text = format!("# {ARCHIVE_FORMAT}\n");
        for (path, hash) in &self.0 {
            let _ = writeln!(text, "{}  {path}", hexadecimal(hash));
        }
        text
    }

    /// Reads the text of the file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<ArchiveManifest, String> {
        let text = std::str::from_utf8(bytes).map_err(|e| format!("not UTF-8 text: {e}"))?;
        let mut lines = text.split_inclusive('\n').enumerate();
        let head = lines.next().map_or("", |(_, line)| line);
        let format = head.strip_prefix("# ").unwrap_or("").trim_end();
        if format != ARCHIVE_FORMAT {
            let shown: String = format.chars().take(40).collect();
            return Err(format!(
                "line 1: its format is \"{}\"; this program reads \"{ARCHIVE_FORMAT}\"",
                shown.escape_debug()
            ));
        }
        let mut files = BTreeMap::new();
        for (k, line) in lines {
            let fail = |why: String| format!("line {}: {why}", k + 1);
            let (hash, path) =
                parse_line(line).ok_or_else(|| fail("not a hash and a path".into()))?;
            check_path(path).map_err(fail)?;
            if path == MANIFEST || files.insert(path.to_string(), hash).is_some() {
                return Err(fail("lists itself, or a path twice".into()));
            }
        }
        Ok(ArchiveManifest(files))
    }
}

/// The hash and the path of a line, which ends with a newline.
fn parse_line(line: &str) -> Option<(FileHash, &str)> {
    let (hash, path) = line.strip_suffix('\n')?.split_once("  ")?;
    let digits = hash.len() == 64 && hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let mut value = [0; 32];
    for (k, byte) in value.iter_mut().enumerate().filter(|_| digits) {
        *byte = u8::from_str_radix(&hash[2 * k..2 * k + 2], 16).ok()?;
    }
    digits.then_some((value, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes_and_refuses_the_rest() {
        let mut manifest = ArchiveManifest::default();
        manifest.0.insert("a/b".into(), [7; 32]);
        manifest.0.insert("c d".into(), [0xff; 32]);
        let text = manifest.text();
        assert_eq!(ArchiveManifest::parse(text.as_bytes()), Ok(manifest));
        let hash = "0".repeat(64);
        for (bad, key) in [
            (String::new(), "line 1"),
            ("# offload-archive/2\n".into(), "offload-archive/1"),
            (format!("{text}{hash}  ../x\n"), "line 4"),
            (format!("{text}{hash}  c d\n"), "twice"),
            (format!("{text}{hash}  {MANIFEST}\n"), "itself"),
            (format!("{text}{hash} x\n"), "not a hash"),
            (format!("{text}{hash}  cut"), "not a hash"),
            (format!("{text}{}  x\n", "é".repeat(32)), "not a hash"),
        ] {
            let error = ArchiveManifest::parse(bad.as_bytes()).unwrap_err();
            assert!(error.contains(key), "{bad}: {error}");
        }
    }
}
