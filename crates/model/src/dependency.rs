//! Dependencies that a package declares as missing (DP25, DP27, package-format §2.4).

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
