//! Checks that the JSON Schemas in `docs/schema` match the types that the program reads and writes.

use crate::campaign::config::Config;
use crate::gates::Gates;
use offload_reports::{Environment, Record};
use schemars::generate::SchemaSettings;
use std::path::Path;

/// `OFFLOAD_BLESS=1` rewrites them.
#[test]
fn the_schemas_are_up_to_date() {
    // The first two are written by people, who may omit keys with a default. The others are written
    // by the program, which omits nothing.
    let read = || {
        SchemaSettings::draft2020_12()
            .for_deserialize()
            .into_generator()
    };
    let written = || {
        SchemaSettings::draft2020_12()
            .for_serialize()
            .into_generator()
    };
    for (format, schema) in [
        ("offload-config-1", read().into_root_schema_for::<Config>()),
        ("offload-gates-1", read().into_root_schema_for::<Gates>()),
        (
            "offload-record-3",
            written().into_root_schema_for::<Record>(),
        ),
        (
            "offload-environment-1",
            written().into_root_schema_for::<Environment>(),
        ),
    ] {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../docs/schema/{format}.json"));
        let schema = schema.to_value();
        if std::env::var_os("OFFLOAD_BLESS").is_some() {
            let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
            std::fs::write(&path, text).unwrap();
        }
        let published: serde_json::Value =
            serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(
            published,
            schema,
            "{}: run this test with OFFLOAD_BLESS=1",
            path.display()
        );
    }
}
