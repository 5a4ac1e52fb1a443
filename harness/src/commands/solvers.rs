//! `solvers`: what there is.

use super::print;
use crate::Verdict;

pub fn run() -> anyhow::Result<Verdict> {
    for solver in offload_solvers::all() {
        let rule = if solver.respects_threshold() {
            ""
        } else {
            " [ignores the threshold]"
        };
        print(&format!("{:<16} {}{rule}", solver.id(), solver.summary()))?;
    }
    Ok(Verdict::Done)
}
