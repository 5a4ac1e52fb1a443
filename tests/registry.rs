//! What the registry says of each solver is true: certificates, time limits, the threshold rule.

use offload_instances::{Problem, Status, Trust, Weights};
use offload_reports::figures::Style;
use offload_solvers::{Author, Budget, Outcome, Stop, TimedOutcome, all, find, ids, judge, solve};
use offload_tests::program::ends;
use offload_tests::{certificate_bytes, instance, problem};
use offload_verify::{parse_certificate, verify_certificate};
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

/// Small enough for `enumerate`, large enough that baselines leave mandatory users local.
fn small() -> Problem {
    problem(instance("paper", 6, 2, 3, &[]), 0.4, Weights::Uncertainty)
}

#[test]
fn ids_are_unique() {
    let unique: BTreeSet<_> = ids().into_iter().collect();
    assert_eq!(unique.len(), all().len());
}

#[test]
fn figures_draw_every_solver_with_a_mark_of_its_own() {
    let styles: Vec<Style> = (0..all().len()).map(Style::at).collect();
    // In grey, and where only markers are drawn.
    let in_grey: HashSet<_> = styles
        .iter()
        .map(|s| (s.shape, s.filled, s.dashes))
        .collect();
    let markers: HashSet<_> = styles.iter().map(|s| s.with_dashes("")).collect();
    assert_eq!([in_grey.len(), markers.len()], [styles.len(); 2]);
}

#[test]
fn certificates_are_written_by_those_that_say_so() {
    let problem = small();
    for solver in all() {
        let solved = solve(solver.as_ref(), &problem, &Budget::default());
        assert_eq!(
            solved.outcome.certificate.is_some(),
            solver.about().writes_certificate,
            "{}",
            solver.id()
        );
        if solver.about().writes_certificate {
            let bytes = certificate_bytes(&problem, &solved);
            let (certificate, _) = parse_certificate("c", &bytes).unwrap();
            let check = verify_certificate(problem.instance(), &certificate);
            assert!(check.is_certified(), "{}: {:?}", solver.id(), check.faults);
        }
    }
}

/// No plan exists: the servers are closed and every user is mandatory.
#[test]
fn infeasibility_is_certified_too() {
    let mut closed = (**small().instance()).clone();
    closed
        .servers
        .iter_mut()
        .for_each(|s| s.max_users = Some(0));
    let problem = Problem::new(Arc::new(closed), 0.0, Weights::Uncertainty).unwrap();
    for solver in all().into_iter().filter(|s| s.about().writes_certificate) {
        let solved = solve(solver.as_ref(), &problem, &Budget::default());
        assert_eq!(solved.status, Status::Infeasible, "{}", solver.id());
        let bytes = certificate_bytes(&problem, &solved);
        let (certificate, _) = parse_certificate("c", &bytes).unwrap();
        assert!(verify_certificate(problem.instance(), &certificate).is_infeasible());
    }
}

/// An anytime solver finds no end of its own within a short limit; the others do.
#[test]
fn anytime_solvers_use_all_their_time() {
    let problem = small();
    let budget = Budget {
        time_limit: Some(Duration::from_millis(300)),
        ..Budget::default()
    };
    for solver in all() {
        let solved = solve(solver.as_ref(), &problem, &budget);
        assert_eq!(
            solved.status == Status::Timeout,
            solver.about().is_anytime,
            "{}: {:?}",
            solver.id(),
            solved.outcome.stop
        );
    }
}

/// A heuristic that ignores the rule leaves a mandatory user local on some instance.
#[test]
fn solvers_that_ignore_the_threshold_say_so() {
    for solver in all().into_iter().filter(|s| !s.about().is_exact) {
        let broken = (0..5).any(|seed| {
            let problem = problem(
                instance("paper", 40, 1, seed, &[]),
                0.5,
                Weights::Uncertainty,
            );
            let solved = solve(solver.as_ref(), &problem, &Budget::default());
            solved.evaluation.is_some_and(|e| e.mandatory_local > 0)
        });
        assert_eq!(
            broken,
            !solver.about().respects_threshold,
            "{}",
            solver.id()
        );
    }
}

/// An enumerated problem keeps its enumerated bound and has a certificate as well.
#[test]
fn an_enumerated_problem_has_a_certificate() {
    let problem = small();
    let solved = solve(
        find("exact").unwrap().as_ref(),
        &problem,
        &Budget::default(),
    );
    let (bound, trust) = solved.outcome.bound.unwrap();
    assert_eq!(trust, Trust::Enumerated);
    let proved = solved.outcome.certificate.unwrap().bound.unwrap();
    assert!(proved <= bound && bound <= proved * (1.0 + 1e-4));
}

#[test]
fn the_program_writes_every_certificate_that_the_registry_promises() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    ends(
        at,
        "generate --family paper --users 6 --servers 2 --seed 3 -o .",
        0,
        "",
    );
    let instance = "paper-n6-m2-s3.json";
    for solver in all() {
        let id = solver.id();
        let line =
            format!("solve {instance} --solver {id} --threshold 0.4 --certificate {id}.json");
        if solver.about().writes_certificate {
            ends(at, &line, 0, id);
            ends(at, &format!("verify {id}.json"), 0, "certified");
        } else {
            ends(at, &line, 2, "none of these solvers writes a certificate");
        }
    }
}

#[test]
fn a_false_claim_of_infeasibility_is_an_error() {
    let problem = small();
    let author = Author {
        name: "liar",
        respects_threshold: true,
    };
    let outcome = TimedOutcome {
        outcome: Outcome::nothing(Stop::Infeasible),
        time_s: 0.0,
    };
    assert_eq!(judge(&problem, author, outcome).status, Status::Error);
}
