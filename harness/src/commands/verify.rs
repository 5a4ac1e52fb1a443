//! `verify`: re-checks plans, certificates and campaigns with the independent verifier.

use super::{print, read_instance, tell};
use crate::{Verdict, campaign};
use anyhow::{Context, bail};
use offload_instances::files::{parse_json, plan_from_json, read_bytes};
use offload_instances::{Instance, Weights};
use offload_verify::{CertificateCheck, Fault, Trust};
use serde_json::Value;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Re-check plans and certificates from the instance alone, with an independent program
#[derive(clap::Args)]
pub struct Arguments {
    /// Plans, certificates, instances that they belong to, or the folder of a campaign
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The instance of all of them; default: found by the file name or the name that each file
    /// gives
    #[arg(long)]
    instance: Option<PathBuf>,
}

pub fn run(a: &Arguments) -> anyhow::Result<Verdict> {
    let mut verdict = Verdict::Done;
    let mut given: Vec<PathBuf> = a.instance.iter().cloned().collect();
    let mut rest = Vec::new();
    for path in &a.files {
        if path.is_dir() {
            rest.push((path, None));
            continue;
        }
        let bytes = read_bytes(path)?;
        let value = parse_json(&path.display().to_string(), &bytes)?;
        if value["format"] == "offload-instance/1" {
            given.push(path.clone());
        } else {
            rest.push((path, Some((bytes, value))));
        }
    }
    if rest.is_empty() {
        bail!("only instances were given; name a plan, a certificate or the folder of a campaign");
    }
    for (path, content) in rest {
        let good = match content {
            None => campaign::verify_folder(path)?,
            Some((bytes, value)) => check_file(path, &bytes, &value, &given)?,
        };
        if !good {
            verdict = Verdict::Refuted;
        }
    }
    Ok(verdict)
}

fn check_file(path: &Path, bytes: &[u8], value: &Value, given: &[PathBuf]) -> anyhow::Result<bool> {
    let name = path.display().to_string();
    match value["format"].as_str() {
        Some("offload-plan/1") => {
            let instance = find_instance(path, value, given)?;
            check_plan(&name, value, &instance)
        }
        Some("offload-certificate/1") => {
            let instance = find_instance(path, value, given)?;
            let (certificate, warnings) = offload_verify::parse_certificate(&name, bytes)?;
            for warning in warnings {
                tell(&format!("warning: {name}: {warning}"));
            }
            let check = offload_verify::verify_certificate(&instance, &certificate);
            print(&describe(&name, &instance, &check))?;
            Ok(check.faults.is_empty())
        }
        other => bail!(
            "{name}: format is {}; give an offload-plan/1, an offload-certificate/1 or a campaign's folder",
            other.map_or("missing".into(), |f| format!("'{f}'"))
        ),
    }
}

/// The instance: one that was given and has the right name, else the file that the certificate
/// names, else NAME.json(.gz) beside the file or here.
fn find_instance(path: &Path, value: &Value, given: &[PathBuf]) -> anyhow::Result<Instance> {
    let name = value["instance"].as_str().unwrap_or("");
    if let [only] = given {
        let instance = read_instance(only)?;
        if instance.name != name {
            tell(&format!(
                "warning: {}: is for '{name}', the instance is '{}'",
                path.display(),
                instance.name
            ));
        }
        return Ok(instance);
    }
    for candidate in given {
        let instance = read_instance(candidate)?;
        if instance.name == name {
            return Ok(instance);
        }
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut places = Vec::new();
    if let Some(file) = value["instance_file"].as_str() {
        places.extend([PathBuf::from(file), folder.join(file)]);
    }
    if !name.is_empty() && !name.contains(['/', '\\']) {
        for end in ["json", "json.gz"] {
            let file = format!("{name}.{end}");
            places.extend([folder.join(&file), PathBuf::from(file)]);
        }
    }
    let found = places.iter().find(|p| p.is_file());
    let found = found.with_context(|| {
        format!(
            "{}: its instance '{name}' is not found; give it with --instance FILE",
            path.display()
        )
    })?;
    read_instance(found)
}

fn check_plan(name: &str, value: &Value, instance: &Instance) -> anyhow::Result<bool> {
    let invalid = |faults| offload_instances::FileError::Invalid {
        path: name.into(),
        format: "offload-plan/1",
        faults,
    };
    let plan = plan_from_json(value).map_err(invalid)?;
    let threshold = plan
        .threshold
        .with_context(|| format!("{name}: threshold is missing; add it"))?;
    let weights = plan.weights.unwrap_or(Weights::Uncertainty);
    let check = offload_verify::verify_plan(instance, threshold, weights, &plan.assignment);
    let mut text = format!(
        "{name}: {} for '{}', threshold {threshold}, weights {weights}",
        if check.is_feasible() {
            "feasible plan"
        } else {
            "REFUSED plan"
        },
        instance.name
    );
    if let Some(v) = check.value {
        let _ = write!(text, "\n  value in [{}, {}] weighted s", v.lo, v.hi);
    }
    list(&mut text, &check.faults);
    print(&text)?;
    Ok(check.faults.is_empty())
}

fn list(text: &mut String, faults: &[Fault]) {
    for f in faults {
        let _ = write!(
            text,
            "\n  fault {} at {}: {}; {}",
            f.code.name(),
            f.place,
            f.cause,
            f.remedy
        );
    }
}

/// What the verifier proved, in a few lines.
pub(crate) fn describe(name: &str, instance: &Instance, check: &CertificateCheck) -> String {
    let mut text = format!(
        "{name}: {} for '{}'",
        if check.trust == Trust::Refused {
            "REFUSED"
        } else {
            check.trust.name()
        },
        instance.name
    );
    if check.is_infeasible() {
        text += "\n  no feasible plan exists";
    } else {
        let _ = write!(text, "\n  lower bound  {} weighted s", check.lower);
        if let Some(upper) = check.upper {
            let _ = write!(
                text,
                "\n  upper bound  {upper} weighted s (the plan's value)"
            );
        }
        if let Some(gap) = check.gap {
            // Rounded up: what is printed holds too.
            let _ = write!(
                text,
                "\n  certified gap at most {:.6} %",
                (gap * 1e8).ceil() / 1e6
            );
        }
    }
    let _ = write!(
        text,
        "\n  {} leaves, {} tightening steps re-checked",
        check.leaves, check.tightened
    );
    list(&mut text, &check.faults);
    text
}
