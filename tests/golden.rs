//! Decision for decision what the authors' public implementation returned.

use offload_instances::{Weights, read_instance};
use offload_solvers::{Budget, find, solve};
use offload_tests::{golden_files, naive_goa, problem};
use serde_json::Value;

#[test]
fn decisions_are_the_authors() {
    let mut compared = 0;
    for file in golden_files() {
        let instance = read_instance(&file).unwrap();
        let decisions = std::fs::read(file.with_extension("decisions.json")).unwrap();
        let decisions: Value = serde_json::from_slice(&decisions).unwrap();
        for decision in decisions["decisions"].as_array().unwrap() {
            let id = decision["solver"].as_str().unwrap();
            let threshold = decision["threshold"].as_f64().unwrap();
            let expected: Vec<Option<usize>> =
                serde_json::from_value(decision["assignment"].clone()).unwrap();
            let problem = problem(instance.clone(), threshold, Weights::Uncertainty);
            let got = solve(find(id).unwrap().as_ref(), &problem, &Budget::default());
            assert_eq!(
                got.outcome.plan.as_ref(),
                Some(&expected),
                "{} {id} at {threshold}",
                file.display()
            );
            if id == "goa" {
                assert_eq!(
                    naive_goa(&problem),
                    expected,
                    "the oracle, {}",
                    file.display()
                );
            }
            compared += 1;
        }
    }
    assert_eq!(compared, 8 * 7);
}
