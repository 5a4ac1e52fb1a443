//! `trace`: query traces from live models.

use super::output::CommandEnd;
use super::trace_record;

/// Measure a query trace on live models
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: TraceCommand,
}

#[derive(clap::Subcommand)]
enum TraceCommand {
    Record(Box<trace_record::Arguments>),
}

pub fn run(a: &Arguments) -> anyhow::Result<CommandEnd> {
    match &a.command {
        TraceCommand::Record(a) => trace_record::run(a),
    }
}
