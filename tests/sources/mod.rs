//! The workspace's own sources, parsed: which file uses which, and which types a file defines.
//!
//! Code under `#[cfg(test)]` does not count. A use of a name counts as a use of the file that
//! defines it, not of the modules that only re-export it. A module that re-exports a name of its
//! own child does not use the child.
#![allow(dead_code)] // each test uses a part of it

use proc_macro2::{TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, UseTree};

/// The workspace's folder.
pub fn workspace() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    root.canonicalize().expect("the workspace is there")
}

/// All Rust files of the workspace, without build output.
pub fn rust_files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![workspace()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a readable folder") {
            let path = entry.expect("a readable entry").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if path.is_dir() && name != "target" && !name.starts_with('.') {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// Parses a file.
pub fn parse(path: &Path) -> syn::File {
    let text = std::fs::read_to_string(path).expect("a readable file");
    syn::parse_file(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Whether an item is compiled for tests only.
pub fn is_test_only(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let words = |tokens: &TokenStream| tokens.to_string();
        match &attribute.meta {
            syn::Meta::Path(path) => path.is_ident("test"),
            syn::Meta::List(list) if list.path.is_ident("cfg") => words(&list.tokens) == "test",
            _ => false,
        }
    })
}

/// The modules of one crate: those that the given roots (`lib.rs`, `main.rs`) declare.
pub struct Modules {
    modules: BTreeMap<Name, Module>,
    library: Option<String>,
}

/// A module's full name: the root file, then the modules down to it.
type Name = Vec<String>;

/// One module; an inline one shares its file with its parent.
#[derive(Default)]
struct Module {
    file: String,
    /// What a name that is imported or re-exported here stands for; `None` = something of another
    /// crate.
    imports: BTreeMap<String, Option<Name>>,
    /// Full names that are used here.
    uses: BTreeSet<Name>,
}

impl Modules {
    /// Reads the crate in `folder`; `library` is its name in `use` declarations of its own binary.
    pub fn read(folder: &Path, library: &str) -> Modules {
        let source = folder.join("src");
        let mut all = Modules {
            modules: BTreeMap::new(),
            library: None,
        };
        for root in ["lib.rs", "main.rs"] {
            if source.join(root).is_file() {
                if root == "lib.rs" {
                    all.library = Some(library.replace('-', "_"));
                }
                all.read_file(&source, root, vec![root.into()]);
            }
        }
        all
    }

    fn read_file(&mut self, source: &Path, file: &str, name: Name) {
        let parsed = parse(&source.join(file));
        self.read_items(source, file, name, &parsed.items);
    }

    fn read_items(&mut self, source: &Path, file: &str, name: Name, items: &[Item]) {
        let mut found = Found::default();
        for item in items.iter().filter(|item| !is_test_only(attributes(item))) {
            match item {
                Item::Mod(module) => {
                    let child = [&name[..], &[module.ident.to_string()]].concat();
                    found.children.insert(module.ident.to_string());
                    match &module.content {
                        Some((_, items)) => self.read_items(source, file, child, items),
                        None => self.read_file(source, &module_file(source, &child), child),
                    }
                }
                Item::Macro(call) if is_automod(&call.mac) => {
                    for file in sibling_modules(source, file) {
                        let child = [&name[..], std::slice::from_ref(&file)].concat();
                        found.children.insert(file);
                        self.read_file(source, &module_file(source, &child), child);
                    }
                }
                item => found.visit_item(item),
            }
        }
        let mut module = Module {
            file: file.into(),
            ..Module::default()
        };
        for path in found.paths {
            let full = self.full_name(&name, &path.words, &found.children);
            if let Some(alias) = path.alias {
                module.imports.insert(alias, full.clone());
            }
            let Some(full) = full else { continue };
            let is_child = full.starts_with(&name) && full.len() > name.len();
            if !(path.is_exported && is_child) {
                module.uses.insert(full);
            }
        }
        self.modules.insert(name, module);
    }

    /// The full name of a path that stands in module `at`; `None` if it leaves the crate.
    fn full_name(&self, at: &Name, words: &[String], children: &BTreeSet<String>) -> Option<Name> {
        let (first, rest) = words.split_first()?;
        let mut full = match first.as_str() {
            "crate" => vec![at[0].clone()],
            "self" => at.clone(),
            "super" => at[..at.len().checked_sub(1).filter(|&n| n > 0)?].to_vec(),
            child if children.contains(child) => [at.clone(), vec![child.into()]].concat(),
            library if Some(library) == self.library.as_deref() => vec!["lib.rs".into()],
            _ => return None,
        };
        for word in rest {
            if word == "super" {
                full.pop();
            } else if word != "self" {
                full.push(word.clone());
            }
        }
        Some(full)
    }

    /// The file that defines what a full name stands for.
    fn file_of(&self, full: &Name, depth: usize) -> Option<&str> {
        // Deeper than any chain of re-exports: a name that is imported in a circle.
        const DEEPEST: usize = 20;
        let mut at: Name = full[..1].to_vec();
        for (k, word) in full.iter().enumerate().skip(1) {
            let child = [&at[..], std::slice::from_ref(word)].concat();
            let module = self.modules.get(&at)?;
            if self.modules.contains_key(&child) {
                at = child;
            } else if let Some(import) = module.imports.get(word).filter(|_| depth < DEEPEST) {
                let target = [&import.clone()?[..], &full[k + 1..]].concat();
                return self.file_of(&target, depth + 1);
            } else {
                return Some(&module.file);
            }
        }
        self.modules.get(&at).map(|module| module.file.as_str())
    }

    /// The files, and the files that each uses.
    pub fn files(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for module in self.modules.values() {
            let edges = graph.entry(module.file.clone()).or_default();
            let used = module.uses.iter().filter_map(|name| self.file_of(name, 0));
            edges.extend(used.filter(|&file| file != module.file).map(String::from));
        }
        graph
    }

    /// The modules right below the root, and those that each uses; the roots go by their files'
    /// names.
    pub fn top_level(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (file, used) in self.files() {
            let from = top_level_of(&file);
            let edges = graph.entry(from.clone()).or_default();
            edges.extend(
                used.iter()
                    .map(|f| top_level_of(f))
                    .filter(|to| *to != from),
            );
        }
        graph
    }
}

/// `a/b.rs` and `a.rs` belong to `a`; `lib.rs` and `main.rs` stand for themselves.
fn top_level_of(file: &str) -> String {
    if ["lib.rs", "main.rs"].contains(&file) {
        return file.into();
    }
    let first = file.split('/').next().unwrap_or(file);
    first.trim_end_matches(".rs").into()
}

/// The file of a module, relative to `src`.
fn module_file(source: &Path, name: &Name) -> String {
    let path = name[1..].join("/");
    let plain = format!("{path}.rs");
    if source.join(&plain).is_file() {
        plain
    } else {
        format!("{path}/mod.rs")
    }
}

/// `automod::dir!` declares all files beside a `mod.rs`.
fn is_automod(call: &syn::Macro) -> bool {
    call.path
        .segments
        .first()
        .is_some_and(|s| s.ident == "automod")
}

/// The modules whose files lie beside the file of a `mod.rs`.
fn sibling_modules(source: &Path, file: &str) -> Vec<String> {
    let folder = source.join(file);
    let folder = folder.parent().expect("a file is in a folder");
    let entries = std::fs::read_dir(folder).expect("a readable folder");
    let names = entries.map(|e| e.expect("a readable entry").file_name());
    let mut names: Vec<String> = names
        .filter_map(|name| Some(name.to_str()?.strip_suffix(".rs")?.to_string()))
        .filter(|name| name != "mod")
        .collect();
    names.sort();
    names
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(x) => &x.attrs,
        Item::Enum(x) => &x.attrs,
        Item::Fn(x) => &x.attrs,
        Item::Impl(x) => &x.attrs,
        Item::Macro(x) => &x.attrs,
        Item::Mod(x) => &x.attrs,
        Item::Static(x) => &x.attrs,
        Item::Struct(x) => &x.attrs,
        Item::Trait(x) => &x.attrs,
        Item::Type(x) => &x.attrs,
        Item::Union(x) => &x.attrs,
        Item::Use(x) => &x.attrs,
        _ => &[],
    }
}

/// The paths and child modules found in a module.
#[derive(Default)]
struct Found {
    children: BTreeSet<String>,
    paths: Vec<FoundPath>,
}

struct FoundPath {
    words: Vec<String>,
    /// The name that a `use` declaration makes.
    alias: Option<String>,
    /// Whether it is a `use` declaration that is visible outside the module.
    is_exported: bool,
}

impl Found {
    fn add(&mut self, words: Vec<String>) {
        // A single word is a name in scope; its import is what counts.
        if words.len() > 1 {
            self.paths.push(FoundPath {
                words,
                alias: None,
                is_exported: false,
            });
        }
    }

    fn add_use(&mut self, tree: &UseTree, words: &[String], is_exported: bool) {
        let with = |word: String| [words, &[word]].concat();
        let (words, alias) = match tree {
            UseTree::Path(path) => {
                return self.add_use(&path.tree, &with(path.ident.to_string()), is_exported);
            }
            UseTree::Group(group) => {
                let trees = group.items.iter();
                return trees.for_each(|tree| self.add_use(tree, words, is_exported));
            }
            UseTree::Name(name) if name.ident == "self" => (words.to_vec(), words.last().cloned()),
            UseTree::Name(name) => (with(name.ident.to_string()), Some(name.ident.to_string())),
            UseTree::Rename(name) => (with(name.ident.to_string()), Some(name.rename.to_string())),
            UseTree::Glob(_) => (words.to_vec(), None),
        };
        self.paths.push(FoundPath {
            words,
            alias,
            is_exported,
        });
    }

    /// Paths inside a macro's arguments, which are not parsed: those that start at a known place.
    fn add_tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Punct(mark) if mark.as_char() == ':' => colons += 1,
                TokenTree::Ident(word) if colons == 2 && !path.is_empty() => {
                    path.push(word.to_string());
                    colons = 0;
                }
                other => {
                    self.add(std::mem::take(&mut path));
                    colons = 0;
                    match other {
                        TokenTree::Ident(word) => path.push(word.to_string()),
                        TokenTree::Group(group) => self.add_tokens(group.stream()),
                        TokenTree::Punct(_) | TokenTree::Literal(_) => {}
                    }
                }
            }
        }
        self.add(path);
    }
}

impl<'a> Visit<'a> for Found {
    fn visit_item_use(&mut self, item: &'a syn::ItemUse) {
        let is_exported = !matches!(item.vis, syn::Visibility::Inherited);
        self.add_use(&item.tree, &[], is_exported);
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        self.add(path.segments.iter().map(|s| s.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'a syn::Macro) {
        self.add_tokens(call.tokens.clone());
        visit::visit_macro(self, call);
    }

    fn visit_attribute(&mut self, _: &'a Attribute) {}

    fn visit_item(&mut self, item: &'a Item) {
        if !is_test_only(attributes(item)) {
            visit::visit_item(self, item);
        }
    }
}

/// Circles in a graph, until none is left when the last use of each is taken away.
pub fn circles(mut graph: BTreeMap<String, BTreeSet<String>>) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    while let Some(circle) = circle(&graph) {
        let last = circle.last().expect("a circle has entries");
        graph.get_mut(last).expect("it has uses").remove(&circle[0]);
        found.push(circle);
    }
    found
}

/// A circle in a graph, if there is one: each entry uses the next, the last the first.
fn circle(graph: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    let mut done = BTreeSet::new();
    graph
        .keys()
        .find_map(|start| circle_from(graph, start, &mut Vec::new(), &mut done))
}

fn circle_from(
    graph: &BTreeMap<String, BTreeSet<String>>,
    at: &String,
    path: &mut Vec<String>,
    done: &mut BTreeSet<String>,
) -> Option<Vec<String>> {
    if let Some(k) = path.iter().position(|p| p == at) {
        return Some(path[k..].to_vec());
    }
    if done.contains(at) {
        return None;
    }
    path.push(at.clone());
    let found = graph
        .get(at)
        .into_iter()
        .flatten()
        .find_map(|next| circle_from(graph, next, path, done));
    path.pop();
    done.insert(at.clone());
    found
}
