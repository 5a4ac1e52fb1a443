//! Checking a certificate: all its claims are recomputed from the instance.

use crate::bound::{Bounder, Costs};
use crate::certificate::{Certificate, Multipliers, Trust};
use crate::fault::{Code, Fault};
use crate::interval::up;
use crate::model::Model;
use crate::plan::{PlanCheck, check};
use crate::tree::{Branch, Node, Region, reference_faults, shape_faults};
use offload_instances::types::Instance;

/// Relative tolerance for the claimed objective: writers sum in another order.
const OBJECTIVE_TOLERANCE: f64 = 1e-9;
/// Tolerance for the claimed lower bound, relative to the claim and to the terms that cancel in the
/// bound.
const BOUND_TOLERANCE: f64 = 1e-12;
/// Most of that tolerance, relative to the claim: it stays honest however large multipliers are.
const MOST_BOUND_TOLERANCE: f64 = 1e-9;

/// The result of checking a certificate.
#[derive(Clone, Debug, PartialEq)]
pub struct CertificateCheck {
    /// Everything that is wrong with it; empty = every claim holds.
    pub faults: Vec<Fault>,
    /// What stands behind `lower`: [`Trust::Certified`] without faults and `assumed` leaves,
    /// [`Trust::Solver`] without faults but with `assumed` leaves, [`Trust::Refused`] with faults.
    pub trust: Trust,
    /// The proved bound: no feasible plan is below this, weighted s, rounded down. It is the least
    /// bound of all leaves and tighten steps, and at least 0, since costs are not negative. With
    /// `assumed` leaves it is 0. +infinity = there is no feasible plan; -infinity = nothing is
    /// proved, because the certificate could not be followed.
    pub lower: f64,
    /// The bound of the tree, weighted s, that rests on the statements of `assumed` leaves; `None`
    /// without such leaves.
    pub assumed_lower: Option<f64>,
    /// F of the certificate's plan, weighted s, rounded up, if it has a feasible plan.
    pub upper: Option<f64>,
    /// (upper - lower) / lower, rounded up, if there is no fault, both exist, and `lower` is finite
    /// and above 0.
    pub gap: Option<f64>,
    /// The check of the certificate's plan, if it has one.
    pub plan: Option<PlanCheck>,
    /// Leaves of all three kinds.
    pub leaves: usize,
    /// Leaves whose bound is only claimed by a solver.
    pub assumed: usize,
    /// Tighten steps.
    pub tightened: usize,
}

impl CertificateCheck {
    /// Whether every claim holds and no leaf is assumed.
    #[must_use]
    pub fn is_certified(&self) -> bool {
        self.trust == Trust::Certified
    }

    /// Whether it is proved (with the given `trust`) that no feasible plan exists.
    #[must_use]
    pub fn is_infeasible(&self) -> bool {
        self.faults.is_empty() && self.lower == f64::INFINITY
    }
}

/// Re-checks a certificate from the instance alone, on one thread; never panics, whatever the
/// certificate contains. It recomputes the fingerprint, the plan's feasibility and value, the
/// tree's shape, the bound of every leaf and tighten step (outward rounding), and from these the
/// claims `objective` (within 1e-9, relatively), `lower_bound` (within the tolerance of
/// `docs/src/reference/certificate.md`) and `trust`. All faults are listed. For the proof see
/// `docs/src/concepts/certified-bounds.md` and the top of `verify/src/bound.rs`.
#[must_use]
pub fn verify_certificate(instance: &Instance, certificate: &Certificate) -> CertificateCheck {
    let mut result = CertificateCheck {
        faults: Vec::new(),
        trust: Trust::Refused,
        lower: f64::NEG_INFINITY,
        assumed_lower: None,
        upper: None,
        gap: None,
        plan: None,
        leaves: certificate
            .tree
            .iter()
            .filter(|node| node.children() == 0)
            .count(),
        assumed: certificate
            .tree
            .iter()
            .filter(|node| matches!(node, Node::Assumed { .. }))
            .count(),
        tightened: certificate
            .tree
            .iter()
            .filter(|node| matches!(node, Node::Tighten { .. }))
            .count(),
    };
    let model = match Model::new(instance, certificate.threshold, certificate.weights) {
        Ok(model) => model,
        Err(faults) => {
            result.faults = faults;
            return result;
        }
    };
    check_fingerprint(instance, certificate, &mut result.faults);
    check_own_plan(&model, instance, certificate, &mut result);
    let structure = structure_faults(&model, certificate);
    if structure.is_empty() {
        let tree = prove(&model, certificate, &mut result.faults);
        // F is a sum of non-negative costs: that it is at least 0 needs no multipliers.
        result.lower = if result.assumed == 0 {
            tree.max(0.0)
        } else {
            0.0
        };
        result.assumed_lower = (result.assumed > 0).then_some(tree);
        check_bound_claim(&model, certificate, tree, &mut result);
    }
    result.faults.extend(structure);
    check_trust_claim(certificate, &mut result);
    if let (Some(upper), true) = (
        result.upper,
        result.faults.is_empty() && result.lower > 0.0 && result.lower < f64::INFINITY,
    ) {
        result.gap = Some(up(up(upper - result.lower) / result.lower));
    }
    result.trust = match (result.faults.is_empty(), result.assumed) {
        (false, _) => Trust::Refused,
        (true, 0) => Trust::Certified,
        (true, _) => Trust::Solver,
    };
    result
}

fn check_fingerprint(instance: &Instance, certificate: &Certificate, faults: &mut Vec<Fault>) {
    let own = crate::fingerprint::fingerprint(instance);
    if !own.eq_ignore_ascii_case(&certificate.fingerprint) {
        let claimed: String = certificate.fingerprint.chars().take(64).collect();
        let cause = format!("is {claimed}, but the instance's is {own}");
        faults.push(Fault::new(
            Code::Fingerprint,
            "fingerprint",
            cause,
            "give the instance that the certificate was made for",
        ));
    }
}

/// The plan, its value and the claim for it.
fn check_own_plan(
    model: &Model<'_>,
    instance: &Instance,
    certificate: &Certificate,
    result: &mut CertificateCheck,
) {
    let Some(assignment) = &certificate.assignment else {
        if certificate.objective.is_some() {
            let remedy = "give the plan that has this value, or null";
            result.faults.push(Fault::new(
                Code::Objective,
                "objective",
                "is given without an assignment",
                remedy,
            ));
        }
        return;
    };
    let plan = check(model, instance, assignment);
    if let (Some(value), Some(claim)) = (plan.value, certificate.objective)
        && !value.nearly_contains(claim, OBJECTIVE_TOLERANCE)
    {
        let cause = format!(
            "is {claim:?}, but the plan's value is in [{:?}, {:?}]",
            value.lo, value.hi
        );
        result.faults.push(Fault::new(
            Code::Objective,
            "objective",
            cause,
            "give the plan's own value",
        ));
    }
    result.upper = plan
        .value
        .filter(|_| plan.is_feasible())
        .map(|value| value.hi);
    result.faults.extend(plan.faults.iter().cloned());
    result.plan = Some(plan);
}

/// Faults that make it impossible to walk the tree.
fn structure_faults(model: &Model<'_>, certificate: &Certificate) -> Vec<Fault> {
    let (n, m) = (model.users(), model.servers());
    let mut faults = Vec::new();
    for (k, set) in certificate.multipliers.iter().enumerate() {
        for (name, values, length) in [
            ("users", &set.users, n),
            ("interference", &set.interference, m),
        ] {
            let place = || format!("multipliers[{k}].{name}");
            if values.len() != length {
                let cause = format!("has {} numbers instead of {length}", values.len());
                faults.push(Fault::new(
                    Code::Multipliers,
                    place(),
                    cause,
                    "give one per user, or one per server",
                ));
            }
            if let Some(x) = values.iter().position(|x| !x.is_finite()) {
                let cause = format!("holds {} at {x}", values[x]);
                faults.push(Fault::new(
                    Code::Multipliers,
                    place(),
                    cause,
                    "give finite numbers",
                ));
            }
        }
    }
    faults.extend(shape_faults(
        &certificate.tree,
        certificate.multipliers.len(),
    ));
    faults.extend(reference_faults(&certificate.tree, n, m));
    faults
}

/// Walks the tree, in preorder and without recursion, and returns the least bound.
///
/// The tree has been checked: whole, and every index exists. The boxes of a split's children cover
/// the parent's box, and those of a tighten step's child and of what it cuts off do, so by
/// induction every plan is in some leaf's box or in some part cut off.
fn prove(model: &Model<'_>, certificate: &Certificate, faults: &mut Vec<Fault>) -> f64 {
    let mut region = Region::root(model);
    let mut bounder = Bounder::new(
        model,
        &certificate.multipliers,
        certificate.lower_bound.unwrap_or(f64::INFINITY),
    );
    let mut pending: Vec<(usize, Branch)> = Vec::new();
    let mut lower = f64::INFINITY;
    for (x, node) in certificate.tree.iter().enumerate() {
        let mark = region.mark();
        match node {
            &Node::Load { server, at } => {
                pending.push((mark, Branch::LoadFrom(server, at.saturating_add(1))));
                region.cut_loads(server, 0, at);
            }
            &Node::Interference { server, at } => {
                pending.push((mark, Branch::InterferenceFrom(server, at)));
                region.cut_interference(server, f64::NEG_INFINITY, at);
            }
            &Node::User { user, to } => {
                pending.push((mark, Branch::Without(user, to)));
                region.confine(user, to);
            }
            Node::Tighten {
                multipliers,
                loads,
                remove,
            } => {
                lower = lower.min(bounder.tighten_bound(&region, *multipliers, loads, remove));
                loads
                    .iter()
                    .for_each(|cut| region.cut_loads(cut.server, cut.lo, cut.hi));
                remove
                    .iter()
                    .for_each(|&(i, place)| region.remove(i, place));
            }
            leaf => {
                lower = lower.min(close(&mut bounder, &region, leaf, x, faults));
                let Some((mark, branch)) = pending.pop() else {
                    continue;
                };
                region.back_to(mark);
                region.enter(branch);
            }
        }
    }
    lower
}

/// The bound of a leaf. An `empty` leaf that is not proved counts as an ordinary one, besides the
/// fault.
fn close(
    bounder: &mut Bounder<'_>,
    region: &Region,
    leaf: &Node,
    x: usize,
    faults: &mut Vec<Fault>,
) -> f64 {
    match *leaf {
        Node::Assumed { bound } => bound,
        Node::Empty { multipliers } => {
            let zero = bounder.bound(region, multipliers, Costs::Zero);
            if zero > 0.0 {
                return f64::INFINITY;
            }
            let cause = format!(
                "is not proved to be empty: the bound without costs is {zero:?}, not above 0"
            );
            let place = format!("tree[{x}]");
            faults.push(Fault::new(
                Code::EmptyNotProved,
                place,
                cause,
                "split further, or close it as a leaf",
            ));
            bounder.bound(region, multipliers, Costs::Counted)
        }
        Node::Leaf { multipliers } => bounder.bound(region, multipliers, Costs::Counted),
        // Inner nodes never get here; this bound would be valid for them.
        _ => f64::NEG_INFINITY,
    }
}

/// How far a claim above 0 may be above what is proved, weighted s. Rounding errors grow with the
/// multipliers, because terms of their size cancel.
fn tolerance(model: &Model<'_>, certificate: &Certificate, claim: f64) -> f64 {
    let root = Region::root(model);
    let size = |set: &Multipliers| {
        let interference = set.interference.iter().enumerate();
        set.users.iter().map(|u| u.abs()).sum::<f64>()
            + interference
                .map(|(j, r)| r.abs() * root.most_interference(j))
                .sum::<f64>()
    };
    let terms = certificate.multipliers.iter().map(size).fold(0.0, f64::max);
    (BOUND_TOLERANCE * (claim + terms)).min(MOST_BOUND_TOLERANCE * claim)
}

/// `proved` is the bound of the tree.
fn check_bound_claim(
    model: &Model<'_>,
    certificate: &Certificate,
    proved: f64,
    result: &mut CertificateCheck,
) {
    let excess = match certificate.lower_bound {
        None => (proved < f64::INFINITY).then(|| "is null (no feasible plan)".to_string()),
        Some(claim) => {
            let allowed = || proved + tolerance(model, certificate, claim);
            // Written so that NaN is refused, and so is a claim above 0 if nothing is proved.
            let holds = claim <= 0.0 || proved == f64::INFINITY || claim <= allowed();
            (!holds).then(|| format!("is {claim:?}"))
        }
    };
    if let Some(cause) = excess {
        let cause = format!("{cause}, but only {proved:?} is proved");
        result.faults.push(Fault::new(
            Code::LowerBound,
            "lower_bound",
            cause,
            "claim no more than the least bound of the tree",
        ));
    }
    if let Some(upper) = result.upper.filter(|&upper| proved > upper) {
        let cause = format!(
            "prove the bound {proved:?}, above the value {upper:?} of the certificate's own \
             feasible plan"
        );
        let remedy = "correct the assumed bounds; without any, report it as an error in this \
            program";
        result
            .faults
            .push(Fault::new(Code::BoundAbovePlan, "tree", cause, remedy));
    }
}

fn check_trust_claim(certificate: &Certificate, result: &mut CertificateCheck) {
    let place = "trust";
    if certificate.trust == Trust::Certified && result.assumed > 0 {
        let cause = format!("is certified, but {} leaves are assumed", result.assumed);
        result.faults.push(Fault::new(
            Code::Trust,
            place,
            cause,
            "close them by multipliers, or claim \"solver\"",
        ));
    }
    if certificate.trust == Trust::Refused {
        result.faults.push(Fault::new(
            Code::Trust,
            place,
            "is refused",
            "claim \"certified\" or \"solver\"",
        ));
    }
}
