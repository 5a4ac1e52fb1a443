//! `offload-bench` generates offloading instances, solves them, and reports how far from optimal
//! the plans are.
//!
//! Exit codes: 0 success, 1 a check failed or a problem is infeasible, 2 bad input or usage. Errors
//! go to stderr, data to stdout.

mod commands;

use clap::{Parser, Subcommand};
use commands::output::{CommandEnd, tell};
use offload_reports::text::is_unseen;
use std::ffi::OsString;
use std::process::ExitCode;

/// How far from optimal is an LLM-offloading algorithm, and what does it cost to run?
#[derive(Parser)]
#[command(version, about, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Generate(commands::generate::Arguments),
    Solve(commands::solve::Arguments),
    Evaluate(commands::evaluate::Arguments),
    Run(commands::run::Arguments),
    Submit(commands::submit::Arguments),
    Merge(commands::merge::Arguments),
    Report(commands::report::Arguments),
    Check(commands::check::Arguments),
    Reproduce(commands::reproduce::Arguments),
    Uncertainty(Box<commands::uncertainty::Arguments>),
    Verify(commands::verify::Arguments),
    Pack(commands::pack::Arguments),
    Unpack(commands::unpack::Arguments),
    Export(commands::export::Arguments),
    Simulate(Box<commands::simulate::Arguments>),
    Trace(commands::trace::Arguments),
    Tune(Box<commands::tune::Arguments>),
    /// List the solvers, one per line
    Solvers,
    /// List the instance families, one per line, or the parameters of one
    Families(commands::families::Arguments),
    /// Solve one problem from stdin within limits; used by the program itself
    #[command(hide = true)]
    Worker,
}

/// The command line. Errors of usage end the program.
fn command_line() -> Cli {
    Cli::try_parse().unwrap_or_else(|error| {
        let is_hostile = |word: OsString| word.to_string_lossy().contains(is_unseen);
        if std::env::args_os().any(is_hostile) {
            // Such a message quotes what was given, next to colours of its own.
            tell(error.render().to_string().trim_end());
            std::process::exit(error.exit_code());
        }
        error.exit()
    })
}

fn main() -> ExitCode {
    let result = match command_line().command {
        Command::Generate(a) => commands::generate::run(&a),
        Command::Solve(a) => commands::solve::run(&a),
        Command::Evaluate(a) => commands::evaluate::run(&a),
        Command::Run(a) => commands::run::run(&a),
        Command::Submit(a) => commands::submit::run(&a),
        Command::Merge(a) => commands::merge::run(&a),
        Command::Report(a) => commands::report::run(&a),
        Command::Check(a) => commands::check::run(&a),
        Command::Reproduce(a) => commands::reproduce::run(&a),
        Command::Uncertainty(a) => commands::uncertainty::run(&a),
        Command::Verify(a) => commands::verify::run(&a),
        Command::Pack(a) => commands::pack::run(&a),
        Command::Unpack(a) => commands::unpack::run(&a),
        Command::Export(a) => commands::export::run(&a),
        Command::Simulate(a) => commands::simulate::run(&a),
        Command::Trace(a) => commands::trace::run(&a),
        Command::Tune(a) => commands::tune::run(&a),
        Command::Solvers => commands::solvers::run(),
        Command::Families(a) => commands::families::run(&a),
        Command::Worker => offload_bench::process::work().map(|()| CommandEnd::Done),
    };
    match result {
        Ok(CommandEnd::Done) => ExitCode::SUCCESS,
        Ok(CommandEnd::Refuted) => ExitCode::from(1),
        Ok(CommandEnd::Stopped(code)) => ExitCode::from(code),
        Err(error) => {
            tell(&format!("error: {error:#}"));
            ExitCode::from(2)
        }
    }
}
