//! The delay formulas of `docs/src/concepts/model.md` on plain numbers: the only place outside the
//! verifier where they are written down.

/// ln(1 + S / (s + I)), the spectral efficiency of a signal (W) over noise and interference
/// (`background_w`, W), in nat/s/Hz (Shannon 1948). Taken as log1p, so exact for weak signals too.
#[inline]
#[must_use]
pub fn efficiency(signal_w: f64, background_w: f64) -> f64 {
    libm::log1p(signal_w / background_w)
}

/// D n / (B log2(1 + S / (s + I))), s: uplink time of `payload_bits` over a band that `load` users
/// share equally, at an [`efficiency`] in nat/s/Hz.
#[inline]
#[must_use]
pub fn uplink_s(payload_bits: f64, load: f64, bandwidth_hz: f64, efficiency: f64) -> f64 {
    payload_bits * load / (bandwidth_hz * (efficiency * std::f64::consts::LOG2_E))
}

/// max(1/f, n/F), s per FLOP: the pace of a server of `capacity_flops` that `load` users share
/// equally, none of whom gets more than 1 / `least_pace` (FLOP/s).
#[inline]
#[must_use]
pub fn pace(least_pace: f64, load: f64, capacity_flops: f64) -> f64 {
    least_pace.max(load / capacity_flops)
}
