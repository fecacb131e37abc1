//! The bytes of a solution package become a [`Package`]: a zip, a cabinet, or the files of an unpacked folder. And back:
//! [`assemble`] makes files of components, [`write`] a zip of files, [`stamp`] another version of a manifest.
//!
//! A package is judged by its own content alone. Nothing in it is trusted (D13) and nothing of it is dropped:
//! what no component owns is the package's residue. Components are slices of the parts they came in (D3).
//!
//! Not here: the file system (the caller reads it) and the environment.

pub mod assemble;
mod container;
mod content_types;
mod customizations_xml;
mod error;
pub mod fidelity;
mod folder;
mod inventory;
mod item;
mod limits;
mod node;
mod parallel;
mod places;
mod read;
mod rows;
mod solution_xml;
pub mod stamp;
pub mod tree;
mod tree_skeleton;
pub mod write;
pub mod yaml;
mod zip_directory;

pub use error::ReadPackageError;
pub use limits::Limits;
pub use read::{peek_file, peek_name, read, read_files, read_manifest, read_parts, read_tree};

#[cfg(doc)]
use strata_model::package::Package;
