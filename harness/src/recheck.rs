//! Re-checks a plan or certificate file with the independent verifier.

use crate::files::read_instance;
use crate::notice::Notify;
use anyhow::{Context, bail};
use offload_instances::files::plan_from_json;
use offload_instances::{Instance, Weights};
use offload_verify::{Certificate, CertificateCheck, Fault, Trust};
use serde_json::Value;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Result of a re-check.
pub struct FileCheck {
    /// What was proved or refused, in a few lines.
    pub text: String,
    /// Whether nothing was refused.
    pub holds: bool,
}

/// Re-checks a plan or a certificate. `value` is the parsed JSON and `bytes` its text; `instances`
/// are files that may contain its instance.
///
/// # Errors
/// If the file is neither, is malformed, or its instance is not found.
pub fn check_file(
    path: &Path,
    (bytes, value): (&[u8], &Value),
    instances: &[PathBuf],
    notify: Notify,
) -> anyhow::Result<FileCheck> {
    let name = path.display().to_string();
    match value["format"].as_str() {
        Some("offload-plan/1") => {
            let instance = find_instance(path, value, instances, notify)?;
            check_plan(&name, value, &instance)
        }
        Some("offload-certificate/1") => {
            let instance = find_instance(path, value, instances, notify)?;
            let (certificate, warnings) = offload_verify::parse_certificate(&name, bytes)?;
            for warning in warnings {
                notify(&format!("warning: {name}: {warning}"));
            }
            let check = offload_verify::verify_certificate(&instance, &certificate);
            Ok(FileCheck {
                text: describe(&name, &instance, &certificate, &check),
                holds: check.faults.is_empty(),
            })
        }
        other => bail!(
            "{name}: format is {}; give an offload-plan/1, an offload-certificate/1 or a \
             campaign's folder",
            other.map_or("missing".into(), |f| format!("'{f}'"))
        ),
    }
}

/// Finds the instance: a given file with the right name, else the file that the certificate names,
/// else NAME.json(.gz) next to the file or in the current directory.
fn find_instance(
    path: &Path,
    value: &Value,
    given: &[PathBuf],
    notify: Notify,
) -> anyhow::Result<Instance> {
    let name = value["instance"].as_str().unwrap_or("");
    if let [only] = given {
        let instance = read_instance(only, notify)?;
        if instance.name != name {
            notify(&format!(
                "warning: {}: is for '{name}', the instance is '{}'",
                path.display(),
                instance.name
            ));
        }
        return Ok(instance);
    }
    for candidate in given {
        let instance = read_instance(candidate, notify)?;
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
    read_instance(found, notify)
}

fn check_plan(name: &str, value: &Value, instance: &Instance) -> anyhow::Result<FileCheck> {
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
    Ok(FileCheck {
        text,
        holds: check.faults.is_empty(),
    })
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

/// What the verifier proved, in a few lines: the problem, the proved bound, the plan's value and
/// the gap. Of a refused certificate only its faults are printed. A claim that rests on assumed
/// leaves is never called certified.
fn describe(
    name: &str,
    instance: &Instance,
    certificate: &Certificate,
    check: &CertificateCheck,
) -> String {
    let verdict = match check.trust {
        Trust::Refused => "REFUSED",
        trust => trust.name(),
    };
    let mut text = format!(
        "{name}: {verdict} for '{}', threshold {}, weights {}\n  fingerprint  {}",
        instance.name, certificate.threshold, certificate.weights, certificate.fingerprint
    );
    if check.trust == Trust::Refused {
        list(&mut text, &check.faults);
        return text;
    }
    if check.is_infeasible() {
        text += "\n  no feasible plan exists";
    } else {
        let _ = write!(text, "\n  lower bound  {} weighted s, proved", check.lower);
        if let Some(claim) = check.assumed_lower {
            let _ = write!(
                text,
                "\n  claimed      {claim} weighted s; it rests on {}",
                counted(check.assumed, "assumed leaf", "assumed leaves")
            );
        }
        if let Some(upper) = check.upper {
            let _ = write!(
                text,
                "\n  upper bound  {upper} weighted s (the plan's value)"
            );
        }
        if let Some(gap) = check.gap {
            // Rounded up, so that the printed number is valid too.
            let _ = write!(
                text,
                "\n  certified gap at most {:.6} %",
                (gap * 1e8).ceil() / 1e6
            );
        }
    }
    let _ = write!(
        text,
        "\n  {}, {} re-checked",
        counted(check.leaves - check.assumed, "leaf", "leaves"),
        counted(check.tightened, "tightening step", "tightening steps")
    );
    text
}

/// `1 leaf`, `2 leaves`.
fn counted(count: usize, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}
