//! Faults of plans and certificates.

use std::fmt;

/// The kind of a fault. Its name ([`Code::name`]) is stable and may be matched by scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Code {
    /// The instance itself breaks the model's rules, so nothing about it can be checked.
    Instance,
    /// The threshold is not a number from 0 to 1.
    Threshold,
    /// The assignment does not have one entry per user.
    WrongLength,
    /// A server index that the instance does not have.
    UnknownServer,
    /// A user index that the instance does not have.
    UnknownUser,
    /// A mandatory user (a_i > tau) stays local.
    MandatoryLocal,
    /// A server holds more than K_j users.
    OverCap,
    /// A file of another format or version.
    Format,
    /// A required field is missing.
    Missing,
    /// A value of the wrong type, out of its range, or given twice.
    Value,
    /// The certificate was made for another instance.
    Fingerprint,
    /// Multipliers of the wrong length or not finite, or a reference to multipliers that do not
    /// exist.
    Multipliers,
    /// The tree is cut off or has nodes left over.
    Tree,
    /// The claimed objective is not the plan's.
    Objective,
    /// The claimed lower bound is more than the tree proves.
    LowerBound,
    /// The tree proves a bound above the value of a feasible plan. One of the two is wrong.
    BoundAbovePlan,
    /// An `empty` leaf whose box is not proved to be empty.
    EmptyNotProved,
    /// The claim `certified` although some leaf is assumed.
    Trust,
}

impl Code {
    /// The stable name, in kebab case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Code::Instance => "instance",
            Code::Threshold => "threshold",
            Code::WrongLength => "wrong-length",
            Code::UnknownServer => "unknown-server",
            Code::UnknownUser => "unknown-user",
            Code::MandatoryLocal => "mandatory-local",
            Code::OverCap => "over-cap",
            Code::Format => "format",
            Code::Missing => "missing",
            Code::Value => "value",
            Code::Fingerprint => "fingerprint",
            Code::Multipliers => "multipliers",
            Code::Tree => "tree",
            Code::Objective => "objective",
            Code::LowerBound => "lower-bound",
            Code::BoundAbovePlan => "bound-above-plan",
            Code::EmptyNotProved => "empty-not-proved",
            Code::Trust => "trust",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One fault: where, what is wrong and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The kind.
    pub code: Code,
    /// The place, such as `assignment[3]` or `tree[17].at`.
    pub place: String,
    /// What is wrong, with the value found.
    pub cause: String,
    /// What to do.
    pub remedy: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {}: {}; {}",
            self.code, self.place, self.cause, self.remedy
        )
    }
}

impl Fault {
    /// A fault from anything that converts to text.
    pub(crate) fn new(
        code: Code,
        place: impl Into<String>,
        cause: impl Into<String>,
        remedy: &str,
    ) -> Fault {
        Fault {
            code,
            place: place.into(),
            cause: cause.into(),
            remedy: remedy.into(),
        }
    }
}
