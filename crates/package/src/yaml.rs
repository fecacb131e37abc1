//! The YAML source-control layout: a folder with one file for each component, XML written as mappings.
//!
//! Both directions are pure functions on lists of files. Everything goes through one small tree, `doc`: XML is
//! read into it (`xml_in`) and written from it (`xml_out`), and so is YAML (`yaml_in`, `yaml_out`, `scalar`).
//! What a mapping cannot say is an [`Arrangement`], which the layout keeps in a file of its own, the `sidecar`.
//!
//! `kinds` and `table` say which element has a file and where; `unpack` takes a package apart and `unpack_tree` settles
//! its names and order; `tree` finds solutions and their lists, `sort` what each file is, `pack` puts it together
//! (`pack_manifest`, `pack_table`, `pack_members`, `order`). `members` is about files that components name, `path` about
//! names that become steps of paths.
//!
//! Not here: the file system, and what the components mean.

mod doc;
mod join;
mod join_lists;
mod kinds;
mod manifest;
mod members;
mod order;
mod pack;
mod pack_manifest;
mod pack_members;
mod pack_table;
mod path;
mod scalar;
mod sidecar;
mod sort;
mod table;
mod tree;
mod unpack;
mod unpack_tree;
mod xml_in;
mod xml_out;
mod yaml_in;
mod yaml_out;
mod yaml_plain;

use crate::{Limits, ReadPackageError};
pub use join::{Conflict, Difference, Joined, Take, join};
pub use pack::{Missing, PackOptions, Packed, pack};
pub use tree::{Detected, detect};
pub use unpack::unpack;
pub use xml_out::Newline;
pub use yaml_out::Arrangement;

/// Writes one XML document as YAML; what the mapping does not say is returned beside it.
pub fn to_yaml(part: &str, xml: &[u8], limits: &Limits) -> Result<(String, Vec<Arrangement>), ReadPackageError> {
    let mut doc = doc::Doc::default();
    let root = xml_in::document(part, xml, &mut doc, limits)?;
    let mut out = String::with_capacity(xml.len());
    let arrangements = yaml_out::write(&mut doc, root, &mut out);
    Ok((out, arrangements))
}

/// Writes one YAML document as XML, in the layout of the platform's exports.
pub fn to_xml(
    part: &str,
    yaml: &[u8],
    arrangements: &[Arrangement],
    newline: Newline,
    limits: &Limits,
) -> Result<String, ReadPackageError> {
    let mut doc = doc::Doc::default();
    let by_path = arrangements.iter().map(|arrangement| (arrangement.path.clone(), arrangement.clone())).collect();
    let root = yaml_in::one(&mut doc, part, yaml, &by_path, limits)?;
    let mut out = String::with_capacity(yaml.len() + yaml.len() / 2);
    xml_out::write(&doc, root, 0, newline, &mut out);
    Ok(out)
}
