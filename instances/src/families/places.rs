//! Positions of sites and users, from CSV files or generated.

use super::family::Spec;
use super::parameters::{Parameter, Parameters};
use crate::layout::{self, Plane, distance_m};
use crate::radio::NEAREST_M;
use crate::random::{Random, stream};
use crate::rows::{self, Reservoir, number};
use std::path::Path;

/// Greatest distance of a position from the middle of the sites, m. Beyond it the local projection
/// and the radio models are invalid.
const FARTHEST_M: f64 = 200e3;
/// Greatest latitude north or south, degrees. Nearer to a pole the local projection is invalid.
const LATITUDE_DEG: f64 = 85.0;

/// The parameters for the positions of sites and users.
pub(super) fn parameters() -> Vec<Parameter> {
    let sites = "path of a CSV file with one site per row; empty = a hexagonal grid";
    let choice = "which of the file's sites to use: random, or nearest (a random one and those nearest to it); all if --servers is their number";
    let users = "path of a CSV file with one user per row, --users of them chosen by seed; empty = \
        around the sites, each user around a random one";
    let reach = "skip users of the file that are farther than this from every chosen site, m; \
        0 = skip none";
    let x = "column of the longitude, or of x in metres; empty = longitude, or x";
    let y = "column of the latitude, or of y in metres; empty = latitude, or y";
    vec![
        Parameter::text("sites", "", &[], sites),
        Parameter::text("site_x", "", &[], x),
        Parameter::text("site_y", "", &[], y),
        Parameter::text("site_choice", "random", &["random", "nearest"], choice),
        Parameter::number(
            "spacing_m",
            200.0,
            1.0,
            1e5,
            "distance between neighbours on the grid, m (200: UMi in 3GPP TR 38.901)",
        ),
        Parameter::text(
            "units",
            "degrees",
            &["degrees", "metres"],
            "units of both files; degrees are projected to a plane",
        ),
        Parameter::text("user_positions", "", &[], users),
        Parameter::text("user_x", "", &[], x),
        Parameter::text("user_y", "", &[], y),
        Parameter::number("user_reach_m", 0.0, 0.0, FARTHEST_M, reach),
        Parameter::number(
            "radius_m",
            100.0,
            NEAREST_M,
            1e5,
            "users drawn around a site are from 10 m to this far from it, m",
        ),
    ]
}

/// The positions of the servers.
pub(super) struct Sites {
    /// M positions, m.
    pub chosen: Vec<[f64; 2]>,
    /// Conversion of the files' coordinates to metres.
    frame: Frame,
}

/// From a file's coordinates to metres.
#[derive(Clone, Copy)]
enum Frame {
    /// Metres, and the middle of the sites.
    Metres([f64; 2]),
    /// Degrees, in a plane around the middle of the sites.
    Degrees(Plane),
}

impl Frame {
    fn place(self, [x, y]: [f64; 2]) -> [f64; 2] {
        match self {
            Frame::Metres(_) => [x, y],
            Frame::Degrees(plane) => plane.project(x, y),
        }
    }

    /// The position in metres, unless it is too far from the sites.
    fn checked(self, raw: [f64; 2]) -> Result<[f64; 2], String> {
        let place = self.place(raw);
        let middle = if let Frame::Metres(middle) = self {
            middle
        } else {
            [0.0, 0.0]
        };
        let far = distance_m(place, middle);
        if far <= FARTHEST_M {
            return Ok(place);
        }
        let most = FARTHEST_M / 1e3;
        Err(format!(
            "is {:.0} km from the middle of the sites, at most {most} km are allowed; correct it, \
             or give fewer sites",
            far / 1e3
        ))
    }
}

/// The positions of the servers: from the file, or a hexagonal grid.
pub(super) fn sites(spec: &Spec, p: &Parameters) -> Result<Sites, String> {
    if p.text("sites").is_empty() {
        let chosen = layout::hexagon(spec.servers, p.number("spacing_m"));
        return Ok(Sites {
            chosen,
            frame: Frame::Metres([0.0, 0.0]),
        });
    }
    let file = PlaceFile::new(p, "sites", "site_x", "site_y");
    let mut random = Random::new(spec.seed, stream::SITES);
    let (mut low, mut high) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
    let mut sample = Reservoir::new(spec.servers, random.clone());
    let mut first = None;
    file.read(&mut |raw| {
        // Longitudes are taken relative to the first, so that sites on both sides of the date line
        // stay together.
        let anchor = first.get_or_insert(raw)[0];
        let near = if file.degrees {
            anchor + (raw[0] - anchor + 180.0).rem_euclid(360.0) - 180.0
        } else {
            raw[0]
        };
        for (k, x) in [near, raw[1]].into_iter().enumerate() {
            low[k] = low[k].min(x);
            high[k] = high[k].max(x);
        }
        sample.offer(raw);
        Ok(())
    })?;
    let seen = sample.seen();
    if seen < spec.servers as u64 {
        let plural = if seen == 1 { "" } else { "s" };
        return Err(format!(
            "{}: holds {seen} site{plural} for {} servers; give --servers {seen} or fewer",
            file.path, spec.servers
        ));
    }
    let middle = [(low[0] + high[0]) / 2.0, (low[1] + high[1]) / 2.0];
    let frame = if file.degrees {
        Frame::Degrees(Plane::at(middle[0], middle[1]))
    } else {
        Frame::Metres(middle)
    };
    let mut chosen: Vec<[f64; 2]> = sample
        .into_items()
        .into_iter()
        .map(|raw| frame.place(raw))
        .collect();
    for corner in [low, high] {
        frame
            .checked(corner)
            .map_err(|e| format!("{}: a site {e}", file.path))?;
    }
    if p.text("site_choice") == "nearest" && seen > spec.servers as u64 {
        let centre = chosen[random.below(chosen.len())];
        chosen = nearest(&file, frame, centre, spec.servers)?;
    }
    Ok(Sites { chosen, frame })
}

/// The `count` positions of a file nearest to `centre`, in the order of the file.
fn nearest(
    file: &PlaceFile,
    frame: Frame,
    centre: [f64; 2],
    count: usize,
) -> Result<Vec<[f64; 2]>, String> {
    struct Candidate {
        distance_m: f64,
        row: u64,
        place: [f64; 2],
    }
    let keep_nearest = |best: &mut Vec<Candidate>| {
        best.sort_by(|a, b| {
            let nearer = a.distance_m.total_cmp(&b.distance_m);
            nearer.then(a.row.cmp(&b.row))
        });
        best.truncate(count);
    };
    let mut best: Vec<Candidate> = Vec::new();
    let mut row = 0;
    file.read(&mut |raw| {
        let place = frame.place(raw);
        best.push(Candidate {
            distance_m: distance_m(place, centre),
            row,
            place,
        });
        row += 1;
        // Sorting only now and then keeps the memory and the time per row bounded.
        if best.len() > 2 * count {
            keep_nearest(&mut best);
        }
        Ok(())
    })?;
    keep_nearest(&mut best);
    best.sort_by_key(|b| b.row);
    Ok(best.into_iter().map(|b| b.place).collect())
}

/// The positions of the users: from the file, or around the sites.
pub(super) fn users(spec: &Spec, p: &Parameters, sites: &Sites) -> Result<Vec<[f64; 2]>, String> {
    if p.text("user_positions").is_empty() {
        let mut random = Random::new(spec.seed, stream::POSITIONS);
        let around = |_| {
            let site = sites.chosen[random.below(sites.chosen.len())];
            layout::ring_point(&mut random, site, NEAREST_M, p.number("radius_m"))
        };
        return Ok((0..spec.users).map(around).collect());
    }
    if p.text("sites").is_empty() {
        return Err(
            "parameter user_positions: also give the sites of these users (parameter sites)".into(),
        );
    }
    let file = PlaceFile::new(p, "user_positions", "user_x", "user_y");
    let reach = p.number("user_reach_m");
    let mut sample = Reservoir::new(spec.users, Random::new(spec.seed, stream::USERS));
    file.read(&mut |raw| {
        let place = sites.frame.checked(raw)?;
        if reach == 0.0 || sites.chosen.iter().any(|s| distance_m(place, *s) <= reach) {
            sample.offer(place);
        }
        Ok(())
    })?;
    let seen = sample.seen();
    if seen < spec.users as u64 {
        let (within, more) = if reach == 0.0 {
            (String::new(), "")
        } else {
            (
                format!(" within {reach} m of a site"),
                ", or a greater user_reach_m",
            )
        };
        let asked = spec.users;
        return Err(format!(
            "{}: holds {seen} users{within}, but {asked} are needed; give --users {seen} or \
             fewer{more}",
            file.path
        ));
    }
    Ok(sample.into_items())
}

/// A CSV file of positions.
struct PlaceFile<'a> {
    path: &'a str,
    columns: [&'a str; 2],
    options: [&'static str; 2],
    degrees: bool,
}

impl<'a> PlaceFile<'a> {
    fn new(p: &'a Parameters, path: &str, x: &'static str, y: &'static str) -> Self {
        let degrees = p.text("units") == "degrees";
        let usual = if degrees {
            ["longitude", "latitude"]
        } else {
            ["x", "y"]
        };
        let column = |name: &str, usual| {
            Some(p.text(name))
                .filter(|t| !t.is_empty())
                .unwrap_or(usual)
        };
        PlaceFile {
            path: p.text(path),
            columns: [column(x, usual[0]), column(y, usual[1])],
            options: [x, y],
            degrees,
        }
    }

    /// Calls `each` with the coordinates of every row, in the file's units.
    fn read(&self, each: &mut dyn FnMut([f64; 2]) -> Result<(), String>) -> Result<(), String> {
        let input = rows::open(Path::new(self.path))?;
        let most = if self.degrees {
            [360.0, LATITUDE_DEG]
        } else {
            [1e8, 1e8]
        };
        let remedy = if self.degrees {
            [
                "give degrees from -360 to 360",
                "give degrees from -85 to 85",
            ]
        } else {
            ["give metres from -1e8 to 1e8"; 2]
        };
        let scanned = rows::scan(input, &self.columns, &mut |_, fields| {
            let coordinate = |k: usize| {
                number(
                    self.columns[k],
                    fields[k],
                    |x| x.abs() <= most[k],
                    remedy[k],
                )
            };
            each([coordinate(0)?, coordinate(1)?])
        });
        scanned.map(drop).map_err(|e| {
            let hint = if e.starts_with("line 1: no column") {
                format!(
                    " Name the columns with the parameters {} and {}; metres need units=metres.",
                    self.options[0], self.options[1]
                )
            } else {
                String::new()
            };
            format!("{}: not a valid list of positions: {e}{hint}", self.path)
        })
    }
}
