//! What is packed, and what is written about it.

use crate::campaign::config::Config;
use crate::notice::Notify;
use std::path::Path;

/// What is written about a campaign beside its contents.
#[derive(Clone, Debug, Default)]
pub struct CrateDescription {
    /// Title; by default a count of the contents.
    pub title: Option<String>,
    /// Authors: `Name` or `Name <https://orcid.org/...>`.
    pub authors: Vec<String>,
    /// Licence: an SPDX identifier or an address.
    pub license: Option<String>,
    /// Day of publication, `2026-01-31`; by default the day of the campaign's last run.
    pub date: Option<String>,
}

/// What to pack.
pub struct PackJob<'a> {
    /// The campaign's folder.
    pub folder: &'a Path,
    /// The archive.
    pub output: &'a Path,
    /// The configuration; by default the one that the last run recorded.
    pub config: Option<&'a Config>,
    /// What is written about the campaign.
    pub about: CrateDescription,
    /// Receives notes.
    pub notify: Notify<'a>,
}
