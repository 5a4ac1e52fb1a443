//! One piece of work on a fixed instance, with its set-up outside of [`measured`]: valgrind counts
//! the instructions in there, see `tests/instructions.py`.
//!
//! `cargo run --release -p offload-tests --example counted -- WORK USERS`: WORK is a solver's id,
//! `deltas`, `evaluate` or `verify`.

use offload_instances::{Problem, Weights};
use offload_solvers::{Budget, find, solve};
use offload_tests::{all_deltas, certificate_bytes, instance, problem};
use offload_verify::{parse_certificate, verify_certificate};
use std::hint::black_box;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [work, users] = &arguments[..] else {
        panic!("WORK USERS")
    };
    let users = users.parse().expect("a number of users");
    let p = problem(
        instance("paper", users, 4, 1, &[]),
        0.8,
        Weights::Uncertainty,
    );
    println!("{}", measured(prepare(work, &p).as_ref()));
}

/// The name that valgrind is told. `black_box` keeps the call inside: as a tail call it would count
/// as the end of this function.
#[inline(never)]
fn measured(work: &dyn Fn() -> f64) -> f64 {
    black_box(work())
}

/// Does everything that is not to be counted, and returns the rest.
fn prepare<'a>(work: &str, p: &'a Problem) -> Box<dyn Fn() -> f64 + 'a> {
    // One iteration: what a shake of local-search costs is a small multiple of it, and valgrind is
    // slow.
    let budget = Budget {
        iterations: Some(1),
        ..Budget::default()
    };
    match work {
        "deltas" => Box::new(move || all_deltas(black_box(p))),
        "evaluate" => {
            let plan = solve(find("goa").expect("registered").as_ref(), p, &budget)
                .outcome
                .plan
                .expect("a plan");
            Box::new(move || p.objective(black_box(&plan)))
        }
        "verify" => {
            let bytes = certificate_bytes(
                p,
                &solve(find("bnb").expect("registered").as_ref(), p, &budget),
            );
            Box::new(move || {
                let (parsed, _) = parse_certificate("counted", &bytes).expect("well formed");
                let check = verify_certificate(p.instance(), &parsed);
                assert!(check.is_certified(), "{:?}", check.faults);
                check.lower
            })
        }
        id => {
            let solver = find(id).unwrap_or_else(|error| panic!("{error}"));
            Box::new(move || {
                let plan = solver.solve(black_box(p), &budget).plan.expect("a plan");
                plan.iter().flatten().count() as f64
            })
        }
    }
}
