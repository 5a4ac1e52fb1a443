//! The little Markdown that this crate's sentences use (paragraphs, lists, quotes, `code`,
//! **bold**), as HTML and as LaTeX.

use crate::escape::latex;
use crate::escape::xml as escape;

/// A run of text.
enum Run<'a> {
    Plain(&'a str),
    Code(&'a str),
    Bold(&'a str),
}

/// A block of text; a quote's lines are blocks of their own.
enum Block<'a> {
    Paragraph(Vec<&'a str>),
    List(Vec<&'a str>),
    Quote(Vec<&'a str>),
}

fn runs(text: &str) -> Vec<Run<'_>> {
    let (mut all, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        let code = rest.find('`').map(|at| (at, "`"));
        let bold = rest.find("**").map(|at| (at, "**"));
        let first = [code, bold].into_iter().flatten().min();
        let closed =
            first.and_then(|(at, mark)| Some((at, mark, rest[at + mark.len()..].find(mark)?)));
        let Some((at, mark, length)) = closed else {
            break;
        };
        all.push(Run::Plain(&rest[..at]));
        let inner = &rest[at + mark.len()..at + mark.len() + length];
        all.push(if mark == "`" {
            Run::Code(inner)
        } else {
            Run::Bold(inner)
        });
        rest = &rest[at + 2 * mark.len() + length..];
    }
    all.push(Run::Plain(rest));
    all
}

fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut all: Vec<Block> = Vec::new();
    let mut fresh = true;
    for line in text.lines().map(str::trim_end) {
        if line.is_empty() {
            fresh = true;
            continue;
        }
        match (
            line.strip_prefix("- "),
            line.strip_prefix('>'),
            all.last_mut(),
        ) {
            (Some(item), _, Some(Block::List(items))) if !fresh => items.push(item),
            (Some(item), _, _) => all.push(Block::List(vec![item])),
            (_, Some(quote), Some(Block::Quote(lines))) if !fresh => lines.push(quote.trim_start()),
            (_, Some(quote), _) => all.push(Block::Quote(vec![quote.trim_start()])),
            (_, _, Some(Block::Paragraph(lines))) if !fresh => lines.push(line),
            _ => all.push(Block::Paragraph(vec![line])),
        }
        fresh = false;
    }
    all
}

fn inline_html(text: &str) -> String {
    let one = |run: Run| match run {
        Run::Plain(t) => escape(t),
        // In a table's cell Markdown needs the bar escaped, HTML does not.
        Run::Code(t) => format!("<code>{}</code>", escape(&t.replace("\\|", "|"))),
        Run::Bold(t) => format!("<strong>{}</strong>", inline_html(t)),
    };
    runs(text).into_iter().map(one).collect()
}

/// Blocks as HTML.
pub(crate) fn html(text: &str) -> String {
    let one = |block: Block| match block {
        Block::Paragraph(lines) => format!("<p>{}</p>\n", inline_html(&lines.join(" "))),
        Block::List(items) => {
            let items: String = items
                .iter()
                .map(|item| format!("<li>{}</li>\n", inline_html(item)))
                .collect();
            format!("<ul>\n{items}</ul>\n")
        }
        Block::Quote(lines) => {
            let inner = html(&lines.join("\n"));
            format!("<div class=\"alarm\" role=\"alert\">\n{inner}</div>\n")
        }
    };
    blocks(text).into_iter().map(one).collect()
}

fn inline_tex(text: &str) -> String {
    let one = |run: Run| match run {
        Run::Plain(t) => latex(t),
        Run::Code(t) => format!(
            "\\texttt{{{}}}",
            latex(&t.replace("\\|", "|")).replace('-', "{-}")
        ),
        Run::Bold(t) => format!("\\textbf{{{}}}", inline_tex(t)),
    };
    runs(text).into_iter().map(one).collect()
}

/// Blocks as LaTeX.
pub(crate) fn tex(text: &str) -> String {
    let one = |block: Block| match block {
        Block::Paragraph(lines) => format!("{}\n\n", inline_tex(&lines.join(" "))),
        Block::List(items) => {
            let items: String = items
                .iter()
                .map(|item| format!("  \\item {}\n", inline_tex(item)))
                .collect();
            format!("\\begin{{itemize}}\n{items}\\end{{itemize}}\n\n")
        }
        Block::Quote(lines) => format!(
            "\\begin{{quote}}\n{}\\end{{quote}}\n\n",
            tex(&lines.join("\n"))
        ),
    };
    blocks(text).into_iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_and_runs() {
        let text =
            "One `a<b` line\nand **two `x`**.\n\n- first\n- second\n\n> **Bad: 1.**\n>\n> - item\n";
        let page = html(text);
        assert!(
            page.starts_with(
                "<p>One <code>a&lt;b</code> line and <strong>two <code>x</code></strong>.</p>"
            ),
            "{page}"
        );
        assert!(page.contains("<ul>\n<li>first</li>\n<li>second</li>\n</ul>"));
        assert!(
            page.contains("role=\"alert\">\n<p><strong>Bad: 1.</strong></p>\n<ul>\n<li>item</li>"),
            "{page}"
        );
        let paper = tex(text);
        assert!(
            paper.contains("\\texttt{a$<$b}")
                && paper.contains("\\begin{quote}")
                && paper.contains("\\item second")
        );
        assert_eq!(
            html("an ` alone and ** too"),
            "<p>an ` alone and ** too</p>\n"
        );
    }
}
