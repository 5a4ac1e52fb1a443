//! Receivers of notes and warnings for the user.

/// Receives a note or a warning for the user, one line at a time.
pub type Notify<'a> = &'a (dyn Fn(&str) + Sync);

/// Drops every notice.
pub fn ignore(_: &str) {}
