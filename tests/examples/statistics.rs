//! For `tests/check_statistics.py`: reads data sets as JSON from stdin, writes the
//! statistics of `offload_reports` for each as JSON to stdout.

use offload_reports::records::Moment;
use offload_reports::statistics::bootstrap::{
    interval, mean_interval, normal_cdf, normal_quantile,
};
use offload_reports::statistics::curves::{distribution, primal_integral};
use offload_reports::statistics::paired::{holm, wilcoxon};
use offload_reports::statistics::scaling::{Timing, fit};
use offload_reports::statistics::summary::{
    area_under_roc, mean, par10, quantile, shifted_geometric_mean,
};
use serde_json::{Value, json};

#[derive(serde::Deserialize)]
struct Set {
    values: Vec<f64>,
    clusters: Vec<u64>,
    differences: Vec<f64>,
    p_values: Vec<f64>,
    right: Vec<bool>,
    sizes: Vec<f64>,
    times: Vec<f64>,
    censored: Vec<bool>,
    probabilities: Vec<f64>,
    moments: Vec<(f64, f64)>,
}

fn statistics(set: &Set) -> Value {
    let ends = |i: Option<offload_reports::statistics::bootstrap::ConfidenceInterval>| {
        i.map(|i| [i.estimate, i.low, i.high])
    };
    let timings: Vec<Timing> = (0..set.sizes.len())
        .map(|k| Timing {
            size: set.sizes[k],
            time_s: set.times[k],
            censored: set.censored[k],
            cluster: k as u64,
        })
        .collect();
    let rows: Vec<(Option<f64>, Option<f64>)> = set
        .times
        .iter()
        .zip(&set.censored)
        .map(|(&t, &late)| ((!late).then_some(t), Some(7.0)))
        .collect();
    let moments: Vec<Moment> = set
        .moments
        .iter()
        .map(|&(time_s, z)| Moment {
            time_s,
            objective: Some(z),
            bound: None,
        })
        .collect();
    let quantiles = [0.05, 0.5, 0.95].map(|p| quantile(&set.values, p));
    let test = wilcoxon(&set.differences);
    let scaling = fit(&timings);
    json!({
        "mean": mean(&set.values),
        "quantiles": quantiles,
        "geometric": shifted_geometric_mean(&set.values, 1e-3),
        "mean_interval": ends(mean_interval(&set.values, &set.clusters, 1)),
        "mean_interval_by_value": ends(mean_interval(&set.values, &(0..set.values.len() as u64).collect::<Vec<_>>(), 1)),
        "median_interval": ends(interval(&set.values, &(0..set.values.len() as u64).collect::<Vec<_>>(), 1, |v| quantile(v, 0.5))),
        "wilcoxon": test.map(|t| json!({"plus": t.plus, "minus": t.minus, "p": t.p, "effect": t.effect, "count": t.count})),
        "holm": holm(&set.p_values),
        "area": area_under_roc(&set.values, &set.right),
        "scaling": scaling.map(|s| json!({"exponent": s.exponent.estimate, "low": s.exponent.low, "high": s.exponent.high,
            "factor": s.factor, "deviation": s.deviation})),
        "cdf": set.probabilities.iter().map(|&p| normal_cdf(6.0 * p - 3.0)).collect::<Vec<_>>(),
        "ppf": set.probabilities.iter().map(|&p| normal_quantile(p)).collect::<Vec<_>>(),
        "distribution": distribution(&set.values, set.values.len(), usize::MAX),
        "par10": par10(&rows),
        "primal_integral": primal_integral(&moments, 1.0, 10.0),
    })
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sets: Vec<Set> = serde_json::from_reader(std::io::stdin())?;
    println!(
        "{}",
        serde_json::to_string(&sets.iter().map(statistics).collect::<Vec<_>>())?
    );
    Ok(())
}
