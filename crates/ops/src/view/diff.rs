//! What `diff` answers (R20).

use serde::Serialize;
use strata_engine::compare::ChangeKind;
use strata_model::component::ComponentRef;
use strata_model::package::Container;

/// The answer of `diff`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DiffView {
    pub before: DiffSide,
    pub after: DiffSide,
    pub summary: DiffSummary,
    /// What is to be said of an environment's solution that was exported for this.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The solution itself first, then components in key order, then files of no component.
    pub changes: Vec<DiffChange>,
}

/// One of the two packages.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DiffSide {
    pub source: String,
    pub solution: String,
    pub version: String,
    #[serde(rename = "ismanaged")]
    pub is_managed: bool,
    pub container: Container,
}

/// How many of each.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DiffSummary {
    pub added: usize,
    pub removed: usize,
    /// The renamed among them.
    pub changed: usize,
    pub unchanged: usize,
    pub renamed: usize,
    /// What differs only because one package is managed and the other is not, and so is not listed.
    #[serde(rename = "bykind")]
    pub by_kind: usize,
}

/// What became of a component, of the solution or of a file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DiffChange {
    pub change: &'static str,
    pub component: ComponentRef,
    /// Of what was renamed.
    #[serde(rename = "beforename", skip_serializing_if = "Option::is_none")]
    pub before_name: Option<String>,
    /// The table that it is, or is a part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// Empty for what came or went as a whole.
    pub properties: Vec<DiffProperty>,
    /// Why it differs, where the kind of the packages is the only reason.
    #[serde(rename = "bykind", skip_serializing_if = "Option::is_none")]
    pub by_kind: Option<&'static str>,
}

impl DiffChange {
    pub(crate) fn new(kind: ChangeKind, component: ComponentRef, properties: Vec<DiffProperty>) -> Self {
        Self { change: kind.name(), component, before_name: None, table: None, properties, by_kind: None }
    }
}

/// A value that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DiffProperty {
    pub path: String,
    pub before: Option<String>,
    pub after: Option<String>,
    /// Where it is, in words.
    pub place: String,
    /// Path of the element that came or went as a whole, and this value with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whole: Option<String>,
    #[serde(skip)]
    pub whole_place: String,
    /// The lines that differ, as unified hunks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Everything a component says: an entry of `solution show --path FILE --contents`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ComponentContents {
    pub component: ComponentRef,
    pub contents: Vec<ContentValue>,
}

/// One value, or a text with its lines.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ContentValue {
    pub path: String,
    pub value: String,
    #[serde(skip)]
    pub is_text: bool,
}
