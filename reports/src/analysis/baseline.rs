//! A campaign against an earlier one, solve by solve: what a change to a solver made worse.
//!
//! Two records belong together when their [`Record::key`] is the same: instance, threshold,
//! weights, solver and its seed. With LB the lower bound of their problem from the records of
//! *both* campaigns, the increase is (z_new - LB)/LB - (z_old - LB)/LB. A bound that only one
//! campaign found thus never looks like a change of the plans.

use crate::analysis::gaps::{Crossing, ProblemBounds, analyse};
use crate::records::{Record, SolverCatalogue};
use crate::statistics::bootstrap::{ConfidenceInterval, mean_interval};
use crate::statistics::summary::mean;
use std::collections::{BTreeMap, HashMap};

/// Seed of the intervals here.
const SEED: u64 = 3;

/// One solve that both campaigns have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MatchedRecords<'a> {
    /// The record of the new campaign.
    pub new: &'a Record,
    /// Number of its instance: pairs with one number share an instance.
    pub cluster: u64,
    /// Increase of the guaranteed gap, a fraction; above 0 the new plan is worse. None when one
    /// of the two has no gap.
    pub increase: Option<f64>,
}

/// Two campaigns side by side.
#[derive(Clone, Debug)]
pub struct BaselinePairing<'a> {
    /// The solves of both, in the order of the new campaign.
    pub pairs: Vec<MatchedRecords<'a>>,
    /// Records that only the new campaign has.
    pub only_new: Vec<&'a Record>,
    /// Records that only the old campaign has.
    pub only_old: Vec<&'a Record>,
    /// Contradictions between plans and bounds, of one campaign or across the two.
    pub crossings: Vec<Crossing>,
}

/// What pairs say together. Fractions, not %.
#[derive(Clone, Debug, PartialEq)]
pub struct GapIncrease {
    /// Instances that they are from.
    pub instances: usize,
    /// Mean over instances of each instance's mean increase.
    pub mean: f64,
    /// Its bootstrap 95 % interval (BCa) over instances; None with one instance.
    pub interval: Option<ConfidenceInterval>,
    /// The greatest mean increase of an instance.
    pub worst: f64,
    /// The name of that instance.
    pub worst_instance: String,
}

/// Pairs a campaign with an earlier one.
#[must_use]
pub fn pair<'a>(
    new: &'a [Record],
    old: &'a [Record],
    catalogue: &SolverCatalogue,
) -> BaselinePairing<'a> {
    let together = analyse(new.iter().chain(old), catalogue);
    let problem_of: HashMap<String, usize> = together
        .rows
        .iter()
        .map(|row| (row.record.key(), row.problem))
        .collect();
    let mut earlier: BTreeMap<String, &'a Record> =
        old.iter().map(|record| (record.key(), record)).collect();
    let (mut pairs, mut only_new) = (Vec::new(), Vec::new());
    for record in new {
        let key = record.key();
        match earlier.remove(&key) {
            Some(before) => {
                let problem = &together.problems[problem_of[&key]];
                let increase = increase(problem, record, before);
                pairs.push(MatchedRecords {
                    new: record,
                    cluster: problem.cluster,
                    increase,
                });
            }
            None => only_new.push(record),
        }
    }
    BaselinePairing {
        pairs,
        only_new,
        only_old: earlier.into_values().collect(),
        crossings: together.crossings,
    }
}

fn increase(problem: &ProblemBounds, new: &Record, old: &Record) -> Option<f64> {
    let gap = |record| Some(problem.standing_of(record).gap()?.guaranteed);
    Some(gap(new)? - gap(old)?)
}

impl GapIncrease {
    /// Of the pairs that have an increase; None without any.
    #[must_use]
    pub fn of(pairs: &[&MatchedRecords]) -> Option<Self> {
        let mut by_instance: BTreeMap<u64, (&str, Vec<f64>)> = BTreeMap::new();
        for pair in pairs {
            if let Some(increase) = pair.increase {
                let name = pair.new.instance.as_str();
                by_instance
                    .entry(pair.cluster)
                    .or_insert_with(|| (name, Vec::new()))
                    .1
                    .push(increase);
            }
        }
        let clusters: Vec<u64> = by_instance.keys().copied().collect();
        let each: Vec<(&str, f64)> = by_instance
            .values()
            .filter_map(|(name, values)| Some((*name, mean(values)?)))
            .collect();
        let means: Vec<f64> = each.iter().map(|(_, value)| *value).collect();
        let (worst_instance, worst) = each.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1))?;
        Some(Self {
            instances: means.len(),
            mean: mean(&means)?,
            interval: mean_interval(&means, &clusters, SEED),
            worst,
            worst_instance: worst_instance.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::Trust;
    use crate::records::samples::{bounded, catalogue, record};

    /// Six instances: the bound is 2, GOA's plan `factor` times it.
    fn campaign(factor: f64) -> Vec<Record> {
        let of = |seed| {
            [
                bounded(20, seed, "bnb", Some(2.0), 2.0, Trust::Certified),
                record(20, seed, "goa", Some(2.0 * factor)),
            ]
        };
        (1..=6).flat_map(of).collect()
    }

    #[test]
    fn increases_are_points_of_the_gap() {
        let (old, mut new) = (campaign(1.1), campaign(1.1));
        new[3].objective = Some(2.5);
        let pairing = pair(&new, &old, &catalogue());
        assert_eq!(
            (
                pairing.pairs.len(),
                pairing.only_new.len(),
                pairing.only_old.len()
            ),
            (12, 0, 0)
        );
        let goa: Vec<&MatchedRecords> = pairing
            .pairs
            .iter()
            .filter(|p| p.new.solver == "goa")
            .collect();
        let found = GapIncrease::of(&goa).unwrap();
        // 0.25 - 0.1 on one of six instances.
        assert!(
            (found.worst - 0.15).abs() < 1e-12 && (found.mean - 0.025).abs() < 1e-12,
            "{found:?}"
        );
        assert_eq!(
            (found.instances, found.worst_instance.as_str()),
            (6, "paper-n20-m4-s2")
        );
        assert!(found.interval.unwrap().contains(0.025));
        assert_eq!(GapIncrease::of(&[]), None);
    }

    #[test]
    fn a_better_bound_is_no_change() {
        let (mut old, new) = (campaign(1.1), campaign(1.1));
        old.iter_mut()
            .filter(|r| r.solver == "bnb")
            .for_each(|r| r.lower_bound = Some(1.5));
        let pairing = pair(&new, &old, &catalogue());
        assert!(
            pairing.pairs.iter().all(|p| p.increase == Some(0.0)),
            "{:?}",
            pairing.pairs
        );
        assert!(pairing.crossings.is_empty());
    }

    #[test]
    fn what_has_no_partner_or_no_gap_is_counted() {
        let (mut old, mut new) = (campaign(1.1), campaign(1.1));
        old.remove(0);
        new.pop();
        new[1].violations = 1;
        let pairing = pair(&new, &old, &catalogue());
        assert_eq!(
            (
                pairing.pairs.len(),
                pairing.only_new.len(),
                pairing.only_old.len()
            ),
            (10, 1, 1)
        );
        assert_eq!(
            pairing
                .pairs
                .iter()
                .filter(|p| p.increase.is_none())
                .count(),
            1
        );
        assert!(pair(&new, &[], &catalogue()).pairs.is_empty());
    }

    #[test]
    fn a_plan_below_the_other_campaigns_bound_is_a_contradiction() {
        let (old, mut new) = (campaign(1.1), campaign(1.1));
        new.iter_mut()
            .filter(|r| r.solver == "bnb")
            .for_each(|r| r.lower_bound = Some(1.8));
        new[1].objective = Some(1.9);
        let pairing = pair(&new, &old, &catalogue());
        assert_eq!(pairing.crossings.len(), 1);
        assert_eq!(pairing.pairs[1].increase, None);
    }
}
