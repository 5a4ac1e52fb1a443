//! The paper's radio and servers with queries from a measured trace.

use super::blueprint::{Blueprint, DrawnQuery, LARGE_TIME_S, SMALL_TIME_S, radio_parameters};
use super::family::{Family, Spec};
use super::parameters::{Parameter, Parameters};
use crate::random::Random;
use crate::trace::{self, UncertaintyColumn};
use crate::types::Instance;
use std::path::Path;

/// Queries drawn, with replacement, from a query trace; by default the bAbI trace shipped with the
/// crate.
pub struct Trace;

impl Family for Trace {
    fn id(&self) -> &'static str {
        "trace"
    }

    fn summary(&self) -> &'static str {
        "the paper's radio and servers, queries from a measured trace (default: bAbI, \
         SmolLM2-135M and Qwen2.5-Coder-0.5B)"
    }

    fn parameters(&self) -> Vec<Parameter> {
        let mut list = radio_parameters();
        list.extend(query_parameters());
        list
    }

    fn draw(&self, spec: &Spec, p: &Parameters) -> Result<Instance, String> {
        Ok(Blueprint::new(spec, p, queries(p, spec.seed)?).build())
    }
}

/// The parameters that say which queries are drawn.
pub(super) fn query_parameters() -> Vec<Parameter> {
    let times = "paper: scale both models' times to the paper's means (32.6 and 209 ms); \
        measured: as in the trace";
    let bits =
        "payload bits per prompt byte; 1 counts bytes as bits, as the authors do, 8 is physical";
    let column =
        "column of the trace that is the uncertainty; a leading - if low values mean uncertain";
    let scale = "scaling to 0..1: as-is, rank, calibrated (isotonic); auto = as-is for \
        'uncertainty', rank for others";
    vec![
        Parameter::text(
            "trace",
            "",
            &[],
            "path of a query trace (CSV); empty = the embedded bAbI trace",
        ),
        Parameter::text("times", "paper", &["paper", "measured"], times),
        Parameter::number("bits_per_byte", 1.0, 1e-3, 1e6, bits),
        Parameter::text("uncertainty", "uncertainty", &[], column),
        Parameter::text(
            "scale",
            "auto",
            &["auto", "as-is", "rank", "calibrated"],
            scale,
        ),
    ]
}

/// A source of queries drawn, with replacement, from the trace that the parameters name.
pub(super) fn queries(
    p: &Parameters,
    seed: u64,
) -> Result<impl FnMut(&mut Random) -> DrawnQuery + use<>, String> {
    let column = UncertaintyColumn::parse(p.text("uncertainty"), p.text("scale"))?;
    let queries = match p.text("trace") {
        "" => trace::parse_with(trace::EMBEDDED.as_bytes(), &column, seed),
        path => trace::read_with(Path::new(path), &column, seed),
    }?;
    let mean = |value: fn(&trace::Query) -> f64| {
        queries.iter().map(value).sum::<f64>() / queries.len() as f64
    };
    let (small, large) = match p.text("times") {
        "measured" => (1.0, 1.0),
        _ => (
            SMALL_TIME_S / mean(|q| q.small_time_s),
            LARGE_TIME_S / mean(|q| q.large_time_s),
        ),
    };
    let bits_per_byte = p.number("bits_per_byte");
    Ok(move |random: &mut Random| {
        let q = queries[random.below(queries.len())];
        DrawnQuery {
            payload_bits: q.prompt_bytes * bits_per_byte,
            small_time_s: q.small_time_s * small,
            large_time_s: q.large_time_s * large,
            uncertainty: q.uncertainty,
            correct_local: q.small_correct,
            correct_edge: q.large_correct,
        }
    })
}
