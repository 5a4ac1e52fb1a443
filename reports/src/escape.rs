//! Text made safe for other languages.

use crate::text::clip;

/// Longest id in a LaTeX table or legend, characters.
const LONGEST: usize = 22;

/// Text for XML and HTML, between tags or as an attribute's value in double quotes.
#[must_use]
pub fn xml(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// Text for LaTeX: special characters escaped, others that pdflatex lacks replaced.
pub(crate) fn latex(text: &str) -> String {
    let one = |c: char| match c {
        '\\' => "\\textbackslash{}".into(),
        '&' | '%' | '$' | '#' | '_' | '{' | '}' => format!("\\{c}"),
        '~' => "\\textasciitilde{}".into(),
        '^' => "\\textasciicircum{}".into(),
        '<' | '>' => format!("${c}$"),
        '"' => "''".into(),
        '≤' => "$\\leq$".into(),
        'µ' => "$\\mu$".into(),
        '–' => "--".into(),
        '…' => "\\ldots{}".into(),
        '×' => "$\\times$".into(),
        c if c.is_ascii() && !c.is_control() => c.to_string(),
        _ => "?".into(),
    };
    text.chars().map(one).collect()
}

/// An id in typewriter type for LaTeX.
pub(crate) fn latex_id(text: &str) -> String {
    format!(
        "\\texttt{{{}}}",
        latex(&clip(text, LONGEST)).replace('-', "{-}")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_name_is_a_command() {
        assert_eq!(
            latex("a_b & 5% {x}\\y^~#$"),
            "a\\_b \\& 5\\% \\{x\\}\\textbackslash{}y\\textasciicircum{}\\textasciitilde{}\\#\\$"
        );
        assert_eq!(latex_id("local-search"), "\\texttt{local{-}search}");
    }
}
