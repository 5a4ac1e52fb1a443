//! The means that the paper's authors published (`reports/data/README.md`).

/// One published cell: means over 500 runs of one method at one number of users and one threshold.
#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
pub struct Published {
    /// N.
    pub users: usize,
    /// tau.
    pub threshold: f64,
    /// The method, by its solver's id.
    pub solver: String,
    /// Realised accuracy, %.
    pub accuracy_pct: f64,
    /// Realised delay summed over users, ms.
    pub delay_total_ms: f64,
    /// Its local part, ms.
    pub delay_local_ms: f64,
    /// Its uplink part, ms.
    pub uplink_ms: f64,
    /// Its part for computing at servers, ms.
    pub edge_compute_ms: f64,
    /// Users offloaded.
    pub offloaded: f64,
    /// Running time of GOA, s; None for other methods.
    pub goa_time_s: Option<f64>,
}

/// The table as it is shipped, in its order.
///
/// # Panics
/// When the shipped file is no such table, which a test rules out.
#[must_use]
pub fn published() -> Vec<Published> {
    let mut reader = csv::Reader::from_reader(include_str!("../../data/published.csv").as_bytes());
    reader
        .deserialize()
        .map(|row| row.expect("the shipped table is valid"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_shipped_table_is_whole() {
        let rows = published();
        assert_eq!(rows.len(), 125);
        let users: BTreeSet<usize> = rows.iter().map(|r| r.users).collect();
        assert_eq!(
            users.into_iter().collect::<Vec<_>>(),
            [50, 70, 80, 100, 120]
        );
        assert!(
            rows.iter()
                .all(|r| r.goa_time_s.is_some() == (r.solver == "goa"))
        );
        for r in &rows {
            let parts = r.delay_local_ms + r.uplink_ms + r.edge_compute_ms;
            assert!((parts - r.delay_total_ms).abs() < 0.01, "{r:?}");
        }
    }
}
