//! What waits in a heap for its turn, the least first.

use std::cmp::Ordering;

/// A user with a number that tells when it is its turn. Reversed, so that a heap's top is the least
/// number, then the lower user.
#[derive(Clone, Copy, Debug)]
pub struct Waiting {
    /// A price, or a lower bound of one; any double, ordered by `total_cmp`.
    pub price: f64,
    /// The user, or its place in a list.
    pub user: u32,
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        other
            .price
            .total_cmp(&self.price)
            .then(other.user.cmp(&self.user))
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Waiting {}
