//! The set-up of the paper.

use super::blueprint::{Blueprint, DrawnQuery, LARGE_TIME_S, SMALL_TIME_S, radio_parameters};
use super::family::{Family, Spec};
use super::parameters::{Parameter, Parameters};
use crate::random::Random;
use crate::types::Instance;

/// Users uniform in a square, queries from distributions that reproduce the published means.
pub struct Paper;

impl Family for Paper {
    fn id(&self) -> &'static str {
        "paper"
    }

    fn summary(&self) -> &'static str {
        "the set-up of Kim et al. (arXiv 2602.07958), calibrated to its published means"
    }

    fn parameters(&self) -> Vec<Parameter> {
        radio_parameters()
    }

    fn draw(&self, spec: &Spec, p: &Parameters) -> Result<Instance, String> {
        Ok(Blueprint::new(spec, p, query).build())
    }
}

/// A query like the paper's, calibrated to the published means (Table and figures of arXiv
/// 2602.07958):
/// - payload log-normal, median 485, log-deviation 0.61 (mean 585), in whole bits: bytes counted as
///   bits, as the authors do;
/// - small model 32.6 ms x (1 +- 5 %), large model 209 ms x (1 +- 3 %), uniform, at the reference
///   compute;
/// - uncertainty Beta(1.8, 1), by inversion u^(1/1.8);
/// - the small model is right with probability 0.80 - 0.541 a and the large one with 0.80 - 0.369
///   a, independently: their means 45.2 % and 56.3 % are the published accuracies with no
///   user and with every user offloaded, and their difference, 0.172 a, reproduces the published
///   accuracies in between.
pub(super) fn query(r: &mut Random) -> DrawnQuery {
    let payload_bits = libm::exp(6.184 + 0.61 * r.normal()).round().max(1.0);
    let small_time_s = SMALL_TIME_S * r.uniform(0.95, 1.05);
    let large_time_s = LARGE_TIME_S * r.uniform(0.97, 1.03);
    let uncertainty = libm::pow(r.unit(), 1.0 / 1.8);
    let correct_local = f64::from(r.chance(0.80 - 0.541 * uncertainty));
    let correct_edge = f64::from(r.chance(0.80 - 0.369 * uncertainty));
    DrawnQuery {
        payload_bits,
        small_time_s,
        large_time_s,
        uncertainty,
        correct_local,
        correct_edge,
    }
}
