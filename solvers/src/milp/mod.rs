//! placeholder
use crate::{Budget, Outcome, Solver};
use offload_instances::Problem;
pub struct Milp;
impl Solver for Milp {
    fn id(&self) -> &'static str {
        "milp"
    }
    fn summary(&self) -> &'static str {
        ""
    }
    fn solve(&self, _p: &Problem, _b: &Budget) -> Outcome {
        Outcome::nothing(crate::Stop::Unsupported("x".into()))
    }
}
