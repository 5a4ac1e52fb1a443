//! Instance families: seeded generators, one file each, registered in [`all`].

// A file is a module: a new family needs no `mod` line.
automod::dir!("src/families");

pub use family::{Family, Spec};
pub use parameters::{Parameter, Parameters};

use crate::text::did_you_mean;
use crate::types::Instance;
use crate::validate::faults_of;

/// Most gains (N x M) of a generated instance; more would take over 4 GB.
pub const MAX_PAIRS: usize = 500_000_000;
/// Most users of a generated instance; at about 250 bytes each they take 5 GB.
pub const MAX_USERS: usize = 20_000_000;

/// The parameters whose values are paths of files, in any family.
pub const FILE_PARAMETERS: [&str; 4] = ["trace", "sites", "user_positions", "requests"];

/// Every family, in the order of display. To add one, write its file and add a line here.
#[must_use]
pub fn all() -> Vec<Box<dyn Family>> {
    vec![
        Box::new(paper::Paper),
        Box::new(trace::Trace),
        Box::new(hotspot::Hotspot),
        Box::new(heterogeneous::Heterogeneous),
        Box::new(tight::Tight),
        Box::new(load::CONGESTED),
        Box::new(load::SPARSE),
        Box::new(adversarial::Adversarial),
        Box::new(topology::Topology),
        Box::new(requests::Requests),
    ]
}

/// The family called `id`.
///
/// # Errors
/// A text that lists the families and the nearest name.
pub fn find(id: &str) -> Result<Box<dyn Family>, String> {
    let families = all();
    let names: Vec<_> = families.iter().map(|f| f.id()).collect();
    families.into_iter().find(|f| f.id() == id).ok_or_else(|| {
        format!(
            "unknown family '{id}': use one of {}.{}",
            names.join(", "),
            did_you_mean(id, names.iter().copied())
        )
    })
}

/// Generates a valid instance of `family`. Its name is `family-nN-mM-sSEED`. If parameters differ
/// from their defaults, `-p` and six digits of a hash of them follow.
///
/// # Errors
/// A text: sizes out of range, an unknown or bad parameter, or what the family itself refuses.
pub fn generate(family: &dyn Family, spec: &Spec) -> Result<Instance, String> {
    if spec.users == 0 || spec.servers == 0 {
        return Err(format!(
            "users {} and servers {}: give at least 1 of each",
            spec.users, spec.servers
        ));
    }
    if spec.users > MAX_USERS
        || spec
            .users
            .checked_mul(spec.servers)
            .is_none_or(|pairs| pairs > MAX_PAIRS)
    {
        return Err(format!(
            "{} users x {} servers: at most {MAX_USERS} users and {MAX_PAIRS} pairs fit in memory; give fewer",
            spec.users, spec.servers
        ));
    }
    let parameters = Parameters::resolve(family.id(), family.parameters(), &spec.parameters)?;
    let mut instance = family.draw(spec, &parameters)?;
    let suffix = parameters.changed().map_or(String::new(), |text| {
        format!(
            "-p{}",
            &blake3::hash(text.as_bytes()).to_hex().as_str()[..6]
        )
    });
    instance.name = format!(
        "{}-n{}-m{}-s{}{suffix}",
        family.id(),
        spec.users,
        spec.servers,
        spec.seed
    );
    instance.family = family.id().into();
    instance.seed = Some(spec.seed);
    let faults = faults_of(&instance);
    match faults.first() {
        None => Ok(instance),
        Some(fault) => Err(format!(
            "these parameters make an invalid instance ({fault}); change them"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn spec(users: usize, servers: usize, seed: u64) -> Spec {
        Spec {
            users,
            servers,
            seed,
            parameters: BTreeMap::new(),
        }
    }

    #[test]
    fn every_family_is_valid_and_repeatable_at_any_size() {
        for family in all() {
            for (n, m) in [(1, 1), (1, 5), (7, 1), (6, 3), (40, 4), (9, 13)] {
                let a = generate(family.as_ref(), &spec(n, m, 3)).unwrap();
                assert_eq!((a.n(), a.m()), (n, m), "{}", family.id());
                assert_eq!(a, generate(family.as_ref(), &spec(n, m, 3)).unwrap());
                let b = generate(family.as_ref(), &spec(n, m, 4)).unwrap();
                assert_ne!(
                    crate::fingerprint(&a),
                    crate::fingerprint(&b),
                    "{}: seeds must differ",
                    family.id()
                );
            }
        }
    }

    #[test]
    fn parameters_that_name_files_are_known() {
        let families = all();
        let parameters = families.iter().flat_map(|f| f.parameters());
        let paths = parameters.filter(|p| p.meaning.starts_with("path of"));
        let names: std::collections::BTreeSet<&str> = paths.map(|p| p.name).collect();
        assert_eq!(names, FILE_PARAMETERS.into_iter().collect());
    }

    #[test]
    fn bad_requests_are_refused() {
        let paper = find("paper").unwrap();
        assert!(generate(paper.as_ref(), &spec(0, 4, 1)).is_err());
        assert!(generate(paper.as_ref(), &spec(usize::MAX, 4, 1)).is_err());
        let mut s = spec(3, 2, 1);
        s.parameters.insert("side".into(), "10".into());
        assert!(generate(paper.as_ref(), &s).unwrap_err().contains("side_m"));
        assert!(
            find("papper")
                .err()
                .unwrap()
                .contains("Did you mean 'paper'")
        );
    }
}
