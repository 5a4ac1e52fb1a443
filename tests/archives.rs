//! Archives of campaigns: what `pack` writes, what `unpack` accepts, and what it must refuse.
#![cfg(unix)]

use offload_tests::program::{bench, binary, ends, files, good, json, program, ran, records};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A campaign with certificates, instances from files, and external solvers inside and outside of
/// the configuration's folder.
const CONFIG: &str = r#"# A comment.
format = "offload-config/1"
thresholds = [0.5, 0.8]
solvers = ["goa", "bnb", "exec:python3 mine/solver.py"]
certificates = true

[[solver]]
name = "other"
id = "exec:sh ../elsewhere/other.sh"

[[instances]]
family = "paper"
users = [5, 9]
seeds = [1, 2]

[[instances]]
files = ["../data/*.json"]

[[instances]]
family = "topology"
users = [4]
seeds = [1]
parameters = { sites = "data/sites.csv" }
"#;

const SOLVER: &str = "import json, sys\nproblem = json.load(sys.stdin)\n\
    users = len(problem[\"instance\"][\"users\"])\n\
    print(json.dumps({\"format\": \"offload-plan/1\", \"assignment\": [0] * users}))\n";

/// 6 instances x 2 thresholds x 4 solvers.
const COUNTS: &str = "48 records, 6 instances, 12 certificates and 2 solver files";

/// A hash as `sha256sum` prints it.
fn sha256(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A home folder `ann` with a campaign in `ann/proj/out`.
fn campaign() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("ann");
    for name in ["proj/mine", "elsewhere", "data"] {
        fs::create_dir_all(home.join(name)).unwrap();
    }
    fs::write(home.join("proj/c.toml"), CONFIG).unwrap();
    fs::write(home.join("proj/mine/solver.py"), SOLVER).unwrap();
    let other = "exec python3 mine/solver.py\n";
    fs::write(home.join("elsewhere/other.sh"), other).unwrap();
    let sites =
        "longitude,latitude\n13.40,52.50\n13.41,52.51\n13.42,52.52\n13.42,52.50\n13.39,52.51\n";
    fs::write(home.join("data/sites.csv"), sites).unwrap();
    good(
        &home,
        "generate --family hotspot --users 6 --servers 3 --seed 4 -o data",
    );
    good(&home, "run proj/c.toml -o proj/out --quiet");
    folder
}

/// Runs the program at home, as user Ann.
fn at_home(home: &Path, line: &str, code: i32, key: &str) -> String {
    let mut command = program(home);
    command.args(line.split_whitespace()).env("HOME", home);
    let ran = ran(&mut command, line);
    assert_eq!(ran.code, Some(code), "{line}: {} {}", ran.out, ran.err);
    let printed = ran.out + &ran.err;
    assert!(printed.contains(key), "{line}: no '{key}' in {printed}");
    printed
}

fn decompressed(archive: &Path) -> Vec<u8> {
    let file = fs::File::open(archive).unwrap();
    let mut bytes = Vec::new();
    zstd::Decoder::new(file)
        .unwrap()
        .read_to_end(&mut bytes)
        .unwrap();
    bytes
}

fn lines(path: &Path) -> usize {
    fs::read_to_string(path).unwrap().lines().count()
}

/// Files that were edited after the run did not make its records.
#[test]
fn solver_files_are_those_that_made_the_records() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let config = "format = \"offload-config/1\"\nthresholds = [0.7]\n[[solver]]\nname = \"mine\"\n\
        id = \"exec:python3 solver.py\"\ndepends = [\"lib/*\"]\n[[instances]]\n\
        family = \"paper\"\nusers = [5]\nseeds = [1, 2]\n";
    fs::create_dir(path.join("lib")).unwrap();
    for (name, text) in [("c.toml", config), ("solver.py", SOLVER), ("lib/a.py", "1")] {
        fs::write(path.join(name), text).unwrap();
    }
    good(path, "run c.toml -o out --quiet");
    let count = "2 records, 2 instances, 0 certificates and 2 solver files";
    at_home(path, "pack out -o x.tar.zst", 0, count);
    for name in ["solver.py", "lib/a.py"] {
        let before = fs::read(path.join(name)).unwrap();
        fs::write(path.join(name), format!("{SOLVER}# edited\n")).unwrap();
        let key = "solver mine: its files are not those that made 2 of its records";
        let said = at_home(path, "pack out -o y.tar.zst", 2, key);
        assert!(said.contains("run --redo 'mine'"), "{said}");
        assert!(!path.join("y.tar.zst").exists());
        fs::write(path.join(name), before).unwrap();
    }
    fs::write(path.join("solver.py"), format!("{SOLVER}# edited\n")).unwrap();
    good(path, "run c.toml -o out --quiet --redo mine");
    at_home(path, "pack out -o y.tar.zst", 0, count);
    // What is missing cannot be packed by mistake.
    fs::remove_file(path.join("lib/a.py")).unwrap();
    at_home(path, "pack out -o z.tar.zst", 0, "lib/*: matches no file");
}

#[test]
fn a_campaign_survives_packing() {
    let folder = campaign();
    let home = folder.path().join("ann");
    at_home(&home, "pack proj/out -o c.tar.zst", 0, COUNTS);
    let before = files(&home);
    // Nothing of the campaign is needed any more.
    let elsewhere = tempfile::tempdir().unwrap();
    let path = elsewhere.path();
    fs::copy(home.join("c.tar.zst"), path.join("c.tar.zst")).unwrap();
    drop(folder);
    good(path, "unpack c.tar.zst --verify");
    let out = path.join("c");
    let mode = fs::metadata(&out).unwrap().permissions().mode();
    assert_eq!(mode & 0o700, 0o700);
    let mine = fs::read(out.join("mine/solver.py")).unwrap();
    assert_eq!(mine, SOLVER.as_bytes());
    assert!(out.join("solvers/other.sh").is_file());

    // Records, except for the command that has another path now.
    let packed = fs::read_to_string(out.join("records.jsonl")).unwrap();
    let (_, original) = before
        .iter()
        .find(|(path, _)| path.ends_with("out/records.jsonl"))
        .unwrap();
    let original = String::from_utf8(original.clone()).unwrap();
    let renamed = original.replace("../elsewhere/other.sh", "solvers/other.sh");
    assert!(packed == renamed && packed != original);

    // Each instance, and each certificate as it was.
    let fingerprints: BTreeSet<String> = records(&out)
        .iter()
        .map(|r| r["fingerprint"].as_str().unwrap()[..16].to_string())
        .collect();
    assert_eq!(fingerprints.len(), 6);
    for fingerprint in &fingerprints {
        let name = format!("certificates/{fingerprint}.json.gz");
        assert!(out.join(&name).is_file(), "{name}");
    }
    for (path, bytes) in before {
        let name = path.file_name().unwrap().to_string_lossy().to_string();
        if name.ends_with(".certificate.json.gz") {
            assert!(fs::read(out.join("certificates").join(name)).unwrap() == bytes);
        }
    }
}

#[test]
fn all_commands_work_in_an_unpacked_folder() {
    let folder = campaign();
    let home = folder.path().join("ann");
    at_home(&home, "pack proj/out -o c.tar.zst", 0, COUNTS);
    let elsewhere = tempfile::tempdir().unwrap();
    let path = elsewhere.path();
    fs::copy(home.join("c.tar.zst"), path.join("c.tar.zst")).unwrap();
    drop(folder);
    good(path, "unpack c.tar.zst --verify");
    let out = path.join("c");
    let packed = fs::read_to_string(out.join("records.jsonl")).unwrap();
    good(path, "report c");
    good(path, "verify c");
    let gates = "format = \"offload-gates/1\"\n[[gate]]\nname = \"plans\"\nmax_failures = 0\n";
    fs::write(path.join("g.toml"), gates).unwrap();
    let checked = bench(path, "check c --gates g.toml");
    assert_eq!(checked.code, Some(0), "{} {}", checked.out, checked.err);
    let rows = lines(&out.join("records.jsonl"));
    let resumed = good(path, "run c/config.toml -o c --quiet");
    assert!(
        resumed.starts_with(&format!("0 new records, {rows} existing")),
        "{resumed}"
    );
    // What is missing is solved again, from the packed files alone.
    let kept: Vec<&str> = packed.lines().skip(10).collect();
    fs::write(out.join("records.jsonl"), kept.join("\n") + "\n").unwrap();
    let resumed = good(path, "run c/config.toml -o c --quiet");
    assert!(resumed.starts_with("10 new records"), "{resumed}");
}

#[test]
fn archives_are_the_same_bytes_and_name_no_user() {
    let folder = campaign();
    let home = folder.path().join("ann");
    at_home(&home, "pack proj/out -o a.tar.zst", 0, "");
    std::thread::sleep(Duration::from_millis(1100));
    at_home(&home, "pack proj/out -o proj/b.tar.zst", 0, "");
    let archive = fs::read(home.join("a.tar.zst")).unwrap();
    assert!(archive == fs::read(home.join("proj/b.tar.zst")).unwrap());
    // Nor a copy of the campaign elsewhere.
    let bytes = decompressed(&home.join("a.tar.zst"));
    let text = String::from_utf8_lossy(&bytes);
    let local = folder.path().display().to_string();
    for name in [local.as_str(), "/ann", "\"ann"] {
        assert!(!text.contains(name), "{name} is in the archive");
    }
    // An archive of an unpacked archive has the same manifest.
    at_home(&home, "unpack a.tar.zst -o again", 0, "");
    at_home(&home, "pack again -o again.tar.zst", 0, "");
    assert!(decompressed(&home.join("again.tar.zst")) == bytes);
    // No temporary file stays.
    let names = fs::read_dir(&home).unwrap().map(|e| e.unwrap().file_name());
    let left: Vec<_> = names
        .filter(|n| n.to_string_lossy().starts_with(".offload-"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

/// The ids that the properties of an entity refer to.
fn references(entity: &Value, used: &mut BTreeSet<String>) {
    let values: Vec<&Value> = match entity {
        Value::Object(fields) => fields.values().collect(),
        Value::Array(items) => items.iter().collect(),
        _ => return,
    };
    for value in values {
        match value.as_object() {
            Some(fields) if fields.len() == 1 && fields.contains_key("@id") => {
                used.insert(fields["@id"].as_str().unwrap().to_string());
            }
            _ => references(value, used),
        }
    }
}

#[test]
fn the_description_is_an_ro_crate() {
    let folder = campaign();
    let home = folder.path().join("ann");
    let mut command = program(&home);
    command.args([
        "pack",
        "proj/out",
        "-o",
        "a.tar.zst",
        "--license",
        "CC-BY-4.0",
    ]);
    command.args(["--title", "Mine", "--date", "2026-01-31", "--author"]);
    command.arg("Ann Lee <https://orcid.org/0000-0002-1825-0097>");
    assert_eq!(ran(&mut command, "pack").code, Some(0));
    good(&home, "unpack a.tar.zst");
    let out = home.join("a");
    let metadata = json(&out.join("ro-crate-metadata.json"));
    let graph = metadata["@graph"].as_array().unwrap();
    let entity = |id: &str| graph.iter().find(|e| e["@id"] == id).unwrap();
    let root = entity("./");
    assert_eq!(
        (&root["name"], &root["datePublished"]),
        (&"Mine".into(), &"2026-01-31".into())
    );
    let license = root["license"]["@id"].as_str().unwrap();
    assert_eq!(license, "https://spdx.org/licenses/CC-BY-4.0");
    assert_eq!(entity(license)["name"], "CC-BY-4.0");
    assert_eq!(
        entity("https://orcid.org/0000-0002-1825-0097")["name"],
        "Ann Lee"
    );
    let conforms = &entity("ro-crate-metadata.json")["conformsTo"]["@id"];
    assert_eq!(conforms, "https://w3id.org/ro/crate/1.1");
    // Every file is a part and has its size and hash; the manifest has the same hash.
    let manifest = fs::read_to_string(out.join("manifest-sha256.txt")).unwrap();
    let parts = root["hasPart"].as_array().unwrap();
    for (path, content) in files(&out) {
        let name = path.strip_prefix(&out).unwrap().display().to_string();
        if name == "ro-crate-metadata.json" {
            continue;
        }
        assert!(parts.iter().any(|p| p["@id"] == *name), "{name}");
        if name == "manifest-sha256.txt" {
            continue;
        }
        let hash = sha256(&content);
        assert_eq!(entity(&name)["sha256"], *hash, "{name}");
        assert_eq!(entity(&name)["contentSize"], *content.len().to_string());
        assert!(manifest.contains(&format!("{hash}  {name}\n")), "{name}");
    }
    let ids: BTreeSet<&str> = graph.iter().map(|e| e["@id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), graph.len(), "an entity is there twice");
    let mut used = BTreeSet::new();
    graph
        .iter()
        .for_each(|entity| references(entity, &mut used));
    used.remove("https://w3id.org/ro/crate/1.1");
    assert!(used.len() > parts.len());
    let unknown: Vec<_> = used
        .iter()
        .filter(|id| !ids.contains(id.as_str()))
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    // The manifest is one that sha256sum reads.
    let checked = Command::new("sha256sum")
        .args(["--check", "--strict", "--quiet", "manifest-sha256.txt"])
        .current_dir(&out)
        .output()
        .unwrap();
    assert!(checked.status.success(), "{checked:?}");
}

#[test]
fn what_cannot_be_packed_is_refused() {
    let folder = campaign();
    let home = folder.path().join("ann");
    let out = home.join("proj/out");
    ends(&home, "pack nowhere -o x.tar.zst", 2, "not a folder");
    ends(&home, "pack proj -o x.tar.zst", 2, "records.jsonl");
    ends(
        &home,
        "pack proj/out -o nowhere/x.tar.zst",
        2,
        "does not exist",
    );
    ends(&home, "pack proj/out -o x.tar.zst --date soon", 2, "--date");
    let records = out.join("records.jsonl");
    let text = fs::read_to_string(&records).unwrap();
    fs::write(&records, &text[..text.len() - 20]).unwrap();
    ends(&home, "pack proj/out -o x.tar.zst", 2, "incomplete");
    let first = text.lines().next().unwrap();
    let value: Value = serde_json::from_str(first).unwrap();
    let fingerprint = value["fingerprint"].as_str().unwrap();
    for forged in [
        "../../../../etc/passwd",
        &"é".repeat(32),
        &"A".repeat(64),
        "00",
    ] {
        fs::write(&records, text.replace(fingerprint, forged)).unwrap();
        let ran = bench(&home, "pack proj/out -o x.tar.zst");
        assert_eq!(ran.code, Some(2), "{forged}: {}", ran.err);
        assert!(ran.err.contains("fingerprint"), "{forged}: {}", ran.err);
    }
    // An instance that no source makes.
    fs::write(&records, text.replace(fingerprint, &"0".repeat(64))).unwrap();
    ends(&home, "pack proj/out -o x.tar.zst", 2, "(1 in all)");
    fs::write(&records, &text).unwrap();
    // A different instance under the name of the right one.
    let named = out.join(format!("certificates/{}.json.gz", &fingerprint[..16]));
    let right = fs::read(&named).unwrap();
    let other = fs::read_dir(out.join("certificates"))
        .unwrap()
        .map(|e| e.unwrap().path())
        .find(|p| *p != named && p.file_name().unwrap().len() == 24)
        .unwrap();
    fs::copy(other, &named).unwrap();
    ends(
        &home,
        "pack proj/out -o x.tar.zst",
        2,
        "a different instance",
    );
    fs::write(&named, right).unwrap();
    // A link to a file of somebody else.
    let certificate = fs::read_dir(out.join("certificates"))
        .unwrap()
        .map(|e| e.unwrap().path())
        .find(|p| p.to_string_lossy().ends_with(".certificate.json.gz"))
        .unwrap();
    fs::rename(&certificate, home.join("secret")).unwrap();
    symlink(home.join("secret"), &certificate).unwrap();
    ends(
        &home,
        "pack proj/out -o x.tar.zst",
        2,
        "is a link to a file outside",
    );
    assert!(!home.join("x.tar.zst").exists());
}

/// An entry of a tar file.
#[derive(Clone)]
struct TarEntry {
    kind: tar::EntryType,
    path: Vec<u8>,
    link: String,
    content: Vec<u8>,
}

fn file(path: &str, content: &[u8]) -> TarEntry {
    TarEntry {
        kind: tar::EntryType::Regular,
        path: path.as_bytes().to_vec(),
        link: String::new(),
        content: content.to_vec(),
    }
}

fn special(path: &str, kind: tar::EntryType, link: &str) -> TarEntry {
    TarEntry {
        kind,
        link: link.into(),
        ..file(path, b"")
    }
}

/// The entries as a tar file, with whatever paths they have.
fn tar_of(entries: &[TarEntry]) -> Vec<u8> {
    let mut out = Vec::new();
    for entry in entries {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(entry.kind);
        header.set_size(entry.content.len() as u64);
        header.set_mode(0o644);
        let raw = header.as_mut_bytes();
        let length = entry.path.len().min(100);
        raw[..length].copy_from_slice(&entry.path[..length]);
        let link = entry.link.as_bytes();
        raw[157..157 + link.len()].copy_from_slice(link);
        header.set_cksum();
        out.extend_from_slice(header.as_bytes());
        out.extend_from_slice(&entry.content);
        out.resize(out.len().next_multiple_of(512), 0);
    }
    out.resize(out.len() + 1024, 0);
    out
}

fn compressed(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

const TOP: &str = "campaign/";

/// Files that pass: a manifest and what it must list.
fn plain(more: &[(&str, &[u8])]) -> Vec<TarEntry> {
    let mut contents = vec![
        ("records.jsonl", &b"{}\n"[..]),
        ("ro-crate-metadata.json", &b"{}\n"[..]),
    ];
    contents.extend_from_slice(more);
    contents.sort_unstable();
    let mut manifest = String::from("# offload-archive/1\n");
    for (path, content) in &contents {
        manifest += &format!("{}  {path}\n", sha256(content));
    }
    let mut entries = vec![file("campaign/manifest-sha256.txt", manifest.as_bytes())];
    entries.extend(
        contents
            .iter()
            .map(|(path, content)| file(&format!("{TOP}{path}"), content)),
    );
    entries
}

/// Unpacks a tar file, which must be refused with `key` and leave nothing.
fn refuse(what: &str, archive: &[u8], options: &str, key: &str) {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("inner");
    fs::create_dir(&inner).unwrap();
    fs::write(inner.join("x.tar.zst"), archive).unwrap();
    let before = files(folder.path());
    let ran = bench(&inner, &format!("unpack x.tar.zst {options}"));
    assert_eq!(ran.code, Some(2), "{what}: {} {}", ran.out, ran.err);
    assert!(ran.err.contains(key), "{what}: no '{key}' in {}", ran.err);
    assert!(ran.out.is_empty(), "{what}: {}", ran.out);
    assert!(files(folder.path()) == before, "{what}: a file was written");
    assert_eq!(
        fs::read_dir(&inner).unwrap().count(),
        1,
        "{what}: a folder was left"
    );
}

/// An archive that passes but for its last entry.
fn ending(entry: TarEntry) -> Vec<u8> {
    let mut entries = plain(&[("a", b"a")]);
    entries.push(entry);
    compressed(&tar_of(&entries))
}

#[test]
fn hostile_archives_leave_nothing() {
    // The same helper makes an archive that is accepted.
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("x.tar.zst"),
        compressed(&tar_of(&plain(&[]))),
    )
    .unwrap();
    good(folder.path(), "unpack x.tar.zst");

    for path in [
        "/tmp/offload-evil",
        "../evil",
        "campaign/../evil",
        "campaign/../../evil",
        "campaign//evil",
        "campaign/./evil",
        "campaign/",
        "campaign",
        "other/evil",
        "campaign/a/..",
        "campaign/a\\b",
        "campaign/a\nb",
    ] {
        refuse(path, &ending(file(path, b"evil")), "", "the path");
    }
    let bytes = TarEntry {
        path: b"campaign/\xff".to_vec(),
        ..file("", b"")
    };
    refuse("not text", &ending(bytes), "", "not UTF-8");
    for (kind, link) in [
        (tar::EntryType::Symlink, "/etc/passwd"),
        (tar::EntryType::Link, "campaign/records.jsonl"),
        (tar::EntryType::Directory, ""),
        (tar::EntryType::Fifo, ""),
        (tar::EntryType::Char, ""),
        (tar::EntryType::Block, ""),
        (tar::EntryType::GNUSparse, ""),
        (tar::EntryType::GNULongLink, ""),
        (tar::EntryType::XHeader, ""),
        (tar::EntryType::XGlobalHeader, ""),
    ] {
        let entry = special("campaign/b", kind, link);
        refuse(
            &format!("{kind:?}"),
            &ending(entry),
            "",
            "not an ordinary file",
        );
    }
}

#[test]
fn hostile_combinations_leave_nothing() {
    // A link first, then a file through it.
    let mut entries = plain(&[("b/evil", b"evil")]);
    entries.insert(1, special("campaign/b", tar::EntryType::Symlink, "/tmp"));
    refuse(
        "through a link",
        &compressed(&tar_of(&entries)),
        "",
        "not an ordinary file",
    );
    let mut long = plain(&[]);
    long.push(TarEntry {
        kind: tar::EntryType::GNULongName,
        ..file("././@LongLink", b"../evil\0")
    });
    long.push(file("campaign/a", b"evil"));
    refuse("long name", &compressed(&tar_of(&long)), "", "the path");
    let huge = TarEntry {
        kind: tar::EntryType::GNULongName,
        ..file("././@LongLink", &vec![b'a'; 1 << 20])
    };
    refuse("huge name", &ending(huge), "", "longer than");

    refuse(
        "not listed",
        &ending(file("campaign/evil", b"evil")),
        "",
        "not listed",
    );
    refuse("twice", &ending(file("campaign/a", b"a")), "", "twice");
    let both = plain(&[("a", b"a"), ("a/b", b"b")]);
    refuse(
        "file and folder",
        &compressed(&tar_of(&both)),
        "",
        "cannot be written",
    );
}

#[test]
fn damaged_archives_leave_nothing() {
    let entries = plain(&[("a", b"a"), ("b", &[7; 9000])]);
    let whole = compressed(&tar_of(&entries));
    refuse("too many files", &whole, "--max-files 3", "--max-files");
    refuse("too large", &whole, "--max-size 8K", "--max-size");
    let mut tampered = entries.clone();
    tampered[1].content = b"A".to_vec();
    refuse(
        "tampered",
        &compressed(&tar_of(&tampered)),
        "",
        "hash differs",
    );
    refuse(
        "no manifest",
        &compressed(&tar_of(&entries[1..])),
        "",
        "not manifest-sha256.txt",
    );
    refuse(
        "a file is missing",
        &compressed(&tar_of(&entries[..3])),
        "",
        "missing",
    );
    let without: Vec<TarEntry> = entries
        .iter()
        .filter(|e| !e.path.ends_with(b"jsonl"))
        .cloned()
        .collect();
    refuse("no records", &compressed(&tar_of(&without)), "", "missing");
    let mut next = entries.clone();
    next[0].content = String::from_utf8(next[0].content.clone())
        .unwrap()
        .replace("archive/1", "archive/2")
        .into_bytes();
    refuse(
        "next version",
        &compressed(&tar_of(&next)),
        "",
        "this program reads",
    );
    refuse("empty", &compressed(&tar_of(&[])), "", "it is empty");
    refuse("nothing", b"", "", "cannot be unpacked");
    refuse(
        "not zstd",
        b"PK\x03\x04 a zip file",
        "",
        "cannot be unpacked",
    );
    let mut tail = tar_of(&entries);
    tail.extend_from_slice(b"more");
    refuse("tail", &compressed(&tail), "", "data follows");
}

#[test]
fn cut_and_flipped_archives_leave_nothing() {
    let entries = plain(&[("a", b"a"), ("b", &[7; 9000])]);
    let whole = compressed(&tar_of(&entries));
    // Cut anywhere, compressed or not.
    for k in 1..20 {
        let cut = &whole[..whole.len() * k / 20];
        refuse(&format!("cut at {k}/20"), cut, "", "cannot be unpacked");
    }
    let bytes = tar_of(&entries);
    for k in 1..20 {
        // Without the zeros at the end a tar file is still whole.
        let cut = &bytes[..(bytes.len() - 1024) * k / 20];
        refuse(
            &format!("tar cut at {k}/20"),
            &compressed(cut),
            "",
            "cannot be unpacked",
        );
    }
    // Any flipped byte of the compressed file is noticed, by zstd or by a hash.
    for at in (4..whole.len()).step_by(7) {
        let mut flipped = whole.clone();
        flipped[at] ^= 0x20;
        refuse(&format!("byte {at}"), &flipped, "", "cannot be unpacked");
    }
}

#[test]
fn small_files_that_grow_are_stopped() {
    let manifest = "# offload-archive/1\n".to_string()
        + &format!(
            "{}  records.jsonl\n{}  ro-crate-metadata.json\n",
            "0".repeat(64),
            "0".repeat(64)
        );
    let mut start = tar_of(&[file("campaign/manifest-sha256.txt", manifest.as_bytes())]);
    start.truncate(start.len() - 1024);
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Regular);
    header.set_mode(0o644);
    header.set_path("campaign/records.jsonl").unwrap();
    header.set_size(64 << 30);
    header.set_cksum();
    start.extend_from_slice(header.as_bytes());
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    std::io::copy(
        &mut start.as_slice().chain(std::io::repeat(0).take(200 << 20)),
        &mut encoder,
    )
    .unwrap();
    let bomb = encoder.finish().unwrap();
    assert!(bomb.len() < 100_000, "{}", bomb.len());
    let begin = Instant::now();
    refuse(
        "a bomb",
        &bomb,
        "--max-size 10M",
        "holds more than 10485760 bytes",
    );
    assert!(begin.elapsed() < Duration::from_secs(20));
    // A tar file in which nothing but zeros follows.
    let mut zeros = compressed(&tar_of(&plain(&[])));
    zeros.extend(zstd::encode_all(std::io::repeat(0).take(100 << 20), 1).unwrap());
    refuse(
        "zeros",
        &zeros,
        "--max-size 10M",
        "holds more than 10485760 bytes",
    );
}

#[test]
fn unpacking_replaces_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("x.tar.zst"), compressed(&tar_of(&plain(&[])))).unwrap();
    fs::create_dir(path.join("x")).unwrap();
    ends(path, "unpack x.tar.zst", 2, "exists already");
    fs::remove_dir(path.join("x")).unwrap();
    symlink("nowhere", path.join("x")).unwrap();
    ends(path, "unpack x.tar.zst", 2, "exists already");
    fs::copy(path.join("x.tar.zst"), path.join("archive")).unwrap();
    ends(path, "unpack archive", 2, "give a folder with -o");
    ends(path, "unpack x.tar.zst -o no/where", 2, "cannot write");
    ends(path, "unpack none.tar.zst", 2, "none.tar.zst");
    ends(
        path,
        "unpack x.tar.zst -o y --max-size lots",
        2,
        "--max-size",
    );
}

/// Killed at any moment, no half of a folder has the final name; a stop leaves nothing at all.
#[test]
fn a_killed_unpack_leaves_no_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let large = vec![1_u8; 1 << 20];
    let names: Vec<String> = (0..150).map(|k| format!("f{k:03}")).collect();
    let more: Vec<(&str, &[u8])> = names
        .iter()
        .map(|n| (n.as_str(), large.as_slice()))
        .collect();
    fs::write(path.join("x.tar.zst"), compressed(&tar_of(&plain(&more)))).unwrap();
    let mut halves = 0;
    for k in 0..10 {
        let mut child = Command::new(binary())
            .args(["unpack", "x.tar.zst"])
            .current_dir(path)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(2 + 15 * k));
        let signal = if k % 2 == 0 { "KILL" } else { "TERM" };
        let pid = child.id().to_string();
        Command::new("kill")
            .args(["-s", signal, &pid])
            .status()
            .unwrap();
        child.wait().unwrap();
        if path.join("x").exists() {
            assert_eq!(fs::read_dir(path.join("x")).unwrap().count(), 153);
            fs::remove_dir_all(path.join("x")).unwrap();
        } else {
            halves += 1;
        }
        for entry in fs::read_dir(path).unwrap().map(Result::unwrap) {
            let name = entry.file_name().to_string_lossy().to_string();
            if name.starts_with(".offload-") {
                assert_eq!(signal, "KILL", "a stop left {name}");
                fs::remove_dir_all(entry.path()).unwrap();
            }
        }
    }
    assert!(halves > 0, "no unpack was killed in the middle");
    good(path, "unpack x.tar.zst");
}
