//! Solutions of an environment (L14–L22).

use serde::{Deserialize, Serialize};

use crate::id::{Digest, Guid, PublisherNo, SolutionNo};
use crate::version::Version;

/// An installed solution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Solution {
    pub no: SolutionNo,
    pub id: Guid,
    pub unique_name: String,
    pub friendly_name: String,
    pub version: Version,
    pub is_managed: bool,
    pub publisher: PublisherNo,
    pub kind: SolutionKind,
    /// The solution that this patch or pending upgrade belongs to.
    pub parent: Option<SolutionNo>,
    /// A placeholder made by `--assume-missing` (R4).
    pub assumed: bool,
    /// Placeholders that this solution relies on (R4).
    pub assumes: Vec<SolutionNo>,
    /// What the package held besides components (manifest, skeleton, stray parts), for a faithful export.
    pub residue: Option<Digest>,
}

/// How a solution stands to others of its family (L31).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SolutionKind {
    Base,
    Patch,
    Upgrade,
}

/// Names that belong to the platform's own solutions and that no package may bear (L4).
pub const RESERVED_NAMES: [&str; 3] = ["System", "Active", "Default"];

impl Solution {
    /// Tells whether a unique name is this solution's; names compare without case (D4).
    pub fn is_named(&self, unique_name: &str) -> bool {
        self.unique_name.eq_ignore_ascii_case(unique_name)
    }
}
