//! How much of what a report shows was re-checked in the process that makes it.

/// Counts of a re-check. They come from the caller and are never read from a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recheck {
    /// Rows of the campaign.
    pub rows: Checked,
    /// Bounds of trust `certified`.
    pub certified: Checked,
    /// Bounds of trust `enumerated`.
    pub enumerated: Checked,
    /// Claims that no plan keeps the rules.
    pub infeasible: Checked,
    /// Bounds that are a solver's word: nothing to re-check them by.
    pub solver_bounds: usize,
    /// Claims that were refuted.
    pub refuted: usize,
}

/// How many of some claims were re-checked and hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Number re-checked.
    pub count: usize,
    /// Number of all.
    pub of: usize,
}

/// What a report says when nothing was re-checked.
const NOTHING: &str = "Nothing was re-checked in this process; `report --verify` does that.";

impl Checked {
    fn text(self, what: &str) -> String {
        format!("{} of {} {what}", grouped(self.count), grouped(self.of))
    }
}

impl Recheck {
    fn text(&self) -> String {
        let mut parts = Vec::new();
        for (checked, what) in [
            (self.certified, "certified bounds"),
            (self.enumerated, "enumerated bounds"),
            (self.infeasible, "claims of infeasibility"),
        ] {
            if checked.of > 0 {
                parts.push(checked.text(what));
            }
        }
        if self.solver_bounds > 0 {
            let count = grouped(self.solver_bounds);
            parts.push(format!("{count} bounds rest on a solver's word"));
        }
        let refuted = match self.refuted {
            0 => "nothing is refuted".to_string(),
            count => format!("REFUTED: {} in total, see `verify`", grouped(count)),
        };
        parts.push(refuted);
        format!(
            "Re-checked in this process from the instances alone: {}; {}.",
            self.rows.text("rows"),
            parts.join("; ")
        )
    }
}

/// One sentence on what was re-checked.
pub(crate) fn sentence(recheck: Option<&Recheck>) -> String {
    recheck.map_or_else(|| NOTHING.into(), Recheck::text)
}

/// `1,980`.
#[must_use]
pub fn grouped(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (k, digit) in digits.chars().enumerate() {
        if k > 0 && (digits.len() - k).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_digits_by_three() {
        let grouped = [0, 12, 123, 1234, 120_000, 1_234_567].map(grouped);
        assert_eq!(grouped, ["0", "12", "123", "1,234", "120,000", "1,234,567"]);
    }

    #[test]
    fn says_what_was_rechecked_and_sets_a_solvers_word_apart() {
        assert_eq!(sentence(None), NOTHING);
        let recheck = Recheck {
            rows: Checked {
                count: 1980,
                of: 1980,
            },
            certified: Checked {
                count: 180,
                of: 180,
            },
            solver_bounds: 7,
            ..Recheck::default()
        };
        assert_eq!(
            sentence(Some(&recheck)),
            "Re-checked in this process from the instances alone: 1,980 of 1,980 rows; 180 of 180 \
             certified bounds; 7 bounds rest on a solver's word; nothing is refuted."
        );
        let refuted = Recheck {
            refuted: 2,
            ..recheck
        };
        assert!(sentence(Some(&refuted)).contains("REFUTED: 2"));
    }
}
