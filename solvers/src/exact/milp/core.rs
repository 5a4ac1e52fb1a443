//! The presolved core: the program over what the Lagrangian bound leaves of the root.

use super::boxes::keeps_rules;
use super::chord::{self, ChordProgram};
use super::linear::Linear;
use crate::Budget;
use crate::costs::Costs;
use crate::exact::bnb::bound::Slot;
use crate::exact::bnb::region::Region;
use crate::exact::bnb::search::{Effort, Finished, Finisher, Leaf, TreeSearch};
use offload_instances::Assignment;

/// Fraction above the incumbent up to which plans are kept: far more than rounding, so that the
/// core holds the incumbent too.
const KEPT: f64 = 1e-6;

/// A presolved program and the plan that presolved it.
pub struct Core {
    /// A good plan. The core holds it and every better one.
    pub plan: Assignment,
    /// Its value, weighted s.
    pub value: f64,
    region: Region,
    slots: Vec<Slot>,
}

/// Takes the root and ends the search.
#[derive(Default)]
struct Capture(Option<(Region, Vec<Slot>)>);

impl Finisher for Capture {
    fn finish(&mut self, leaf: &Leaf) -> Option<Finished> {
        self.0 = Some((leaf.region.clone(), leaf.slots.to_vec()));
        Some(Finished {
            bound: leaf.bound,
            is_closed: true,
            plan: None,
        })
    }
}

impl Core {
    /// Shrinks the root with the Lagrangian bound: removes loads, places and ends of interference
    /// that no plan as good as the best known one has. The problem must be feasible.
    ///
    /// # Errors
    /// If the time limit ended the search before the root was done.
    pub fn new(costs: &Costs, budget: &Budget) -> Result<Self, String> {
        let mut capture = Capture::default();
        let mut search = TreeSearch::new(costs, budget, Effort::Full);
        search.keep_within(KEPT);
        search.finish_with(&mut capture);
        search.run(1);
        let (plan, value) = (search.plan.clone(), search.value);
        drop(search);
        debug_assert!(keeps_rules(costs, &plan));
        let (region, slots) = capture.0.ok_or("the root was not reached in time")?;
        Ok(Core {
            plan,
            value,
            region,
            slots,
        })
    }

    /// Number of user columns of the program.
    #[must_use]
    pub fn size(&self, costs: &Costs) -> usize {
        chord::size(costs, &self.region, &self.slots)
    }

    /// The program, in weighted s. Column `x_I_J` is 1 if user I is at server J, `x_I_local` if it
    /// stays local. Without interference its optimum is F*; with interference it is a lower bound.
    #[must_use]
    pub fn program(&self, costs: &Costs) -> Linear {
        ChordProgram::new(costs, &self.region, &self.slots, 1.0).linear
    }

    /// The places that user i still has: servers from 0, `None` for local.
    pub fn places(&self, i: usize) -> impl Iterator<Item = Option<usize>> + '_ {
        let m = self.region.power_low.len();
        let places = (0..=m).filter(move |&p| self.region.allows(i, p));
        places.map(move |p| (p < m).then_some(p))
    }
}
