//! The paper's radio and servers with queries from a measured trace.

use super::blueprint::{Blueprint, LARGE_TIME_S, Query, SMALL_TIME_S, radio_parameters};
use super::parameters::{Parameter, Parameters};
use super::{Family, Spec};
use crate::trace;
use crate::types::Instance;
use std::path::Path;

/// Queries drawn, with replacement, from a query trace; by default the bAbI trace shipped with the crate.
pub struct Trace;

impl Family for Trace {
    fn id(&self) -> &'static str {
        "trace"
    }

    fn summary(&self) -> &'static str {
        "the paper's radio and servers, queries from a measured trace (default: bAbI, SmolLM2-135M and Qwen2.5-Coder-0.5B)"
    }

    fn parameters(&self) -> Vec<Parameter> {
        let mut list = radio_parameters();
        list.push(Parameter::text("trace", "", &[], "path of a query trace (CSV); empty = the embedded bAbI trace"));
        let times = "paper: scale both models' times to the paper's means (32.6 and 209 ms); measured: as in the trace";
        list.push(Parameter::text("times", "paper", &["paper", "measured"], times));
        let bits = "payload bits per prompt byte; 1 counts bytes as bits, as the authors do, 8 is physical";
        list.push(Parameter::number("bits_per_byte", 1.0, 1e-3, 1e6, bits));
        list
    }

    fn draw(&self, spec: &Spec, p: &Parameters) -> Result<Instance, String> {
        let queries = match p.text("trace") {
            "" => trace::parse(trace::EMBEDDED.as_bytes()),
            path => trace::read(Path::new(path)),
        }?;
        let mean = |value: fn(&trace::Query) -> f64| queries.iter().map(value).sum::<f64>() / queries.len() as f64;
        let (small, large) = match p.text("times") {
            "measured" => (1.0, 1.0),
            _ => (SMALL_TIME_S / mean(|q| q.small_time_s), LARGE_TIME_S / mean(|q| q.large_time_s)),
        };
        let bits_per_byte = p.number("bits_per_byte");
        let blueprint = Blueprint::new(spec, p, |random| {
            let q = queries[random.below(queries.len())];
            Query {
                payload_bits: q.prompt_bytes * bits_per_byte,
                small_time_s: q.small_time_s * small,
                large_time_s: q.large_time_s * large,
                uncertainty: q.uncertainty,
                correct_local: q.small_correct,
                correct_edge: q.large_correct,
            }
        });
        Ok(blueprint.build())
    }
}
