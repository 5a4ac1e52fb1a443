//! Where servers and users stand, and the channel between them.

use crate::random::Random;

/// Speed of light, m/s (exact by definition of the metre).
const LIGHT_M_S: f64 = 299_792_458.0;

/// Side of the square that gives every server the same area as the paper's 4 servers on 500 m: 250 m x sqrt(M).
#[must_use]
pub fn default_side_m(servers: usize) -> f64 {
    250.0 * (servers as f64).sqrt()
}

/// M servers on a grid inside a square of side `side_m`: ceil(sqrt M) columns, as few rows as hold them, every server in
/// the middle of its cell, and a last row that is not full spread over the width. M = 4 on 500 m gives the paper's (125|375, 125|375).
#[must_use]
pub fn grid(servers: usize, side_m: f64) -> Vec<[f64; 2]> {
    let columns = (1..).find(|c| c * c >= servers).unwrap_or(1);
    let rows = servers.div_ceil(columns);
    let position = |j: usize| {
        let row = j / columns;
        let in_row = if row + 1 == rows { servers - row * columns } else { columns };
        let x = ((j % columns) as f64 + 0.5) * side_m / in_row as f64;
        [x, (row as f64 + 0.5) * side_m / rows as f64]
    };
    (0..servers).map(position).collect()
}

/// A point uniform in the square of side `side_m`.
pub fn uniform_point(random: &mut Random, side_m: f64) -> [f64; 2] {
    [random.uniform(0.0, side_m), random.uniform(0.0, side_m)]
}

/// Distance in the plane, m, at least 1 m: free-space loss has no meaning nearer to the antenna.
#[must_use]
pub fn distance_m(a: [f64; 2], b: [f64; 2]) -> f64 {
    let (dx, dy) = (a[0] - b[0], a[1] - b[1]);
    (dx * dx + dy * dy).sqrt().max(1.0)
}

/// Free-space power gain (c / (4 pi d f))^2 (Friis 1946), no unit, for a distance in m and a carrier in Hz.
#[must_use]
pub fn free_space_gain(distance_m: f64, carrier_hz: f64) -> f64 {
    let amplitude = LIGHT_M_S / (4.0 * std::f64::consts::PI * distance_m * carrier_hz);
    amplitude * amplitude
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_servers_stand_as_in_the_paper() {
        assert_eq!(default_side_m(4), 500.0);
        assert_eq!(grid(4, 500.0), vec![[125.0, 125.0], [375.0, 125.0], [125.0, 375.0], [375.0, 375.0]]);
    }

    #[test]
    fn any_number_of_servers_stands_apart_and_inside() {
        for m in 1..40 {
            let side = default_side_m(m);
            let places = grid(m, side);
            assert_eq!(places.len(), m);
            for (k, a) in places.iter().enumerate() {
                assert!(a.iter().all(|&x| x > 0.0 && x < side));
                assert!(places[..k].iter().all(|b| distance_m(*a, *b) > 50.0), "m = {m}");
            }
        }
    }
}
