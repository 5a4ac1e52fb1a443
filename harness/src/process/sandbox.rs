//! The sandbox of external solvers: `bwrap` of the package bubblewrap.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The program.
const BWRAP: &str = "bwrap";

/// Arguments for every program: own namespaces (no network, no other processes), all files
/// read-only, a private `/tmp` and `/dev/shm`, no capabilities.
const ALWAYS: [&str; 16] = [
    "--unshare-all",
    "--die-with-parent",
    "--cap-drop",
    "ALL",
    "--ro-bind",
    "/",
    "/",
    "--dev",
    "/dev",
    "--proc",
    "/proc",
    "--tmpfs",
    "/tmp",
    "--setenv",
    "TMPDIR",
    "/tmp",
];

/// The command line that runs `shell` in the sandbox. The files at `hidden` are not visible;
/// `folder` is, also below `/tmp`.
pub fn wrapped(shell: &[&str], folder: &Path, hidden: &[PathBuf]) -> Vec<OsString> {
    let mut line: Vec<OsString> = vec![BWRAP.into()];
    line.extend(ALWAYS.iter().map(OsString::from));
    let folder = real(folder);
    let mut mounts: Vec<Mount> = hidden
        .iter()
        .map(|path| Mount::hiding(real(path)))
        .collect();
    mounts.retain(|mount| mount.path.exists());
    mounts.push(Mount::showing(folder.clone()));
    // Outer folders first: each mount covers what is below it. A folder that is both shown and
    // hidden is hidden.
    mounts.sort_by_key(|mount| (mount.path.components().count(), mount.is_hidden));
    for mount in mounts {
        line.extend(mount.arguments());
    }
    line.extend(["--chdir".into(), folder.into(), "--".into()]);
    line.extend(shell.iter().map(OsString::from));
    line
}

/// What a program sees at a path.
struct Mount {
    path: PathBuf,
    is_hidden: bool,
}

impl Mount {
    fn hiding(path: PathBuf) -> Mount {
        let is_hidden = true;
        Mount { path, is_hidden }
    }

    fn showing(path: PathBuf) -> Mount {
        let is_hidden = false;
        Mount { path, is_hidden }
    }

    fn arguments(self) -> Vec<OsString> {
        let path = self.path;
        match (self.is_hidden, path.is_dir()) {
            (true, true) => {
                let writable = [OsString::from("--tmpfs"), path.clone().into()];
                let read_only = [OsString::from("--remount-ro"), path.into()];
                writable.into_iter().chain(read_only).collect()
            }
            (true, false) => vec!["--ro-bind".into(), "/dev/null".into(), path.into()],
            (false, _) => vec!["--ro-bind".into(), path.clone().into(), path.into()],
        }
    }
}

/// The path without links, as far as it exists. An empty one is the current folder.
fn real(path: &Path) -> PathBuf {
    let path = std::path::absolute(Path::new(".").join(path)).unwrap_or_else(|_| path.into());
    path.canonicalize().unwrap_or(path)
}

/// Checks that the sandbox works on this machine.
///
/// # Errors
/// If `bwrap` is missing, or the system does not let it create namespaces.
pub fn ensure_bubblewrap() -> anyhow::Result<()> {
    let line = wrapped(&["true"], Path::new("/"), &[]);
    let mut command = Command::new(&line[0]);
    command.args(&line[1..]).stdin(Stdio::null());
    match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => anyhow::bail!(
            "sandbox = \"bubblewrap\": bwrap does not work on this machine: {}\nAllow user \
             namespaces (sysctl kernel.unprivileged_userns_clone=1, or an AppArmor profile for \
             bwrap), or remove the line",
            String::from_utf8_lossy(&output.stderr).trim()
        ),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => anyhow::bail!(
            "sandbox = \"bubblewrap\": bwrap is missing. Install it (Debian: apt-get install \
             bubblewrap), or remove the line"
        ),
        Err(e) => anyhow::bail!("sandbox = \"bubblewrap\": bwrap cannot be started: {e}"),
    }
}
