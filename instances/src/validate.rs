//! Validation: all faults of an instance at once, each with its place, its value and a remedy.

use crate::delay::{efficiency, pace};
use crate::types::{Instance, Server, User};
use std::fmt;

/// One fault of an input: where, what is wrong and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Place inside the file, such as `users[3].payload_bits`.
    pub place: String,
    /// What is wrong, with the value found.
    pub problem: String,
    /// What to do.
    pub remedy: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.place, self.problem, self.remedy)
    }
}

/// Collects faults.
#[derive(Default)]
pub(crate) struct Faults(pub(crate) Vec<Fault>);

impl Faults {
    pub(crate) fn add(
        &mut self,
        place: impl Into<String>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.0.push(Fault {
            place: place.into(),
            problem: problem.into(),
            remedy: remedy.into(),
        });
    }

    /// A name must be printable: no line ends or other control characters.
    pub(crate) fn check_printable(&mut self, place: &str, text: &str) {
        if text.chars().any(char::is_control) {
            let remedy = "leave out line ends and other control characters";
            self.add(place, format!("is \"{}\"", text.escape_debug()), remedy);
        }
    }

    fn positive(&mut self, place: impl Fn() -> String, value: f64, unit: &str) {
        if !(value.is_finite() && value > 0.0) {
            self.add(
                place(),
                format!("is {value}"),
                format!("give a finite number above 0 ({unit})"),
            );
        } else if value.is_subnormal() {
            self.add(
                place(),
                format!("is {value}, below 2.3e-308"),
                format!("give a normal number ({unit})"),
            );
        }
    }

    fn fraction(&mut self, place: impl Fn() -> String, value: f64) {
        if !(0.0..=1.0).contains(&value) {
            self.add(place(), format!("is {value}"), "give a number from 0 to 1");
        }
    }

    fn position(&mut self, place: impl Fn() -> String, value: Option<[f64; 2]>) {
        if value.is_some_and(|p| !p.iter().all(|x| x.is_finite())) {
            self.add(
                place(),
                "is not finite",
                "give two finite coordinates in metres, or leave it out",
            );
        }
    }
}

/// All faults of `instance`, in the order of the file; empty when it is valid.
///
/// Powers, delays, bands, noise, capacities and gains must be finite and above 0, uncertainties
/// within \[0, 1\], and the gain must have N rows of M numbers. Products that overflow a double
/// (received power, uplink time) are faults too.
#[must_use]
pub fn faults_of(instance: &Instance) -> Vec<Fault> {
    let mut faults = Faults::default();
    for (place, text) in [("name", &instance.name), ("family", &instance.family)] {
        faults.check_printable(place, text);
    }
    if instance.users.is_empty() {
        faults.add("users", "is empty", "give at least one user");
    }
    if instance.servers.is_empty() {
        faults.add("servers", "is empty", "give at least one server");
    }
    if let Some(reference) = instance.reference_flops {
        faults.positive(|| "reference_flops".into(), reference, "FLOP/s");
    }
    for (i, user) in instance.users.iter().enumerate() {
        check_user(&mut faults, i, user);
    }
    for (j, server) in instance.servers.iter().enumerate() {
        check_server(&mut faults, j, server);
    }
    check_gain(&mut faults, instance);
    if faults.0.is_empty() {
        check_products(&mut faults, instance);
    }
    faults.0
}

fn check_user(faults: &mut Faults, i: usize, user: &User) {
    let at = |field: &'static str| move || format!("users[{i}].{field}");
    for (field, value, unit) in [
        ("payload_bits", Some(user.payload_bits), "bit"),
        ("tx_power_w", Some(user.tx_power_w), "W"),
        ("local_delay_s", Some(user.local_delay_s), "s"),
        ("edge_work_flop", Some(user.edge_work_flop), "FLOP"),
        ("edge_time_s", user.edge_time_s, "s"),
    ] {
        if let Some(value) = value {
            faults.positive(at(field), value, unit);
        }
    }
    for (field, value) in [
        ("uncertainty", Some(user.uncertainty)),
        ("correct_local", user.correct_local),
        ("correct_edge", user.correct_edge),
    ] {
        if let Some(value) = value {
            faults.fraction(at(field), value);
        }
    }
    faults.position(at("position_m"), user.position_m);
}

fn check_server(faults: &mut Faults, j: usize, server: &Server) {
    let at = |field: &'static str| move || format!("servers[{j}].{field}");
    faults.positive(at("bandwidth_hz"), server.bandwidth_hz, "Hz");
    faults.positive(at("noise_w"), server.noise_w, "W");
    faults.positive(at("capacity_flops"), server.capacity_flops, "FLOP/s");
    faults.positive(at("user_cap_flops"), server.user_cap_flops, "FLOP/s");
    faults.position(at("position_m"), server.position_m);
}

fn check_gain(faults: &mut Faults, instance: &Instance) {
    let (n, m) = (instance.n(), instance.m());
    if instance.gain.len() != n {
        faults.add(
            "gain",
            format!("has {} rows for {n} users", instance.gain.len()),
            "give one row per user",
        );
    }
    for (i, row) in instance.gain.iter().enumerate() {
        if row.len() != m {
            let problem = format!("has {} numbers for {m} servers", row.len());
            faults.add(format!("gain[{i}]"), problem, "give one number per server");
        }
        for (j, &g) in row.iter().enumerate() {
            faults.positive(|| format!("gain[{i}][{j}]"), g, "power gain, no unit");
        }
    }
}

/// Products and sums must not overflow, even where each factor is valid by itself.
fn check_products(faults: &mut Faults, instance: &Instance) {
    let n = instance.n() as f64;
    let mut worst: f64 = 0.0;
    for (j, server) in instance.servers.iter().enumerate() {
        let mut total = server.noise_w;
        for (i, user) in instance.users.iter().enumerate() {
            let signal = user.tx_power_w * instance.gain[i][j];
            if !signal.is_normal() {
                let problem = format!("times users[{i}].tx_power_w is {signal} W");
                faults.add(
                    format!("gain[{i}][{j}]"),
                    problem,
                    "keep the received power within 2.3e-308 and 1.8e308 W",
                );
            }
            total += signal;
        }
        for (i, user) in instance.users.iter().enumerate() {
            let signal = user.tx_power_w * instance.gain[i][j];
            if !(signal / server.noise_w).is_finite() {
                faults.add(
                    format!("gain[{i}][{j}]"),
                    "makes a signal beyond 1.8e308 times the noise",
                    "bring the magnitudes closer together",
                );
            }
            let slowest = server.bandwidth_hz * efficiency(signal, total);
            let uplink = n * user.payload_bits / slowest;
            let pace = pace(1.0 / server.user_cap_flops, n, server.capacity_flops);
            let compute = user.edge_work_flop * pace;
            worst = worst
                .max(user.local_delay_s * n)
                .max((uplink + compute) * n);
            if !(uplink + compute).is_finite() {
                let place = format!("users[{i}] at servers[{j}]");
                faults.add(
                    place,
                    "has a delay beyond 1.8e308 s",
                    "bring the magnitudes closer together",
                );
            }
        }
    }
    // Solvers keep sums over the users of a server.
    let sum = |of: fn(&User) -> f64| instance.users.iter().map(of).sum::<f64>() * n;
    if !(sum(|u| u.edge_work_flop).is_finite() && sum(|u| u.payload_bits).is_finite()) {
        faults.add(
            "users",
            "have a total edge work or payload beyond 1.8e308",
            "bring the magnitudes closer together",
        );
    }
    if faults.0.is_empty() && !worst.is_finite() {
        faults.add(
            "users",
            "have a total delay beyond 1.8e308 s",
            "bring the magnitudes closer together",
        );
    }
}
