//! `families`: the available families, and the parameters of one.

use super::output::{CommandEnd, print};
use anyhow::anyhow;
use offload_instances::families;

/// List the instance families, or the parameters of one
#[derive(clap::Args)]
pub struct Arguments {
    /// Show this family's parameters
    family: Option<String>,
}

pub fn run(a: &Arguments) -> anyhow::Result<CommandEnd> {
    let Some(id) = &a.family else {
        for family in families::all() {
            print(&format!("{:<14} {}", family.id(), family.summary()))?;
        }
        return Ok(CommandEnd::Done);
    };
    let family = families::find(id).map_err(|e| anyhow!(e))?;
    print(&format!("{}: {}", family.id(), family.summary()))?;
    for p in family.parameters() {
        let default = Some(p.default_text())
            .filter(|d| !d.is_empty())
            .unwrap_or_else(|| "none".into());
        print(&format!(
            "  --set {:<28} {}",
            format!("{}={default}", p.name),
            p.meaning
        ))?;
    }
    Ok(CommandEnd::Done)
}
