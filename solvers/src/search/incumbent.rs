//! The best plan of an improvement heuristic, its trajectory, and its limits.

use crate::search::descent::LEAST_GAIN;
use crate::{Budget, Deadline, Outcome, Progress, Stop};
use offload_instances::Assignment;
use std::time::Instant;

/// The incumbent of a heuristic, with its trajectory and limits.
pub struct Incumbent {
    value: f64,
    plan: Assignment,
    trajectory: Vec<Progress>,
    begun: Instant,
    deadline: Deadline,
    done: u64,
    most: u64,
}

impl Incumbent {
    /// Starts without an incumbent. `iterations` is the heuristic's default, which the budget may
    /// override. The clock starts here.
    pub fn new(budget: &Budget, iterations: u64) -> Self {
        Incumbent {
            value: f64::INFINITY,
            plan: Vec::new(),
            trajectory: Vec::new(),
            begun: Instant::now(),
            deadline: budget.deadline(),
            done: 0,
            most: budget.iterations.unwrap_or(iterations),
        }
    }

    /// Makes the plan the incumbent if its value (weighted s) is better by more than rounding;
    /// returns whether it did.
    pub fn offer(&mut self, value: f64, plan: &[Option<usize>]) -> bool {
        if value >= self.value * (1.0 - LEAST_GAIN) && !self.plan.is_empty() {
            return false;
        }
        self.value = value;
        self.plan.clear();
        self.plan.extend_from_slice(plan);
        let time_s = self.begun.elapsed().as_secs_f64();
        let work = usize::try_from(self.done).unwrap_or(usize::MAX);
        self.trajectory.push(Progress {
            time_s,
            work,
            objective: Some(value),
            bound: None,
        });
        true
    }

    /// F of the incumbent, weighted s; infinite without one.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// The incumbent.
    pub fn plan(&self) -> &Assignment {
        &self.plan
    }

    /// Whether the iterations or the time are used up.
    pub fn is_over(&self) -> bool {
        self.done >= self.most || self.deadline.is_over()
    }

    /// Counts an iteration; false if no more are allowed.
    pub fn next(&mut self) -> bool {
        let go_on = !self.is_over();
        self.done += u64::from(go_on);
        go_on
    }

    /// Most iterations.
    pub fn most(&self) -> u64 {
        self.most
    }

    /// The deadline.
    pub fn deadline(&self) -> &Deadline {
        &self.deadline
    }

    /// The incumbent as an outcome.
    pub fn outcome(self) -> Outcome {
        Outcome {
            trajectory: self.trajectory,
            ..outcome_of(self.plan, &self.deadline)
        }
    }
}

/// The outcome of a heuristic that ended by itself or at its deadline.
pub fn outcome_of(plan: Assignment, deadline: &Deadline) -> Outcome {
    let stop = if deadline.is_over() {
        Stop::TimeLimit
    } else {
        Stop::Finished
    };
    Outcome {
        stop,
        ..Outcome::plan(plan)
    }
}
