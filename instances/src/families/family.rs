//! The interface of an instance family.

use super::parameters::{Parameter, Parameters};
use crate::types::Instance;
use std::collections::BTreeMap;

/// What to generate.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// N >= 1.
    pub users: usize,
    /// M >= 1.
    pub servers: usize,
    /// The seed. The same spec gives the same bytes on every machine.
    pub seed: u64,
    /// The family's own parameters by name. Parameters left out keep their defaults.
    pub parameters: BTreeMap<String, String>,
}

/// A seeded generator of instances.
pub trait Family: Send + Sync {
    /// Its name on the command line.
    fn id(&self) -> &'static str;
    /// One line: what it models, and its source.
    fn summary(&self) -> &'static str;
    /// Its parameters with defaults, ranges and units.
    fn parameters(&self) -> Vec<Parameter>;
    /// An instance for checked sizes and parameters. [`super::generate`] fills in name, family and
    /// seed.
    ///
    /// # Errors
    /// A text that says what cannot be done and why.
    fn draw(&self, spec: &Spec, parameters: &Parameters) -> Result<Instance, String>;
}
