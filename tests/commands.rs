//! The commands `trace record`, `tune` and `simulate` from outside: the built binary, real files,
//! and for `trace record` a server on loopback that replays answers which llama.cpp's server gave
//! (`tests/recorded`). `OFFLOAD_BENCH` names the binary.

use offload_tests::program::{SECRET, bench, good, json, refuse};
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

fn recorded(name: &str) -> String {
    fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("recorded")
            .join(name),
    )
    .unwrap()
}

/// What the stub answers instead of the recorded answers: status, further header lines, body; used
/// from the front.
type Script = Vec<(u16, &'static str, String)>;

/// A request that the stub saw.
#[derive(Clone)]
struct Seen {
    path: String,
    authorised: Option<String>,
    body: Value,
}

/// An HTTP server on loopback that replays recorded answers by prompt. `/small` and `/large` are
/// two models.
struct Stub {
    address: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Stub {
    fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let script = Arc::new(Mutex::new(VecDeque::from(script)));
        let lines = recorded("answers.jsonl");
        let answers: Vec<Value> = lines
            .lines()
            .map(|l| serde_json::from_str(l).unwrap())
            .collect();
        let answers: BTreeMap<String, Value> = answers
            .into_iter()
            .map(|a| (a["prompt"].as_str().unwrap().to_string(), a))
            .collect();
        let (log, answers) = (seen.clone(), Arc::new(answers));
        // The thread ends with the test's process. Each connection has its own thread.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (log, script, answers) = (log.clone(), script.clone(), answers.clone());
                std::thread::spawn(move || {
                    let _ = serve(stream, &log, &script, &answers);
                });
            }
        });
        Stub { address, seen }
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    fn record(&self, options: &str) -> String {
        let at = &self.address;
        format!(
            "trace record --endpoint {at}/small --large-endpoint {at}/large --questions q.csv -o t.csv {options}"
        )
    }
}

fn serve(
    stream: TcpStream,
    log: &Mutex<Vec<Seen>>,
    script: &Mutex<VecDeque<(u16, &'static str, String)>>,
    answers: &BTreeMap<String, Value>,
) -> std::io::Result<()> {
    let mut out = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let path = line.split(' ').nth(1).unwrap_or("").to_string();
        let (mut length, mut authorised) = (0, None);
        loop {
            line.clear();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim().split_once(": ") else {
                break;
            };
            match name.to_lowercase().as_str() {
                "content-length" => length = value.parse().unwrap(),
                "authorization" => authorised = Some(value.to_string()),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let body: Value = serde_json::from_slice(&body).unwrap();
        log.lock().unwrap().push(Seen {
            path: path.clone(),
            authorised,
            body: body.clone(),
        });
        let scripted = script.lock().unwrap().pop_front();
        let (status, header, text) = scripted
            .filter(|s| s.0 != 200)
            .unwrap_or_else(|| answer(&path, &body, answers));
        let head = format!("HTTP/1.1 {status} X\r\n{header}Content-Type: application/json\r\n");
        write!(out, "{head}Content-Length: {}\r\n\r\n{text}", text.len())?;
    }
}

fn answer(
    path: &str,
    body: &Value,
    answers: &BTreeMap<String, Value>,
) -> (u16, &'static str, String) {
    let prompt = body["prompt"]
        .as_str()
        .or_else(|| body["messages"][0]["content"].as_str())
        .unwrap();
    let which = if path.contains("/chat/") {
        "chat"
    } else {
        path.split('/').nth(1).unwrap()
    };
    match answers.get(prompt).and_then(|a| a.get(which)) {
        Some(answer) => (200, "", answer.to_string()),
        None => (
            404,
            "",
            r#"{"error":{"message":"this prompt was not recorded"}}"#.into(),
        ),
    }
}

fn workshop() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("q.csv"), recorded("questions.csv")).unwrap();
    folder
}

/// A trace's cells: [row][column].
fn cells(path: &Path) -> Vec<Vec<String>> {
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .skip(1)
        .map(|l| l.split(',').map(String::from).collect())
        .collect()
}

/// Uncertainty, entropy, perplexity, 1 - p1 and the large model's uncertainty of each recorded
/// answer, from a second implementation of the rules (Python; a dictionary of trimmed lower-case
/// tokens).
const EXPECTED: [[&str; 5]; 6] = [
    ["0.967050", "0.691877", "3.318688", "0.683346", "0.873962"],
    ["0.711924", "0.501025", "2.564230", "0.415524", "0.797560"],
    ["0.538241", "0.647057", "1.938244", "0.418170", "0.953000"],
    ["0.987639", "0.436064", "1.480887", "0.526109", "0.705870"],
    ["0.967281", "0.909590", "2.990435", "0.782543", "0.938376"],
    ["0.987539", "0.951172", "2.906521", "0.820452", "0.930629"],
];

#[test]
fn a_trace_is_recorded_and_makes_instances() {
    let (folder, stub) = (workshop(), Stub::start(Vec::new()));
    let path = folder.path();
    good(
        path,
        &stub.record("--model tiny --key-env TEST_KEY --large-key-env TEST_KEY --in-flight 3"),
    );
    let rows = cells(&path.join("t.csv"));
    let sizes = [166, 175, 198, 160, 174, 164];
    for (k, row) in rows.iter().enumerate() {
        assert_eq!(
            (row[0].as_str(), row[1].as_str()),
            (k.to_string().as_str(), sizes[k].to_string().as_str())
        );
        assert_eq!(
            [&row[4], &row[7], &row[8], &row[9], &row[10]],
            EXPECTED[k].each_ref().map(|s| s),
            "row {k}"
        );
    }
    let right: Vec<(&str, &str)> = rows
        .iter()
        .map(|r| (r[5].as_str(), r[6].as_str()))
        .collect();
    assert_eq!(
        right,
        [
            ("0", "0"),
            ("1", "0"),
            ("1", "1"),
            ("1", "0"),
            ("0", "0"),
            ("0", "0")
        ]
    );
    let seen = stub.seen();
    assert_eq!(seen.len(), 12);
    assert!(
        seen.iter()
            .all(|s| s.path.ends_with("/completions") && s.body["temperature"] == 0)
    );
    assert!(
        seen.iter()
            .all(|s| s.body["logprobs"] == 30 && s.body["max_tokens"] == 5)
    );
    assert!(
        seen.iter()
            .all(|s| s.authorised.as_deref() == Some(&format!("Bearer {SECRET}")))
    );
    assert!(seen.iter().all(
        |s| s.path.starts_with("/small") == (s.body.get("model") == Some(&Value::from("tiny")))
    ));
    for file in ["t.csv", "t.csv.note.json"] {
        assert!(
            !fs::read_to_string(path.join(file))
                .unwrap()
                .contains(SECRET),
            "{file} holds the key"
        );
    }
    good(
        path,
        "generate --family trace --set trace=t.csv --users 5 --servers 2 -o out",
    );
    good(path, &stub.record("--model tiny"));
    assert_eq!(stub.seen().len(), 12, "what is there is not asked again");
}

#[test]
fn recording_goes_on_after_a_stop() {
    let (folder, stub) = (workshop(), Stub::start(Vec::new()));
    let path = folder.path();
    good(path, &stub.record(""));
    let whole = fs::read_to_string(path.join("t.csv")).unwrap();
    let cut: usize = whole.lines().take(3).map(|l| l.len() + 1).sum::<usize>() + 7;
    fs::write(path.join("t.csv"), &whole[..cut]).unwrap();
    let ran = bench(path, &stub.record(""));
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(
        ran.err.contains("incomplete") && ran.out.contains("(4 new)"),
        "{} {}",
        ran.err,
        ran.out
    );
    assert_eq!(stub.seen().len(), 12 + 8);
    assert_eq!(cells(&path.join("t.csv")).len(), 6);
    refuse(
        path,
        "a bad request",
        &stub.record("--keep 5"),
        "started with other candidates, keep",
    );
    refuse(
        path,
        "a bad request",
        &stub.record("--limit 3"),
        "other questions",
    );
}

#[test]
fn passing_faults_are_retried_and_others_are_reported() {
    let busy = |status| {
        (
            status,
            "Retry-After: 0\r\n",
            r#"{"error":{"message":"busy"}}"#.to_string(),
        )
    };
    let stub = Stub::start(vec![
        busy(429),
        busy(503),
        (200, "", String::new()),
        busy(500),
    ]);
    let folder = workshop();
    good(folder.path(), &stub.record(""));
    assert_eq!(stub.seen().len(), 12 + 3);

    let stub = Stub::start((0..4).map(|_| busy(503)).collect());
    let ran = bench(workshop().path(), &stub.record("--retries 3"));
    assert!(
        ran.code == Some(2) && ran.err.contains("busy; tried 4 times"),
        "{}",
        ran.err
    );

    for (status, header, key) in [
        (400, "", "status 400: no "),
        (401, "", "check --key-env"),
        (404, "", "/v1"),
        (307, "Location: /x\r\n", "another address"),
    ] {
        let echo = format!(r#"{{"error":{{"message":"no {SECRET}"}}}}"#);
        let stub = Stub::start(vec![(status, header, echo)]);
        let ran = bench(
            workshop().path(),
            &stub.record("--key-env TEST_KEY --large-key-env TEST_KEY"),
        );
        assert!(
            ran.code == Some(2) && ran.err.contains(key),
            "{status}: {}",
            ran.err
        );
        assert_eq!(stub.seen().len(), 1, "{status} is not tried again");
    }
}

#[test]
fn the_chat_interface_is_asked_too() {
    let (folder, stub) = (workshop(), Stub::start(Vec::new()));
    good(folder.path(), &stub.record("--api chat --candidates 20"));
    let seen = stub.seen();
    assert!(
        seen.iter()
            .all(|s| s.path.ends_with("/chat/completions") && s.body["top_logprobs"] == 20)
    );
    let rows = cells(&folder.path().join("t.csv"));
    assert!(
        rows.len() == 6 && rows.iter().all(|r| r[4] == r[10]),
        "both models gave the same recorded answers"
    );
}

#[test]
fn bad_requests_to_record_are_refused() {
    let folder = workshop();
    let path = folder.path();
    fs::write(path.join("bad.csv"), "question,answer\nq,a\nq, \n").unwrap();
    fs::write(path.join("template.txt"), "no place\n").unwrap();
    let base = "trace record --endpoint http://127.0.0.1:1/v1 --large-endpoint http://127.0.0.1:2/v1 -o t.csv";
    for (options, key) in [
        ("--questions missing.csv", "missing.csv"),
        ("--questions bad.csv", "line 3: the answer is empty"),
        ("--questions q.csv --template template.txt", "{question}"),
        ("--questions q.csv --candidates 1", "--candidates 1"),
        ("--questions q.csv --in-flight 0", "--in-flight 0"),
        ("--questions q.csv --extra-body [1]", "--extra-body"),
        ("--questions q.csv --key-env NOT_SET_ANYWHERE", "not set"),
        (
            "--questions q.csv --key-env sk-very-secret-0123456789",
            "not the key itself",
        ),
        ("--questions t.csv", "given twice"),
        ("--questions q.csv --pause -1", "--pause"),
    ] {
        refuse(path, "a bad request", &format!("{base} {options}"), key);
    }
    for (endpoints, key) in [
        ("--endpoint http://127.0.0.1:1/v1", "--large-endpoint"),
        (
            "--endpoint ftp://x --large-endpoint http://y",
            "--endpoint: give a URL",
        ),
        (
            "--endpoint http://u:p@127.0.0.1/v1 --large-endpoint http://y",
            "must not contain a user, password",
        ),
        (
            "--endpoint http://x --large-endpoint http://y?key=1",
            "must not contain a user, password",
        ),
    ] {
        refuse(
            path,
            "a bad request",
            &format!("trace record --questions q.csv -o t.csv {endpoints}"),
            key,
        );
    }
    fs::write(path.join("other.csv"), "a,b\n1,2\n").unwrap();
    let other = base.replace("t.csv", "other.csv");
    refuse(
        path,
        "a bad request",
        &format!("{other} --questions q.csv"),
        "note that describes its settings",
    );
}

#[test]
fn tuning_reaches_its_target_or_reports_that_it_cannot() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let base =
        "tune --family trace --users 15 --servers 2 --count 12 --steps 10 --solver goa,local-only";
    let ran = bench(path, &format!("{base} --accuracy 30 -o a"));
    assert_eq!(ran.code, Some(1), "local-only cannot reach it: {}", ran.err);
    good(
        path,
        "tune --family trace --users 15 --servers 2 --count 12 --steps 10 --solver goa --accuracy 30 -o b",
    );
    let b = json(&path.join("b/tune.json"));
    assert_eq!(
        (b["format"].as_str(), b["choices"][0]["reached"].as_bool()),
        (Some("offload-tune/1"), Some(true))
    );
    assert_eq!(
        b["tuned_on"].as_array().unwrap().len() + b["held_out"].as_array().unwrap().len(),
        12
    );
    let choice = &b["choices"][0];
    assert!(choice["tuned"]["accuracy_pct"].as_f64().unwrap() >= 30.0);
    let held = &choice["held_out"]["delay_ms"];
    let at = |key: &str| held[key].as_f64().unwrap();
    assert!(at("low") <= at("estimate") && at("estimate") <= at("high") && at("low") < at("high"));
    // No other line of the part that was tuned on reaches the target with less delay.
    let front = fs::read_to_string(path.join("b/front.csv")).unwrap();
    let tuned: Vec<Vec<&str>> = front
        .lines()
        .map(|l| l.split(',').collect())
        .filter(|c: &Vec<&str>| c[3] == "tuned")
        .collect();
    assert_eq!(tuned.len(), 22);
    let number = |text: &str| text.parse::<f64>().unwrap();
    let cheapest = tuned
        .iter()
        .filter(|c| number(c[4]) >= 30.0)
        .map(|c| number(c[5]))
        .fold(f64::INFINITY, f64::min);
    assert_eq!(choice["tuned"]["delay_ms"].as_f64(), Some(cheapest));
    good(
        path,
        "tune --family trace --users 15 --servers 2 --count 12 --steps 10 --solver goa --accuracy 30 --threads 3 -o c",
    );
    for file in ["tune.json", "front.csv", "front.svg"] {
        assert!(
            fs::read(path.join("b").join(file)).unwrap()
                == fs::read(path.join("c").join(file)).unwrap(),
            "{file}"
        );
    }
}

#[test]
fn bad_requests_to_tune_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let made = good(path, "generate --family paper --users 5 --servers 2 -o .");
    fs::rename(path.join(made.trim()), path.join("a.json")).unwrap();
    let mut bare: Value = json(&path.join("a.json"));
    bare["users"]
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .for_each(|u| {
            u.as_object_mut().unwrap().remove("correct_edge");
        });
    fs::write(path.join("bare.json"), bare.to_string()).unwrap();
    for (line, key) in [
        ("tune --solver goa --accuracy 30 -o x", "INSTANCES"),
        (
            "tune a.json --family paper --users 5 --solver goa --accuracy 30 -o x",
            "cannot be used",
        ),
        ("tune a.json --solver goa -o x", "--accuracy"),
        (
            "tune a.json --solver goa --accuracy 30 --delay 3 -o x",
            "cannot be used",
        ),
        (
            "tune a.json --solver goa --accuracy 101 -o x",
            "--accuracy 101",
        ),
        (
            "tune a.json --solver goaa --accuracy 30 -o x",
            "Did you mean 'goa'",
        ),
        (
            "tune a.json --solver goa,goa --accuracy 30 -o x",
            "given twice",
        ),
        (
            "tune a.json --solver goa --delay 3 --held-out 1 -o x",
            "--held-out",
        ),
        (
            "tune a.json --solver goa --delay 3 --steps 0 -o x",
            "--steps 0",
        ),
        (
            "tune a.json a.json --solver goa --delay 3 -o x",
            "given twice",
        ),
        ("tune a.json --solver goa --delay 3 -o a.json", "is a file"),
        (
            "tune missing.json --solver goa --delay 3 -o x",
            "missing.json",
        ),
        (
            "tune bare.json --solver goa --delay 3 -o x",
            "tune needs them all",
        ),
        ("tune --family paper --solver goa --delay 3 -o x", "--users"),
        (
            "tune --family paperr --users 3 --solver goa --delay 3 -o x",
            "Did you mean 'paper'",
        ),
    ] {
        refuse(path, "a bad request", line, key);
    }
}

#[test]
fn a_simulation_is_the_same_for_the_same_seed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let base = "simulate --family trace --users 40 --servers 2 --solver goa,local-only,random-feasible --threshold 0.8 --rate 1000 \
                --slot 0.02 --slots 10 --replications 3 --warmup 2";
    good(path, &format!("{base} --seed 4 -o a"));
    good(path, &format!("{base} --seed 4 --threads 3 -o b"));
    good(path, &format!("{base} --seed 5 -o c"));
    let read = |folder: &str, file: &str| fs::read_to_string(path.join(folder).join(file)).unwrap();
    for file in [
        "simulation.json",
        "summary.csv",
        "slots.csv",
        "simulation.svg",
    ] {
        assert_eq!(read("a", file), read("b", file), "{file}");
        assert_ne!(read("a", file), read("c", file), "{file}");
    }
    let report: Value = serde_json::from_str(&read("a", "simulation.json")).unwrap();
    assert_eq!(report["format"], "offload-simulation/1");
    let local = &report["solvers"][1];
    assert_eq!(local["figures"]["offloaded_pct"]["estimate"], 0.0);
    assert!(
        local["against_first"]["delay_mean_ms"]["low"]
            .as_f64()
            .unwrap()
            > 0.0,
        "at this load the servers are faster"
    );
    // Requests of the slots add up to those of the runs, for every solver the same.
    let requests: u64 = report["requests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r.as_u64().unwrap())
        .sum();
    let slots = read("a", "slots.csv");
    for solver in ["goa", "local-only", "random-feasible"] {
        let lines = slots
            .lines()
            .map(|l| l.split(',').collect::<Vec<_>>())
            .filter(|c| c[0] == solver);
        assert_eq!(
            lines.map(|c| c[4].parse::<u64>().unwrap()).sum::<u64>(),
            requests,
            "{solver}"
        );
    }
}

#[test]
fn times_of_requests_come_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("t.csv"), "at\n10\n10.5\n11\n14\n").unwrap();
    let base = "simulate --family paper --users 5 --servers 2 --solver local-only --threshold 1 --replications 1 --slots 4 --slot 0.5";
    good(
        path,
        &format!("{base} --times t.csv --time-column at --speed 2 -o a"),
    );
    let slots = fs::read_to_string(path.join("a/slots.csv")).unwrap();
    let requests: Vec<&str> = slots
        .lines()
        .skip(1)
        .map(|l| l.split(',').nth(4).unwrap())
        .collect();
    assert_eq!(
        requests,
        ["2", "1", "0", "0"],
        "at 0, 0.25, 0.5 and 2 s, the last after the end"
    );
    fs::write(path.join("bad.csv"), "at\n1\nnoon\n").unwrap();
    for (options, key) in [
        ("--times bad.csv --time-column at", "line 3: 'noon'"),
        ("--times t.csv", "no column 'time_s'"),
        ("--times missing.csv", "missing.csv"),
        ("--times t.csv --rate 3", "cannot be used"),
        ("", "--rate"),
        ("--rate 0", "--rate"),
        ("--rate 1e12", "fit in memory"),
        ("--rate 1 --warmup 4", "--warmup 4"),
        ("--rate 1 --floor 2", "--floor 2"),
        ("--rate 1e-9", "no request arrives"),
        ("--rate 1 --slot -1", "--slot"),
    ] {
        refuse(
            path,
            "a bad request",
            &format!("{base} {options} -o x"),
            key,
        );
    }
}
