//! The form of a plan in a record: one character a user where the servers allow it.

use crate::Assignment;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The characters of [`StoredPlan::Text`]: the first means local, the others servers 0, 1, ...
const SYMBOLS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Most servers that [`StoredPlan::Text`] can name.
pub const MAX_TEXT_SERVERS: usize = SYMBOLS.len() - 1;

/// A plan as a record stores it. [`StoredPlan::assignment`] checks it; until then it may be
/// anything that was in the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum StoredPlan {
    /// One character a user, for at most [`MAX_TEXT_SERVERS`] servers: `0` is local, then `1` to
    /// `9`, `A` to `Z` and `a` to `z` are servers 0 to 60.
    Text(Box<str>),
    /// One entry a user, for more servers: null is local, others are server indices from 0.
    Places(Box<[Option<usize>]>),
}

impl StoredPlan {
    /// Stores a plan for an instance with `servers` servers.
    ///
    /// # Panics
    /// If the plan names a server that the instance does not have.
    #[must_use]
    pub fn of(assignment: &[Option<usize>], servers: usize) -> Self {
        for server in assignment.iter().flatten() {
            assert!(*server < servers, "server {server} of {servers}");
        }
        if servers > MAX_TEXT_SERVERS {
            return Self::Places(assignment.into());
        }
        let symbol = |server: &Option<usize>| char::from(SYMBOLS[server.map_or(0, |j| j + 1)]);
        let text: String = assignment.iter().map(symbol).collect();
        Self::Text(text.into())
    }

    /// The plan for `users` users and `servers` servers.
    ///
    /// # Errors
    /// If its length is not `users`, or an entry is neither local nor one of the servers.
    pub fn assignment(&self, users: usize, servers: usize) -> Result<Assignment, String> {
        let length = match self {
            Self::Text(text) => text.chars().count(),
            Self::Places(places) => places.len(),
        };
        if length != users {
            return Err(format!("it has {length} entries for {users} users"));
        }
        let known = |user: usize, server: Option<usize>| match server {
            Some(j) if j >= servers => Err(format!(
                "entry {user} is server {j}; the instance has {servers}, from 0"
            )),
            other => Ok(other),
        };
        match self {
            Self::Text(_) if servers > MAX_TEXT_SERVERS => Err(format!(
                "it is a string; with more than {MAX_TEXT_SERVERS} servers it is an array"
            )),
            Self::Text(text) => {
                let place = |(user, c): (usize, char)| {
                    let symbol = SYMBOLS.iter().position(|&s| char::from(s) == c);
                    let symbol = symbol.ok_or_else(|| {
                        format!(
                            "entry {user} is '{}'; give a letter or a digit",
                            c.escape_debug()
                        )
                    })?;
                    known(user, symbol.checked_sub(1))
                };
                text.chars().enumerate().map(place).collect()
            }
            Self::Places(places) => {
                let place = |(user, &server): (usize, &Option<usize>)| known(user, server);
                places.iter().enumerate().map(place).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn has_one_symbol_a_user_and_an_array_past_61_servers() {
        let plan = [
            None,
            Some(0),
            Some(8),
            Some(9),
            Some(34),
            Some(35),
            Some(60),
        ];
        let stored = StoredPlan::of(&plan, 61);
        assert_eq!(serde_json::to_string(&stored).unwrap(), "\"019AZaz\"");
        assert_eq!(stored.assignment(7, 61).unwrap(), plan);
        let stored = StoredPlan::of(&[None, Some(61)], 62);
        assert_eq!(serde_json::to_string(&stored).unwrap(), "[null,61]");
        assert_eq!(stored.assignment(2, 62).unwrap(), [None, Some(61)]);
    }

    #[test]
    fn refuses_what_does_not_fit() {
        let text = |t: &str| StoredPlan::Text(t.into());
        for (plan, users, servers) in [
            (text("01"), 3, 4),
            (text("05"), 2, 4),
            (text("0é"), 2, 4),
            (text("0 "), 2, 4),
            (text("01"), 2, 62),
            (StoredPlan::Places([Some(62), None].into()), 2, 62),
            (StoredPlan::Places([Some(0)].into()), 2, 62),
        ] {
            assert!(plan.assignment(users, servers).is_err(), "{plan:?}");
        }
        // Servers within the shorter form may be stored in the longer one.
        let places = StoredPlan::Places([None, Some(3)].into());
        assert_eq!(places.assignment(2, 4).unwrap(), [None, Some(3)]);
    }

    proptest! {
        #[test]
        fn reads_back_what_it_stores(
            servers in 1_usize..80,
            picks in proptest::collection::vec(proptest::option::of(0.0..1.0_f64), 0..50),
        ) {
            let pick = |p: &Option<f64>| p.map(|p| (p * servers as f64) as usize);
            let plan: Assignment = picks.iter().map(pick).collect();
            let stored = StoredPlan::of(&plan, servers);
            let text = serde_json::to_string(&stored).unwrap();
            let back: StoredPlan = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(back.assignment(plan.len(), servers).unwrap(), plan);
        }
    }
}
