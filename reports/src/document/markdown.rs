//! Documents as Markdown.

use super::{Block, Document, Format, Inline, Picture, Prose, Table, Value};
use crate::text::{code, plain};
use std::fmt::Write as _;

pub(crate) fn document(document: &Document) -> String {
    let text = format!("# {}\n\n{}", document.title, blocks(&document.blocks));
    text.trim_end().to_string() + "\n"
}

fn blocks(all: &[Block]) -> String {
    all.iter().map(block).collect()
}

fn block(block: &Block) -> String {
    match block {
        Block::Heading(heading) => format!("## {}\n\n", heading.text),
        Block::Subheading(text) => format!("### {text}\n\n"),
        Block::Paragraph(text) => format!("{}\n\n", prose(text)),
        Block::List(items) => list(items) + "\n",
        Block::Alert(inner) => {
            let inner = blocks(inner);
            let quoted = inner.trim_end().lines().map(|line| format!("> {line}\n"));
            quoted.collect::<String>().replace("> \n", ">\n") + "\n"
        }
        Block::Table(table) => self::table(table),
        Block::Figure(picture) => {
            let caption = escape(picture.figure.caption());
            format!("!{}\n\n{caption}\n\n", link(picture))
        }
        Block::FigureLinks(pictures) if pictures.is_empty() => String::new(),
        Block::FigureLinks(pictures) => {
            let links: Vec<String> = pictures.iter().map(link).collect();
            format!(
                "More figures: {}. Each is also there as numbers (`.csv`) and for papers \
                 (`.tex`).\n\n",
                links.join(" · ")
            )
        }
        // Markdown is not read inside the tag.
        Block::Details(summary, inner) => format!(
            "<details><summary>{}</summary>\n\n{}</details>\n\n",
            crate::escape::xml(summary),
            blocks(inner)
        ),
        Block::Comment(text) => format!("<!-- {text} -->\n\n"),
        Block::Filters(_) => String::new(),
    }
}

fn list(items: &[Prose]) -> String {
    items
        .iter()
        .map(|item| format!("- {}\n", prose(item)))
        .collect()
}

fn link(picture: &Picture) -> String {
    let title = escape(picture.figure.title());
    format!("[{title}]({}.svg)", picture.path)
}

/// Running text as Markdown.
#[must_use]
pub fn prose(prose: &Prose) -> String {
    prose.0.iter().map(inline).collect()
}

fn inline(inline: &Inline) -> String {
    match inline {
        Inline::Text(text) => escape(text),
        Inline::Code(id) if id.is_empty() => "` `".into(),
        Inline::Code(id) => format!("`{}`", id.replace('`', "'")),
        Inline::Strong(inner) => format!("**{}**", prose(inner)),
        Inline::Emphasis(term) => format!("*{}*", escape(term)),
    }
}

/// Text in which nothing is markup.
fn escape(text: &str) -> String {
    let mut out = String::new();
    let mut before = None;
    let text = plain(text);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let next = letters.peek().copied();
        let is_letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let is_markup = match letter {
            '*' | '`' => true,
            '\\' => next.is_none_or(|n| n.is_ascii_punctuation()),
            // Within a word it is none.
            '_' => !(is_letter(before) && is_letter(next)),
            '~' => before == Some('~') || next == Some('~'),
            // The end of a link's text.
            ']' => next.is_some_and(|n| "([:".contains(n)),
            _ => false,
        };
        match letter {
            // A lesser-than sign opens a tag only before these. More text may follow this one.
            '<' if next.is_none_or(|n| n.is_alphabetic() || "/!?".contains(n)) => out += "&lt;",
            '&' if next.is_some_and(|n| n.is_alphanumeric() || n == '#') => out += "&amp;",
            _ if is_markup => out.extend(['\\', letter]),
            _ => out.push(letter),
        }
        before = Some(letter);
    }
    out
}

fn cell(value: &Value) -> String {
    match value {
        Value::Code(id) if !id.is_empty() => code(id),
        Value::Words(words) => prose(words).replace('|', "\\|"),
        other => escape(&other.text()).replace('|', "\\|"),
    }
}

/// A table, each section as one of its own, and the caption below.
pub(crate) fn table(table: &Table) -> String {
    let places = table.places(Format::Markdown);
    let mut out = String::new();
    for section in &table.sections {
        if !section.title.is_empty() {
            let _ = write!(out, "{}:\n\n", escape(&section.title));
        }
        let heads: Vec<String> = places
            .iter()
            .map(|&k| escape(table.heads[k].text(Format::Markdown)).replace('|', "\\|"))
            .collect();
        let sides: Vec<&str> = places
            .iter()
            .map(|&k| if table.is_words(k) { "---" } else { "--:" })
            .collect();
        let _ = writeln!(out, "| {} |\n|{}|", heads.join(" | "), sides.join("|"));
        for row in &section.rows {
            let cells: Vec<String> = places.iter().map(|&k| cell(&row[k])).collect();
            let _ = writeln!(out, "| {} |", cells.join(" | "));
        }
        out.push('\n');
    }
    if table.is_empty() {
        out += "No rows.\n\n";
    }
    if !table.caption.is_empty() {
        let _ = write!(out, "{}\n\n", prose(&table.caption));
    }
    out
}
