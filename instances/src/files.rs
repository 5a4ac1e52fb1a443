//! Reading and writing `offload-instance/1` and `offload-plan/1`, plain or gzip-compressed (if the
//! name ends in `.gz`).
//!
//! A reader lists every fault it finds, with file, place and remedy. A writer writes a file whole
//! or not at all: into a temporary file beside the target, synced, then renamed over it.

use crate::temporary;
use crate::text::did_you_mean;
use crate::types::{INSTANCE_FORMAT, Instance, PLAN_FORMAT, Plan, Server, User, Weights};
use crate::validate::{Fault, Faults, faults_of};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{IsTerminal, Read, Write};
use std::path::Path;
use std::time::Duration;

/// Largest decompressed file that is read, bytes. It stops a small .gz from filling the memory.
const MAX_BYTES: u64 = 64 << 30;
/// How long a pipe may stay without a program that writes to it. A shell starts both ends of a pipe
/// within milliseconds.
const PIPE_WAIT: Duration = Duration::from_secs(10);
/// Faults printed; the rest is only counted.
const SHOWN: usize = 20;

/// Why a file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The operating system reported an error.
    #[error("{path}: cannot {action}: {reason}{remedy}")]
    Io {
        /// The file.
        path: String,
        /// "read" or "write".
        action: &'static str,
        /// The error of the operating system.
        reason: std::io::Error,
        /// What to do, starting with "; ", or empty.
        remedy: String,
    },
    /// Not JSON.
    #[error("{path}: not valid JSON: {detail}; {remedy}")]
    Json {
        /// The file.
        path: String,
        /// The error of the parser, with line and column.
        detail: String,
        /// What to do.
        remedy: String,
    },
    /// JSON, but not of the expected format.
    #[error("{path}: not a valid {format} file:{}", list(faults))]
    Invalid {
        /// The file.
        path: String,
        /// The format's name and version.
        format: &'static str,
        /// Everything that is wrong with it.
        faults: Vec<Fault>,
    },
}

fn list(faults: &[Fault]) -> String {
    let mut text = String::new();
    if let [only] = faults {
        return format!(" {only}");
    }
    for fault in faults.iter().take(SHOWN) {
        let _ = write!(text, "\n  {fault}");
    }
    if faults.len() > SHOWN {
        let _ = write!(text, "\n  ... and {} more", faults.len() - SHOWN);
    }
    text
}

fn io_error(path: &Path, action: &'static str, source: std::io::Error) -> FileError {
    use std::io::ErrorKind as K;
    let remedy = match source.kind() {
        K::NotFound => "; check the path",
        K::PermissionDenied => "; check the permissions",
        K::IsADirectory => "; name a file, not a directory",
        K::StorageFull => "; free some space",
        K::InvalidInput | K::UnexpectedEof | K::InvalidData => {
            "; if its name ends in .gz it must be a whole gzip file"
        }
        _ => "",
    };
    FileError::Io {
        path: path.display().to_string(),
        action,
        reason: source,
        remedy: remedy.into(),
    }
}

/// The bytes of a file, decompressed if its name ends in `.gz`.
///
/// # Errors
/// [`FileError::Io`] if it cannot be read.
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, FileError> {
    read_bytes_within(path, MAX_BYTES)
}

/// [`read_bytes`] of a file that holds at most `most` bytes, decompressed. No more than that is
/// kept in memory.
///
/// # Errors
/// [`FileError::Io`] if it cannot be read or holds more.
pub fn read_bytes_within(path: &Path, most: u64) -> Result<Vec<u8>, FileError> {
    let fail = |e| io_error(path, "read", e);
    let file = open_input(path)?;
    let mut bytes = Vec::new();
    if path.extension().is_some_and(|e| e == "gz") {
        flate2::read::MultiGzDecoder::new(file)
            .take(most.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(fail)?;
    } else {
        file.take(most.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(fail)?;
    }
    if bytes.len() as u64 > most {
        return Err(too_large(&path.display().to_string(), most));
    }
    Ok(bytes)
}

/// Opens a file that the user named. It may also be a pipe, such as `/dev/stdin` or the output of
/// another command, or a terminal. Other devices are refused, because some of them never end.
///
/// # Errors
/// [`FileError::Io`] if it cannot be opened, or is a pipe that no program writes to.
pub fn open_input(path: &Path) -> Result<File, FileError> {
    match kind_of(path)? {
        FileKind::Pipe => open_pipe(path),
        FileKind::Device => {
            let file = File::open(path).map_err(|e| io_error(path, "read", e))?;
            if file.is_terminal() {
                return Ok(file);
            }
            Err(not_ordinary(path, FileKind::Device))
        }
        _ => open_regular(path),
    }
}

/// Opens an ordinary file, such as one in the folder of a campaign. Reading a pipe there would wait
/// for ever.
///
/// # Errors
/// [`FileError::Io`] if it cannot be opened, or is not an ordinary file.
pub fn open_regular(path: &Path) -> Result<File, FileError> {
    check_regular(path)?;
    File::open(path).map_err(|e| io_error(path, "read", e))
}

/// Checks that a path names an ordinary file.
///
/// # Errors
/// [`FileError::Io`] if it names nothing or something else.
pub fn check_regular(path: &Path) -> Result<(), FileError> {
    match kind_of(path)? {
        FileKind::Regular => Ok(()),
        kind => Err(not_ordinary(path, kind)),
    }
}

/// What a path names, after symbolic links.
#[derive(Clone, Copy)]
enum FileKind {
    Regular,
    Folder,
    Pipe,
    Device,
}

fn kind_of(path: &Path) -> Result<FileKind, FileError> {
    let kind = std::fs::metadata(path)
        .map_err(|e| io_error(path, "read", e))?
        .file_type();
    Ok(if kind.is_dir() {
        FileKind::Folder
    } else if kind.is_file() {
        FileKind::Regular
    } else if is_pipe(&kind) {
        FileKind::Pipe
    } else {
        FileKind::Device
    })
}

#[cfg(unix)]
fn is_pipe(kind: &std::fs::FileType) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(kind)
}

#[cfg(not(unix))]
fn is_pipe(_: &std::fs::FileType) -> bool {
    false
}

fn not_ordinary(path: &Path, kind: FileKind) -> FileError {
    use std::io::{Error, ErrorKind};
    let text = match kind {
        FileKind::Folder => {
            let error = Error::new(ErrorKind::IsADirectory, "it is a directory");
            return io_error(path, "read", error);
        }
        FileKind::Pipe => "it is a pipe; name an ordinary file",
        _ => "it is a device or a socket; name an ordinary file",
    };
    io_error(path, "read", Error::other(text))
}

/// Opening a pipe waits until a program writes to it, so another thread does it.
fn open_pipe(path: &Path) -> Result<File, FileError> {
    let (sender, receiver) = std::sync::mpsc::channel();
    let target = path.to_path_buf();
    std::thread::spawn(move || {
        // After the time limit the receiver is gone.
        let _ = sender.send(File::open(target));
    });
    let waited = receiver.recv_timeout(PIPE_WAIT).unwrap_or_else(|_| {
        let text = format!(
            "no program wrote to this pipe within {} s; name an ordinary file",
            PIPE_WAIT.as_secs()
        );
        Err(std::io::Error::other(text))
    });
    waited.map_err(|e| io_error(path, "read", e))
}

/// The error of a file that holds more than `most` bytes.
#[must_use]
pub fn too_large(path: &str, most: u64) -> FileError {
    let text = format!("it holds more than {most} bytes, decompressed");
    io_error(Path::new(path), "read", std::io::Error::other(text))
}

/// Writes `bytes` to `path`, compressed if the name ends in `.gz`, whole or not at all.
///
/// # Errors
/// [`FileError::Io`]; the target is then unchanged.
pub fn write_bytes(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let fail = |e| io_error(path, "write", e);
    if path.is_dir() {
        return Err(fail(std::io::Error::new(
            std::io::ErrorKind::IsADirectory,
            "it is a directory",
        )));
    }
    if path.exists() && !path.is_file() {
        return Err(fail(std::io::Error::other(
            "it is a device, a pipe or a socket; name an ordinary file",
        )));
    }
    // A symbolic link stays one: its target is replaced.
    let target = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let path = target.as_path();
    let folder = path
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut file = temporary::file_in(folder).map_err(fail)?;
    if path.extension().is_some_and(|e| e == "gz") {
        let mut encoder = flate2::write::GzEncoder::new(&mut file, flate2::Compression::default());
        encoder.write_all(bytes).map_err(fail)?;
        encoder.finish().map_err(fail)?;
    } else {
        file.write_all(bytes).map_err(fail)?;
    }
    file.as_file().sync_all().map_err(fail)?;
    file.persist(path).map_err(|e| fail(e.error))?;
    Ok(())
}

/// Parses JSON.
///
/// # Errors
/// [`FileError::Json`], with the place and a remedy.
pub fn parse_json(path: &str, bytes: &[u8]) -> Result<Value, FileError> {
    serde_json::from_slice::<Once>(bytes)
        .map(|once| once.0)
        .map_err(|e| {
            let detail = e.to_string();
            let remedy = if detail.contains("is given twice") {
                "remove one of them"
            } else if bytes.iter().all(u8::is_ascii_whitespace) {
                "the file is empty: write it again"
            } else if e.is_eof() {
                "the file is cut off: write it again"
            } else if bytes.starts_with(&[0xef, 0xbb, 0xbf]) {
                "save it as UTF-8 without a byte order mark"
            } else if bytes.starts_with(&[0x1f, 0x8b]) {
                "it is compressed: give it a name that ends in .gz"
            } else if bytes.windows(3).any(|w| w == b"NaN" || w == b"Inf")
                || detail.contains("out of range")
            {
                "JSON has no NaN or infinity: give finite numbers"
            } else {
                "correct the text there"
            };
            FileError::Json {
                path: path.into(),
                detail,
                remedy: remedy.into(),
            }
        })
}

/// A JSON value in which no object has a key twice: readers differ in which of the two they use.
struct Once(Value);

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OnceVisitor).map(Once)
    }
}

struct OnceVisitor;

impl<'de> Visitor<'de> for OnceVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(Once(value)) = seq.next_element()? {
            all.push(value);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut all = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            if all.contains_key(&key) {
                return Err(A::Error::custom(format!(
                    "\"{}\" is given twice",
                    key.escape_debug()
                )));
            }
            let Once(value) = map.next_value()?;
            all.insert(key, value);
        }
        Ok(Value::Object(all))
    }
}

/// Reads the fields of a JSON object and records those that are missing or of the wrong type.
struct Walk<'a> {
    map: &'a Map<String, Value>,
    prefix: String,
}

fn kind(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(b) => format!("{b}"),
        Value::Number(x) => format!("the number {x}"),
        Value::String(s) => format!("the text \"{}\"", s.chars().take(40).collect::<String>()),
        Value::Array(_) => "an array".into(),
        Value::Object(_) => "an object".into(),
    }
}

impl<'a> Walk<'a> {
    fn new(value: &'a Value, prefix: String, faults: &mut Faults) -> Option<Self> {
        match value {
            Value::Object(map) => Some(Walk { map, prefix }),
            other => {
                let place = if prefix.is_empty() {
                    "the file".into()
                } else {
                    prefix.trim_end_matches('.').to_string()
                };
                faults.add(
                    place,
                    format!("is {}", kind(other)),
                    "give an object { ... }",
                );
                None
            }
        }
    }

    fn place(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    fn required(&self, key: &str, remedy: &str, faults: &mut Faults) -> Option<&'a Value> {
        let found = self.map.get(key);
        if found.is_none() {
            let unknown = self.map.keys().map(String::as_str);
            let hint = crate::text::nearest(key, unknown)
                .map_or(String::new(), |k| format!(" (found '{k}')"));
            faults.add(self.place(key), format!("is missing{hint}"), remedy);
        }
        found
    }

    /// An absent or null field is None.
    fn optional(&self, key: &str) -> Option<&'a Value> {
        self.map.get(key).filter(|v| !v.is_null())
    }

    fn number(&self, key: &str, faults: &mut Faults) -> f64 {
        match self.required(key, "add it, a number", faults) {
            None => 1.0,
            Some(v) => as_number(v, || self.place(key), faults),
        }
    }

    fn optional_number(&self, key: &str, faults: &mut Faults) -> Option<f64> {
        self.optional(key)
            .map(|v| as_number(v, || self.place(key), faults))
    }

    fn optional_text(&self, key: &str, faults: &mut Faults) -> String {
        match self.optional(key) {
            None => String::new(),
            Some(Value::String(s)) => s.clone(),
            Some(other) => {
                faults.add(
                    self.place(key),
                    format!("is {}", kind(other)),
                    "give a text in quotes",
                );
                String::new()
            }
        }
    }

    fn optional_bool(&self, key: &str, faults: &mut Faults) -> Option<bool> {
        let value = self.optional(key)?;
        if value.as_bool().is_none() {
            faults.add(
                self.place(key),
                format!("is {}", kind(value)),
                "give true or false",
            );
        }
        value.as_bool()
    }

    fn optional_whole(&self, key: &str, faults: &mut Faults) -> Option<u64> {
        let value = self.optional(key)?;
        let whole = value.as_u64().or_else(|| {
            let x = value.as_f64()?;
            (x >= 0.0 && x.fract() == 0.0 && x < 9.0e15).then_some(x as u64)
        });
        if whole.is_none() {
            faults.add(
                self.place(key),
                format!("is {}", kind(value)),
                "give a whole number from 0, or null",
            );
        }
        whole
    }

    fn array(&self, key: &str, faults: &mut Faults) -> &'a [Value] {
        match self.required(key, "add it, an array", faults) {
            Some(Value::Array(items)) => items,
            Some(other) => {
                faults.add(
                    self.place(key),
                    format!("is {}", kind(other)),
                    "give an array [ ... ]",
                );
                &[]
            }
            None => &[],
        }
    }

    /// Reads the items of an array of objects.
    fn objects<T>(
        &self,
        key: &str,
        faults: &mut Faults,
        mut read: impl FnMut(&Walk<'a>, &mut Faults) -> T,
    ) -> Vec<T> {
        let items = self.array(key, faults).iter().enumerate();
        let read_item = |(k, item)| {
            let walk = Walk::new(item, format!("{}{key}[{k}].", self.prefix), faults)?;
            Some(read(&walk, faults))
        };
        items.filter_map(read_item).collect()
    }

    fn position(&self, faults: &mut Faults) -> Option<[f64; 2]> {
        let value = self.optional("position_m")?;
        let pair = value.as_array().filter(|a| a.len() == 2);
        let Some(pair) = pair else {
            faults.add(
                self.place("position_m"),
                format!("is {}", kind(value)),
                "give [x, y] in metres",
            );
            return None;
        };
        let number = |k: usize, faults: &mut Faults| {
            as_number(
                &pair[k],
                || format!("{}position_m[{k}]", self.prefix),
                faults,
            )
        };
        Some([number(0, faults), number(1, faults)])
    }

    /// Checks format and version.
    fn format(&self, expected: &'static str, faults: &mut Faults) {
        match self.required("format", &format!("add \"format\": \"{expected}\""), faults) {
            None => {}
            Some(Value::String(s)) if s == expected => {}
            Some(Value::String(s)) => {
                let remedy = format!("this program reads \"{expected}\"");
                faults.add("format", format!("is \"{s}\""), remedy);
            }
            Some(other) => faults.add(
                "format",
                format!("is {}", kind(other)),
                format!("give \"{expected}\""),
            ),
        }
    }

    /// Notes unknown fields. They are not faults, but an optional field may be mistyped.
    fn unknown(&self, known: &[&'static str], found: &mut UnknownFields) {
        for key in self.map.keys().filter(|k| !known.contains(&k.as_str())) {
            // Fields of one name in one array are one warning.
            let array = self.prefix.split('[').next().unwrap_or("").to_string();
            let first = || UnknownField {
                place: self.place(key),
                hint: did_you_mean(key, known.iter().copied()),
                count: 0,
            };
            found
                .0
                .entry((array, key.clone()))
                .or_insert_with(first)
                .count += 1;
        }
    }
}

/// Unknown fields by array and name: the place of the first, a hint, and how many there are.
#[derive(Default)]
struct UnknownFields(BTreeMap<(String, String), UnknownField>);

struct UnknownField {
    place: String,
    hint: String,
    count: usize,
}

impl UnknownFields {
    fn warnings(self) -> Vec<String> {
        let warning = |field: UnknownField| {
            let more = match field.count {
                1 => String::new(),
                count => format!(" (and {} more times)", count - 1),
            };
            format!(
                "{}: unknown field, ignored{more}.{}",
                field.place, field.hint
            )
        };
        self.0.into_values().map(warning).collect()
    }
}

fn as_number(value: &Value, place: impl Fn() -> String, faults: &mut Faults) -> f64 {
    value.as_f64().unwrap_or_else(|| {
        faults.add(place(), format!("is {}", kind(value)), "give a number");
        1.0
    })
}

/// Reads and validates an instance; warnings (unknown fields) go to `warn`.
///
/// # Errors
/// [`FileError`], naming the file and every fault in it.
pub fn read_instance_with(
    path: &Path,
    warn: &mut dyn FnMut(String),
) -> Result<Instance, FileError> {
    let name = path.display().to_string();
    let bytes = read_bytes(path)?;
    let value = parse_json(&name, &bytes)?;
    let (instance, warnings) = instance_from_json(&value).map_err(|faults| FileError::Invalid {
        path: name.clone(),
        format: INSTANCE_FORMAT,
        faults,
    })?;
    for warning in warnings {
        warn(format!("{name}: {warning}"));
    }
    Ok(instance)
}

/// Reads and validates an instance, ignoring unknown fields.
///
/// # Errors
/// [`FileError`], naming the file and every fault in it.
pub fn read_instance(path: &Path) -> Result<Instance, FileError> {
    read_instance_with(path, &mut |_| ())
}

/// An instance from parsed JSON, and the warnings about it.
///
/// # Errors
/// All faults.
pub fn instance_from_json(value: &Value) -> Result<(Instance, Vec<String>), Vec<Fault>> {
    let mut faults = Faults::default();
    let mut unknown = UnknownFields::default();
    let Some(top) = Walk::new(value, String::new(), &mut faults) else {
        return Err(faults.0);
    };
    top.format(INSTANCE_FORMAT, &mut faults);
    if !faults.0.is_empty() {
        return Err(faults.0);
    }
    let known = [
        "format",
        "name",
        "family",
        "seed",
        "interference",
        "reference_flops",
        "users",
        "servers",
        "gain",
    ];
    top.unknown(&known, &mut unknown);
    let users = top.objects("users", &mut faults, |walk, faults| {
        walk.unknown(&USER_FIELDS, &mut unknown);
        user_from(walk, faults)
    });
    let servers = top.objects("servers", &mut faults, |walk, faults| {
        walk.unknown(&SERVER_FIELDS, &mut unknown);
        server_from(walk, faults)
    });
    let gain = top.array("gain", &mut faults);
    let gain = gain
        .iter()
        .enumerate()
        .map(|(i, v)| gain_row_from(v, i, &mut faults))
        .collect();
    let instance = Instance {
        name: top.optional_text("name", &mut faults),
        family: top.optional_text("family", &mut faults),
        seed: top.optional_whole("seed", &mut faults),
        interference: top
            .optional_bool("interference", &mut faults)
            .unwrap_or(true),
        reference_flops: top.optional_number("reference_flops", &mut faults),
        users,
        servers,
        gain,
    };
    if faults.0.is_empty() {
        faults.0 = faults_of(&instance);
    }
    if faults.0.is_empty() {
        Ok((instance, unknown.warnings()))
    } else {
        Err(faults.0)
    }
}

/// Fields of a user.
const USER_FIELDS: [&str; 9] = [
    "payload_bits",
    "tx_power_w",
    "local_delay_s",
    "edge_work_flop",
    "uncertainty",
    "edge_time_s",
    "correct_local",
    "correct_edge",
    "position_m",
];
/// Fields of a server.
const SERVER_FIELDS: [&str; 6] = [
    "bandwidth_hz",
    "noise_w",
    "capacity_flops",
    "user_cap_flops",
    "max_users",
    "position_m",
];

fn user_from(w: &Walk<'_>, faults: &mut Faults) -> User {
    User {
        payload_bits: w.number("payload_bits", faults),
        tx_power_w: w.number("tx_power_w", faults),
        local_delay_s: w.number("local_delay_s", faults),
        edge_work_flop: w.number("edge_work_flop", faults),
        uncertainty: w.number("uncertainty", faults),
        edge_time_s: w.optional_number("edge_time_s", faults),
        correct_local: w.optional_number("correct_local", faults),
        correct_edge: w.optional_number("correct_edge", faults),
        position_m: w.position(faults),
    }
}

fn server_from(w: &Walk<'_>, faults: &mut Faults) -> Server {
    Server {
        bandwidth_hz: w.number("bandwidth_hz", faults),
        noise_w: w.number("noise_w", faults),
        capacity_flops: w.number("capacity_flops", faults),
        user_cap_flops: w.number("user_cap_flops", faults),
        max_users: w
            .optional_whole("max_users", faults)
            .map(|k| usize::try_from(k).unwrap_or(usize::MAX)),
        position_m: w.position(faults),
    }
}

fn gain_row_from(value: &Value, i: usize, faults: &mut Faults) -> Vec<f64> {
    let Value::Array(items) = value else {
        faults.add(
            format!("gain[{i}]"),
            format!("is {}", kind(value)),
            "give an array, one number per server",
        );
        return Vec::new();
    };
    items
        .iter()
        .enumerate()
        .map(|(j, v)| as_number(v, || format!("gain[{i}][{j}]"), faults))
        .collect()
}

/// The instance as JSON text, one user, server and gain row per line.
///
/// # Panics
/// Never: the types hold nothing that JSON cannot.
#[must_use]
pub fn instance_to_json(instance: &Instance) -> String {
    let text = |v: &dyn Fn() -> serde_json::Result<String>| v().expect("plain data serialises");
    let mut out = String::from("{\n");
    let mut field = |key: &str, value: Value| {
        let _ = writeln!(out, "  \"{key}\": {value},");
    };
    field("format", json!(INSTANCE_FORMAT));
    field("name", json!(instance.name));
    field("family", json!(instance.family));
    if let Some(seed) = instance.seed {
        field("seed", json!(seed));
    }
    field("interference", json!(instance.interference));
    if let Some(reference) = instance.reference_flops {
        field("reference_flops", json!(reference));
    }
    let mut block = |key: &str, rows: Vec<String>, end: &str| {
        let _ = write!(
            out,
            "  \"{key}\": [\n    {}\n  ]{end}\n",
            rows.join(",\n    ")
        );
    };
    block(
        "users",
        instance
            .users
            .iter()
            .map(|u| text(&|| serde_json::to_string(u)))
            .collect(),
        ",",
    );
    block(
        "servers",
        instance
            .servers
            .iter()
            .map(|s| text(&|| serde_json::to_string(s)))
            .collect(),
        ",",
    );
    block(
        "gain",
        instance
            .gain
            .iter()
            .map(|g| text(&|| serde_json::to_string(g)))
            .collect(),
        "",
    );
    out.push_str("}\n");
    out
}

/// Writes an instance, whole or not at all.
///
/// # Errors
/// [`FileError::Io`].
pub fn write_instance(path: &Path, instance: &Instance) -> Result<(), FileError> {
    write_bytes(path, instance_to_json(instance).as_bytes())
}

/// Reads a plan. Server indices are checked against an instance by [`check_plan`].
///
/// # Errors
/// [`FileError`], naming the file and every fault in it.
pub fn read_plan(path: &Path) -> Result<Plan, FileError> {
    let name = path.display().to_string();
    let bytes = read_bytes(path)?;
    let value = parse_json(&name, &bytes)?;
    plan_from_json(&value).map_err(|faults| FileError::Invalid {
        path: name,
        format: PLAN_FORMAT,
        faults,
    })
}

/// A plan from parsed JSON.
///
/// # Errors
/// All faults.
pub fn plan_from_json(value: &Value) -> Result<Plan, Vec<Fault>> {
    let mut faults = Faults::default();
    let Some(top) = Walk::new(value, String::new(), &mut faults) else {
        return Err(faults.0);
    };
    top.format(PLAN_FORMAT, &mut faults);
    if !faults.0.is_empty() {
        return Err(faults.0);
    }
    let threshold = top.optional_number("threshold", &mut faults);
    if threshold.is_some_and(|t| !(0.0..=1.0).contains(&t)) {
        faults.add(
            "threshold",
            format!("is {}", threshold.unwrap_or(f64::NAN)),
            "give a number from 0 to 1",
        );
    }
    let weights = top.optional_text("weights", &mut faults);
    let weights = match weights.as_str() {
        "" => None,
        other => other
            .parse()
            .map_err(|e: String| faults.add("weights", e, "or leave it out"))
            .ok(),
    };
    let mut assignment = Vec::new();
    for (i, v) in top.array("assignment", &mut faults).iter().enumerate() {
        match (v, v.as_u64()) {
            (Value::Null, _) => assignment.push(None),
            (_, Some(j)) => assignment.push(Some(usize::try_from(j).unwrap_or(usize::MAX))),
            _ => faults.add(
                format!("assignment[{i}]"),
                format!("is {}", kind(v)),
                "give null or a server index from 0",
            ),
        }
    }
    let plan = Plan {
        instance: top.optional_text("instance", &mut faults),
        threshold,
        weights,
        solver: top.optional_text("solver", &mut faults),
        assignment,
    };
    for (place, text) in [("instance", &plan.instance), ("solver", &plan.solver)] {
        faults.check_printable(place, text);
    }
    if faults.0.is_empty() {
        Ok(plan)
    } else {
        Err(faults.0)
    }
}

/// Whether an assignment fits an instance's shape: its length is N and every index is below M.
///
/// # Errors
/// All faults.
pub fn check_plan(assignment: &[Option<usize>], instance: &Instance) -> Result<(), Vec<Fault>> {
    let mut faults = Faults::default();
    if assignment.len() != instance.n() {
        let problem = format!(
            "has {} entries for {} users",
            assignment.len(),
            instance.n()
        );
        faults.add(
            "assignment",
            problem,
            "give one entry per user of the instance",
        );
    }
    for (i, server) in assignment.iter().enumerate() {
        if let Some(j) = server.filter(|&j| j >= instance.m()) {
            let remedy = format!("the instance has {} servers, from 0", instance.m());
            faults.add(format!("assignment[{i}]"), format!("is {j}"), remedy);
        }
    }
    if faults.0.is_empty() {
        Ok(())
    } else {
        Err(faults.0)
    }
}

/// The plan as JSON.
#[must_use]
pub fn plan_to_json(plan: &Plan) -> Value {
    json!({
        "format": PLAN_FORMAT,
        "instance": plan.instance,
        "threshold": plan.threshold,
        "weights": plan.weights.map(Weights::name),
        "solver": plan.solver,
        "assignment": plan.assignment,
    })
}

/// Writes a plan, whole or not at all.
///
/// # Errors
/// [`FileError::Io`].
pub fn write_plan(path: &Path, plan: &Plan) -> Result<(), FileError> {
    write_bytes(path, format!("{}\n", plan_to_json(plan)).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made() -> Value {
        let user = json!({
            "payload_bits": 1e4, "tx_power_w": 0.1, "local_delay_s": 1.0, "edge_work_flop": 1e12,
            "uncertainty": 0.5, "colour": "red"
        });
        let server = json!({
            "bandwidth_hz": 1e6, "noise_w": 1e-13, "capacity_flops": 1e13, "user_cap_flops": 1e12
        });
        json!({
            "format": INSTANCE_FORMAT, "users": [user, user, user], "servers": [server],
            "gain": [[1e-10], [1e-10], [1e-10]]
        })
    }

    #[test]
    fn an_unknown_field_of_many_users_is_one_warning() {
        let (_, warnings) = instance_from_json(&made()).unwrap();
        assert_eq!(
            warnings,
            ["users[0].colour: unknown field, ignored (and 2 more times)."]
        );
    }

    #[test]
    fn folders_and_devices_are_not_read() {
        let error = |path: &str| read_bytes(Path::new(path)).unwrap_err().to_string();
        assert!(error("/").contains("it is a directory"));
        assert!(error("/dev/zero").contains("it is a device"));
        assert!(error("/nowhere").contains("check the path"));
    }

    #[test]
    fn a_signal_that_overflows_beside_the_noise_is_refused() {
        let mut value = made();
        value["users"][1]["tx_power_w"] = json!(1e308);
        let faults = instance_from_json(&value).unwrap_err();
        assert!(faults.iter().any(|f| f.place == "gain[1][0]"), "{faults:?}");
    }
}
