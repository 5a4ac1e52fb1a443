//! The description of an archive as an RO-Crate 1.1: <https://w3id.org/ro/crate/1.1>.

use super::contents::CampaignFacts;
use super::job::CrateDescription;
use super::layout::{ARCHIVE_FORMAT, CONFIG, MANIFEST, METADATA};
use super::manifest::hexadecimal;
use super::staging::StagedFile;
use crate::campaign::certificates::CERTIFICATES;
use anyhow::{Context, ensure};
use offload_reports::records::environment::ENVIRONMENTS;
use offload_reports::records::record::RECORDS;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Where the program is published.
const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");

/// Beginning of the address of a licence from the SPDX list.
const SPDX: &str = "https://spdx.org/licenses/";

/// The text of the description.
///
/// # Errors
/// If the day of publication is unknown or not a date.
pub(super) fn describe(
    about: &CrateDescription,
    facts: &CampaignFacts,
    files: &BTreeMap<String, StagedFile>,
) -> anyhow::Result<String> {
    let date = date(about, facts)?;
    let programs: BTreeSet<&str> = facts
        .environments
        .iter()
        .map(|e| e.program.as_str())
        .collect();
    let mut graph = vec![
        json!({
            "@id": METADATA,
            "@type": "CreativeWork",
            "about": { "@id": "./" },
            "conformsTo": { "@id": "https://w3id.org/ro/crate/1.1" },
        }),
        root(about, facts, files, &date),
    ];
    graph.extend(files.iter().map(|(path, file)| file_entity(path, file)));
    graph.push(json!({
        "@id": MANIFEST,
        "@type": "File",
        "name": "SHA-256 hashes of all other files",
        "encodingFormat": "text/plain",
    }));
    graph.extend(programs.iter().map(|version| {
        json!({
            "@id": software_id(version),
            "@type": "SoftwareApplication",
            "name": "offload-bench",
            "softwareVersion": version,
            "version": version,
            "url": REPOSITORY,
        })
    }));
    graph.extend(runs(facts, files));
    graph.extend(about.authors.iter().map(|author| person(author)));
    graph.extend(
        about
            .license
            .as_deref()
            .map(|text| json!({ "@id": license_id(text), "@type": "CreativeWork", "name": text })),
    );
    let metadata = json!({
        "@context": [
            "https://w3id.org/ro/crate/1.1/context",
            { "sha256": "https://schema.org/sha256" },
        ],
        "@graph": graph,
    });
    Ok(serde_json::to_string_pretty(&metadata)? + "\n")
}

/// The day of publication.
fn date(about: &CrateDescription, facts: &CampaignFacts) -> anyhow::Result<String> {
    if let Some(date) = &about.date {
        ensure!(
            is_date(date),
            "--date {date}: give a day such as 2026-01-31"
        );
        return Ok(date.clone());
    }
    let days = facts
        .environments
        .iter()
        .filter_map(|e| e.started.get(..10));
    let last = days.filter(|day| is_date(day)).max();
    last.map(str::to_string).context(
        "the campaign does not record when it was run; give the day of publication with --date",
    )
}

fn is_date(text: &str) -> bool {
    humantime::parse_rfc3339(&format!("{text}T00:00:00Z")).is_ok()
}

/// The campaign itself.
fn root(
    about: &CrateDescription,
    facts: &CampaignFacts,
    files: &BTreeMap<String, StagedFile>,
    date: &str,
) -> Value {
    let title = about.title.clone().unwrap_or_else(|| {
        format!(
            "Campaign of offload-bench: {} solves by {} solvers on {} instances",
            facts.records,
            facts.solvers.len(),
            facts.instances
        )
    });
    let solvers: Vec<&str> = facts.solvers.iter().map(String::as_str).collect();
    let description = format!(
        "Results of offloading algorithms on LLM-offloading instances ({ARCHIVE_FORMAT}): {} \
         records, \
         {} instances and {} certificates of bounds. Solvers: {}. To re-check plans and bounds: \
         offload-bench unpack ARCHIVE --verify.",
        facts.records,
        facts.instances,
        facts.certificates,
        solvers.join(", ")
    );
    let parts = files.keys().map(String::as_str).chain([MANIFEST]);
    let parts: Vec<Value> = parts.map(|path| json!({ "@id": id(path) })).collect();
    let mut root = json!({
        "@id": "./",
        "@type": "Dataset",
        "name": title,
        "description": description,
        "datePublished": date,
        "hasPart": parts,
    });
    if let Some(license) = &about.license {
        root["license"] = json!({ "@id": license_id(license) });
    }
    if !about.authors.is_empty() {
        let ids = about.authors.iter().map(|a| json!({ "@id": author_id(a) }));
        root["author"] = ids.collect();
    }
    root
}

fn file_entity(path: &str, file: &StagedFile) -> Value {
    let mut entity = Map::new();
    let mut set = |name: &str, value: &str| entity.insert(name.into(), value.into());
    set("@id", &id(path));
    set("@type", "File");
    set("name", what(path));
    set("contentSize", &file.bytes.to_string());
    set("sha256", &hexadecimal(&file.hash));
    if let Some(kind) = encoding(path) {
        set("encodingFormat", kind);
    }
    Value::Object(entity)
}

fn what(path: &str) -> &str {
    match path {
        RECORDS => "Records: one line per solve, with its plan (offload-record)",
        ENVIRONMENTS => "Machines, programs and settings of the runs (offload-environment)",
        CONFIG => "Configuration of the campaign (offload-config)",
        _ if !path.starts_with(CERTIFICATES) => "File of an external solver",
        _ if path.ends_with(".certificate.json.gz") => {
            "Certificate of a bound (offload-certificate)"
        }
        _ => "Instance (offload-instance)",
    }
}

fn encoding(path: &str) -> Option<&'static str> {
    let kinds = [
        (".gz", "application/gzip"),
        (".jsonl", "application/jsonl"),
        (".json", "application/json"),
        (".toml", "application/toml"),
        (".py", "text/x-python"),
    ];
    kinds
        .iter()
        .find(|(end, _)| path.ends_with(end))
        .map(|(_, kind)| *kind)
}

/// What made the records.
fn runs(facts: &CampaignFacts, files: &BTreeMap<String, StagedFile>) -> Vec<Value> {
    let run = |(k, e): (usize, &offload_reports::Environment)| {
        let mut run = json!({
            "@id": format!("#run-{}", k + 1),
            "@type": "CreateAction",
            "name": format!("Run {} of the campaign", k + 1),
            "instrument": { "@id": software_id(&e.program) },
            "result": { "@id": RECORDS },
        });
        if files.contains_key(CONFIG) {
            run["object"] = json!({ "@id": CONFIG });
        }
        if !e.started.is_empty() {
            run["startTime"] = json!(e.started);
        }
        run
    };
    facts.environments.iter().enumerate().map(run).collect()
}

fn software_id(version: &str) -> String {
    format!("#offload-bench-{version}")
}

fn person(author: &str) -> Value {
    let name = author.split('<').next().unwrap_or(author).trim();
    json!({ "@id": author_id(author), "@type": "Person", "name": name })
}

/// The address in `Name <address>`, or an id made of the name.
fn author_id(author: &str) -> String {
    let address = author
        .split_once('<')
        .and_then(|(_, rest)| rest.trim().strip_suffix('>'));
    address.map_or_else(|| format!("#{}", id(author.trim())), str::to_string)
}

fn license_id(text: &str) -> String {
    if text.contains("://") {
        text.to_string()
    } else {
        format!("{SPDX}{text}")
    }
}

/// A path as the id of an entity: a relative URI.
fn id(path: &str) -> String {
    path.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}
