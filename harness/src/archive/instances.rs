//! The instances of a campaign as files: those in its folder, those that its configurations
//! generate, and those that they read.

use super::staging::Staging;
use crate::campaign::certificates::{CERTIFICATES, stored_name};
use crate::campaign::config::Config;
use crate::campaign::matrix::{InstanceOrigin, source_origins};
use crate::notice::Notify;
use anyhow::{Context, ensure};
use offload_instances::families::FILE_PARAMETERS;
use offload_instances::{Instance, fingerprint, read_instance, write_instance};
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Mutex;

/// Most missing instances that an error lists.
const SHOWN: usize = 5;

/// Where an instance stands in a campaign's folder, and in an archive.
fn place_of(fingerprint: &str) -> String {
    format!("{CERTIFICATES}/{}", stored_name(fingerprint))
}

/// Adds the instances that stand in the campaign's folder. Returns the fingerprints of the others.
///
/// # Errors
/// If a file is not the instance that its name says.
pub(super) fn add_present(
    staging: &mut Staging,
    folder: &Path,
    wanted: &BTreeSet<String>,
) -> anyhow::Result<BTreeSet<String>> {
    let mut missing = wanted.clone();
    for wanted in wanted {
        let path = place_of(wanted);
        let file = folder.join(&path);
        if !file.exists() {
            continue;
        }
        crate::files::check_inside(folder, &file)?;
        ensure!(
            fingerprint(&read_instance(&file)?) == *wanted,
            "{}: is a different instance than its name and the records say; remove it",
            file.display()
        );
        staging.add_file(&path, &file)?;
        missing.remove(wanted);
    }
    Ok(missing)
}

/// Generates or reads the instances of a configuration. Adds those that are missing, and all of
/// sources that depend on files. Returns, for each source, the paths in the archive that replace
/// it, or `None` if it depends on no file.
///
/// # Errors
/// If an instance cannot be made or written.
pub(super) fn add_made(
    staging: &mut Staging,
    config: &Config,
    missing: &mut BTreeSet<String>,
    notify: Notify,
) -> anyhow::Result<Vec<Option<Vec<String>>>> {
    let mut replaced = Vec::new();
    for (k, source) in config.instances.iter().enumerate() {
        let needs_files = !source.files.is_empty()
            || FILE_PARAMETERS
                .iter()
                .any(|name| source.parameters.contains_key(*name));
        if !needs_files && missing.is_empty() {
            replaced.push(None);
            continue;
        }
        let origins = source_origins(source, &config.folder, notify)
            .with_context(|| format!("instances[{k}]"))?;
        let claimed = Mutex::new(BTreeSet::new());
        let wanted = &*missing;
        let made: Vec<Option<String>> = origins
            .par_iter()
            .map(|origin| {
                let (fingerprint, instance) = made(origin)?;
                let is_kept = needs_files || wanted.contains(&fingerprint);
                let is_first = || {
                    claimed
                        .lock()
                        .is_ok_and(|mut c| c.insert(fingerprint.clone()))
                };
                if is_kept && is_first() {
                    write(staging, &fingerprint, &instance)?;
                }
                Ok(is_kept.then_some(fingerprint))
            })
            .collect::<anyhow::Result<_>>()?;
        let (mut paths, mut seen) = (Vec::new(), BTreeSet::new());
        for fingerprint in made.into_iter().flatten() {
            let path = place_of(&fingerprint);
            let file = staging.place(&path)?;
            staging.add_file(&path, &file)?;
            missing.remove(&fingerprint);
            if seen.insert(fingerprint) {
                paths.push(path);
            }
        }
        replaced.push(needs_files.then_some(paths));
    }
    Ok(replaced)
}

fn made(origin: &InstanceOrigin) -> anyhow::Result<(String, Instance)> {
    let instance = origin.make().with_context(|| origin.describe())?;
    Ok((fingerprint(&instance), instance))
}

fn write(staging: &Staging, fingerprint: &str, instance: &Instance) -> anyhow::Result<()> {
    let file = staging.place(&place_of(fingerprint))?;
    Ok(write_instance(&file, instance)?)
}

/// Checks that no instance is missing.
///
/// # Errors
/// Names the first missing ones and the remedy.
pub(super) fn check_complete(folder: &Path, missing: &BTreeSet<String>) -> anyhow::Result<()> {
    let shown: Vec<&str> = missing.iter().take(SHOWN).map(String::as_str).collect();
    ensure!(
        missing.is_empty(),
        "{}: some instances of its records were found neither in its folder nor through its \
         configuration ({} in all), such as those with the fingerprints {}; give the configuration \
         with --config, or put the instances into {CERTIFICATES}/, each named by the first 16 \
         digits of its fingerprint, as in {}",
        folder.display(),
        missing.len(),
        shown.join(", "),
        shown.first().map_or(String::new(), |f| place_of(f))
    );
    Ok(())
}
