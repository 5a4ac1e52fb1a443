//! Named parameters of a family: numbers, switches and texts, with defaults and ranges.

use crate::text::did_you_mean;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A parameter that a family understands.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name, with the unit at its end where it has one.
    pub name: &'static str,
    /// What it means.
    pub meaning: &'static str,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Number {
        default: f64,
        low: f64,
        high: f64,
    },
    Flag {
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
            kind: Kind::Number { default, low, high },
        }
    }

    /// true or false.
    #[must_use]
    pub fn flag(name: &'static str, default: bool, meaning: &'static str) -> Self {
        Parameter {
            name,
            meaning,
            kind: Kind::Flag { default },
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
            kind: Kind::Text { default, choices },
        }
    }

    /// Its default, as text.
    #[must_use]
    pub fn default_text(&self) -> String {
        match self.kind {
            Kind::Number { default, .. } => format!("{default}"),
            Kind::Flag { default } => default.to_string(),
            Kind::Text { default, .. } => default.into(),
        }
    }

    /// Checks a value given as text and brings it into its plain form.
    fn check(&self, text: &str) -> Result<String, String> {
        let refuse = |remedy: String| Err(format!("parameter {}={text}: {remedy}", self.name));
        match self.kind {
            Kind::Number { low, high, .. } => match text.parse::<f64>() {
                Ok(x) if (low..=high).contains(&x) => Ok(format!("{x}")),
                _ => refuse(format!("give a number from {low} to {high}")),
            },
            Kind::Flag { .. } => match text {
                "true" | "false" => Ok(text.into()),
                _ => refuse("give true or false".into()),
            },
            Kind::Text { choices, .. } => {
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
    /// Fills in defaults and checks what was given.
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

    /// The parameters that differ from their defaults, one `name=value` a line; `None` when none
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
    /// When the family did not declare it.
    #[must_use]
    pub fn number(&self, name: &str) -> f64 {
        self.get(name).parse().expect("checked when it was given")
    }

    /// The switch called `name`.
    ///
    /// # Panics
    /// When the family did not declare it.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        self.get(name) == "true"
    }

    /// The text called `name`.
    ///
    /// # Panics
    /// When the family did not declare it.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.get(name)
    }
}
