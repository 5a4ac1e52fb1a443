//! Seeded randomness whose values are the same on every machine.
//!
//! ChaCha12 (`rand_chacha`, a value-stable generator), uniforms from the top 53 bits, and every
//! other distribution by inversion or Box-Muller through `libm`, which is plain Rust: the
//! platform's own `ln` or `cos` may differ in the last bit from machine to machine, and one bit is
//! enough to change a plan.

use rand_chacha::ChaCha12Rng;
use rand_core::{RngCore, SeedableRng};

/// The streams of one seed that this crate draws from. Each quantity has a stream of its own, so
/// that changing how one is drawn leaves the others as they were. The numbers are part of the
/// published instances: never change or reuse one.
pub(crate) mod stream {
    /// Everything that the family `adversarial` draws.
    pub const ADVERSARIAL: u64 = 0;
    /// Positions of the users.
    pub const POSITIONS: u64 = 1;
    /// Queries.
    pub const QUERIES: u64 = 2;
    /// Speeds of the users' devices.
    pub const DEVICES: u64 = 3;
    /// Capacities of the servers.
    pub const SERVERS: u64 = 4;
    /// Small-scale fading.
    pub const FADING: u64 = 5;
    /// What a family adds to the paper's set-up.
    pub const OWN: u64 = 6;
    /// Log-normal shadowing.
    pub const SHADOWING: u64 = 7;
    /// Line of sight or not.
    pub const SIGHT: u64 = 8;
    /// Which sites of a file are chosen.
    pub const SITES: u64 = 9;
    /// Which users of a file are chosen.
    pub const USERS: u64 = 10;
    /// Which rows of a long trace are kept.
    pub const ROWS: u64 = 11;
    /// Requests.
    pub const REQUESTS: u64 = 12;
}

/// A stream of random numbers, determined by (seed, stream).
#[derive(Clone, Debug)]
pub struct Random(ChaCha12Rng);

impl Random {
    /// The generator for `seed`; different `stream`s of one seed are independent.
    #[must_use]
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha12Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Random(rng)
    }

    /// Uniform in \[0, 1), a multiple of 2^-53.
    pub fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// Uniform in \[low, high).
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// exp of a uniform between the logarithms: log-uniform in \[low, high), 0 < low <= high.
    pub fn log_uniform(&mut self, low: f64, high: f64) -> f64 {
        libm::exp(self.uniform(libm::log(low), libm::log(high)))
    }

    /// An integer uniform in 0..n, n >= 1, by rejection (no modulo bias).
    pub fn below(&mut self, n: usize) -> usize {
        let n = n as u64;
        let zone = u64::MAX - u64::MAX % n;
        loop {
            let x = self.0.next_u64();
            if x < zone {
                return (x % n) as usize;
            }
        }
    }

    /// Exponential with mean 1: -ln(1 - u).
    pub fn exponential(&mut self) -> f64 {
        -libm::log1p(-self.unit())
    }

    /// Standard normal, by Box-Muller.
    pub fn normal(&mut self) -> f64 {
        let radius = (2.0 * self.exponential()).sqrt();
        radius * libm::cos(2.0 * std::f64::consts::PI * self.unit())
    }

    /// True with probability `p`.
    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// Fisher-Yates.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for k in (1..items.len()).rev() {
            items.swap(k, self.below(k + 1));
        }
    }

    /// A fresh 64-bit seed for another generator.
    pub fn next_seed(&mut self) -> u64 {
        self.0.next_u64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pinned: a change of any of these changes every published instance.
    #[test]
    fn values_are_stable() {
        let mut r = Random::new(7, 3);
        let got = [r.unit(), r.exponential(), r.normal(), r.below(1000) as f64];
        let pinned: [u64; 4] = [
            4_592_142_125_024_223_760,
            4_613_057_798_720_456_598,
            4_598_482_517_558_268_918,
            4_616_189_618_054_758_400,
        ];
        assert_eq!(got.map(f64::to_bits), pinned);
        assert_ne!(Random::new(7, 4).unit(), got[0]);
    }

    #[test]
    fn moments_are_right() {
        let mut r = Random::new(1, 0);
        let n = 100_000;
        let mean = (0..n).map(|_| r.exponential()).sum::<f64>() / f64::from(n);
        assert!((mean - 1.0).abs() < 0.02, "{mean}");
        let var = (0..n).map(|_| r.normal()).map(|x| x * x).sum::<f64>() / f64::from(n);
        assert!((var - 1.0).abs() < 0.03, "{var}");
    }
}
