//! Extracts the solver of the page that explains how to add one, so that a test can compile it.

use std::path::Path;

/// The page, relative to this crate.
const PAGE: &str = "../docs/src/contribute/add-a-solver.md";

fn main() {
    println!("cargo::rerun-if-changed={PAGE}");
    let page = std::fs::read_to_string(PAGE).unwrap_or_else(|e| panic!("{PAGE}: {e}"));
    let mut blocks = page.split("```rust\n").skip(1);
    let (Some(block), None) = (blocks.next(), blocks.next()) else {
        panic!("{PAGE}: needs one block of Rust code, a whole file");
    };
    let (code, _) = block.split_once("```").expect("the block of code ends");
    // An included file must not have inner documentation.
    let code = code.replace("//!", "//");
    let folder = std::env::var("OUT_DIR").expect("cargo sets it");
    let target = Path::new(&folder).join("documented_solver.rs");
    std::fs::write(target, code).expect("the output folder is writable");
}
