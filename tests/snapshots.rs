//! Displayed text.
