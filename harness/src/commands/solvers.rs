//! `solvers`: the available solvers.

use super::output::{CommandEnd, print};

pub fn run() -> anyhow::Result<CommandEnd> {
    for solver in offload_solvers::all() {
        let marks = [
            (!solver.respects_threshold(), " [ignores the threshold]"),
            (solver.is_exact(), " [exact]"),
            (solver.is_anytime(), " [anytime]"),
            (solver.writes_certificate(), " [certificate]"),
        ];
        let marks: String = marks
            .iter()
            .filter(|(is, _)| *is)
            .map(|(_, mark)| *mark)
            .collect();
        print(&format!("{:<16} {}{marks}", solver.id(), solver.summary()))?;
    }
    Ok(CommandEnd::Done)
}
