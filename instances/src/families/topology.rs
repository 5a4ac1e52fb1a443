//! Real sites and users, and path loss by 3GPP TR 38.901.

use super::blueprint::{Blueprint, DrawnQuery, radio_parameters};
use super::family::{Family, Spec};
use super::parameters::{Parameter, Parameters};
use super::{paper, places, requests, trace};
use crate::layout;
use crate::radio::{
    CARRIERS_HZ, Link, OpenLoop, Sight, UrbanScenario, controlled_power_w, from_db,
};
use crate::random::{Random, stream};
use crate::types::Instance;

/// Servers at given sites, users given or drawn around them, channel by 3GPP TR 38.901.
pub struct Topology;

impl Family for Topology {
    fn id(&self) -> &'static str {
        "topology"
    }

    fn summary(&self) -> &'static str {
        "sites and users from CSV (default: a hexagonal grid), path loss of 3GPP TR 38.901 UMi or \
         UMa, shadowing, noise figure, power control"
    }

    fn parameters(&self) -> Vec<Parameter> {
        let mut list: Vec<Parameter> = radio_parameters()
            .into_iter()
            .filter(|p| p.name != "side_m")
            .collect();
        list.extend(places::parameters());
        list.extend(channel_parameters());
        let queries = "paper: as family paper; trace: as family trace; requests: as family \
            requests, with their parameters below";
        list.push(Parameter::text(
            "queries",
            "paper",
            &["paper", "trace", "requests"],
            queries,
        ));
        list.extend(trace::query_parameters());
        list.extend(requests::request_parameters());
        list
    }

    fn draw(&self, spec: &Spec, p: &Parameters) -> Result<Instance, String> {
        let sites = places::sites(spec, p)?;
        let users = places::users(spec, p, &sites)?;
        let query: Box<dyn FnMut(&mut Random) -> DrawnQuery> = match p.text("queries") {
            "trace" => Box::new(trace::queries(p, spec.seed)?),
            _ => Box::new(paper::query),
        };
        let mut blueprint = Blueprint::at(spec.seed, p, sites.chosen, users, query);
        if p.text("queries") == "requests" {
            requests::apply(&mut blueprint, p)?;
        }
        let noise = from_db(p.number("noise_figure_db"));
        blueprint
            .servers
            .iter_mut()
            .for_each(|s| s.noise_w *= noise);
        let gain = mean_gains(&blueprint, p)?;
        if p.flag("power_control") {
            control_power(&mut blueprint, p, &gain);
        }
        let servers = blueprint.servers.len();
        Ok(blueprint.build_with(|i, j, _| gain[i * servers + j]))
    }
}

fn channel_parameters() -> Vec<Parameter> {
    let model = "3GPP TR 38.901: umi (Street Canyon) or uma; or free-space (Friis)";
    let sight =
        "line of sight by the report's probability of the distance, or always los, or always nlos";
    let shadowing =
        "log-normal shadowing with the report's standard deviations (not for free-space)";
    let height = "height of the sites' antennas, m; 0 = the report's (UMi 10, UMa 25)";
    let figure = "noise figure of the base stations, dB (5: ITU-R M.2412, below 6 GHz)";
    let power = "power by the open loop of 3GPP TS 38.213 section 7.1.1, tx_power_w its limit; \
        false: all send tx_power_w";
    let p0 = "P_0 of power control, dBm per resource block of 180 kHz";
    vec![
        Parameter::text("path_loss", "umi", &["umi", "uma", "free-space"], model),
        Parameter::text(
            "sight",
            "probability",
            &["probability", "los", "nlos"],
            sight,
        ),
        Parameter::on("shadowing", shadowing),
        Parameter::number("site_height_m", 0.0, 0.0, 150.0, height),
        Parameter::number(
            "user_height_m",
            1.5,
            1.5,
            13.0,
            "height of the users, m; outdoors",
        ),
        Parameter::number(
            "antenna_gain_db",
            0.0,
            -30.0,
            60.0,
            "gain of the sites' antennas in every direction, dB",
        ),
        Parameter::number("noise_figure_db", 5.0, 0.0, 30.0, figure),
        Parameter::on("power_control", power),
        Parameter::number("p0_dbm", -90.0, -202.0, 24.0, p0),
        Parameter::number(
            "alpha",
            0.8,
            0.0,
            1.0,
            "share of the path loss that power control compensates",
        ),
    ]
}

/// Power gain of every pair, users by rows, without fading: antenna, median path loss, and
/// shadowing that is independent for each link.
fn mean_gains(blueprint: &Blueprint, p: &Parameters) -> Result<Vec<f64>, String> {
    let carrier_hz = blueprint.carrier_hz;
    let scenario = match p.text("path_loss") {
        "umi" => Some(UrbanScenario::UrbanMicro),
        "uma" => Some(UrbanScenario::UrbanMacro),
        _ => None,
    };
    let (low, high) = CARRIERS_HZ;
    if scenario.is_some() && !(low..=high).contains(&carrier_hz) {
        return Err(format!(
            "parameter carrier_hz={carrier_hz}: TR 38.901 holds from {low} to {high} Hz; change \
             it, or set path_loss=free-space"
        ));
    }
    let antenna = from_db(p.number("antenna_gain_db"));
    let shadowing = p.flag("shadowing");
    let mut sights = Random::new(blueprint.seed, stream::SIGHT);
    let mut shadows = Random::new(blueprint.seed, stream::SHADOWING);
    let mut gains = Vec::with_capacity(blueprint.users.len() * blueprint.servers.len());
    for user in &blueprint.users {
        for server in &blueprint.servers {
            let (a, b) = (
                user.position_m.unwrap_or_default(),
                server.position_m.unwrap_or_default(),
            );
            let distance = layout::distance_m(a, b);
            let Some(scenario) = scenario else {
                gains.push(antenna * layout::free_space_gain(distance, carrier_hz));
                continue;
            };
            // Both draws are always made, so that a switch changes nothing but its own effect.
            let (lot, shadow) = (sights.unit(), shadows.normal());
            let is_clear = match p.text("sight") {
                "los" => true,
                "nlos" => false,
                _ => lot < scenario.sight_probability(distance),
            };
            let sight = if is_clear {
                Sight::Clear
            } else {
                Sight::Blocked
            };
            let height = match p.number("site_height_m") {
                0.0 => scenario.site_height_m(),
                given => given,
            };
            let link = Link {
                distance_m: distance,
                carrier_hz,
                site_height_m: height,
                user_height_m: p.number("user_height_m"),
                sight,
            };
            let mut loss = scenario.loss_db(&link);
            if shadowing {
                loss += scenario.shadowing_db(sight) * shadow;
            }
            gains.push(antenna * from_db(-loss));
        }
    }
    Ok(gains)
}

/// Sets the power of every user from its least loss: a user is served by the server that receives
/// it best, without fading.
fn control_power(blueprint: &mut Blueprint, p: &Parameters, gains: &[f64]) {
    let servers = blueprint.servers.len();
    let control = OpenLoop {
        p0_dbm: p.number("p0_dbm"),
        alpha: p.number("alpha"),
        bandwidth_hz: p.number("bandwidth_hz"),
    };
    for (user, row) in blueprint.users.iter_mut().zip(gains.chunks(servers)) {
        let best = row.iter().copied().fold(0.0, f64::max);
        let loss_db = -10.0 * libm::log10(best);
        user.tx_power_w = controlled_power_w(user.tx_power_w, &control, loss_db);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::{find, generate};
    use std::collections::BTreeMap;

    fn draw(users: usize, servers: usize, set: &[(&str, &str)]) -> Result<Instance, String> {
        let parameters: BTreeMap<String, String> = set
            .iter()
            .map(|(k, v)| ((*k).into(), (*v).into()))
            .collect();
        generate(
            find("topology").unwrap().as_ref(),
            &Spec {
                users,
                servers,
                seed: 5,
                parameters,
            },
        )
    }

    /// A site file and a user file in degrees, each user 100 m north of its site.
    fn files() -> (tempfile::TempDir, String, String) {
        let folder = tempfile::tempdir().unwrap();
        let (mut sites, mut users) = (
            String::from("SITE_ID,LATITUDE,LONGITUDE,NAME\n"),
            String::from("Latitude,Longitude\n"),
        );
        for k in 0..12 {
            sites += &format!(
                "{k},{},{},\"Collins, {k}\"\n",
                -37.81,
                144.95 + 0.003 * f64::from(k)
            );
            users += &format!(
                "{},{}\n",
                -37.81 + 100.0 / 111_195.0,
                144.95 + 0.003 * f64::from(k)
            );
        }
        let path = |name: &str| folder.path().join(name).display().to_string();
        std::fs::write(path("sites.csv"), sites).unwrap();
        std::fs::write(path("users.csv"), users).unwrap();
        let (a, b) = (path("sites.csv"), path("users.csv"));
        (folder, a, b)
    }

    #[test]
    fn sites_and_users_come_from_files() {
        let (_folder, sites, users) = files();
        let all = draw(12, 12, &[("sites", &sites), ("user_positions", &users)]).unwrap();
        for (user, server) in all.users.iter().zip(&all.servers) {
            let (a, b) = (user.position_m.unwrap(), server.position_m.unwrap());
            assert!(
                (a[0] - b[0]).abs() < 1e-6 && (a[1] - b[1] - 100.0).abs() < 0.01,
                "{a:?} {b:?}"
            );
        }
        let (east, west) = (
            all.servers[11].position_m.unwrap(),
            all.servers[0].position_m.unwrap(),
        );
        // 0.033 degrees of longitude at latitude -37.81: 111195 x 0.033 x cos = 2899.2 m.
        assert!(
            (east[0] - west[0] - 2899.2).abs() < 1.0,
            "{east:?} {west:?}"
        );
        let some = draw(5, 4, &[("sites", &sites), ("user_positions", &users)]).unwrap();
        assert!(
            some.servers
                .iter()
                .all(|s| all.servers.iter().any(|t| t.position_m == s.position_m))
        );
        // The nearest four of a row are side by side, 3 x 0.003 degrees wide.
        let near = draw(5, 4, &[("sites", &sites), ("site_choice", "nearest")]).unwrap();
        let x: Vec<f64> = near
            .servers
            .iter()
            .map(|s| s.position_m.unwrap()[0])
            .collect();
        let width =
            x.iter().copied().fold(f64::MIN, f64::max) - x.iter().copied().fold(f64::MAX, f64::min);
        assert!((width - 790.7).abs() < 1.0, "{x:?}");
        // Users drawn around sites are in their ring; those of a file are within reach.
        for user in &near.users {
            let near = |x: &[f64; 2]| {
                near.servers
                    .iter()
                    .any(|s| crate::layout::distance_m(*x, s.position_m.unwrap()) <= 100.0)
            };
            assert!(user.position_m.as_ref().is_some_and(near));
        }
        let reach = [
            ("sites", sites.as_str()),
            ("site_choice", "nearest"),
            ("user_positions", &users),
            ("user_reach_m", "150"),
        ];
        assert_eq!(draw(4, 4, &reach).unwrap().n(), 4);
        let e = draw(5, 4, &reach).unwrap_err();
        assert!(
            e.contains("4 users within 150 m") && e.contains("user_reach_m"),
            "{e}"
        );
    }

    #[test]
    fn bad_files_are_refused_by_line() {
        let (folder, sites, users) = files();
        let path = folder.path().join("bad.csv").display().to_string();
        let bad = |text: &str, set: &[(&str, &str)]| {
            std::fs::write(&path, text).unwrap();
            draw(3, 2, &[&[("sites", path.as_str())], set].concat()).unwrap_err()
        };
        let e = bad(
            "LATITUDE,LONGITUDE\n-37.8,144.9\n91,144.9\nx,144.9\n-37.8\n",
            &[],
        );
        assert!(
            e.contains("bad.csv") && e.contains("line 3: latitude is 91"),
            "{e}"
        );
        assert!(e.contains("line 4: ") && e.contains("line 5: "), "{e}");
        let e = bad("lat,lon\n1,2\n", &[]);
        assert!(
            e.contains("no column 'longitude'") && e.contains("site_x"),
            "{e}"
        );
        let e = bad("LATITUDE,LONGITUDE\n-37.8,144.9\n", &[]);
        assert!(e.contains("1 site") && e.contains("--servers"), "{e}");
        let e = bad("LATITUDE,LONGITUDE\n-37.8,144.9\n37.8,144.9\n", &[]);
        assert!(e.contains("km"), "{e}");
        assert!(bad("x,y\n1,2\n3,1e9\n", &[("units", "metres")]).contains("line 3: y is 1e9"));
        assert!(
            draw(13, 2, &[("sites", &sites), ("user_positions", &users)])
                .unwrap_err()
                .contains("12 users")
        );
        assert!(
            draw(3, 2, &[("user_positions", &users)])
                .unwrap_err()
                .contains("sites")
        );
        assert!(
            draw(3, 2, &[("sites", "nowhere.csv")])
                .unwrap_err()
                .contains("nowhere.csv")
        );
        assert!(
            draw(3, 2, &[("carrier_hz", "1e8")])
                .unwrap_err()
                .contains("38.901")
        );
        std::fs::write(&path, "latitude,longitude\n-37.8,144.95\n40,-74\n").unwrap();
        let e = draw(1, 2, &[("sites", &sites), ("user_positions", &path)]).unwrap_err();
        assert!(e.contains("line 3: ") && e.contains("km"), "{e}");
    }

    /// The channel's parts: each switch changes its own part and nothing else.
    #[test]
    fn the_channel_is_made_of_its_parts() {
        let still = [
            ("fading", "false"),
            ("shadowing", "false"),
            ("noise_figure_db", "0"),
            ("power_control", "false"),
        ];
        let make = |set: &[(&str, &str)]| draw(30, 4, &[&still, set].concat()).unwrap();
        let base = make(&[]);
        let los = make(&[("sight", "los")]);
        let (user, server) = (
            base.users[0].position_m.unwrap(),
            base.servers[2].position_m.unwrap(),
        );
        let expected = UrbanScenario::UrbanMicro.loss_db(&Link {
            distance_m: crate::layout::distance_m(user, server),
            carrier_hz: 3.5e9,
            site_height_m: 10.0,
            user_height_m: 1.5,
            sight: Sight::Clear,
        });
        assert!((-10.0 * los.gain[0][2].log10() - expected).abs() < 1e-9);
        let pairs = |a: &Instance, b: &Instance| {
            a.gain
                .iter()
                .flatten()
                .zip(b.gain.iter().flatten())
                .map(|(a, b)| a / b)
                .collect::<Vec<f64>>()
        };
        assert!(pairs(&los, &base).iter().all(|&r| r >= 1.0) && pairs(&los, &base).contains(&1.0));
        assert!(
            pairs(&make(&[("sight", "nlos")]), &base)
                .iter()
                .all(|&r| r <= 1.0)
        );
        assert!(
            pairs(&make(&[("antenna_gain_db", "8")]), &base)
                .iter()
                .all(|&r| (r - 6.309_573).abs() < 1e-5)
        );
        assert!(
            pairs(&make(&[("path_loss", "free-space")]), &los)
                .iter()
                .all(|&r| r > 0.5)
        );
        let noisy = make(&[("noise_figure_db", "5")]);
        assert!((noisy.servers[0].noise_w / base.servers[0].noise_w - 3.162_277_66).abs() < 1e-6);
        // Shadowing: its deviation, over 30 x 4 links, in decibels.
        let shadowed = make(&[("sight", "nlos"), ("shadowing", "true")]);
        let db: Vec<f64> = pairs(&shadowed, &make(&[("sight", "nlos")]))
            .iter()
            .map(|r| 10.0 * r.log10())
            .collect();
        let deviation = (db.iter().map(|x| x * x).sum::<f64>() / 120.0).sqrt();
        assert!((deviation - 7.82).abs() < 1.5, "{deviation}");
        // Power control: no user sends above the limit, some send less.
        let controlled = draw(30, 4, &still[..3]).unwrap();
        assert!(
            controlled.users.iter().all(|u| u.tx_power_w <= 0.2)
                && controlled.users.iter().any(|u| u.tx_power_w < 0.02)
        );
        assert_eq!(controlled.gain, base.gain);
    }
}
