//! A mixed-integer linear program as plain data.

/// A variable.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearColumn {
    /// Unique name without spaces.
    pub name: String,
    /// Objective coefficient.
    pub cost: f64,
    /// Upper bound; the lower bound is 0.
    pub upper: f64,
    /// Whether it must be integer.
    pub integer: bool,
}

/// The relation between a row's sum and its right-hand side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sense {
    /// <=
    AtMost,
    /// >=
    AtLeast,
    /// =
    Equal,
}

/// A linear constraint.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearRow {
    /// Unique name without spaces.
    pub name: String,
    /// (column, coefficient), each column at most once.
    pub entries: Vec<(usize, f64)>,
    /// The comparison.
    pub sense: Sense,
    /// The right-hand side.
    pub right: f64,
}

/// Minimise cost, columns >= 0, subject to rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Linear {
    /// The variables.
    pub columns: Vec<LinearColumn>,
    /// The constraints.
    pub rows: Vec<LinearRow>,
}

impl Linear {
    /// Adds a variable within \[0, 1\] with a cost and returns its index.
    pub fn add_share(&mut self, name: String, cost: f64) -> usize {
        self.columns.push(LinearColumn {
            name,
            cost,
            upper: 1.0,
            integer: false,
        });
        self.columns.len() - 1
    }

    /// Adds a binary variable without cost and returns its index.
    pub fn add_binary(&mut self, name: String) -> usize {
        let column = self.add_share(name, 0.0);
        self.columns[column].integer = true;
        column
    }

    /// Adds a constraint.
    pub fn add_row(&mut self, name: String, entries: Vec<(usize, f64)>, sense: Sense, right: f64) {
        self.rows.push(LinearRow {
            name,
            entries,
            sense,
            right,
        });
    }
}
