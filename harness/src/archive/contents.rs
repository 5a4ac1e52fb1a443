//! Collects what an archive of a campaign contains.

use super::instances::{add_made, add_present, check_complete};
use super::job::PackJob;
use super::layout::CONFIG;
use super::rewrite::LocalPaths;
use super::solver_files::add_solver_files;
use super::solver_versions::FileVersions;
use super::staging::Staging;
use crate::campaign::certificates::{CERTIFICATES, certificate_name, refusal_name};
use crate::campaign::config::Config;
use crate::campaign::store;
use crate::files::{check_inside, read_campaign};
use anyhow::{Context, anyhow, ensure};
use offload_instances::{FINGERPRINT_DIGITS, is_fingerprint};
use offload_reports::records::environment::{ENVIRONMENTS, Environment, read_environments};
use offload_reports::records::record::{RECORDS, Record};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// What a campaign consists of, for the description of its archive.
pub(super) struct CampaignFacts {
    /// Number of records.
    pub records: usize,
    /// Number of instances.
    pub instances: usize,
    /// Number of certificates.
    pub certificates: usize,
    /// Number of files of external solvers.
    pub solver_files: usize,
    /// Names of the solvers.
    pub solvers: BTreeSet<String>,
    /// The runs.
    pub environments: Vec<Environment>,
}

/// A configuration as a run recorded it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct PackedConfig {
    text: String,
    folder: PathBuf,
}

/// Collects the files of an archive, except for its description and its manifest.
///
/// # Errors
/// If the campaign is being run, is not complete, a solver's files are no longer those of its
/// records, or a file cannot be read.
pub(super) fn collect(job: &PackJob, staging: &mut Staging) -> anyhow::Result<CampaignFacts> {
    let folder = job.folder;
    let name = folder.display();
    ensure!(
        !store::is_busy(folder),
        "{name}: a run is active in this folder; wait for it"
    );
    check_inside(folder, &folder.join(RECORDS))?;
    check_inside(folder, &folder.join(ENVIRONMENTS))?;
    let loaded = read_campaign(folder)?;
    ensure!(
        !loaded.torn,
        "{name}: the last record is incomplete after an earlier stop; run the campaign again, then \
         pack it"
    );
    let wanted = fingerprints(&loaded.records, folder)?;
    let environments = read_environments(folder)?;
    let configs = recorded_configs(job, &environments);
    let mut local = local_paths(folder, &configs)?;
    let mut versions = FileVersions::default();
    for config in &configs {
        versions.add(&config.text, &config.folder, job.notify)?;
    }
    versions.check(folder, &loaded.records)?;
    for config in configs.iter().rev() {
        add_solver_files(
            staging,
            &mut local,
            &config.text,
            &config.folder,
            job.notify,
        )
        .context("configuration")?;
    }
    let solver_files = staging.files.len();
    let mut missing = add_present(staging, folder, &wanted)?;
    let rewritten = add_configs(job, staging, &configs, &local, &mut missing)?;
    check_complete(folder, &missing)?;
    let instances = files_in(staging, CERTIFICATES);
    add_certificates(staging, folder, &loaded.records, &local)?;
    let certificates = files_in(staging, CERTIFICATES) - instances;
    add_records(staging, folder, &local)?;
    add_environments(staging, folder, &environments, &rewritten, &local)?;
    Ok(CampaignFacts {
        records: loaded.records.len(),
        instances,
        certificates,
        solver_files,
        solvers: loaded.records.into_iter().map(|r| r.solver).collect(),
        environments,
    })
}

/// Number of files in a folder of the archive.
fn files_in(staging: &Staging, folder: &str) -> usize {
    let paths = staging.files.keys();
    paths
        .filter(|path| path.split('/').next() == Some(folder))
        .count()
}

/// The fingerprints of all instances. They become file names.
fn fingerprints(records: &[Record], folder: &Path) -> anyhow::Result<BTreeSet<String>> {
    let all: BTreeSet<String> = records.iter().map(|r| r.fingerprint.clone()).collect();
    match all.iter().find(|print| !is_fingerprint(print)) {
        Some(bad) => Err(anyhow!(
            "{}: \"{}\" is not a fingerprint of {FINGERPRINT_DIGITS} lower-case hexadecimal \
             digits; remove its records",
            folder.join(RECORDS).display(),
            bad.chars().take(80).collect::<String>().escape_debug()
        )),
        None => Ok(all),
    }
}

/// The configurations, each once; the last one becomes that of the archive.
fn recorded_configs(job: &PackJob, environments: &[Environment]) -> Vec<PackedConfig> {
    let recorded = environments
        .iter()
        .filter(|e| !e.config.is_empty())
        .map(|e| PackedConfig {
            text: e.config.clone(),
            folder: PathBuf::from(&e.config_folder),
        });
    let given = job.config.map(|config| PackedConfig {
        text: config.text.clone(),
        folder: config.folder.clone(),
    });
    let mut all: Vec<PackedConfig> = Vec::new();
    for config in recorded.chain(given) {
        all.retain(|other| *other != config);
        all.push(config);
    }
    all
}

fn local_paths(folder: &Path, configs: &[PackedConfig]) -> anyhow::Result<LocalPaths> {
    let mut local = LocalPaths::default();
    let mut add = |path: &Path, new| -> anyhow::Result<()> {
        local.add_folder(&std::path::absolute(path)?, new);
        if let Ok(real) = path.canonicalize() {
            local.add_folder(&real, new);
        }
        Ok(())
    };
    if let Some(home) = std::env::home_dir().filter(|home| !home.as_os_str().is_empty()) {
        add(&home, "~")?;
    }
    add(folder, ".")?;
    for config in configs.iter().filter(|c| !c.folder.as_os_str().is_empty()) {
        add(&config.folder, ".")?;
    }
    Ok(local)
}

/// Adds the instances that the configurations ask for, and the last configuration. Returns the
/// rewritten text of each.
fn add_configs(
    job: &PackJob,
    staging: &mut Staging,
    configs: &[PackedConfig],
    local: &LocalPaths,
    missing: &mut BTreeSet<String>,
) -> anyhow::Result<BTreeMap<PackedConfig, String>> {
    let mut rewritten = BTreeMap::new();
    for (k, recorded) in configs.iter().enumerate().rev() {
        let is_last = k + 1 == configs.len();
        let made = Config::parse(recorded.text.clone(), &recorded.folder)
            .and_then(|config| add_made(staging, &config, missing, job.notify))
            .and_then(|sources| local.config(&recorded.text, &sources));
        let text = match made {
            Ok(text) => text,
            Err(e) if is_last => {
                return Err(e.context(
                    "cannot pack the recorded configuration; restore its files, or give another \
                     configuration with --config",
                ));
            }
            Err(e) => {
                (job.notify)(&format!(
                    "note: an earlier configuration is not usable: {e:#}"
                ));
                local.text(&recorded.text)
            }
        };
        if is_last {
            staging.add_text(CONFIG, &text)?;
        }
        rewritten.insert(recorded.clone(), text);
    }
    Ok(rewritten)
}

/// Adds the certificate of each record that has one.
fn add_certificates(
    staging: &mut Staging,
    folder: &Path,
    records: &[Record],
    local: &LocalPaths,
) -> anyhow::Result<()> {
    for record in records {
        // The name depends on that of the solver, which may be a command.
        let renamed = Record {
            solver: local.text(&record.solver),
            ..record.clone()
        };
        // A note takes the place of a certificate that a solve did not leave.
        for name in [certificate_name, refusal_name] {
            let file = folder.join(CERTIFICATES).join(name(record));
            if file.exists() {
                check_inside(folder, &file)?;
                staging.add_file(&format!("{CERTIFICATES}/{}", name(&renamed)), &file)?;
            }
        }
    }
    Ok(())
}

fn add_records(staging: &mut Staging, folder: &Path, local: &LocalPaths) -> anyhow::Result<()> {
    let place = staging.place(RECORDS)?;
    let fail = || format!("{}: cannot write", place.display());
    let mut out = BufWriter::new(std::fs::File::create(&place).with_context(fail)?);
    let mut failed = None;
    store::each_line(&folder.join(RECORDS), &mut |_, line| {
        let written = match std::str::from_utf8(line) {
            Ok(text) => out.write_all(local.json_line(text).as_bytes()),
            Err(_) => out.write_all(line),
        };
        failed = written.err();
        failed.is_none()
    })?;
    failed.map_or_else(|| out.flush(), Err).with_context(fail)?;
    staging.add_file(RECORDS, &place)
}

/// Adds the environments; their configurations' folder is that of the archive.
fn add_environments(
    staging: &mut Staging,
    folder: &Path,
    environments: &[Environment],
    rewritten: &BTreeMap<PackedConfig, String>,
    local: &LocalPaths,
) -> anyhow::Result<()> {
    if environments.is_empty() {
        return Ok(());
    }
    let mut lines: Vec<Value> = Vec::new();
    store::each_line(&folder.join(ENVIRONMENTS), &mut |_, line| {
        // Fields of later versions are kept; an incomplete last line is not.
        lines.extend(serde_json::from_slice::<Value>(line).ok());
        true
    })?;
    let mut text = String::new();
    for (line, environment) in lines.iter_mut().zip(environments) {
        let recorded = PackedConfig {
            text: environment.config.clone(),
            folder: PathBuf::from(&environment.config_folder),
        };
        if let Some(config) = rewritten.get(&recorded) {
            line["config"] = config.as_str().into();
            line["config_folder"] = ".".into();
        }
        text.push_str(&local.json_line(&line.to_string()));
        text.push('\n');
    }
    staging.add_text(ENVIRONMENTS, &text)
}
