//! The XML layout of an unpacked solution (package-format §7): files of a zip become files of a tree and back.
//!
//! Both directions work on bytes. Components are cut out of the document, laid out anew and written to the place that the
//! one table of places ([`spot`]) names; packing puts them back. What has no place stays in `Other/Customizations.xml`, and
//! files that nobody describes keep their path, so that nothing is lost.
//!
//! Order is canonical where it says nothing: two packages of the same content give the same tree. It is never changed
//! inside a component.
//!
//! Not here: the file system, and reading a tree as a package ([`crate::read_parts`]).

mod compose;
mod cut;
pub mod localize;
mod manifest;
pub mod map;
mod members;
mod names;
mod pack;
mod peek;
pub(crate) mod spot;
mod templates;
mod unpack;

pub use strata_xml::layout::Newline;

pub use pack::{MissingFile, Pack, PackError, Packed, pack};
pub use unpack::{Tree, Unpack, unpack, unpack_both};

use std::borrow::Cow;
use std::collections::BTreeSet;

/// A file: its path with `/`, and its bytes.
pub type NamedFile = (String, Vec<u8>);

/// Bytes in pieces, most of them borrowed from where they stood.
type Body<'a> = Vec<Cow<'a, [u8]>>;

/// Folders that trees have, beside those of the table of spots.
const FOLDERS: &[&str] = &[
    "Entities",
    "WebResources",
    "Workflows",
    "PluginAssemblies",
    "CanvasApps",
    "Connectors",
    "Controls",
    "Reports",
    "Formulas",
    "Templates",
    "Assets",
    "environmentvariabledefinitions",
    "customapis",
    "bots",
    "botcomponents",
    "botcomponentcollections",
    "aiplugins",
    "aipluginoperations",
    "appactions",
    "desktopflowbinaries",
    "maskingrules",
    "dvtablesearchs",
    "dvtablesearchentities",
    "pluginpackages",
    "organizationsettings",
];

/// Returns the outermost folders of files, in lower case.
pub fn tops(files: &[NamedFile]) -> BTreeSet<String> {
    let folders = files.iter().filter_map(|(path, _)| path.split_once('/'));
    folders.map(|(top, _)| top.to_lowercase()).collect()
}

/// Tells whether a path of a folder is one that unpacking writes, so that a file there which a new tree lacks is stale;
/// `tops` are the outermost folders of the new tree.
pub fn is_of_layout(path: &str, tops: &BTreeSet<String>, with_texts: bool) -> bool {
    match pack::classify(path) {
        pack::Class::Manifest
        | pack::Class::Skeleton
        | pack::Class::RelationshipList
        | pack::Class::Piece(_)
        | pack::Class::Document => true,
        pack::Class::Member(_) => {
            let Some((top, _)) = path.split_once('/') else { return false };
            tops.contains(&top.to_lowercase()) || FOLDERS.iter().any(|known| known.eq_ignore_ascii_case(top))
        }
        pack::Class::Other(_) => {
            let lower = path.to_lowercase();
            with_texts && lower.starts_with("resources/") && lower.ends_with(".resx")
        }
    }
}
