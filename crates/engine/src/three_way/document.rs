//! One file from three sides: what a merge driver gets to see.

use strata_xml::Element;

use super::{Conflict, Prefer, Three, file, manifest, text, tree};
use crate::pairing::Keys;

/// A merged file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergedDocument {
    pub bytes: Vec<u8>,
    pub conflicts: Vec<Conflict>,
}

/// Merges one file of a tree: XML element by element, JSON value by value, other texts line by line.
pub fn merge_documents(base: &[u8], ours: &[u8], theirs: &[u8], prefer: Prefer) -> MergedDocument {
    let mut conflicts = Vec::new();
    if base == theirs || ours == theirs {
        return MergedDocument { bytes: ours.to_vec(), conflicts };
    }
    if base == ours {
        return MergedDocument { bytes: theirs.to_vec(), conflicts };
    }
    let trees = (strata_xml::parse(base).ok(), strata_xml::parse(ours), strata_xml::parse(theirs));
    let bytes = match trees {
        (base, Ok(of_ours), Ok(of_theirs)) if of_ours.name == of_theirs.name => {
            let merged = elements(base.as_ref(), &of_ours, &of_theirs, prefer, &mut conflicts);
            written(&merged, ours)
        }
        (_, _, _) => {
            let sides = Three { base: Some(base), ours: Some(ours), theirs: Some(theirs) };
            file::contents("", sides, prefer, &mut conflicts).unwrap_or_default()
        }
    };
    MergedDocument { bytes, conflicts }
}

fn elements(
    base: Option<&Element>,
    ours: &Element,
    theirs: &Element,
    prefer: Prefer,
    conflicts: &mut Vec<Conflict>,
) -> Element {
    let mut walk = match ours.name.as_str() {
        "ImportExportXml" => tree::Walk::with_rule(manifest::higher, prefer),
        name => tree::Walk::new(keys_of(name), prefer),
    };
    let merged = walk.element(base, ours, theirs, "");
    conflicts.extend(walk.conflicts(&[]));
    merged
}

/// What the root of a file says about its keys.
fn keys_of(root: &str) -> Keys {
    match root {
        "forms" | "systemform" | "Dashboard" | "AppModule" | "AppModuleSiteMap" | "SiteMap" | "RibbonDiffXml" => {
            Keys::Merged
        }
        _ => Keys::Plain,
    }
}

/// Writes a root as a file is written: what stood before it, its line ends, its last line.
fn written(root: &Element, like: &[u8]) -> Vec<u8> {
    let end = text::line_end(like);
    let mut bytes = like[..prologue(like)].to_vec();
    match like.contains(&b'\n') {
        true => bytes.extend(strata_xml::write_lines(root, end)),
        false => bytes.extend(strata_xml::write(root)),
    }
    if like.ends_with(b"\n") {
        bytes.extend(end.as_bytes());
    }
    bytes
}

/// Returns where the root begins: behind the byte order mark, the declaration and comments.
fn prologue(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(open) = bytes[at..].iter().position(|byte| *byte == b'<').map(|open| at + open) {
        let close: &[u8] = match bytes.get(open + 1) {
            Some(b'?') => b"?>",
            Some(b'!') => b"-->",
            _ => return open,
        };
        let Some(length) = bytes[open..].windows(close.len()).position(|window| window == close) else { return open };
        at = open + length + close.len();
    }
    0
}
