use offload_solvers::*;
fn main() {
    let only: Option<u64> = std::env::args().nth(1).map(|x| x.parse().unwrap());
    for k in 0..800 {
        if only.is_some_and(|o| o != k) {
            continue;
        }
        let p = offload_tests::small_problem(k);
        let b = Budget { time_limit: Some(std::time::Duration::from_secs_f64(2.0)), gap: 1e-7, seed: 0 };
        eprintln!("k {k}");
        let s = solve(find("bnb").unwrap().as_ref(), &p, &b);
        if s.time_s > 0.2 || !matches!(s.status, Status::Optimal | Status::Infeasible) {
            println!(
                "{k} {} tau {} {:?} gap {:?} t {:.3} {} {:?}",
                p.instance().name,
                p.threshold(),
                s.status,
                s.gap,
                s.time_s,
                s.outcome.note,
                s.outcome.stop
            );
        }
    }
}
