//! Path loss between a base station and a user outdoors: 3GPP TR 38.901, *Study on channel model
//! for frequencies from 0.5 to 100 GHz*, section 7.4, scenarios UMi-Street Canyon and UMa.
//!
//! Distances in m, carriers in Hz, losses in dB. Users are outdoors and below 13 m, where the
//! report's effective environment height h_E is 1 m; building penetration is not modelled.

use crate::layout::LIGHT_M_S;

/// Nearest distance in the plane for which the formulas hold, m; nearer users get the loss at this
/// distance.
pub const NEAREST_M: f64 = 10.0;
/// Carriers for which the formulas hold, Hz.
pub const CARRIERS_HZ: (f64, f64) = (0.5e9, 1e11);
/// Effective environment height, m.
const ENVIRONMENT_M: f64 = 1.0;

/// Whether anything stands between site and user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// Line of sight (LOS).
    Clear,
    /// No line of sight (NLOS).
    Blocked,
}

/// A link between a site and a user.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    /// Distance in the plane, m.
    pub distance_m: f64,
    /// Carrier, Hz.
    pub carrier_hz: f64,
    /// hBS, height of the site's antenna, m.
    pub site_height_m: f64,
    /// hUT, height of the user, m.
    pub user_height_m: f64,
    /// Line of sight or not.
    pub sight: Sight,
}

/// An urban scenario of TR 38.901.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UrbanScenario {
    /// UMi-Street Canyon: antennas below the roofs.
    UrbanMicro,
    /// UMa: antennas above the roofs.
    UrbanMacro,
}

impl UrbanScenario {
    /// Height of the base station's antenna, m (Table 7.2-1).
    #[must_use]
    pub fn site_height_m(self) -> f64 {
        match self {
            UrbanScenario::UrbanMicro => 10.0,
            UrbanScenario::UrbanMacro => 25.0,
        }
    }

    /// Probability of line of sight at a distance in the plane (Table 7.4.2-1, outdoor user below
    /// 13 m, so C' = 0): 1 up to 18 m, then 18/d + exp(-d/D)(1 - 18/d) with D = 36 m for UMi and 63
    /// m for UMa.
    #[must_use]
    pub fn sight_probability(self, distance_m: f64) -> f64 {
        let decay_m = match self {
            UrbanScenario::UrbanMicro => 36.0,
            UrbanScenario::UrbanMacro => 63.0,
        };
        if distance_m <= 18.0 {
            return 1.0;
        }
        let near = 18.0 / distance_m;
        near + libm::exp(-distance_m / decay_m) * (1.0 - near)
    }

    /// Standard deviation of the log-normal shadowing, dB (Table 7.4.1-1).
    #[must_use]
    pub fn shadowing_db(self, sight: Sight) -> f64 {
        match (self, sight) {
            (_, Sight::Clear) => 4.0,
            (UrbanScenario::UrbanMicro, Sight::Blocked) => 7.82,
            (UrbanScenario::UrbanMacro, Sight::Blocked) => 6.0,
        }
    }

    /// Median path loss, dB (Table 7.4.1-1), with f in GHz and distances in m:
    ///
    /// ```text
    /// UMi LOS   32.4 + 21 lg d3 + 20 lg f                             d2 <= dBP
    ///           32.4 + 40 lg d3 + 20 lg f - 9.5 lg(dBP^2 + (hBS - hUT)^2)   beyond
    /// UMi NLOS  max(LOS, 22.4 + 35.3 lg d3 + 21.3 lg f - 0.3 (hUT - 1.5))
    /// UMa LOS   28.0 + 22 lg d3 + 20 lg f                             d2 <= dBP
    ///           28.0 + 40 lg d3 + 20 lg f - 9 lg(dBP^2 + (hBS - hUT)^2)     beyond
    /// UMa NLOS  max(LOS, 13.54 + 39.08 lg d3 + 20 lg f - 0.6 (hUT - 1.5))
    /// dBP = 4 (hBS - hE)(hUT - hE) f / c,   d3^2 = d2^2 + (hBS - hUT)^2
    /// ```
    ///
    /// The report gives them for 10 m to 5 km. Below 10 m the loss at 10 m is used; above 5 km they
    /// are extrapolated.
    #[must_use]
    pub fn loss_db(self, link: &Link) -> f64 {
        let Link {
            carrier_hz,
            site_height_m: site_m,
            user_height_m: user_m,
            ..
        } = *link;
        let plane = link.distance_m.max(NEAREST_M);
        let drop = site_m - user_m;
        let lg = libm::log10;
        let (space, f) = (
            lg((plane * plane + drop * drop).sqrt()),
            lg(carrier_hz / 1e9),
        );
        let bend =
            4.0 * (site_m - ENVIRONMENT_M) * (user_m - ENVIRONMENT_M) * carrier_hz / LIGHT_M_S;
        let (base, slope, back) = match self {
            UrbanScenario::UrbanMicro => (32.4, 21.0, 9.5),
            UrbanScenario::UrbanMacro => (28.0, 22.0, 9.0),
        };
        let clear = if plane <= bend {
            base + slope * space + 20.0 * f
        } else {
            base + 40.0 * space + 20.0 * f - back * lg(bend * bend + drop * drop)
        };
        let blocked = match self {
            UrbanScenario::UrbanMicro => 22.4 + 35.3 * space + 21.3 * f - 0.3 * (user_m - 1.5),
            UrbanScenario::UrbanMacro => 13.54 + 39.08 * space + 20.0 * f - 0.6 * (user_m - 1.5),
        };
        match link.sight {
            Sight::Clear => clear,
            Sight::Blocked => clear.max(blocked),
        }
    }
}

/// A power ratio from decibels: 10^(x/10).
#[must_use]
pub fn from_db(decibels: f64) -> f64 {
    libm::pow(10.0, decibels / 10.0)
}

/// Parameters of open-loop uplink power control.
#[derive(Clone, Copy, Debug)]
pub struct OpenLoop {
    /// P_0, dBm per resource block of 180 kHz.
    pub p0_dbm: f64,
    /// Share of the path loss that is compensated.
    pub alpha: f64,
    /// B, the whole band, Hz.
    pub bandwidth_hz: f64,
}

/// Bandwidth of a resource block, Hz.
const RESOURCE_BLOCK_HZ: f64 = 180e3;

/// Open-loop uplink power control with fractional compensation (3GPP TS 38.213, section 7.1.1,
/// without the closed-loop terms), W: P = min(P_max, P_0 + 10 lg(B / 180 kHz) + alpha PL) dBm. The
/// user has the whole band.
#[must_use]
pub fn controlled_power_w(most_w: f64, control: &OpenLoop, loss_db: f64) -> f64 {
    let block_mw = from_db(control.p0_dbm + control.alpha * loss_db);
    most_w.min(1e-3 * block_mw * control.bandwidth_hz / RESOURCE_BLOCK_HZ)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Sight::{Blocked, Clear};
    use UrbanScenario::{UrbanMacro, UrbanMicro};

    /// At 3.5 GHz, with the heights of Table 7.2-1.
    fn loss(scenario: UrbanScenario, distance_m: f64, sight: Sight) -> f64 {
        scenario.loss_db(&Link {
            distance_m,
            carrier_hz: 3.5e9,
            site_height_m: scenario.site_height_m(),
            user_height_m: 1.5,
            sight,
        })
    }

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 5e-4
    }

    /// Worked out from Table 7.4.1-1 with a desk calculator, step by step for the first two, at 3.5
    /// GHz with the heights of Table 7.2-1.
    #[test]
    fn losses_are_those_of_the_table() {
        // UMi, 100 m: d3 = sqrt(100^2 + 8.5^2) = 100.3606, lg = 2.0015632; lg 3.5 = 0.5440680.
        // LOS 32.4 + 42.0328 + 10.8814 = 85.3142; NLOS 22.4 + 70.6552 + 11.5887 = 104.6438.
        let umi = |distance, sight| loss(UrbanMicro, distance, sight);
        let uma = |distance, sight| loss(UrbanMacro, distance, sight);
        for (got, want) in [
            (umi(100.0, Clear), 85.3142),
            (umi(100.0, Blocked), 104.6438),
            (umi(1000.0, Clear), 119.1474),
            (umi(1000.0, Blocked), 139.8892),
            (uma(100.0, Clear), 83.1382),
            (uma(100.0, Blocked), 103.0375),
            (uma(1000.0, Clear), 109.4065),
            (uma(1000.0, Blocked), 141.6660),
        ] {
            assert!(close(got, want), "{got} {want}");
        }
        // Nearer than 10 m nothing changes.
        assert_eq!(umi(3.0, Clear), umi(10.0, Clear));
    }

    /// The two pieces of the line of sight meet at the breakpoint within what the report's rounded
    /// constants allow.
    #[test]
    fn losses_rise_with_distance() {
        for scenario in [UrbanMicro, UrbanMacro] {
            for sight in [Clear, Blocked] {
                let at = |distance_m: f64| loss(scenario, distance_m, sight);
                let mut last = at(10.0);
                for k in 1..500 {
                    let now = at(10.0 + 10.0 * f64::from(k));
                    assert!(now > last - 0.2, "{scenario:?} {sight:?} {k}");
                    last = now;
                }
                assert!(at(2000.0) >= loss(scenario, 2000.0, Clear));
            }
        }
    }

    /// Table 7.4.2-1 by hand: UMi at 100 m: 0.18 + exp(-100/36) 0.82 = 0.18 + 0.062177 x 0.82 =
    /// 0.230985; UMa: 0.18 + 0.204477 x 0.82 = 0.347671.
    #[test]
    fn sight_is_as_likely_as_in_the_table() {
        assert_eq!(UrbanMicro.sight_probability(18.0), 1.0);
        assert!(close(UrbanMicro.sight_probability(100.0), 0.230_985));
        assert!(close(UrbanMacro.sight_probability(100.0), 0.347_671));
        assert!(UrbanMacro.sight_probability(5000.0) < 0.004);
        assert_eq!(
            [
                (UrbanMicro, Clear),
                (UrbanMicro, Blocked),
                (UrbanMacro, Clear),
                (UrbanMacro, Blocked)
            ]
            .map(|(s, l)| s.shadowing_db(l)),
            [4.0, 7.82, 4.0, 6.0]
        );
    }

    #[test]
    fn power_follows_the_loss_up_to_its_limit() {
        // -80 dBm + 10 lg(1e8 / 180e3) + 0.8 x 100 dB = 27.447 dBm = 0.5556 W, more than 0.2 W; at
        // 80 dB 11.447 dBm = 13.95 mW.
        let control = OpenLoop {
            p0_dbm: -80.0,
            alpha: 0.8,
            bandwidth_hz: 1e8,
        };
        assert_eq!(controlled_power_w(0.2, &control, 100.0), 0.2);
        assert!(close(
            controlled_power_w(0.2, &control, 80.0) * 1e3,
            13.9549
        ));
    }
}
