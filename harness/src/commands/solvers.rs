//! `solvers`: the available solvers.

use super::output::{CommandEnd, print};

pub fn run() -> anyhow::Result<CommandEnd> {
    for solver in offload_solvers::all() {
        let about = solver.about();
        let marks = [
            (!about.respects_threshold, " [ignores the threshold]"),
            (about.is_exact, " [exact]"),
            (about.is_anytime, " [anytime]"),
            (about.takes_start, " [start]"),
            (about.writes_certificate, " [certificate]"),
        ];
        let marks: String = marks
            .iter()
            .filter(|(is, _)| *is)
            .map(|(_, mark)| *mark)
            .collect();
        print(&format!("{:<16} {}{marks}", about.id, about.summary))?;
    }
    Ok(CommandEnd::Done)
}
