use offload_instances::Weights;
use offload_solvers::*;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let (family, n, m, inter, tau, ids, tl, gap) = (
        &a[1],
        a[2].parse().unwrap(),
        a[3].parse().unwrap(),
        &a[4],
        a[5].parse().unwrap(),
        &a[6],
        a[7].parse().unwrap(),
        a[8].parse().unwrap(),
    );
    let seeds: u64 = a[9].parse().unwrap();
    for seed in 0..seeds {
        let p = offload_tests::problem(
            offload_tests::instance(family, n, m, seed, &[("interference", inter)]),
            tau,
            Weights::Uncertainty,
        );
        for id in ids.split(',') {
            let b = Budget { time_limit: Some(std::time::Duration::from_secs_f64(tl)), gap, seed: 0 };
            let s = solve(find(id).unwrap().as_ref(), &p, &b);
            println!(
                "{} {id} {:?} obj {:.6} lb {:?} gap {:?} t {:.3} {}",
                seed,
                s.status,
                s.evaluation.as_ref().map_or(0.0, |e| e.objective),
                s.outcome.bound.map(|b| b.0),
                s.gap,
                s.time_s,
                s.outcome.note
            );
        }
    }
}
