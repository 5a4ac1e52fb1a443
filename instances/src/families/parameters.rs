//! Named parameters of a family: numbers, switches and texts, with defaults and ranges.

use crate::text::did_you_mean;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A parameter that a family understands.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name, ending in the unit if it has one.
    pub name: &'static str,
    /// What it means.
    pub meaning: &'static str,
    domain: Domain,
}

#[derive(Clone, Debug)]
enum Domain {
    Number {
        default: f64,
        low: f64,
        high: f64,
    },
    Switch {
        default: bool,
    },
    Text {
        default: &'static str,
        choices: &'static [&'static str],
    },
}

impl Parameter {
    /// A number within \[low, high\].
    #[must_use]
    pub fn number(
        name: &'static str,
        default: f64,
        low: f64,
        high: f64,
        meaning: &'static str,
    ) -> Self {
        Parameter {
            name,
            meaning,
            domain: Domain::Number { default, low, high },
        }
    }

    /// A switch that is on by default.
    #[must_use]
    pub fn on(name: &'static str, meaning: &'static str) -> Self {
        Parameter {
            name,
            meaning,
            domain: Domain::Switch { default: true },
        }
    }

    /// A switch that is off by default.
    #[must_use]
    pub fn off(name: &'static str, meaning: &'static str) -> Self {
        Parameter {
            name,
            meaning,
            domain: Domain::Switch { default: false },
        }
    }

    /// A text, one of `choices` unless that is empty.
    #[must_use]
    pub fn text(
        name: &'static str,
        default: &'static str,
        choices: &'static [&'static str],
        meaning: &'static str,
    ) -> Self {
        Parameter {
            name,
            meaning,
            domain: Domain::Text { default, choices },
        }
    }

    /// Its default, as text.
    #[must_use]
    pub fn default_text(&self) -> String {
        match self.domain {
            Domain::Number { default, .. } => format!("{default}"),
            Domain::Switch { default } => default.to_string(),
            Domain::Text { default, .. } => default.into(),
        }
    }

    /// Checks a value given as text and returns its canonical form.
    fn check(&self, text: &str) -> Result<String, String> {
        let refuse = |remedy: String| Err(format!("parameter {}={text}: {remedy}", self.name));
        match self.domain {
            Domain::Number { low, high, .. } => match text.parse::<f64>() {
                Ok(x) if (low..=high).contains(&x) => Ok(format!("{x}")),
                _ => refuse(format!("give a number from {low} to {high}")),
            },
            Domain::Switch { .. } => match text {
                "true" | "false" => Ok(text.into()),
                _ => refuse("give true or false".into()),
            },
            Domain::Text { choices, .. } => {
                if choices.is_empty() || choices.contains(&text) {
                    Ok(text.into())
                } else {
                    refuse(format!("give one of {}", choices.join(", ")))
                }
            }
        }
    }
}

/// The values of all of a family's parameters.
#[derive(Clone, Debug)]
pub struct Parameters {
    values: BTreeMap<&'static str, String>,
    changed: String,
}

impl Parameters {
    /// Checks the given values and fills in defaults for the others.
    pub(super) fn resolve(
        family: &str,
        known: Vec<Parameter>,
        given: &BTreeMap<String, String>,
    ) -> Result<Self, String> {
        if let Some(name) = given
            .keys()
            .find(|g| known.iter().all(|k| k.name != g.as_str()))
        {
            let names: Vec<_> = known.iter().map(|k| k.name).collect();
            let hint = did_you_mean(name, names.iter().copied());
            return Err(format!(
                "family {family} has no parameter '{name}': it has {}.{hint}",
                names.join(", ")
            ));
        }
        let mut values = BTreeMap::new();
        let mut changed = String::new();
        for parameter in known {
            let default = parameter.default_text();
            let value = given
                .get(parameter.name)
                .map_or(Ok(default.clone()), |text| parameter.check(text))?;
            if value != default {
                let _ = writeln!(changed, "{}={value}", parameter.name);
            }
            values.insert(parameter.name, value);
        }
        Ok(Parameters { values, changed })
    }

    /// The parameters that differ from their defaults, one `name=value` per line; `None` if none
    /// does.
    pub(super) fn changed(&self) -> Option<&str> {
        Some(self.changed.as_str()).filter(|c| !c.is_empty())
    }

    fn get(&self, name: &str) -> &str {
        self.values
            .get(name)
            .unwrap_or_else(|| panic!("a family reads its own parameter '{name}'"))
    }

    /// The number called `name`.
    ///
    /// # Panics
    /// If the family did not declare it.
    #[must_use]
    pub fn number(&self, name: &str) -> f64 {
        self.get(name)
            .parse()
            .expect("numbers are checked when they are given")
    }

    /// The switch called `name`.
    ///
    /// # Panics
    /// If the family did not declare it.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        self.get(name) == "true"
    }

    /// The text called `name`.
    ///
    /// # Panics
    /// If the family did not declare it.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.get(name)
    }
}
