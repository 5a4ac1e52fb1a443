//! The fingerprint of an instance.

use crate::types::Instance;

/// Length of a fingerprint, hexadecimal digits.
pub const FINGERPRINT_DIGITS: usize = 64;

/// Whether a text has the form of a fingerprint: [`FINGERPRINT_DIGITS`] lower-case hexadecimal
/// digits.
#[must_use]
pub fn is_fingerprint(text: &str) -> bool {
    let is_digit = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
    text.len() == FINGERPRINT_DIGITS && text.bytes().all(is_digit)
}

/// blake3 of the instance's canonical form, as 64 hexadecimal digits.
///
/// The canonical form holds everything that can change a number in a report, and no labels (name,
/// family, seed, positions): the text `offload-instance/1` and a newline; one byte, 1 for
/// interference and 0 without; N and M as 64-bit integers; `reference_flops`; for each user
/// payload, power, local delay, edge work, uncertainty, edge time, correct_local, correct_edge; for
/// each server band, noise, capacity, user cap, admission limit; the gains by rows. A number is its
/// IEEE 754 bits, an optional field one byte (0 absent, 1 present) and, if present, the number; an
/// admission limit is a 64-bit integer. Everything little-endian; -0 counts as 0.
#[must_use]
pub fn fingerprint(instance: &Instance) -> String {
    let mut hash = blake3::Hasher::new();
    hash.update(b"offload-instance/1\n");
    hash.update(&[u8::from(instance.interference)]);
    hash.update(&(instance.n() as u64).to_le_bytes());
    hash.update(&(instance.m() as u64).to_le_bytes());
    optional(&mut hash, instance.reference_flops);
    for u in &instance.users {
        for x in [
            u.payload_bits,
            u.tx_power_w,
            u.local_delay_s,
            u.edge_work_flop,
            u.uncertainty,
        ] {
            number(&mut hash, x);
        }
        for x in [u.edge_time_s, u.correct_local, u.correct_edge] {
            optional(&mut hash, x);
        }
    }
    for s in &instance.servers {
        for x in [
            s.bandwidth_hz,
            s.noise_w,
            s.capacity_flops,
            s.user_cap_flops,
        ] {
            number(&mut hash, x);
        }
        hash.update(&[u8::from(s.max_users.is_some())]);
        if let Some(k) = s.max_users {
            hash.update(&(k as u64).to_le_bytes());
        }
    }
    for row in &instance.gain {
        for &g in row {
            number(&mut hash, g);
        }
    }
    hash.finalize().to_hex().to_string()
}

fn number(hash: &mut blake3::Hasher, x: f64) {
    // Adding +0 turns -0 into +0 and changes nothing else.
    hash.update(&(x + 0.0).to_bits().to_le_bytes());
}

fn optional(hash: &mut blake3::Hasher, x: Option<f64>) {
    hash.update(&[u8::from(x.is_some())]);
    if let Some(x) = x {
        number(hash, x);
    }
}
