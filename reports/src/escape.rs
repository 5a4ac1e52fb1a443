//! Text made safe for other languages.

use crate::text::clip;

/// Longest id in a LaTeX table or legend, characters.
const LONGEST: usize = 22;

/// Text for XML and HTML, between tags or as an attribute's value in double quotes. Characters that
/// XML 1.0 forbids become U+FFFD.
#[must_use]
pub fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in xml_characters(text).chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            _ => out.push(c),
        }
    }
    out
}

/// Text with U+FFFD for every character that XML 1.0 forbids, for templates that do the rest.
pub(crate) fn xml_characters(text: &str) -> String {
    let allowed = |c| match c {
        // The production Char of the standard; no char is a surrogate.
        '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'.. => c,
        _ => char::REPLACEMENT_CHARACTER,
    };
    text.chars().map(allowed).collect()
}

/// Text for LaTeX: special characters escaped, others that pdflatex lacks replaced.
pub(crate) fn latex(text: &str) -> String {
    let one = |c: char| match c {
        '\\' => "\\textbackslash{}".into(),
        '&' | '%' | '$' | '#' | '_' | '{' | '}' => format!("\\{c}"),
        // With `?` or `!` before it, the plain character is a Spanish mark.
        '`' => "\\textasciigrave{}".into(),
        // A dash in some fonts.
        '|' => "\\textbar{}".into(),
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
    fn only_characters_of_xml() {
        let text = "a\u{0}\u{1b}\t\u{fffe}\u{ffff}\u{1f600}<&>\"";
        assert_eq!(
            xml(text),
            "a\u{fffd}\u{fffd}\t\u{fffd}\u{fffd}\u{1f600}&lt;&amp;&gt;&quot;"
        );
    }

    #[test]
    fn every_character_of_ascii_is_safe_in_latex() {
        for c in (0..128_u8).map(char::from) {
            let text = latex(&c.to_string());
            // What is left of a command is nothing that LaTeX reads otherwise.
            let is_plain = |c: char| c.is_ascii_alphanumeric() || " !'()*+,-./:;=?@[]".contains(c);
            let is_command = text.starts_with('\\') || text.starts_with('$') || text == "''";
            assert!(text.chars().all(is_plain) || is_command, "{c:?}: {text}");
        }
    }

    #[test]
    fn nothing_in_a_name_is_a_command() {
        assert_eq!(
            latex("a_b & 5% {x}\\y^~#$"),
            "a\\_b \\& 5\\% \\{x\\}\\textbackslash{}y\\textasciicircum{}\\textasciitilde{}\\#\\$"
        );
        assert_eq!(latex_id("local-search"), "\\texttt{local{-}search}");
    }
}
