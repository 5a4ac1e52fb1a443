//! Checking a plan: its feasibility and its cost.

use crate::fault::{Code, Fault};
use crate::interval::Interval;
use crate::model::Model;
use offload_instances::types::{Instance, Weights};

/// The result of checking a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanCheck {
    /// F(x), weighted s, as an interval that contains the exact value for the instance's doubles.
    /// `None` if the plan has no value (wrong length, unknown server, invalid instance). An
    /// infeasible plan may have one.
    pub value: Option<Interval>,
    /// Every rule that the plan breaks; empty = feasible.
    pub faults: Vec<Fault>,
}

impl PlanCheck {
    /// Whether the plan breaks no rule.
    #[must_use]
    pub fn is_feasible(&self) -> bool {
        self.faults.is_empty()
    }
}

/// Re-checks a plan from the instance alone. `assignment` has one entry per user: `None` = local,
/// `Some(j)` = server j from 0.
///
/// F and the rules are those of `docs/src/concepts/model.md`: a user with a_i > `threshold` must be
/// offloaded, and server j holds at most K_j users. F is computed with outward rounding; the
/// relative width of its interval is about 1e-14. Faults of the instance or the threshold are also
/// listed.
#[must_use]
pub fn verify_plan(
    instance: &Instance,
    threshold: f64,
    weights: Weights,
    assignment: &[Option<usize>],
) -> PlanCheck {
    match Model::new(instance, threshold, weights) {
        Ok(model) => check(&model, instance, assignment),
        Err(faults) => PlanCheck {
            value: None,
            faults,
        },
    }
}

/// [`verify_plan`] for a given model.
pub(crate) fn check(
    model: &Model<'_>,
    instance: &Instance,
    assignment: &[Option<usize>],
) -> PlanCheck {
    let mut faults = shape_faults(model, assignment);
    let value = faults.is_empty().then(|| model.objective(assignment));
    for (i, _) in assignment
        .iter()
        .enumerate()
        .filter(|&(i, p)| p.is_none() && i < model.users() && model.is_mandatory(i))
    {
        let cause = format!(
            "is local, but user {i} is mandatory (uncertainty {})",
            instance.users[i].uncertainty
        );
        faults.push(Fault::new(
            Code::MandatoryLocal,
            format!("assignment[{i}]"),
            cause,
            "offload this user",
        ));
    }
    for (j, server) in instance.servers.iter().enumerate() {
        let held = assignment.iter().filter(|&&p| p == Some(j)).count();
        if let Some(most) = server.max_users.filter(|&most| held > most) {
            let cause = format!("holds {held} users, but admits {most}");
            faults.push(Fault::new(
                Code::OverCap,
                format!("server {j}"),
                cause,
                "move some of them elsewhere",
            ));
        }
    }
    PlanCheck { value, faults }
}

/// A wrong length and unknown servers.
pub(crate) fn shape_faults(model: &Model<'_>, assignment: &[Option<usize>]) -> Vec<Fault> {
    let (n, m) = (model.users(), model.servers());
    let mut faults = Vec::new();
    if assignment.len() != n {
        let cause = format!("has {} entries for {n} users", assignment.len());
        faults.push(Fault::new(
            Code::WrongLength,
            "assignment",
            cause,
            "give one entry per user",
        ));
    }
    for (i, j) in assignment
        .iter()
        .enumerate()
        .filter_map(|(i, p)| p.filter(|&j| j >= m).map(|j| (i, j)))
    {
        let cause = format!("is {j}, but there are {m} servers, from 0");
        faults.push(Fault::new(
            Code::UnknownServer,
            format!("assignment[{i}]"),
            cause,
            "name one of them, or null",
        ));
    }
    faults
}
