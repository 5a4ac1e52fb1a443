//! Forged campaigns: `verify` refuses each, or every claim that it re-checked is true. The named
//! attacks come first, then 2,000 random forgeries.
#![cfg(unix)]

use offload_bench::campaign::proof::{Proof, ProofOptions, prove};
use offload_instances::evaluate::evaluate;
use offload_instances::random::Random;
use offload_instances::{Instance, Problem, StoredPlan, Weights, fingerprint};
use offload_solvers::{Budget, find, solve};
use offload_tests::program::{ends, good, records};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

/// Instances small enough to be enumerated, one threshold at which all users are mandatory, and
/// some problems without a feasible plan.
const CONFIG: &str = r#"format = "offload-config/1"
thresholds = [0.0, 0.6, 1.0]
weights = ["uncertainty", "uniform"]
solvers = ["local-only", "random", "dmin", "goa", "local-search", "enumerate", "bnb"]
certificates = true
threads = 2
[[instances]]
family = "paper"
users = [4, 5]
servers = [2]
seeds = [1, 2]
parameters = { interference = [true, false] }
[[instances]]
family = "tight"
users = [5]
servers = [2]
seeds = [1, 2]
"#;

/// Relative tolerance of the independent re-evaluation.
const ROUNDING: f64 = 1e-8;

/// A folder with the campaign `out`.
fn campaign(config: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("c.toml"), config).unwrap();
    good(folder.path(), "run c.toml -o out --quiet");
    folder
}

fn write(folder: &Path, records: &[Value]) {
    let lines: Vec<String> = records.iter().map(|r| format!("{r}\n")).collect();
    fs::write(folder.join("records.jsonl"), lines.concat()).unwrap();
}

/// Changes the records of `out`.
fn change(folder: &Path, change: impl Fn(&mut Value)) {
    let out = folder.join("out");
    let mut all = records(&out);
    all.iter_mut().for_each(change);
    write(&out, &all);
}

fn scale(record: &mut Value, field: &str, factor: f64) {
    if let Some(x) = record[field].as_f64() {
        record[field] = json!(x * factor);
    }
}

/// The file name of a record's certificate, as the record implies it.
fn certificate_of(r: &Value) -> String {
    format!(
        "{}-t{}-{}-{}-r{}.certificate.json.gz",
        &r["fingerprint"].as_str().unwrap()[..16],
        r["threshold"].as_f64().unwrap(),
        r["weights"].as_str().unwrap(),
        r["solver"].as_str().unwrap(),
        r["seed"]
    )
}

/// Proves a campaign in this process; an error is what `verify` ends with as exit code 2.
fn proved(folder: &Path, rerun: Option<f64>) -> Result<Proof, String> {
    prove(folder, ProofOptions { rerun }).map_err(|e| format!("{e:#}"))
}

#[test]
fn an_honest_campaign_is_proved_whole() {
    let folder = campaign(CONFIG);
    let text = good(folder.path(), "verify out --strict --rerun");
    assert!(text.contains("420 of 420 rows re-checked"), "{text}");
    assert!(text.contains("Nothing is refuted."), "{text}");
    let value: Value = serde_json::from_str(&good(folder.path(), "verify out --json")).unwrap();
    assert_eq!(value["rechecked"], 420, "{value}");
    assert_eq!(value["holds"], true);
}

#[test]
fn a_certificate_of_another_threshold_is_refused() {
    let folder = campaign(CONFIG);
    let out = folder.path().join("out");
    let mut all = records(&out);
    let find = |all: &[Value], threshold: f64| {
        all.iter()
            .position(|r| {
                r["solver"] == "bnb"
                    && r["threshold"] == threshold
                    && r["trust"] == "certified"
                    && r["fingerprint"] == all[0]["fingerprint"]
                    && r["weights"] == "uniform"
            })
            .unwrap()
    };
    let (strict, free) = (find(&all, 0.0), find(&all, 1.0));
    let of = |k: usize, all: &[Value]| out.join("certificates").join(certificate_of(&all[k]));
    fs::copy(of(strict, &all), of(free, &all)).unwrap();
    for field in ["lower_bound", "objective", "assignment"] {
        all[free][field] = all[strict][field].clone();
    }
    write(&out, &all);
    let text = ends(folder.path(), "verify out", 1, "is for another problem");
    assert!(text.contains("threshold"), "{text}");
}

#[test]
fn forged_infeasibility_is_refused() {
    let folder = campaign(CONFIG);
    let out = folder.path().join("out");
    let mut all = records(&out);
    let feasible = all
        .iter_mut()
        .filter(|r| r["solver"] == "goa" || r["solver"] == "dmin");
    let mut forged = 0;
    for r in feasible.filter(|r| r["status"] == "feasible").take(50) {
        for field in ["objective", "offloaded", "realised", "assignment"] {
            r[field] = Value::Null;
        }
        (r["violations"], r["mandatory_local"]) = (json!(0), json!(0));
        r["status"] = json!("infeasible");
        forged += 1;
    }
    assert_eq!(forged, 50);
    write(&out, &all);
    let proof = proved(&out, None).unwrap();
    assert_eq!(proof.findings.refutations.len(), 50);
    ends(folder.path(), "report out", 1, "");
}

#[test]
fn objectives_that_are_not_the_plans_are_refused() {
    let folder = campaign(CONFIG);
    let out = folder.path().join("out");
    let honest = records(&out);
    let plans = honest.iter().filter(|r| !r["objective"].is_null()).count();
    change(folder.path(), |r| scale(r, "objective", 1.001));
    let proof = proved(&out, None).unwrap();
    assert_eq!(
        proof
            .findings
            .tallies
            .values()
            .map(|t| t.refuted)
            .sum::<usize>(),
        plans
    );
    // Every plan is called optimal.
    let mut optima: HashMap<String, Value> = HashMap::new();
    let problem = |r: &Value| format!("{}{}{}", r["fingerprint"], r["threshold"], r["weights"]);
    for r in honest.iter().filter(|r| r["solver"] == "enumerate") {
        optima.insert(problem(r), r["objective"].clone());
    }
    let mut all = honest.clone();
    for r in all.iter_mut().filter(|r| !r["objective"].is_null()) {
        r["objective"] = optima[&problem(r)].clone();
    }
    write(&out, &all);
    ends(folder.path(), "verify out", 1, "`objective` is");
    good(folder.path(), "report out");
    ends(folder.path(), "report out --verify", 1, "REFUTED");
}

#[test]
fn missing_certificates_are_noticed_and_made_again() {
    let folder = campaign(CONFIG);
    let out = folder.path().join("out");
    let remove = |folder: &Path| {
        for entry in fs::read_dir(folder.join("certificates")).unwrap() {
            let path = entry.unwrap().path();
            if path.to_string_lossy().contains(".certificate.") {
                fs::remove_file(path).unwrap();
            }
        }
    };
    remove(&out);
    ends(folder.path(), "verify out", 1, "is missing");
    ends(
        folder.path(),
        "run c.toml -o out --quiet",
        0,
        "lack their certificate",
    );
    good(folder.path(), "verify out --strict");
    // Nothing is left to do.
    ends(
        folder.path(),
        "run c.toml -o out --quiet",
        0,
        "0 new records",
    );
    good(folder.path(), "run c.toml --shard 1/2 -o s1 --quiet");
    good(folder.path(), "run c.toml --shard 2/2 -o s2 --quiet");
    remove(&folder.path().join("s1"));
    ends(
        folder.path(),
        "merge s1 s2 -o all",
        1,
        "certificates that records promise",
    );
}

#[test]
fn certificates_asked_for_later_are_made() {
    let folder = campaign(&CONFIG.replace("certificates = true\n", ""));
    let text = good(folder.path(), "verify out --strict");
    assert!(text.contains("420 of 420"), "{text}");
    fs::write(folder.path().join("c.toml"), CONFIG).unwrap();
    ends(
        folder.path(),
        "run c.toml -o out --quiet",
        0,
        "60 rows solved again",
    );
    let proof = proved(&folder.path().join("out"), None).unwrap();
    assert!(proof.is_complete(), "{:?}", proof.findings.refutations);
    let all = records(&folder.path().join("out"));
    let certified = all.iter().filter(|r| r["trust"] == "certified").count();
    assert!(certified > 40, "{certified}");
    ends(
        folder.path(),
        "run c.toml -o out --quiet",
        0,
        "0 new records",
    );
}

/// The configuration of two files.
const FILES: &str = r#"format = "offload-config/1"
thresholds = [0.6]
solvers = ["goa"]
[[instances]]
files = ["*.json"]
"#;

#[test]
fn equal_instances_from_two_files_count_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    good(
        path,
        "generate --family paper --users 5 --servers 2 --seed 1 -o .",
    );
    fs::copy(path.join("paper-n5-m2-s1.json"), path.join("copy.json")).unwrap();
    fs::write(path.join("c.toml"), FILES).unwrap();
    good(path, "run c.toml -o out --quiet");
    let gates = "format = \"offload-gates/1\"\n[[gate]]\nname = \"g\"\nmax_failures = 0\n\
                 min_share_rechecked = 1\nmax_refuted = 0\n";
    fs::write(path.join("g.toml"), gates).unwrap();
    ends(path, "check out --gates g.toml", 2, "give --verify");
    good(path, "check out --gates g.toml --verify");
    good(path, "verify out --strict");
    let text = good(path, "report out --verify");
    assert!(text.contains("1 of 1 rows"), "{text}");
    let text = good(path, "report out");
    assert!(text.contains("Nothing was re-checked"), "{text}");
    // The re-check decides.
    change(path, |r| scale(r, "objective", 1.001));
    ends(path, "check out --gates g.toml --verify", 1, "refuted");
}

#[test]
fn plans_are_kept_as_asked_and_taken_out() {
    for (kept, plans) in [("all", 360), ("best", 60), ("none", 0)] {
        let folder = campaign(&CONFIG.replace("threads", &format!("plans = \"{kept}\"\nthreads")));
        let out = folder.path().join("out");
        let stored = records(&out)
            .iter()
            .filter(|r| !r["assignment"].is_null())
            .count();
        assert!(
            if kept == "best" {
                (plans..360).contains(&stored)
            } else {
                stored >= plans
            },
            "{kept}: {stored}"
        );
        assert_eq!(kept == "none", stored == 0);
        good(folder.path(), "verify out");
        let strict = if kept == "all" { 0 } else { 1 };
        ends(
            folder.path(),
            "verify out --strict",
            strict,
            "rows re-checked",
        );
    }
    let folder = campaign(CONFIG);
    let row = "evaluate out --instance-name paper-n5-m2-s1 --threshold 0.6";
    ends(folder.path(), row, 2, "rows fit; choose one");
    let one = format!("{row} --weights uniform --solver goa --json");
    let value: Value = serde_json::from_str(&good(folder.path(), &one)).unwrap();
    let all = records(&folder.path().join("out"));
    let record = all
        .iter()
        .find(|r| {
            r["instance"] == "paper-n5-m2-s1"
                && r["threshold"] == 0.6
                && r["weights"] == "uniform"
                && r["solver"] == "goa"
        })
        .unwrap();
    assert_eq!(value["objective"], record["objective"]);
}

/// Copies a campaign, forges its records and folder, and proves the copy.
fn attacked(out: &Path, forge: &dyn Fn(&mut Vec<Value>, &Path)) -> Result<Proof, String> {
    let forged = tempfile::tempdir().unwrap();
    copy_part(out, forged.path(), "");
    let mut all = records(out);
    forge(&mut all, forged.path());
    write(forged.path(), &all);
    proved(forged.path(), Some(0.05))
}

/// The first row of a solver with a plan and a certificate or bound if it makes any.
fn row_of<'a>(all: &'a mut [Value], solver: &str) -> &'a mut Value {
    let fits = |r: &&mut Value| r["solver"] == solver && !r["objective"].is_null();
    all.iter_mut().find(fits).unwrap()
}

/// Asserts that an attack is refuted for a reason with these words.
fn refuted_as(out: &Path, words: &str, forge: &dyn Fn(&mut Vec<Value>, &Path)) {
    let proof = attacked(out, forge).unwrap();
    let refutations = &proof.findings.refutations;
    let is_it = refutations.iter().any(|r| r.why.contains(words));
    assert!(is_it, "{words}: {refutations:?}");
}

/// Asserts that an attack that refutes nothing leaves the campaign incomplete, for this reason.
fn incomplete_as(
    out: &Path,
    reason: &dyn Fn(&Proof) -> bool,
    forge: &dyn Fn(&mut Vec<Value>, &Path),
) {
    let proof = attacked(out, forge).unwrap();
    assert!(proof.holds(), "{:?}", proof.findings.refutations);
    assert!(!proof.is_complete() && reason(&proof), "{proof:?}");
}

/// Changes every line of a folder's environments.
fn environments(folder: &Path, change: &dyn Fn(&mut Value)) {
    let path = folder.join("environments.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let changed = text.lines().map(|line| {
        let mut value: Value = serde_json::from_str(line).unwrap();
        change(&mut value);
        format!("{value}\n")
    });
    fs::write(&path, changed.collect::<String>()).unwrap();
}

#[test]
fn another_fingerprint_hides_nothing() {
    let folder = campaign(CONFIG);
    let out = folder.path().join("out");
    refuted_as(&out, "promised certificate", &|all, folder| {
        for r in all.iter_mut().filter(|r| !r["objective"].is_null()) {
            let print = r["fingerprint"].as_str().unwrap();
            r["fingerprint"] = json!(print.chars().rev().collect::<String>());
            (r["objective"], r["lower_bound"]) = (json!(1.0), json!(1.0));
            (r["status"], r["trust"]) = (json!("optimal"), json!("certified"));
        }
        fs::remove_dir_all(folder.join("certificates")).unwrap();
    });
    refuted_as(&out, "another instance of this name", &|all, _| {
        let r = row_of(all, "goa");
        r["fingerprint"] = json!("0".repeat(64));
    });
    let upper = |r: &mut Value| {
        r["fingerprint"] = json!(r["fingerprint"].as_str().unwrap().to_uppercase());
    };
    refuted_as(&out, "lower-case hexadecimal", &|all, _| {
        upper(row_of(all, "bnb"))
    });
    refuted_as(&out, "lower-case hexadecimal", &|all, _| {
        let mut copy = row_of(all, "bnb").clone();
        upper(&mut copy);
        all.push(copy);
    });
}

#[test]
fn strict_compares_the_rows_that_are_asked_for() {
    let folder = campaign(CONFIG);
    let out = folder.path().join("out");
    let missing = |proof: &Proof| proof.missing.iter().any(|solve| solve.contains("goa"));
    incomplete_as(&out, &missing, &|all, _| {
        // Rows of another seed and of a solver that is not asked for take the place.
        for r in all.iter_mut().filter(|r| r["solver"] == "goa") {
            r["seed"] = json!(9);
        }
    });
    let unknown = |proof: &Proof| !proof.incomplete.is_empty();
    incomplete_as(&out, &unknown, &|all, folder| {
        fs::remove_file(folder.join("environments.jsonl")).unwrap();
        all.truncate(10);
    });
    incomplete_as(&out, &unknown, &|all, folder| {
        fs::write(folder.join("environments.jsonl"), "").unwrap();
        all.truncate(10);
    });
    incomplete_as(&out, &unknown, &|_, folder| {
        environments(folder, &|e| e["config"] = json!("[[["));
    });
    let shards = |proof: &Proof| proof.incomplete.iter().any(|why| why.contains("1/40"));
    incomplete_as(&out, &shards, &|all, folder| {
        environments(folder, &|e| e["shard"] = json!("1/40"));
        all.truncate(20);
    });
    let doubled = |proof: &Proof| proof.doubled == 1;
    incomplete_as(&out, &doubled, &|all, _| all.push(all[0].clone()));
    // All shards together are the whole.
    for k in 1..=3 {
        good(
            folder.path(),
            &format!("run c.toml --shard {k}/3 -o s{k} --quiet"),
        );
    }
    good(folder.path(), "merge s1 s2 s3 -o all");
    good(folder.path(), "verify all --strict");
    ends(
        folder.path(),
        "verify s1 --strict",
        1,
        "holds only these shards",
    );
}

#[test]
fn labels_of_the_configuration_win() {
    let folder = campaign(CONFIG);
    let out = folder.path().join("out");
    refuted_as(&out, "its name, family and seed", &|all, folder| {
        let print = all[0]["fingerprint"].as_str().unwrap().to_string();
        let path = folder.join(format!("certificates/{}.json.gz", &print[..16]));
        let mut instance = offload_instances::read_instance(&path).unwrap();
        instance.name = "campus".into();
        instance.family = "trace".into();
        instance.seed = Some(42);
        // A plain file may have the name of a compressed one.
        fs::write(&path, serde_json::to_vec(&instance).unwrap()).unwrap();
        for r in all.iter_mut().filter(|r| r["fingerprint"] == json!(print)) {
            (r["instance"], r["family"]) = (json!("campus"), json!("trace"));
            r["instance_seed"] = json!(42);
        }
    });
    for generator in ["", "real measured data 1.0", "paper", "paper 1"] {
        refuted_as(&out, "its generator is", &|all, _| {
            row_of(all, "goa")["generator"] = json!(generator);
        });
    }
}

#[test]
fn trajectories_keep_within_what_is_proved() {
    let folder = campaign(CONFIG);
    let out = folder.path().join("out");
    fn moment(time: f64, objective: Value, bound: Value) -> Value {
        json!({"time_s": time, "objective": objective, "bound": bound})
    }
    refuted_as(&out, "incumbent below a proved bound", &|all, _| {
        let r = row_of(all, "goa");
        for field in PLAN_FIELDS {
            r[field] = Value::Null;
        }
        (r["violations"], r["mandatory_local"]) = (json!(0), json!(0));
        r["status"] = json!("timeout");
        r["trajectory"] = json!([moment(0.001, json!(1e-9), Value::Null)]);
    });
    refuted_as(&out, "bound above the row's own", &|all, _| {
        let r = row_of(all, "bnb");
        scale(r, "lower_bound", 0.5);
        (r["status"], r["trust"]) = (json!("feasible"), json!("solver"));
        let bound = r["lower_bound"].as_f64().unwrap() * 1.5;
        r["trajectory"] = json!([moment(0.001, r["objective"].clone(), json!(bound))]);
    });
    refuted_as(&out, "runs backwards", &|all, _| {
        let r = row_of(all, "goa");
        let end = r["objective"].clone();
        r["trajectory"] = json!([
            moment(2.0, end.clone(), Value::Null),
            moment(1.0, end, Value::Null)
        ]);
    });
}

#[test]
fn options_are_those_of_the_configuration() {
    let folder = campaign(CONFIG);
    let out = folder.path().join("out");
    refuted_as(&out, "its option `gap`", &|all, _| {
        let r = row_of(all, "local-only");
        (r["status"], r["trust"]) = (json!("optimal"), json!("solver"));
        r["lower_bound"] = json!(1e-9);
        r["options"]["gap"] = json!(1e9);
    });
    refuted_as(&out, "its option `id`", &|all, _| {
        row_of(all, "goa")["options"]["id"] = json!("bnb");
    });
    // Repeating a solve with a limit that no duration holds.
    let forged = tempfile::tempdir().unwrap();
    copy_part(&out, forged.path(), "");
    let mut all = records(&out);
    all.iter_mut()
        .for_each(|r| r["options"]["time_limit_s"] = json!(1e300));
    write(forged.path(), &all);
    let proof = proved(forged.path(), Some(1.0)).unwrap();
    let refuted = &proof.findings.refutations;
    assert!(refuted.iter().any(|r| r.why.contains("`time_limit_s`")));
}

#[test]
fn impossible_times_are_not_read() {
    let folder = campaign(CONFIG);
    let out = folder.path().join("out");
    for (wall, algorithm) in [(json!(-1.0), Value::Null), (json!(1.0), json!(2.0))] {
        let proof = attacked(&out, &|all, _| {
            let r = row_of(all, "goa");
            (r["wall_time_s"], r["algorithm_time_s"]) = (wall.clone(), algorithm.clone());
        });
        assert!(proof.unwrap_err().contains("_time_s` is"));
    }
}

#[test]
fn recorded_configurations_open_no_pipe_and_make_nothing_large() {
    let folder = campaign(CONFIG);
    let out = folder.path().join("out");
    let pipe = folder.path().join("pipe.json");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let sources = |instances: &str| {
        let head = CONFIG.split("[[instances]]").next().unwrap();
        format!("{head}[[instances]]\n{instances}\n")
    };
    let large = "family = \"paper\"\nusers = [20000000]\nservers = [2]\nseeds = [1, 2]";
    let endless = "family = \"paper\"\nusers = [4]\nseeds = { from = 1, count = 1000000000000 }";
    let files = format!("files = [{:?}]", pipe.display().to_string());
    for instances in [large, endless, &files] {
        let text = sources(instances);
        for shard in ["", "1/2"] {
            let proof = attacked(&out, &|_, folder| {
                environments(folder, &|e| {
                    (e["config"], e["shard"]) = (json!(text), json!(shard));
                });
            });
            let proof = proof.unwrap();
            assert!(
                proof.holds() && !proof.is_complete(),
                "{instances}: {proof:?}"
            );
        }
    }
}

/// What is true of a campaign, computed without the verifier.
struct Truth {
    instances: HashMap<String, Arc<Instance>>,
    /// Optimum by problem; `None` without a feasible plan.
    optima: HashMap<(String, u64, Weights), Option<f64>>,
}

impl Truth {
    fn of(folder: &Path) -> Truth {
        let mut instances = HashMap::new();
        for entry in fs::read_dir(folder.join("certificates")).unwrap() {
            let path = entry.unwrap().path();
            let name = path.to_string_lossy();
            if name.ends_with(".json.gz") && !name.contains(".certificate.") {
                let instance = offload_instances::read_instance(&path).unwrap();
                instances.insert(fingerprint(&instance), Arc::new(instance));
            }
        }
        Truth {
            instances,
            optima: HashMap::new(),
        }
    }

    fn problem(&self, r: &Value) -> Problem {
        let instance = self.instances[r["fingerprint"].as_str().unwrap()].clone();
        let weights = r["weights"].as_str().unwrap().parse().unwrap();
        Problem::new(instance, r["threshold"].as_f64().unwrap(), weights).unwrap()
    }

    fn optimum(&mut self, r: &Value) -> Option<f64> {
        let problem = self.problem(r);
        let key = (
            r["fingerprint"].as_str().unwrap().to_string(),
            problem.threshold().to_bits(),
            problem.weights(),
        );
        let compute = || {
            let enumerate = find("enumerate").unwrap();
            let solved = solve(enumerate.as_ref(), &problem, &Budget::default());
            solved.evaluation.map(|e| e.objective)
        };
        *self.optima.entry(key).or_insert_with(compute)
    }

    /// Asserts that everything a row claims, except a solver's word, is true.
    fn assert_true(&mut self, r: &Value, context: &str) {
        let optimum = self.optimum(r);
        if let Some(bound) = r["lower_bound"].as_f64()
            && r["status"] != "error"
        {
            let most = optimum.unwrap_or(f64::INFINITY);
            assert!(bound <= most * (1.0 + ROUNDING), "{context}: {r}");
        }
        if r["status"] == "infeasible" {
            assert!(optimum.is_none(), "{context}: {r}");
        }
        let Some(objective) = r["objective"].as_f64() else {
            assert!(
                r["status"] != "optimal" && r["status"] != "feasible",
                "{context}: {r}"
            );
            return;
        };
        let problem = self.problem(r);
        let stored: StoredPlan = serde_json::from_value(r["assignment"].clone()).unwrap();
        let plan = stored.assignment(problem.n(), problem.m()).unwrap();
        let real = evaluate(&problem, &plan);
        let near = |x: f64, y: f64| (x - y).abs() <= ROUNDING * y.abs();
        assert!(near(objective, real.objective), "{context}: {r}");
        assert_eq!(r["violations"], real.violations.len(), "{context}: {r}");
        assert_eq!(r["mandatory_local"], real.mandatory_local, "{context}: {r}");
        assert_eq!(r["offloaded"], real.offloaded, "{context}: {r}");
        assert_eq!(
            r["realised"].is_null(),
            real.realised.is_none(),
            "{context}: {r}"
        );
        if let Some(metrics) = real.realised {
            let metrics = serde_json::to_value(metrics).unwrap();
            for (name, value) in metrics.as_object().unwrap() {
                let claim = r["realised"][name].as_f64();
                let same = claim.zip(value.as_f64()).is_none_or(|(a, b)| near(a, b));
                assert!(
                    same && claim.is_some() == value.is_number(),
                    "{context}: {name} {r}"
                );
            }
        }
        if r["status"] == "optimal" {
            let optimum = optimum.unwrap();
            assert!(objective <= optimum * (1.0 + 1.1e-4), "{context}: {r}");
        }
    }
}

/// The kinds of random forgeries.
const KINDS: [&str; 20] = [
    "objective",
    "bound",
    "status",
    "infeasible",
    "plan",
    "threshold",
    "weights",
    "metrics",
    "violations",
    "mandatory",
    "offloaded",
    "swapped certificate",
    "certificate removed",
    "trust",
    "row removed",
    "row doubled",
    "another solver's plan",
    "trajectory",
    "label",
    "sizes",
];

/// Forges the records of one instance in one way. Returns whether something was changed.
fn forge(kind: &str, all: &mut Vec<Value>, folder: &Path, random: &mut Random) -> bool {
    let before = all.clone();
    let k = random.below(all.len());
    match kind {
        "swapped certificate" => return swap_certificates(all, folder, random),
        "certificate removed" => {
            let files = certificates(all, folder);
            fs::remove_file(&files[random.below(files.len())]).unwrap();
            return true;
        }
        "row removed" => drop(all.remove(k)),
        "row doubled" => {
            let mut copy = all[k].clone();
            let field = ["objective", "lower_bound", "time_s"][random.below(3)];
            scale(&mut copy, field, FACTORS[random.below(6)]);
            all.push(copy);
        }
        "another solver's plan" => {
            let j = random.below(all.len());
            let problem = ["fingerprint", "threshold", "weights"];
            let same = problem.iter().all(|f| all[j][f] == all[k][f]);
            if same && all[j]["assignment"].is_string() && all[k]["assignment"].is_string() {
                for field in PLAN_FIELDS {
                    all[k][field] = all[j][field].clone();
                }
            }
        }
        _ => forge_row(kind, &mut all[k], random),
    }
    *all != before
}

/// Factors of a forged number.
const FACTORS: [f64; 6] = [0.5, 0.999, 0.999_999, 1.000_001, 1.001, 2.0];

/// The fields that follow from a plan.
const PLAN_FIELDS: [&str; 6] = [
    "objective",
    "assignment",
    "violations",
    "mandatory_local",
    "offloaded",
    "realised",
];

/// The names of the realised metrics.
const METRICS: [&str; 7] = [
    "delay_total_ms",
    "delay_mean_ms",
    "delay_p95_ms",
    "delay_local_ms",
    "delay_uplink_ms",
    "delay_compute_ms",
    "accuracy_pct",
];

/// Forges one row.
fn forge_row(kind: &str, r: &mut Value, random: &mut Random) {
    let factor = FACTORS[random.below(6)];
    let statuses = ["optimal", "feasible", "infeasible", "timeout", "error"];
    match kind {
        "objective" => scale(r, "objective", factor),
        "bound" => scale(r, "lower_bound", factor),
        "status" => r["status"] = json!(statuses[random.below(5)]),
        "infeasible" => {
            for field in PLAN_FIELDS.into_iter().chain(["lower_bound", "trust"]) {
                r[field] = Value::Null;
            }
            (r["violations"], r["mandatory_local"]) = (json!(0), json!(0));
            (r["status"], r["trajectory"]) = (json!("infeasible"), json!([]));
        }
        "plan" => {
            if let Some(text) = r["assignment"].as_str() {
                let mut plan: Vec<char> = text.chars().collect();
                let i = random.below(plan.len());
                plan[i] = ['0', '1', '2', '3', 'é'][random.below(5)];
                r["assignment"] = json!(plan.into_iter().collect::<String>());
            }
        }
        "threshold" => r["threshold"] = json!([0.0, 0.6, 1.0, 0.3][random.below(4)]),
        "weights" => r["weights"] = json!(["uncertainty", "uniform"][random.below(2)]),
        "metrics" if r["realised"].is_object() => {
            scale(&mut r["realised"], METRICS[random.below(7)], factor);
        }
        "violations" => r["violations"] = json!(random.below(4)),
        "mandatory" => r["mandatory_local"] = json!(random.below(4)),
        "offloaded" => r["offloaded"] = json!(random.below(6)),
        "trust" if !r["trust"].is_null() => {
            r["trust"] = json!(["certified", "enumerated", "solver"][random.below(3)]);
        }
        "trajectory" => {
            let moments = r["trajectory"].as_array().map_or(0, Vec::len);
            if moments > 0 {
                let moment = &mut r["trajectory"][random.below(moments)];
                scale(moment, ["objective", "bound"][random.below(2)], factor);
            }
        }
        "label" => {
            let label = ["instance", "family", "instance_seed"][random.below(3)];
            r[label] = if label == "instance_seed" {
                json!(77)
            } else {
                json!("another")
            };
        }
        "sizes" => match random.below(3) {
            0 => r["users"] = json!(6),
            1 => r["servers"] = json!(3),
            _ => r["interference"] = json!(r["interference"] != true),
        },
        _ => {}
    }
}

/// The certificates of these records that are there.
fn certificates(all: &[Value], folder: &Path) -> Vec<PathBuf> {
    let path = |r: &Value| folder.join("certificates").join(certificate_of(r));
    all.iter().map(path).filter(|path| path.is_file()).collect()
}

/// Puts the certificate of one problem in the place of another's, and its bound into the record.
fn swap_certificates(all: &mut [Value], folder: &Path, random: &mut Random) -> bool {
    let files = certificates(all, folder);
    let (from, to) = (
        &files[random.below(files.len())],
        &files[random.below(files.len())],
    );
    if from == to {
        return false;
    }
    fs::copy(from, to).unwrap();
    let is_of =
        |r: &Value, path: &Path| folder.join("certificates").join(certificate_of(r)) == path;
    let other = all.iter().find(|r| is_of(r, from)).cloned().unwrap();
    let row = all.iter_mut().find(|r| is_of(r, to)).unwrap();
    for field in ["lower_bound", "trust"] {
        row[field] = other[field].clone();
    }
    true
}

#[test]
fn random_forgeries_are_refused_or_harmless() {
    let folder = campaign(CONFIG);
    let out = folder.path().join("out");
    let mut truth = Truth::of(&out);
    let mut by_instance: HashMap<String, Vec<Value>> = HashMap::new();
    for r in records(&out) {
        let name = r["fingerprint"].as_str().unwrap().to_string();
        by_instance.entry(name).or_default().push(r);
    }
    let mut prints: Vec<String> = by_instance.keys().cloned().collect();
    prints.sort();
    let mut random = Random::new(15, 15);
    let mut counts: HashMap<&str, [usize; 2]> = HashMap::new();
    let mut rounds = 0;
    while rounds < 2000 {
        let print = &prints[random.below(prints.len())];
        let kind = KINDS[random.below(KINDS.len())];
        let forged = tempfile::tempdir().unwrap();
        copy_part(&out, forged.path(), &print[..16]);
        let mut all = by_instance[print].clone();
        if !forge(kind, &mut all, forged.path(), &mut random) {
            continue;
        }
        rounds += 1;
        write(forged.path(), &all);
        let rerun = (kind == "another solver's plan").then_some(1.0);
        let proof = proved(forged.path(), rerun);
        let refused = proof.map_or(true, |proof| !proof.holds());
        counts.entry(kind).or_default()[usize::from(refused)] += 1;
        if !refused {
            let context = format!("round {rounds}, {kind}");
            all.iter().for_each(|r| truth.assert_true(r, &context));
        }
    }
    let [harmless, refused] = counts
        .values()
        .fold([0, 0], |a, b| [a[0] + b[0], a[1] + b[1]]);
    assert_eq!(harmless + refused, 2000);
    assert!(refused > 1000 && harmless > 100, "{counts:?}");
    // What is never harmless.
    for kind in [
        "objective",
        "metrics",
        "offloaded",
        "label",
        "sizes",
        "certificate removed",
        "another solver's plan",
    ] {
        assert_eq!(counts[kind][0], 0, "{kind}: {counts:?}");
    }
}

/// Copies a campaign's environments and the certificates of one instance.
fn copy_part(from: &Path, to: &Path, print: &str) {
    fs::copy(
        from.join("environments.jsonl"),
        to.join("environments.jsonl"),
    )
    .unwrap();
    fs::create_dir(to.join("certificates")).unwrap();
    for entry in fs::read_dir(from.join("certificates")).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name().to_string_lossy().starts_with(print) {
            let target = to.join("certificates").join(entry.file_name());
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
