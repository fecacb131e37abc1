//! The files of a tree that are no documents: their paths in the zip, and those that are missing.

use std::collections::{BTreeMap, BTreeSet};

use strata_model::package::PackageNote;

use super::pack::{Class, MissingFile, PackError, Piece, classify};
use super::spot::Keeps;
use super::{NamedFile, peek};
use crate::{Limits, ReadPackageError, container};

/// A file that a piece of the document names.
struct Wanted<'t> {
    /// In the zip.
    path: String,
    /// Where the tree should have it.
    expected: String,
    named_by: &'t str,
}

/// Gives the files their paths in the zip, in path order.
pub(super) fn place(
    pieces: &[Piece<'_>],
    files: Vec<NamedFile>,
    limits: &Limits,
    notes: &mut Vec<PackageNote>,
) -> Result<Vec<NamedFile>, PackError> {
    let mut payloads: BTreeMap<String, String> = BTreeMap::new();
    let mut wanted = Vec::new();
    for piece in pieces {
        wanted.extend(named_by(piece, &mut payloads));
    }
    let mut members = Vec::with_capacity(files.len());
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    for (path, bytes) in files {
        let zip = match (payloads.get(&path.to_lowercase()), classify(&path)) {
            (Some(zip), _) => container::part_name(zip, limits)?,
            (None, Class::Member(zip)) => {
                notes.extend(undescribed(&path));
                zip
            }
            (None, Class::Other(why)) => {
                notes.push(PackageNote { part: path, message: format!("left out: {why}") });
                continue;
            }
            (None, _) => continue,
        };
        let lower = zip.to_lowercase();
        let is_root = matches!(lower.as_str(), "solution.xml" | "customizations.xml" | "[content_types].xml");
        if let Some(other) = seen.insert(lower, path.clone()).or_else(|| is_root.then(|| "the packer".to_owned())) {
            let message = format!("`{other}` gives the package's `{zip}` too; one file for each is expected");
            return Err(ReadPackageError::unsafe_package(message).in_part(&path).into());
        }
        members.push((zip, bytes));
    }
    let missing = missing(&wanted, &seen);
    if !missing.is_empty() {
        return Err(PackError::Missing(missing));
    }
    members.sort_by_cached_key(|(path, _)| path.to_lowercase());
    Ok(members)
}

/// Folders in which each file is described by one beside it.
const DESCRIBED: [&str; 3] = ["WebResources/", "Workflows/", "PluginAssemblies/"];

/// A file whose description has gone would be packed and be no component: that is said.
fn undescribed(path: &str) -> Option<PackageNote> {
    let is_in = |folder: &str| path.get(..folder.len()).is_some_and(|top| top.eq_ignore_ascii_case(folder));
    if !DESCRIBED.into_iter().any(is_in) {
        return None;
    }
    let message = format!("`{path}.data.xml` is missing, which says what it is: it is packed, and no component has it");
    Some(PackageNote { part: path.to_owned(), message })
}

fn missing(wanted: &[Wanted<'_>], seen: &BTreeMap<String, String>) -> Vec<MissingFile> {
    let mut listed = BTreeSet::new();
    let lacking = wanted.iter().filter(|one| !seen.contains_key(&one.path.to_lowercase()));
    lacking
        .filter(|one| listed.insert(one.expected.to_lowercase()))
        .map(|one| MissingFile { path: one.expected.clone(), named_by: one.named_by.to_owned() })
        .collect()
}

/// Returns the files that a piece names; the one that it describes gets its path in the zip.
fn named_by<'t>(piece: &Piece<'t>, payloads: &mut BTreeMap<String, String>) -> Vec<Wanted<'t>> {
    let element = piece.node.element();
    let wanted = |path: String, expected: String| Wanted { path, expected, named_by: piece.path };
    match piece.found.spot.keeps {
        Keeps::Described => {
            let Some(zip) = payload(element) else { return Vec::new() };
            let beside = piece.path[..piece.path.len() - ".data.xml".len()].to_owned();
            payloads.insert(beside.to_lowercase(), zip.clone());
            // Present for reference only: the definition is elsewhere, and so may the file be.
            let is_reference = peek::attribute(element, "unmodified").as_deref() == Some("1");
            if is_reference { Vec::new() } else { vec![wanted(zip, beside)] }
        }
        Keeps::Item => {
            let tops = ["/CanvasApps/", "/Connector/"];
            let paths = tops.iter().flat_map(|top| texts_from(element, top));
            paths.map(|zip| wanted(zip.clone(), zip.replacen("Connector/", "Connectors/", 1))).collect()
        }
        Keeps::Table => {
            let folder = piece.path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let expected = |zip: &str| zip.replacen("Formulas/", &format!("{folder}/Formulas/"), 1);
            texts_from(element, "/Formulas/").into_iter().map(|zip| wanted(zip.clone(), expected(&zip))).collect()
        }
        Keeps::Section | Keeps::Container | Keeps::Relationships | Keeps::Ribbon | Keeps::Part { .. } => Vec::new(),
    }
}

/// The path in the zip of the file that an element describes.
pub(super) fn payload(element: &[u8]) -> Option<String> {
    let names = ["FileName", "JsonFileName", "XamlFileName", "ExportedFileName"];
    let named = names.iter().find_map(|name| peek::child_text(element, name))?;
    Some(named.trim_start_matches('/').replace('\\', "/"))
}

/// Texts that begin so, without their first `/`.
fn texts_from(element: &[u8], beginning: &str) -> Vec<String> {
    let mut found = Vec::new();
    for at in memchr::memmem::find_iter(element, beginning.as_bytes()) {
        let rest = &element[at + 1..];
        let text = &rest[..memchr::memchr(b'<', rest).unwrap_or(0)];
        let is_whole = at > 0 && element[at - 1] == b'>';
        if let (true, Ok(text)) = (is_whole, std::str::from_utf8(text.trim_ascii())) {
            found.extend(strata_xml::unescape(text).ok());
        }
    }
    found
}
