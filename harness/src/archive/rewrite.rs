//! Texts without local paths: the paths of a configuration become paths inside the archive, and
//! names of local folders are replaced wherever they stand.

use anyhow::{Context, anyhow};
use std::collections::BTreeMap;
use std::path::Path;
use toml_edit::{Array, DocumentMut, Item, TableLike, Value};

/// What replaces a path in an archive.
#[derive(Default)]
pub(super) struct LocalPaths {
    /// Commands of external solvers as ids, and the ids in the archive.
    commands: BTreeMap<String, String>,
    /// Folders and what replaces them, longest first.
    folders: Vec<(String, &'static str)>,
}

impl LocalPaths {
    /// A command has another id in the archive.
    pub fn add_command(&mut self, id: String, new: String) {
        self.commands.insert(id, new);
    }

    /// A folder is called `new` in the archive. The root folder is never replaced.
    pub fn add_folder(&mut self, folder: &Path, new: &'static str) {
        let text = folder.display().to_string();
        let text = text.trim_end_matches(['/', '.']).to_string();
        if folder.is_absolute() && text.len() > 1 {
            self.folders.push((text, new));
            self.folders
                .sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.cmp(b)));
            self.folders.dedup();
        }
    }

    /// A text without local paths.
    pub fn text(&self, text: &str) -> String {
        let mut text = text.to_string();
        for (id, new) in &self.commands {
            text = text.replace(id.as_str(), new);
        }
        for (folder, new) in &self.folders {
            text = replace_folder(&text, folder, new);
        }
        text
    }

    /// A line of JSON without local paths; unchanged bytes if it contains none.
    pub fn json_line(&self, line: &str) -> String {
        let escaped = |text: &str| {
            let quoted = serde_json::Value::from(text).to_string();
            quoted[1..quoted.len() - 1].to_string()
        };
        let mut line = line.to_string();
        for (id, new) in &self.commands {
            line = line.replace(&escaped(id), &escaped(new));
        }
        for (folder, new) in &self.folders {
            line = replace_folder(&line, &escaped(folder), new);
        }
        line
    }

    /// The configuration with sources read from `sources`: for each `[[instances]]`, `None` if it
    /// stays, otherwise the files that replace it.
    ///
    /// # Errors
    /// If the text is not TOML.
    pub fn config(&self, text: &str, sources: &[Option<Vec<String>>]) -> anyhow::Result<String> {
        let mut document: DocumentMut = text.parse().context("the configuration is not TOML")?;
        for (k, files) in sources.iter().enumerate() {
            let Some(files) = files else { continue };
            let table = table_of(&mut document, "instances", k)
                .ok_or_else(|| anyhow!("instances[{k}] is not a table"))?;
            table.clear();
            let list: Array = files.iter().collect();
            table.insert("files", Item::Value(Value::Array(list)));
        }
        let list = document.get_mut("solvers").and_then(Item::as_array_mut);
        for value in list.into_iter().flat_map(Array::iter_mut) {
            self.replace_id(value);
        }
        let mut k = 0;
        while let Some(table) = table_of(&mut document, "solver", k) {
            if let Some(value) = table.get_mut("id").and_then(Item::as_value_mut) {
                self.replace_id(value);
            }
            k += 1;
        }
        Ok(self.text(&document.to_string()))
    }

    fn replace_id(&self, value: &mut Value) {
        let id = value.as_str().map(|text| text.trim().to_string());
        if let Some(new) = id.and_then(|id| self.commands.get(&id)) {
            *value = Value::from(new.as_str()).decorated(
                value.decor().prefix().cloned().unwrap_or_default(),
                value.decor().suffix().cloned().unwrap_or_default(),
            );
        }
    }
}

/// Table `k` of an array of tables, in either of its two notations.
fn table_of<'a>(
    document: &'a mut DocumentMut,
    name: &str,
    k: usize,
) -> Option<&'a mut dyn TableLike> {
    match document.get_mut(name)? {
        Item::ArrayOfTables(tables) => Some(tables.get_mut(k)?),
        Item::Value(Value::Array(list)) => Some(list.get_mut(k)?.as_inline_table_mut()?),
        _ => None,
    }
}

/// Replaces a folder where it stands as a whole path or as the beginning of one.
fn replace_folder(text: &str, folder: &str, new: &str) -> String {
    let is_name = |c: char| c.is_alphanumeric() || "_-.".contains(c);
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(folder) {
        let (before, after) = (&rest[..at], &rest[at + folder.len()..]);
        let previous = before.chars().next_back().or(out.chars().next_back());
        let whole = !previous.is_some_and(|c| is_name(c) || c == '/')
            && !after.chars().next().is_some_and(is_name);
        out.push_str(before);
        out.push_str(if whole { new } else { folder });
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths() -> LocalPaths {
        let mut paths = LocalPaths::default();
        paths.add_command(
            "exec:python3 ../s.py".into(),
            "exec:python3 solvers/s.py".into(),
        );
        paths.add_folder(Path::new("/home/ann"), "~");
        paths.add_folder(Path::new("/home/ann/work/."), ".");
        paths.add_folder(Path::new("/"), "~");
        paths.add_folder(Path::new("relative"), "~");
        paths
    }

    #[test]
    fn folders_are_replaced_as_whole_names() {
        for (text, expected) in [
            ("/home/ann", "~"),
            ("see /home/ann/x, \"/home/ann/work/y\"", "see ~/x, \"./y\""),
            (
                "/home/anna /mnt/home/ann /home/ann-2",
                "/home/anna /mnt/home/ann /home/ann-2",
            ),
            ("/home/ann:/home/ann", "~:~"),
            ("nothing", "nothing"),
        ] {
            assert_eq!(paths().text(text), expected);
        }
        let line = r#"{"solver":"exec:python3 ../s.py","output":"in \"/home/ann/work\""}"#;
        let expected = r#"{"solver":"exec:python3 solvers/s.py","output":"in \".\""}"#;
        assert_eq!(paths().json_line(line), expected);
    }

    #[test]
    fn configurations_keep_their_comments() {
        let text = "# mine\nsolvers = [\"goa\", \" exec:python3 ../s.py\"] # two\n\
            [[solver]]\nid = \"exec:python3 ../s.py\"\nname = \"s\"\n\
            [[instances]]\nfamily = \"paper\"\n\n# files\n[[instances]]\nfiles = [\"/home/ann/a\"]\n";
        let new = paths()
            .config(text, &[None, Some(vec!["certificates/a.json.gz".into()])])
            .unwrap();
        let expected = "# mine\nsolvers = [\"goa\", \"exec:python3 solvers/s.py\"] # two\n\
            [[solver]]\nid = \"exec:python3 solvers/s.py\"\nname = \"s\"\n\
            [[instances]]\nfamily = \"paper\"\n\n# files\n[[instances]]\n\
            files = [\"certificates/a.json.gz\"]\n";
        assert_eq!(new, expected);
        let inline = "instances = [{ family = \"paper\" }, { files = [\"a\"] }]\n";
        let new = paths()
            .config(inline, &[Some(vec!["b".into()]), None])
            .unwrap();
        let table: toml::Table = new.parse().unwrap();
        assert_eq!(table["instances"][0]["files"][0].as_str(), Some("b"));
        assert_eq!(table["instances"][1]["files"][0].as_str(), Some("a"));
    }
}
