//! Entries of a priority queue with the least price first.

use std::cmp::Ordering;

/// An entry of a heap. The order is reversed, so that the top has the least price, then the least
/// number.
#[derive(Clone, Copy, Debug)]
pub struct Waiting<N = u32, T = ()> {
    /// A price, or a lower bound of one; any double, ordered by `total_cmp`.
    pub price: f64,
    /// Breaks ties: a user, a row of a table, a node.
    pub number: N,
    /// The item.
    pub item: T,
}

impl Waiting {
    /// An entry without an item.
    pub fn new(price: f64, number: u32) -> Self {
        Waiting {
            price,
            number,
            item: (),
        }
    }
}

impl<N: Ord, T> Ord for Waiting<N, T> {
    fn cmp(&self, other: &Self) -> Ordering {
        other
            .price
            .total_cmp(&self.price)
            .then_with(|| other.number.cmp(&self.number))
    }
}

impl<N: Ord, T> PartialOrd for Waiting<N, T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<N: Ord, T> PartialEq for Waiting<N, T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<N: Ord, T> Eq for Waiting<N, T> {}
