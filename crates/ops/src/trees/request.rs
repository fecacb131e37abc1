//! What to unpack and what to pack.

use std::path::PathBuf;

use super::{Layout, Localize, PackageType, SingleComponent, Take};

/// What to unpack, and how.
#[derive(Debug, Clone)]
pub struct UnpackRequest {
    pub zip: PathBuf,
    pub folder: PathBuf,
    /// As the package says, where none is asked for.
    pub package_type: Option<PackageType>,
    pub layout: Layout,
    /// Whose file stays where solutions share a YAML tree and differ; without it nothing is written.
    pub take: Option<Take>,
    pub map: Option<PathBuf>,
    pub localize: Option<Localize>,
    pub single: Option<SingleComponent>,
    pub allow_delete: bool,
    /// Only say what would be written.
    pub dry_run: bool,
    pub clobber: bool,
    /// Prove that packing gives the package again, before anything is written.
    pub verify: bool,
}

/// What to pack, and how.
#[derive(Debug, Clone)]
pub struct PackRequest {
    pub folder: PathBuf,
    pub zip: PathBuf,
    /// As the tree says, where none is asked for; a tree of both kinds gives the unmanaged package.
    pub package_type: Option<PackageType>,
    /// The solution that is meant, where a YAML tree holds several.
    pub solution: Option<String>,
    /// Pack without what a YAML tree names and does not hold.
    pub allow_missing: bool,
    pub map: Option<PathBuf>,
    /// Take the texts of `Resources`.
    pub localize: bool,
    pub single: Option<SingleComponent>,
    /// Check everything and write nothing.
    pub dry_run: bool,
}

impl UnpackRequest {
    /// Unpacks into the XML layout, with no flag given.
    pub fn new(zip: PathBuf, folder: PathBuf) -> Self {
        Self {
            zip,
            folder,
            package_type: None,
            layout: Layout::Xml,
            take: None,
            map: None,
            localize: None,
            single: None,
            allow_delete: false,
            dry_run: false,
            clobber: false,
            verify: false,
        }
    }
}

impl PackRequest {
    /// Packs with no flag given.
    pub fn new(folder: PathBuf, zip: PathBuf) -> Self {
        Self {
            folder,
            zip,
            package_type: None,
            solution: None,
            allow_missing: false,
            map: None,
            localize: false,
            single: None,
            dry_run: false,
        }
    }
}
