//! What commands answer that change packages on disk.

use serde::Serialize;
use strata_model::component::ComponentRef;

/// The answer of `solution version`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VersionView {
    pub path: String,
    pub solution: String,
    pub from: String,
    pub to: String,
    #[serde(rename = "changed")]
    pub is_changed: bool,
    #[serde(skip)]
    pub is_lower: bool,
}

/// The answer of `solution merge` (R20).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MergeView {
    /// Where the result is.
    pub merged: String,
    pub conflicts: Vec<ConflictView>,
    /// The side whose values were asked for where both have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved: Option<&'static str>,
    /// The conflicts are marked in the text of the result.
    #[serde(rename = "marked")]
    pub is_marked: bool,
    /// Of a tree: the files in which they are marked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
}

/// Something that both sides changed, each in its own way.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConflictView {
    /// `null` where a single file was merged.
    pub component: Option<ComponentRef>,
    /// Empty where one side took the component away and the other changed it.
    pub path: String,
    pub base: Option<String>,
    pub ours: Option<String>,
    pub theirs: Option<String>,
}
