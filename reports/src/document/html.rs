//! Documents as one HTML page: nothing is fetched, and scripts only sort, filter and switch to
//! dark.

use super::{Block, Document, Filters, Format, Inline, Picture, Prose, Table, Value};
use crate::escape::xml as escape;
use askama::Template;
use std::fmt::Write as _;

/// The page around a document.
#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    title: &'a str,
    /// HTML of the blocks before the first heading.
    summary: String,
    /// Anchor and name of each section.
    contents: Vec<(&'a str, &'a str)>,
    /// HTML of everything else.
    body: String,
    footer: &'a str,
}

#[derive(Template)]
#[template(path = "filters.html")]
struct FilterForm<'a> {
    filters: &'a Filters,
}

pub(crate) fn document(document: &Document) -> String {
    let is_heading = |block: &Block| matches!(block, Block::Heading(_));
    let first = document.blocks.iter().position(is_heading);
    let (summary, rest) = document.blocks.split_at(first.unwrap_or(0));
    let entry = |block: &Block| match block {
        Block::Heading(heading) => heading.entry,
        _ => None,
    };
    rendered(&Page {
        title: document.title,
        summary: blocks(summary),
        contents: document.blocks.iter().filter_map(entry).collect(),
        body: blocks(rest),
        footer: document.footer,
    })
}

/// Rendering to memory fails only when a value's own formatting does, and text's never does.
fn rendered(template: &impl Template) -> String {
    template.render().unwrap_or_default()
}

fn blocks(all: &[Block]) -> String {
    all.iter().map(block).collect()
}

fn block(block: &Block) -> String {
    match block {
        Block::Heading(heading) => {
            let anchor = heading
                .entry
                .map_or_else(String::new, |e| format!(" id=\"{}\"", e.0));
            format!("<h2{anchor}>{}</h2>\n", escape(heading.text))
        }
        Block::Subheading(text) => format!("<h3>{}</h3>\n", escape(text)),
        Block::Paragraph(text) => format!("<p>{}</p>\n", prose(text)),
        Block::List(items) => {
            let items: String = items
                .iter()
                .map(|item| format!("<li>{}</li>\n", prose(item)))
                .collect();
            format!("<ul>\n{items}</ul>\n")
        }
        Block::Alert(inner) => format!(
            "<div class=\"alarm\" role=\"alert\">\n{}</div>\n",
            blocks(inner)
        ),
        Block::Table(table) => self::table(table),
        Block::Figure(picture) => figure(picture),
        Block::FigureLinks(pictures) => pictures.iter().map(figure).collect(),
        Block::Details(summary, inner) => format!(
            "<details><summary>{}</summary>\n{}</details>\n",
            escape(summary),
            blocks(inner)
        ),
        Block::Comment(text) => format!("<!-- {text} -->\n"),
        Block::Filters(filters) => rendered(&FilterForm { filters }),
    }
}

fn prose(prose: &Prose) -> String {
    prose.0.iter().map(inline).collect()
}

fn inline(inline: &Inline) -> String {
    match inline {
        Inline::Text(text) => escape(text),
        Inline::Code(id) => format!("<code>{}</code>", escape(id)),
        Inline::Strong(inner) => format!("<strong>{}</strong>", prose(inner)),
        Inline::Emphasis(term) => format!("<em>{}</em>", escape(term)),
    }
}

/// A table whose columns can be sorted. Filters act on the tags of its rows.
fn table(table: &Table) -> String {
    if table.is_empty() {
        return "<p>No rows.</p>\n".into();
    }
    let places = table.places(Format::Html);
    let class = |k: usize| {
        if table.is_words(k) {
            " class=\"t\""
        } else {
            ""
        }
    };
    let mut body = String::new();
    for row in table.sections.iter().flat_map(|section| &section.rows) {
        body += "<tr";
        for (head, value) in table
            .heads
            .iter()
            .zip(row)
            .filter(|(h, _)| !h.tag.is_empty())
        {
            let _ = write!(body, " data-{}=\"{}\"", head.tag, escape(&value.text()));
        }
        body.push('>');
        for &k in &places {
            body += &cell(&row[k], class(k));
        }
        body += "</tr>\n";
    }
    let head: String = places
        .iter()
        .map(|&k| {
            format!(
                "<th scope=\"col\"{}><button type=\"button\">{}</button></th>",
                class(k),
                escape(table.heads[k].text(Format::Html))
            )
        })
        .collect();
    let (label, caption) = (escape(&table.caption.plain()), prose(&table.caption));
    format!(
        "<div class=\"wide\" tabindex=\"0\" role=\"region\" \
         aria-label=\"{label}\"><table><caption>{caption}</caption>\n\
         <thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table></div>\n"
    )
}

fn cell(value: &Value, class: &str) -> String {
    if let Value::Words(words) = value {
        return format!(
            "<td{class} style=\"white-space:normal\">{}</td>",
            prose(words)
        );
    }
    let (text, key) = (value.text(), value.sort_key());
    if text == key {
        format!("<td{class}>{}</td>", escape(&text))
    } else {
        format!(
            "<td{class} data-v=\"{}\">{}</td>",
            escape(&key),
            escape(&text)
        )
    }
}

fn figure(picture: &Picture) -> String {
    format!(
        "<figure id=\"{}\">\n{}<figcaption>{} Data: <code>{}.csv</code>.</figcaption>\n</figure>\n",
        picture.figure.name(),
        picture.figure.svg(),
        escape(picture.figure.caption()),
        picture.path
    )
}
