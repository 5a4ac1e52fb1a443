//! Reading certificates: every fault listed with its place, and no panic on any input.

mod common;

use common::{Case, Lcg};
use flate2::{Compression, write::GzEncoder};
use offload_verify::{
    Certificate, CertificateError, LoadRange, Node, Trust, parse_certificate, read_certificate,
    verify_certificate,
};
use serde_json::{Value, json};
use std::io::Write;

fn case() -> Case {
    let mut rng = Lcg(11);
    let instance = common::instance(&mut rng, 3, 2);
    Case {
        instance,
        threshold: 0.9,
        weights: offload_instances::types::Weights::Uncertainty,
    }
}

fn sample(case: &Case) -> Value {
    let (value, plan) = case.best().unwrap();
    json!({
        "format": "offload-certificate/1", "instance": "tiny",
        "fingerprint": offload_instances::fingerprint(&case.instance),
        "threshold": case.threshold, "weights": "uncertainty", "solver": "bnb", "assignment": plan, "objective": value,
        "lower_bound": -5.0, "trust": "certified",
        "multipliers": [
            {"users": [0.02, 0.01, 0.0], "interference": [1200.0, 0]},
            {"users": [0, 0, 0], "interference": [0, 0]}
        ],
        "tree": [
            {"tighten": 0, "loads": [[0, 0, 2]], "remove": [[2, 1], [2, null]]},
            {"interference": 0, "at": 1.5e-9}, {"leaf": 0},
            {"load": 1, "at": 4}, {"leaf": 1}, {"user": 2, "to": 1}, {"leaf": 0}, {"leaf": 1}
        ]
    })
}

fn parse(value: &Value) -> Result<(Certificate, Vec<String>), CertificateError> {
    parse_certificate("c.json", value.to_string().as_bytes())
}

/// The faults as `code place` lines.
fn faults(value: &Value) -> Vec<String> {
    match parse(value) {
        Err(CertificateError::Invalid { faults, .. }) => faults
            .iter()
            .map(|f| format!("{} {}", f.code, f.place))
            .collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_whole_certificate_is_read_and_checked() {
    let case = case();
    let (certificate, warnings) = parse(&sample(&case)).unwrap();
    assert!(warnings.is_empty());
    assert_eq!(certificate.trust, Trust::Certified);
    assert_eq!(certificate.multipliers[0].interference, [1200.0, 0.0]);
    let remove = vec![(2, Some(1)), (2, None)];
    assert_eq!(
        certificate.tree[0],
        Node::Tighten {
            multipliers: 0,
            loads: vec![LoadRange {
                server: 0,
                lo: 0,
                hi: 2,
            }],
            remove
        }
    );
    assert_eq!(
        certificate.tree[1],
        Node::Interference {
            server: 0,
            at: 1.5e-9
        }
    );
    let check = verify_certificate(&case.instance, &certificate);
    assert!(check.is_certified(), "{:?}", check.faults);
    assert_eq!((check.leaves, check.assumed, check.tightened), (4, 0, 1));
}

#[test]
fn plain_and_compressed_files_are_read_alike() {
    let folder = tempfile::tempdir().unwrap();
    let text = sample(&case()).to_string();
    let (plain, packed) = (
        folder.path().join("c.json"),
        folder.path().join("c.json.gz"),
    );
    std::fs::write(&plain, &text).unwrap();
    let mut encoder = GzEncoder::new(std::fs::File::create(&packed).unwrap(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap();
    assert_eq!(
        read_certificate(&plain).unwrap(),
        read_certificate(&packed).unwrap()
    );
    let missing = read_certificate(&folder.path().join("none.json"))
        .unwrap_err()
        .to_string();
    assert!(
        missing.contains("none.json") && missing.contains("check the path"),
        "{missing}"
    );
    std::fs::write(&packed, "not gzip").unwrap();
    assert!(matches!(
        read_certificate(&packed),
        Err(CertificateError::File(_))
    ));
}

#[test]
fn every_fault_is_listed_with_its_place() {
    let mut c = sample(&case());
    c["threshold"] = json!(1.5);
    c["weights"] = json!("none");
    c["trust"] = json!("refused");
    c["assignment"][1] = json!(-1);
    c["objective"] = json!("2");
    c.as_object_mut().unwrap().remove("lower_bound");
    c["multipliers"][0]["users"][1] = json!([]);
    c["multipliers"][1] = json!(7);
    c["tree"][0]["remove"][1] = json!([2, 1.5]);
    c["tree"][1] = json!({"interference": -1});
    c["tree"][2] = json!({"leaf": 0, "at": 3});
    c["tree"][3] = json!({"load": 1, "user": 2});
    c["tree"][4] = json!({});
    c["tree"][5] = json!(null);
    let expected = [
        "value threshold",
        "value weights",
        "value trust",
        "value objective",
        "missing lower_bound",
        "value assignment[1]",
        "value multipliers[0].users[1]",
        "value multipliers[1]",
        "value tree[0].remove[1]",
        "value tree[1].interference",
        "missing tree[1].at",
        "value tree[2].at",
        "value tree[3]",
        "value tree[4]",
        "value tree[5]",
    ];
    assert_eq!(faults(&c), expected);
}

#[test]
fn shapes_that_need_no_instance_are_checked() {
    let good = sample(&case());
    let mut c = good.clone();
    c["tree"].as_array_mut().unwrap().pop();
    assert_eq!(faults(&c), ["tree tree"]);
    c["tree"] = json!([]);
    assert_eq!(faults(&c), ["tree tree"]);
    let mut c = good.clone();
    c["tree"].as_array_mut().unwrap().push(json!({"leaf": 2}));
    assert_eq!(faults(&c), ["tree tree[8]", "multipliers tree[8]"]);
    let mut c = good.clone();
    c["format"] = json!("offload-certificate/2");
    assert_eq!(faults(&c), ["value format"]);
    assert_eq!(faults(&json!([1, 2])), ["value the file"]);
    assert_eq!(faults(&json!({})), ["missing format"]);
}

#[test]
fn doubled_and_unknown_keys_are_noticed() {
    let text = sample(&case()).to_string();
    let doubled = text.replacen("\"objective\"", "\"trust\":\"solver\",\"objective\"", 1);
    let error = parse_certificate("c.json", doubled.as_bytes())
        .unwrap_err()
        .to_string();
    assert!(error.contains("trust: is given twice"), "{error}");
    let odd = text
        .replacen("\"leaf\"", "\"colour\":{\"a\":[1]},\"leaf\"", 1)
        .replacen('{', "{\"note\":[],", 1);
    let (_, warnings) = parse_certificate("c.json", odd.as_bytes()).unwrap();
    assert_eq!(
        warnings,
        [
            "note: unknown field, ignored.",
            "tree[2].colour: unknown field, ignored."
        ]
    );
}

#[test]
fn broken_json_names_the_line_and_the_remedy() {
    let error = |text: &str| {
        parse_certificate("c.json", text.as_bytes())
            .unwrap_err()
            .to_string()
    };
    assert!(error(" ").contains("empty"));
    assert!(error("{\"format\": ").contains("cut off"));
    let text = sample(&case()).to_string();
    assert!(error(&text.replacen("-5.0", "-1e999", 1)).contains("finite"));
    assert!(error(&text.replacen("-5.0", "NaN", 1)).contains("line 1"));
    assert!(parse_certificate("c", "[".repeat(100_000).as_bytes()).is_err());
    assert!(
        parse_certificate(
            "c",
            &[b"{\"format\": \"", &[0xff, 0xfe][..], b"\"}"].concat()
        )
        .is_err()
    );
}

#[test]
fn sizes_are_limited_before_memory_is_used() {
    let text = sample(&case()).to_string();
    let (before, _) = text.split_once("\"tree\":[").unwrap();
    let nodes = "{\"leaf\":0},".repeat((1 << 21) + 1);
    let long = format!("{before}\"tree\":[{}]}}", nodes.trim_end_matches(','));
    let error = parse_certificate("c", long.as_bytes()).unwrap_err();
    assert!(error.to_string().contains("2097152"), "{error}");
    // 64 MB of blanks in 64 KB.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.json.gz");
    offload_instances::files::write_bytes(&path, &vec![b' '; 1 << 26]).unwrap();
    assert!(std::fs::metadata(&path).unwrap().len() < 1 << 17);
    let read = offload_instances::files::read_bytes_within(&path, 1 << 20);
    assert!(read.unwrap_err().to_string().contains("more than 1048576"));
}

#[test]
fn a_fingerprint_is_64_digits() {
    let text = sample(&case()).to_string();
    let own = offload_instances::fingerprint(&case().instance);
    for bad in [
        "",
        "ab",
        &own[1..],
        &own.replace('0', "g"),
        "é",
        "../../etc/passwd",
    ] {
        let error = parse_certificate("c", text.replace(&own, bad).as_bytes()).unwrap_err();
        assert!(
            error.to_string().contains("64 hexadecimal digits"),
            "{error}"
        );
    }
}

#[test]
fn no_mutation_makes_it_panic() {
    let case = case();
    let text = sample(&case).to_string().into_bytes();
    let mut rng = Lcg(12);
    let alphabet = b"0123456789-+eE.,:[]{}\"nulltrue \\x";
    let mut parsed = 0;
    for _ in 0..40_000 {
        let mut bytes = text.clone();
        for _ in 0..1 + rng.below(3) {
            let at = rng.below(bytes.len());
            match rng.below(4) {
                0 => bytes[at] = alphabet[rng.below(alphabet.len())],
                1 => bytes[at] = rng.below(256) as u8,
                2 => drop(bytes.remove(at)),
                _ => bytes.insert(at, alphabet[rng.below(alphabet.len())]),
            }
        }
        if let Ok((certificate, _)) = parse_certificate("c.json", &bytes) {
            parsed += 1;
            let check = verify_certificate(&case.instance, &certificate);
            if let (true, Some((best, _))) = (check.faults.is_empty(), case.best()) {
                assert!(check.lower <= best * (1.0 + 1e-12));
            }
        }
    }
    assert!(parsed > 1000, "{parsed}");
}

#[test]
fn numbers_come_back_bit_for_bit() {
    let mut rng = Lcg(13);
    for _ in 0..1000 {
        let x = f64::from_bits(rng.bits() << 16 | rng.bits() >> 32);
        if x.is_finite() {
            let mut c = sample(&case());
            c["multipliers"][0]["users"][0] = json!(x);
            let (certificate, _) = parse(&c).unwrap();
            assert_eq!(certificate.multipliers[0].users[0].to_bits(), x.to_bits());
        }
    }
}
