//! Dependencies between components (DP1–DP4), and those that a package declares as missing (DP25, DP27,
//! package-format §2.4).

use serde::Serialize;

use crate::component::ComponentKey;
use crate::id::Guid;
use crate::version::Version;

/// One `MissingDependency` of a manifest, duplicates already removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingDependency {
    pub required: DependencySide,
    pub dependent: DependencySide,
    /// Where the exporting environment had the required component.
    pub provider: Provider,
    /// Application that brings the provider, with its version (`<package>`).
    pub application: Option<(String, Option<Version>)>,
}

/// One side of a declared dependency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DependencySide {
    pub key: ComponentKey,
    pub id: Option<Guid>,
    pub schema_name: Option<String>,
    pub display_name: Option<String>,
    pub parent_schema_name: Option<String>,
    pub parent_display_name: Option<String>,
}

/// The `solution` attribute of a `Required` element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Provider {
    /// Part of the platform; counts as present (R4).
    System,
    /// An unmanaged component of the exporting environment.
    Active,
    Solution {
        unique_name: String,
        version: Option<Version>,
    },
    /// The attribute is absent.
    Unknown,
}

/// How firmly a component is tied to one that it needs (DP1–DP4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DependencyKind {
    /// The dependent cannot exist without the required, and goes with it (DP2).
    Internal,
    /// The definition in force names it (DP3).
    Published,
    /// Only a draft names it (DP4).
    Unpublished,
}

impl DependencyKind {
    /// Returns the platform's number (`dependencytype`, DP1).
    pub fn number(self) -> u8 {
        match self {
            Self::Internal => 1,
            Self::Published => 2,
            Self::Unpublished => 4,
        }
    }
}

/// An edge of the graph: one component needs another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dependency {
    pub required: ComponentKey,
    pub dependent: ComponentKey,
    pub kind: DependencyKind,
    /// Where the dependent names the required, in a maker's words; `part` where it is a part of it.
    pub place: &'static str,
}
