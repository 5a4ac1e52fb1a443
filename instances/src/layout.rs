//! Positions of servers and users, distances, and free-space gain.

use crate::random::Random;

/// Speed of light, m/s (exact by definition of the metre).
pub(crate) const LIGHT_M_S: f64 = 299_792_458.0;

/// Side of the square that gives every server the same area as the paper's 4 servers on 500 m: 250
/// m x sqrt(M).
#[must_use]
pub fn default_side_m(servers: usize) -> f64 {
    250.0 * (servers as f64).sqrt()
}

/// M servers on a grid in a square of side `side_m`: ceil(sqrt M) columns, as few rows as possible,
/// every server in the middle of its cell. An incomplete last row is spread over the width. M = 4
/// on 500 m gives the paper's (125|375, 125|375).
#[must_use]
pub fn grid(servers: usize, side_m: f64) -> Vec<[f64; 2]> {
    let columns = (1..).find(|c| c * c >= servers).unwrap_or(1);
    let rows = servers.div_ceil(columns);
    let position = |j: usize| {
        let row = j / columns;
        let in_row = if row + 1 == rows {
            servers - row * columns
        } else {
            columns
        };
        let x = ((j % columns) as f64 + 0.5) * side_m / in_row as f64;
        [x, (row as f64 + 0.5) * side_m / rows as f64]
    };
    (0..servers).map(position).collect()
}

/// A point uniform in the square of side `side_m`.
pub fn uniform_point(random: &mut Random, side_m: f64) -> [f64; 2] {
    [random.uniform(0.0, side_m), random.uniform(0.0, side_m)]
}

/// Distance in the plane, m, at least 1 m: nearer to the antenna free-space loss is invalid.
#[must_use]
pub fn distance_m(a: [f64; 2], b: [f64; 2]) -> f64 {
    let (dx, dy) = (a[0] - b[0], a[1] - b[1]);
    (dx * dx + dy * dy).sqrt().max(1.0)
}

/// Free-space power gain (c / (4 pi d f))^2 (Friis 1946), no unit, for a distance in m and a
/// carrier in Hz.
#[must_use]
pub fn free_space_gain(distance_m: f64, carrier_hz: f64) -> f64 {
    let amplitude = LIGHT_M_S / (4.0 * std::f64::consts::PI * distance_m * carrier_hz);
    amplitude * amplitude
}

/// Mean radius of the Earth, m (IUGG: (2a + b)/3 of GRS 80).
const EARTH_M: f64 = 6_371_008.8;

/// A plane around an origin, for positions at most some 200 km apart.
///
/// Local equirectangular projection: x = R cos(lat0) (lon - lon0) eastwards, y = R (lat - lat0)
/// northwards, angles in radians, differences of longitude taken the short way round. Its scale is
/// off by about tan(lat0) y / R: at latitude 38 degrees 0.01 % at 1 km and 1.2 % at 100 km from the
/// origin, far below what shadowing does to a link.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plane {
    longitude_deg: f64,
    latitude_deg: f64,
}

impl Plane {
    /// The plane that touches the Earth at this position, degrees.
    #[must_use]
    pub fn at(longitude_deg: f64, latitude_deg: f64) -> Self {
        Plane {
            longitude_deg,
            latitude_deg,
        }
    }

    /// A position given in degrees, in m from the origin.
    #[must_use]
    pub fn project(&self, longitude_deg: f64, latitude_deg: f64) -> [f64; 2] {
        let east = (longitude_deg - self.longitude_deg + 180.0).rem_euclid(360.0) - 180.0;
        let x = EARTH_M * libm::cos(self.latitude_deg.to_radians()) * east.to_radians();
        [x, EARTH_M * (latitude_deg - self.latitude_deg).to_radians()]
    }
}

/// Positions on a hexagonal grid, neighbours `spacing_m` apart, from the middle outwards: ring by
/// ring, each ring counterclockwise from the east.
#[must_use]
pub fn hexagon(places: usize, spacing_m: f64) -> Vec<[f64; 2]> {
    let height = 0.75_f64.sqrt();
    let steps = [
        [-0.5, height],
        [-1.0, 0.0],
        [-0.5, -height],
        [0.5, -height],
        [1.0, 0.0],
        [0.5, height],
    ];
    let mut all = vec![[0.0, 0.0]];
    for ring in 1.. {
        if all.len() >= places {
            break;
        }
        let mut at = [ring as f64 * spacing_m, 0.0];
        for step in steps {
            for _ in 0..ring {
                all.push(at);
                at = [at[0] + step[0] * spacing_m, at[1] + step[1] * spacing_m];
            }
        }
    }
    all.truncate(places);
    all
}

/// A point uniform in the ring from `inner_m` to `outer_m` around `centre`.
pub fn ring_point(random: &mut Random, centre: [f64; 2], inner_m: f64, outer_m: f64) -> [f64; 2] {
    let radius = random.uniform(inner_m * inner_m, outer_m * outer_m).sqrt();
    let angle = random.uniform(0.0, 2.0 * std::f64::consts::PI);
    [
        centre[0] + radius * libm::cos(angle),
        centre[1] + radius * libm::sin(angle),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_degree_has_its_length() {
        // A degree of latitude is pi R / 180 = 111.195 km; one of longitude at 60 degrees half of
        // that; across the date line too.
        let plane = Plane::at(179.5, 60.0);
        let [x, y] = plane.project(-179.5, 61.0);
        assert!(
            (x - 55_597.54).abs() < 1.0 && (y - 111_195.08).abs() < 1.0,
            "{x} {y}"
        );
        assert_eq!(plane.project(179.5, 60.0), [0.0, 0.0]);
    }

    #[test]
    fn hexagons_have_equal_sides() {
        for places in [1, 2, 7, 19, 40] {
            let all = hexagon(places, 200.0);
            assert_eq!(all.len(), places);
            for (k, a) in all.iter().enumerate() {
                let near = all
                    .iter()
                    .enumerate()
                    .filter(|(l, _)| *l != k)
                    .map(|(_, b)| distance_m(*a, *b));
                let nearest = near.fold(f64::INFINITY, f64::min);
                assert!(
                    places == 1 || (nearest - 200.0).abs() < 1e-9,
                    "{places} {k} {nearest}"
                );
            }
        }
        let ring: Vec<_> = hexagon(19, 1.0)[7..]
            .iter()
            .map(|p| p[0].hypot(p[1]))
            .collect();
        assert!(ring.iter().all(|r| (1.7..2.01).contains(r)), "{ring:?}");
    }

    #[test]
    fn ring_points_stay_in_the_ring() {
        let mut random = Random::new(1, 1);
        let far: Vec<f64> = (0..2000)
            .map(|_| ring_point(&mut random, [5.0, 5.0], 10.0, 20.0))
            .map(|p| (p[0] - 5.0).hypot(p[1] - 5.0))
            .collect();
        assert!(far.iter().all(|r| (10.0 - 1e-9..20.0 + 1e-9).contains(r)));
        // Half of the area lies within sqrt((100 + 400) / 2) = 15.81 m.
        let inside = far.iter().filter(|r| **r < 250.0_f64.sqrt()).count();
        assert!((900..1100).contains(&inside), "{inside}");
    }

    #[test]
    fn four_servers_stand_as_in_the_paper() {
        assert_eq!(default_side_m(4), 500.0);
        assert_eq!(
            grid(4, 500.0),
            vec![
                [125.0, 125.0],
                [375.0, 125.0],
                [125.0, 375.0],
                [375.0, 375.0]
            ]
        );
    }

    #[test]
    fn any_number_of_servers_stands_apart_and_inside() {
        for m in 1..40 {
            let side = default_side_m(m);
            let places = grid(m, side);
            assert_eq!(places.len(), m);
            for (k, a) in places.iter().enumerate() {
                assert!(a.iter().all(|&x| x > 0.0 && x < side));
                assert!(
                    places[..k].iter().all(|b| distance_m(*a, *b) > 50.0),
                    "m = {m}"
                );
            }
        }
    }
}
