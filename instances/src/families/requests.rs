//! Requests given by prompt and answer tokens, on named hardware.

use super::blueprint::{Blueprint, SERVER_FACTOR, radio_parameters};
use super::family::{Family, Spec};
use super::paper;
use super::parameters::{Parameter, Parameters};
use crate::random::{Random, stream};
use crate::rows::{self, MOST_KEPT, Reservoir, number};
use crate::text::did_you_mean;
use crate::types::Instance;
use std::path::Path;

/// Token counts from a trace, times from a roofline of the device.
///
/// A model of P weights of b bytes each reads its prompt at the speed of arithmetic, 2 P operations
/// a token (Kaplan et al. 2020, arXiv 2001.08361, section 2.1), and writes its answer at the speed
/// of memory, P b bytes a token (Pope et al. 2022, arXiv 2211.05102, section 2: small batches are
/// bound by the loading of the weights):
///
/// ```text
/// t(class) = prompt x 2 P / (sustained operations/s) + answer x P b / (sustained bytes/s)
/// ```
///
/// The local delay is t of the small model on the user's device. With E the time of the large model
/// on one A100 by itself and R the A100's sustained operations/s, `edge_time_s` = E,
/// `reference_flops` = R, the work is E R, and a server of class g gives one user f = R x (mean t
/// of the A100 over the trace) / (mean t of g over the trace), F = f x `full_speed_places` x U(0.6,
/// 1.4).
pub struct Requests;

impl Family for Requests {
    fn id(&self) -> &'static str {
        "requests"
    }

    fn summary(&self) -> &'static str {
        "payload and times from prompt and answer tokens (CSV; default: the distribution of \
         Azure's 2023 trace) on phones, laptops and GPUs"
    }

    fn parameters(&self) -> Vec<Parameter> {
        let mut list = radio_parameters();
        list.extend(request_parameters());
        list
    }

    fn draw(&self, spec: &Spec, p: &Parameters) -> Result<Instance, String> {
        let mut blueprint = Blueprint::new(spec, p, paper::query);
        apply(&mut blueprint, p)?;
        Ok(blueprint.build())
    }
}

/// A class of hardware, with published or measured speeds.
struct Hardware {
    name: &'static str,
    /// Dense half-precision operations/s.
    operations: Operations,
    /// Peak memory bandwidth, byte/s.
    memory_b_s: f64,
}

/// Operations/s, as the source gives them.
enum Operations {
    /// The maker's peak.
    Peak(f64),
    /// A measurement of what is sustained.
    Sustained(f64),
}

/// The available hardware, with sources.
const CLASSES: [Hardware; 7] = [
    // Xu et al. (arXiv 2407.05858): over 1,000 prompt tokens/s with Qwen1.5-1.8B on a phone's NPU,
    // so 2 x 1.8e9 x 1,000 operations/s. Qualcomm, Snapdragon 8 Gen 3 product brief: LPDDR5X at
    // 4,800 MHz, 64 bits wide.
    Hardware {
        name: "phone",
        operations: Operations::Sustained(3.6e12),
        memory_b_s: 76.8e9,
    },
    // Apple, press release on the M2 (June 2022): 3.6 teraflops, 100 GB/s.
    Hardware {
        name: "laptop",
        operations: Operations::Peak(3.6e12),
        memory_b_s: 100e9,
    },
    // NVIDIA data sheets: T4; L4 (without sparsity); A100 80GB SXM; H100 SXM (without sparsity).
    Hardware {
        name: "t4",
        operations: Operations::Peak(65e12),
        memory_b_s: 320e9,
    },
    Hardware {
        name: "l4",
        operations: Operations::Peak(121e12),
        memory_b_s: 300e9,
    },
    // NVIDIA, Ada GPU architecture paper, appendix A: RTX 4090, tensor cores with 32-bit sums,
    // without sparsity.
    Hardware {
        name: "rtx4090",
        operations: Operations::Peak(165.2e12),
        memory_b_s: 1008e9,
    },
    Hardware {
        name: "a100",
        operations: Operations::Peak(312e12),
        memory_b_s: 2039e9,
    },
    Hardware {
        name: "h100",
        operations: Operations::Peak(989.4e12),
        memory_b_s: 3350e9,
    },
];

/// The class on which the reference times of the large model are taken.
const REFERENCE: &str = "a100";

/// A language model: P weights of b bytes each.
#[derive(Clone, Copy)]
struct LanguageModel {
    weights: f64,
    bytes: f64,
}

/// The shares of peak speeds that are sustained.
#[derive(Clone, Copy)]
struct SustainedShares {
    compute: f64,
    memory: f64,
}

impl Hardware {
    /// Sustained operations/s.
    fn speed(&self, shares: SustainedShares) -> f64 {
        match self.operations {
            Operations::Peak(peak) => shares.compute * peak,
            Operations::Sustained(measured) => measured,
        }
    }

    /// Time of `model` for a request, s.
    fn time_s(&self, model: LanguageModel, shares: SustainedShares, request: Tokens) -> f64 {
        let read = request.prompt * 2.0 * model.weights / self.speed(shares);
        read + request.answer * model.weights * model.bytes / (shares.memory * self.memory_b_s)
    }
}

/// Token counts of a request.
#[derive(Clone, Copy)]
struct Tokens {
    prompt: f64,
    answer: f64,
}

/// The parameters for the requests and the hardware that answers them.
pub(super) fn request_parameters() -> Vec<Parameter> {
    let mut list = token_parameters();
    list.extend(hardware_parameters());
    list
}

/// The parameters for the token counts.
fn token_parameters() -> Vec<Parameter> {
    let path = "path of a CSV file with one request per row; empty = log-normal tokens, medians \
        1020 and 129, as in Azure's 2023 conversations";
    vec![
        Parameter::text("requests", "", &[], path),
        Parameter::text(
            "prompt_column",
            "ContextTokens",
            &[],
            "column of the prompt tokens",
        ),
        Parameter::text(
            "answer_column",
            "GeneratedTokens",
            &[],
            "column of the answer tokens",
        ),
        Parameter::number(
            "bytes_per_token",
            4.0,
            1e-3,
            1e6,
            "prompt bytes per token; 8 bits each are sent",
        ),
    ]
}

/// The parameters for devices, servers and the two language models.
fn hardware_parameters() -> Vec<Parameter> {
    let mix = "classes with shares: phone, laptop, t4, l4, rtx4090, a100, h100";
    let planner = "answer lengths that the planner assumes: known, or the mean of all (then only \
        the realised times use the true lengths)";
    let places = "users that a server serves at full speed, on average";
    vec![
        Parameter::text("devices", "phone:0.7,laptop:0.3", &[], mix),
        Parameter::text(
            "gpus",
            "a100",
            &[],
            "the servers' classes with shares, as for devices",
        ),
        Parameter::number(
            "device_spread",
            1.2,
            1.0,
            1e3,
            "a device is faster or slower than its class by up to this factor",
        ),
        Parameter::number(
            "small_weights",
            1e9,
            1e6,
            1e13,
            "weights of the small model",
        ),
        Parameter::number(
            "small_bytes",
            0.5625,
            0.01,
            16.0,
            "bytes per weight of the small model (0.5625: 4.5 bits)",
        ),
        Parameter::number(
            "large_weights",
            8e9,
            1e6,
            1e13,
            "weights of the large model",
        ),
        Parameter::number(
            "large_bytes",
            2.0,
            0.01,
            16.0,
            "bytes per weight of the large model",
        ),
        Parameter::number(
            "compute_share",
            0.5,
            1e-3,
            1.0,
            "share of peak arithmetic that is sustained (an assumption)",
        ),
        Parameter::number(
            "memory_share",
            0.8,
            1e-3,
            1.0,
            "share of peak memory bandwidth that is sustained (an assumption)",
        ),
        Parameter::number("full_speed_places", 10.0, 1e-3, 1e6, places),
        Parameter::text("planner", "known", &["known", "mean"], planner),
    ]
}

/// Gives the blueprint's users requests and devices, and its servers GPUs.
pub(super) fn apply(blueprint: &mut Blueprint, p: &Parameters) -> Result<(), String> {
    let (devices, gpus) = (
        Mix::parse("devices", p.text("devices"))?,
        Mix::parse("gpus", p.text("gpus"))?,
    );
    let shares = SustainedShares {
        compute: p.number("compute_share"),
        memory: p.number("memory_share"),
    };
    let small = LanguageModel {
        weights: p.number("small_weights"),
        bytes: p.number("small_bytes"),
    };
    let large = LanguageModel {
        weights: p.number("large_weights"),
        bytes: p.number("large_bytes"),
    };
    let mut source = TokenSource::new(p, blueprint.seed)?;
    let mean = source.mean();
    let reference = CLASSES
        .iter()
        .find(|c| c.name == REFERENCE)
        .expect("the reference is one of the classes");
    blueprint.reference_flops = reference.speed(shares);
    let (mut queries, mut own) = (
        Random::new(blueprint.seed, stream::REQUESTS),
        Random::new(blueprint.seed, stream::OWN),
    );
    let spread = p.number("device_spread");
    for user in &mut blueprint.users {
        let request = source.draw(&mut queries);
        user.payload_bits = request.prompt * p.number("bytes_per_token") * 8.0;
        let slower = own.log_uniform(1.0 / spread, spread);
        user.local_delay_s = slower * devices.draw(&mut own).time_s(small, shares, request);
        let time = reference.time_s(large, shares, request);
        user.edge_time_s = Some(time);
        let planned = match p.text("planner") {
            "mean" => reference.time_s(
                large,
                shares,
                Tokens {
                    answer: mean.answer,
                    ..request
                },
            ),
            _ => time,
        };
        user.edge_work_flop = planned * blueprint.reference_flops;
    }
    let mut capacity = Random::new(blueprint.seed, stream::SERVERS);
    for server in &mut blueprint.servers {
        let class = gpus.draw(&mut own);
        let times = [reference, class].map(|c| c.time_s(large, shares, mean));
        server.user_cap_flops = blueprint.reference_flops * times[0] / times[1];
        server.capacity_flops = server.user_cap_flops
            * p.number("full_speed_places")
            * capacity.uniform(SERVER_FACTOR.0, SERVER_FACTOR.1);
    }
    Ok(())
}

/// Classes with shares.
struct Mix(Vec<(&'static Hardware, f64)>);

impl Mix {
    /// `phone:0.7,laptop:0.3`, or `phone` for one class; shares are scaled to sum to 1.
    fn parse(name: &str, text: &str) -> Result<Self, String> {
        let names = || CLASSES.iter().map(|c| c.name);
        let refuse = |what: String| {
            Err(format!(
                "parameter {name}={text}: {what}; write phone:0.7,laptop:0.3"
            ))
        };
        let mut mix = Vec::new();
        for part in text.split(',') {
            let (class, share) = part.split_once(':').unwrap_or((part, "1"));
            let Some(class) = CLASSES.iter().find(|c| c.name == class.trim()) else {
                let hint = did_you_mean(class, names());
                return refuse(format!(
                    "no class '{class}' among {}.{hint}",
                    names().collect::<Vec<_>>().join(", ")
                ));
            };
            match share.trim().parse::<f64>() {
                Ok(x) if x.is_finite() && x >= 0.0 => mix.push((class, x)),
                _ => return refuse(format!("share '{share}' is not a number from 0")),
            }
        }
        let total: f64 = mix.iter().map(|m| m.1).sum();
        if !(total.is_finite() && total > 0.0) {
            return refuse("the shares sum to 0".into());
        }
        mix.iter_mut().for_each(|m| m.1 /= total);
        Ok(Mix(mix))
    }

    fn draw(&self, random: &mut Random) -> &'static Hardware {
        let mut lot = random.unit();
        for (class, share) in &self.0 {
            lot -= share;
            if lot < 0.0 {
                return class;
            }
        }
        // Rounding may leave a rest of about 1e-16.
        self.0
            .iter()
            .rev()
            .find(|m| m.1 > 0.0)
            .expect("the shares sum to 1")
            .0
    }
}

/// Where token counts come from.
enum TokenSource {
    /// Rows of a trace, drawn with replacement.
    Rows(Vec<Tokens>),
    /// Log-normal prompt and answer, independent.
    LogNormal,
}

/// Medians and standard deviations of the logarithms of tokens, measured on Azure's LLM inference
/// trace of 2023, conversations (Patel et al., *Splitwise*, ISCA 2024, arXiv 2311.18677, give the
/// same medians); prompt and answer correlate by 0.09 only.
const LOG_NORMAL: [(f64, f64); 2] = [(1020.0, 0.985), (129.0, 0.859)];

impl TokenSource {
    fn new(p: &Parameters, seed: u64) -> Result<Self, String> {
        let path = p.text("requests");
        if path.is_empty() {
            return Ok(TokenSource::LogNormal);
        }
        let columns = [p.text("prompt_column"), p.text("answer_column")];
        let mut kept = Reservoir::new(MOST_KEPT, Random::new(seed, stream::ROWS));
        let input = rows::open(Path::new(path))?;
        let scanned = rows::scan(input, &columns, &mut |_, fields| {
            let prompt = number(
                columns[0],
                fields[0],
                |x| x > 0.0,
                "give a number of tokens above 0",
            )?;
            let answer = number(
                columns[1],
                fields[1],
                |x| x >= 0.0,
                "give a number of tokens from 0",
            )?;
            kept.offer(Tokens { prompt, answer });
            Ok(())
        });
        scanned.map_err(|e| {
            let hint = if e.starts_with("line 1: no column") {
                " Name the columns with the parameters prompt_column and answer_column."
            } else {
                ""
            };
            format!("{path}: not a valid request trace: {e}{hint}")
        })?;
        Ok(TokenSource::Rows(kept.into_items()))
    }

    fn draw(&mut self, random: &mut Random) -> Tokens {
        match self {
            TokenSource::Rows(rows) => rows[random.below(rows.len())],
            TokenSource::LogNormal => {
                let mut tokens = |(median, deviation): (f64, f64)| {
                    (median * libm::exp(deviation * random.normal()))
                        .round()
                        .max(1.0)
                };
                Tokens {
                    prompt: tokens(LOG_NORMAL[0]),
                    answer: tokens(LOG_NORMAL[1]),
                }
            }
        }
    }

    /// The mean token counts.
    fn mean(&self) -> Tokens {
        match self {
            TokenSource::Rows(rows) => {
                let mean = |value: fn(&Tokens) -> f64| {
                    rows.iter().map(value).sum::<f64>() / rows.len() as f64
                };
                Tokens {
                    prompt: mean(|r| r.prompt),
                    answer: mean(|r| r.answer),
                }
            }
            TokenSource::LogNormal => {
                let [prompt, answer] = LOG_NORMAL
                    .map(|(median, deviation)| median * libm::exp(0.5 * deviation * deviation));
                Tokens { prompt, answer }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::{find, generate};
    use std::collections::BTreeMap;

    fn draw(users: usize, set: &[(&str, &str)]) -> Result<Instance, String> {
        let parameters: BTreeMap<String, String> = set
            .iter()
            .map(|(k, v)| ((*k).into(), (*v).into()))
            .collect();
        generate(
            find("requests").unwrap().as_ref(),
            &Spec {
                users,
                servers: 3,
                seed: 2,
                parameters,
            },
        )
    }

    /// By hand: 1,000 prompt tokens on the phone 1000 x 2e9 / 3.6e12 = 0.55556 s, 100 answer tokens
    /// 100 x 0.5625e9 / (0.8 x 76.8e9) = 0.915527 s; on the A100 with 8e9 weights 1000 x 16e9 /
    /// 156e12 = 0.102564 s and 100 x 16e9 / (0.8 x 2039e9) = 0.980873 s.
    #[test]
    fn times_are_linear_in_tokens() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.csv").display().to_string();
        std::fs::write(
            &path,
            "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.6805900,1000,100\n",
        )
        .unwrap();
        let file = [
            ("requests", path.as_str()),
            ("devices", "phone"),
            ("device_spread", "1"),
        ];
        let a = draw(2, &file).unwrap();
        let user = &a.users[0];
        assert_eq!(user.payload_bits, 32_000.0);
        assert!(
            (user.local_delay_s - 1.471_083).abs() < 1e-6,
            "{}",
            user.local_delay_s
        );
        assert!(
            (user.edge_time_s.unwrap() - 1.083_437).abs() < 1e-6,
            "{:?}",
            user.edge_time_s
        );
        assert_eq!(a.reference_flops, Some(156e12));
        // At a server of the reference class, alone, the planned time is that of the A100.
        assert!((user.edge_work_flop / a.servers[0].user_cap_flops - 1.083_437).abs() < 1e-6);
        // On an L4: 1000 x 16e9 / 60.5e12 + 100 x 16e9 / 240e9 = 6.931129 s.
        let b = draw(2, &[&file[..], &[("gpus", "l4")]].concat()).unwrap();
        assert!((user.edge_work_flop / b.servers[0].user_cap_flops - 6.931_129).abs() < 1e-5);
        assert_eq!(
            (b.users[0].edge_work_flop, b.users[0].local_delay_s),
            (user.edge_work_flop, user.local_delay_s)
        );
    }

    #[test]
    fn classes_are_mixed_by_their_shares() {
        let shares = |mix: &str| {
            let mix = Mix::parse("devices", mix).unwrap();
            let mut random = Random::new(1, 1);
            (0..4000)
                .filter(|_| mix.draw(&mut random).name == "phone")
                .count()
        };
        assert!((2900..3100).contains(&shares("phone:3,laptop:1")));
        assert_eq!((shares("phone"), shares("phone:0,h100:2")), (4000, 0));
        // Only the answer's length is unknown to a planner that counts with the mean.
        let (known, mean) = (
            draw(40, &[]).unwrap(),
            draw(40, &[("planner", "mean")]).unwrap(),
        );
        assert!(
            known.users.iter().zip(&mean.users).all(
                |(a, b)| a.edge_time_s == b.edge_time_s && a.edge_work_flop != b.edge_work_flop
            )
        );
    }

    #[test]
    fn the_distribution_has_the_medians_of_the_trace() {
        let mut random = Random::new(3, 3);
        let mut tokens: Vec<Tokens> = (0..4001)
            .map(|_| TokenSource::LogNormal.draw(&mut random))
            .collect();
        let mut median = |value: fn(&Tokens) -> f64| {
            tokens.sort_by(|a, b| value(a).total_cmp(&value(b)));
            value(&tokens[2000])
        };
        let (prompt, answer) = (median(|r| r.prompt), median(|r| r.answer));
        assert!(
            (970.0..1070.0).contains(&prompt) && (123.0..135.0).contains(&answer),
            "{prompt} {answer}"
        );
    }

    #[test]
    fn bad_requests_are_refused() {
        assert!(
            draw(3, &[("devices", "fone:1")])
                .unwrap_err()
                .contains("Did you mean 'phone'")
        );
        assert!(
            draw(3, &[("devices", "phone:x")])
                .unwrap_err()
                .contains("'x'")
        );
        assert!(
            draw(3, &[("gpus", "h100:0")])
                .unwrap_err()
                .contains("sum to 0")
        );
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.csv").display().to_string();
        std::fs::write(&path, "a,b\n5,6\n0,1\n5\nx,1\n7,-1\n").unwrap();
        let e = draw(3, &[("requests", &path)]).unwrap_err();
        assert!(
            e.contains("no column 'ContextTokens'") && e.contains("prompt_column"),
            "{e}"
        );
        let e = draw(
            3,
            &[
                ("requests", &path),
                ("prompt_column", "a"),
                ("answer_column", "b"),
            ],
        )
        .unwrap_err();
        for line in [
            "line 3: a is 0",
            "line 4: ",
            "line 5: a is 'x'",
            "line 6: b is -1",
        ] {
            assert!(e.contains(line), "{line}: {e}");
        }
    }
}
