//! Numbers and names as text.

/// Shown where there is no value.
pub(crate) const NOTHING: &str = "–";

/// A number to 3 significant digits and no finer than 0.001; `–` for none.
#[must_use]
pub fn short(value: Option<f64>) -> String {
    let Some(value) = value.filter(|v| v.is_finite()) else {
        return NOTHING.into();
    };
    let size = value.abs();
    if size == 0.0 {
        return "0".into();
    }
    if size < 0.0005 {
        return if value > 0.0 {
            "<0.001".into()
        } else {
            ">-0.001".into()
        };
    }
    // 9.996 has to be written 10.0: the digits are those of the rounded number.
    let decimals = match size {
        s if s < 0.9995 => 3,
        s if s < 9.995 => 2,
        s if s < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.decimals$}")
}

/// A fraction in %, without the sign.
#[must_use]
pub fn percent(fraction: Option<f64>) -> String {
    short(fraction.map(|f| 100.0 * f))
}

/// An id as Markdown code that is safe in a table.
#[must_use]
pub fn code(id: &str) -> String {
    let mut out = String::from("`");
    let mut backslashes = 0;
    for letter in plain(id).chars() {
        match letter {
            '`' => out.push('\''),
            // A backslash before it would pair with ours, and the bar would end the cell.
            '|' if backslashes % 2 == 1 => out += " \\|",
            '|' => out += "\\|",
            _ => out.push(letter),
        }
        backslashes = if letter == '\\' { backslashes + 1 } else { 0 };
    }
    if id.is_empty() {
        // Two backticks would begin another code.
        out.push(' ');
    }
    out + "`"
}

/// One line, no longer than `most` characters.
#[must_use]
pub fn clip(text: &str, most: usize) -> String {
    let text = plain(text);
    if text.chars().count() <= most {
        return text;
    }
    text.chars()
        .take(most.saturating_sub(1))
        .chain(['…'])
        .collect()
}

/// `1 row`, `2 rows`.
#[must_use]
pub fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// `a, b and c`.
pub(crate) fn listed<T: std::fmt::Display>(items: &[T]) -> String {
    match items {
        [] => "none".into(),
        [one] => one.to_string(),
        [most @ .., last] => {
            let most: Vec<String> = most.iter().map(ToString::to_string).collect();
            format!("{} and {last}", most.join(", "))
        }
    }
}

/// `on` or `off`.
pub(crate) fn mode(interference: bool) -> &'static str {
    if interference { "on" } else { "off" }
}

/// One line: control characters and others that a reader cannot see become spaces.
pub(crate) fn plain(text: &str) -> String {
    let shown = |c| if is_unseen(c) { ' ' } else { c };
    text.chars().map(shown).collect()
}

/// Whether a character acts on a terminal, a line or the direction of text, or is none at all.
#[must_use]
pub fn is_unseen(c: char) -> bool {
    let ends_line = matches!(c, '\u{2028}' | '\u{2029}');
    let turns_text =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let is_none = matches!(c, '\u{feff}' | '\u{fffe}' | '\u{ffff}');
    c.is_control() || ends_line || turns_text || is_none
}

/// Text for a terminal: what acts on it instead of being shown is written as `\u{1b}`. Ends of
/// lines and tabs stay.
#[must_use]
pub fn terminal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unseen(c) && !matches!(c, '\n' | '\t') {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// Distinct items in the order of their first appearance.
pub(crate) fn firsts<T: PartialEq>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut list = Vec::new();
    for item in items {
        if !list.contains(&item) {
            list.push(item);
        }
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_sensible_digits() {
        for (value, text) in [
            (0.0, "0"),
            (0.0001, "<0.001"),
            (0.0126, "0.013"),
            (0.9996, "1.00"),
            (1.234, "1.23"),
            (9.996, "10.0"),
            (12.345, "12.3"),
            (1234.5, "1234"),
        ] {
            assert_eq!(short(Some(value)), text, "{value}");
        }
        assert_eq!(
            (short(None), short(Some(f64::NAN))),
            ("–".into(), "–".into())
        );
        assert_eq!(percent(Some(0.125)), "12.5");
    }

    #[test]
    fn nothing_acts_on_the_terminal() {
        let attack = "a\u{1b}[31mred\r\u{7}\u{9b}2J\u{202e}b\u{fffe}\n\tc";
        let shown = terminal(attack);
        assert_eq!(
            shown,
            "a\\u{1b}[31mred\\u{d}\\u{7}\\u{9b}2J\\u{202e}b\\u{fffe}\n\tc"
        );
        assert_eq!(terminal("goa – 5 % ≤ é"), "goa – 5 % ≤ é");
    }

    #[test]
    fn no_name_ends_a_cell() {
        assert_eq!(code("a\\|b"), "`a\\ \\|b`");
        assert_eq!(code("a\\\\|b"), "`a\\\\\\|b`");
        assert_eq!(code(""), "` `");
        assert_eq!(code("a\u{202e}\u{2028}b"), "`a  b`");
    }

    #[test]
    fn names_are_safe() {
        assert_eq!(code("exec:a|b`\n"), "`exec:a\\|b' `");
        assert_eq!(clip("abcdef", 4), "abc…");
        assert_eq!(listed(&[20, 40, 60]), "20, 40 and 60");
        assert_eq!(counted(1, "row") + &counted(2, "row"), "1 row2 rows");
    }
}
