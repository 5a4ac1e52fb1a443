//! The only list of solvers. Its order is the order in tables and figures.

use crate::{Solver, baselines, exact, greedy, heuristics};
use offload_instances::text::did_you_mean;

/// Every solver, from the simplest rule to the exact methods. To add one, write a file in
/// `baselines`, `greedy` or `heuristics` and add a line here.
#[must_use]
pub fn all() -> Vec<Box<dyn Solver>> {
    vec![
        Box::new(baselines::local_only::LocalOnly),
        Box::new(baselines::all_offload::AllOffload),
        Box::new(baselines::threshold_only::ThresholdOnly),
        Box::new(baselines::random::RandomUsers),
        Box::new(baselines::random_feasible::RandomFeasible),
        Box::new(baselines::dmin::Dmin),
        Box::new(greedy::goa::Goa),
        Box::new(greedy::goa_marginal::GoaMarginal),
        Box::new(greedy::regret::Regret),
        Box::new(baselines::hjtora::Hjtora),
        Box::new(baselines::best_response::BestResponse),
        Box::new(exact::lagrangian::Lagrangian),
        Box::new(baselines::ga::Ga),
        Box::new(heuristics::local_search::LocalSearch),
        Box::new(heuristics::anneal::Anneal),
        Box::new(heuristics::tabu::Tabu),
        Box::new(heuristics::lns::Lns),
        Box::new(heuristics::portfolio::Portfolio),
        Box::new(exact::enumerate::Enumerate),
        Box::new(exact::milp::Milp),
        Box::new(exact::milp::MilpSafe),
        Box::new(exact::milp::MilpNone),
        Box::new(exact::bnb::Bnb),
        Box::new(exact::automatic::Exact),
    ]
}

/// The ids of all solvers, in the order of [`all`].
#[must_use]
pub fn ids() -> Vec<&'static str> {
    all().iter().map(|solver| solver.id()).collect()
}

/// The solver with this id.
///
/// # Errors
/// If the id is unknown; the text lists the solvers and suggests the nearest name.
pub fn find(id: &str) -> Result<Box<dyn Solver>, String> {
    all().into_iter().find(|s| s.id() == id).ok_or_else(|| {
        let ids = ids();
        format!(
            "unknown solver '{id}': use one of {}.{}",
            ids.join(", "),
            did_you_mean(id, ids.iter().copied())
        )
    })
}
