//! Suggestions for error messages: the known name nearest to a mistyped one.

/// The candidate nearest to `word` by edit distance, if the distance is at most 2 or a third of the
/// candidate's length.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|c| (edit_distance(word, c), c))
        .filter(|&(d, c)| d <= 2.max(c.chars().count() / 3))
        .min()
        .map(|(_, c)| c)
}

/// " Did you mean 'x'?", or an empty text if no candidate is near.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, candidates).map_or(String::new(), |c| format!(" Did you mean '{c}'?"))
}

/// Levenshtein distance, by the two-row dynamic programme.
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &cb) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(ca != cb);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_typo_and_not_the_stranger() {
        assert_eq!(nearest("pepar", ["paper", "trace"]), Some("paper"));
        assert_eq!(nearest("completely-else", ["paper", "trace"]), None);
        assert_eq!(edit_distance("kitten", "sitting"), 3);
    }
}
