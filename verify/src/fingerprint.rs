//! The fingerprint of an instance, from `docs/src/reference/instance.md`, section *Instance*.

use offload_instances::types::Instance;

/// The canonical form: everything that can change a result, little-endian, and no labels.
fn canonical(instance: &Instance) -> Vec<u8> {
    let mut bytes = b"offload-instance/1\n".to_vec();
    bytes.push(u8::from(instance.interference));
    whole(&mut bytes, instance.users.len());
    whole(&mut bytes, instance.servers.len());
    maybe(&mut bytes, instance.reference_flops);
    for u in &instance.users {
        for x in [
            u.payload_bits,
            u.tx_power_w,
            u.local_delay_s,
            u.edge_work_flop,
            u.uncertainty,
        ] {
            number(&mut bytes, x);
        }
        for x in [u.edge_time_s, u.correct_local, u.correct_edge] {
            maybe(&mut bytes, x);
        }
    }
    for s in &instance.servers {
        for x in [
            s.bandwidth_hz,
            s.noise_w,
            s.capacity_flops,
            s.user_cap_flops,
        ] {
            number(&mut bytes, x);
        }
        match s.max_users {
            None => bytes.push(0),
            Some(most) => {
                bytes.push(1);
                whole(&mut bytes, most);
            }
        }
    }
    for &g in instance.gain.iter().flatten() {
        number(&mut bytes, g);
    }
    bytes
}

fn whole(bytes: &mut Vec<u8>, x: usize) {
    bytes.extend_from_slice(&(x as u64).to_le_bytes());
}

fn number(bytes: &mut Vec<u8>, x: f64) {
    let bits = if x == 0.0 { 0 } else { x.to_bits() };
    bytes.extend_from_slice(&bits.to_le_bytes());
}

fn maybe(bytes: &mut Vec<u8>, x: Option<f64>) {
    bytes.push(u8::from(x.is_some()));
    if let Some(x) = x {
        number(bytes, x);
    }
}

/// The name of an instance by its contents: blake3 of the canonical form, 64 hexadecimal digits in
/// lower case.
#[must_use]
pub fn fingerprint(instance: &Instance) -> String {
    blake3::hash(&canonical(instance)).to_hex().to_string()
}
