//! Three manifests become one, and the frames of three documents.

use std::borrow::Cow;

use strata_model::package::Package;
use strata_model::version::Version;
use strata_xml::Element;

use super::{Conflict, Prefer, Three, text, tree};
use crate::compare;
use crate::pairing;

/// Merges the manifests: roots and missing dependencies one by one, and of two versions the higher counts.
pub(super) fn solution<'p>(
    packages: Three<&'p Package>,
    prefer: Prefer,
    conflicts: &mut Vec<Conflict>,
) -> Cow<'p, [u8]> {
    let bytes = |package: &'p Package| package.bytes(&package.residue);
    let written = Three { base: bytes(packages.base), ours: bytes(packages.ours), theirs: bytes(packages.theirs) };
    let trees = Three {
        base: compare::manifest(packages.base),
        ours: compare::manifest(packages.ours),
        theirs: compare::manifest(packages.theirs),
    };
    merged(written, trees, prefer, conflicts)
}

/// Merges what is left of the documents without their components.
pub(super) fn skeleton<'p>(
    packages: Three<&'p Package>,
    prefer: Prefer,
    conflicts: &mut Vec<Conflict>,
) -> Cow<'p, [u8]> {
    let bytes = |package: &'p Package| {
        let mut parts = package.residue.files.iter().map(|part| &package.parts[*part]);
        parts.find(|part| part.path.ends_with("#skeleton")).map_or(&[][..], |part| part.bytes.as_slice())
    };
    let written = Three { base: bytes(packages.base), ours: bytes(packages.ours), theirs: bytes(packages.theirs) };
    let tree = |bytes: &[u8]| strata_xml::parse(bytes).ok().map(without_blanks);
    let trees = Three { base: tree(written.base), ours: tree(written.ours), theirs: tree(written.theirs) };
    let written = Three {
        base: Cow::Borrowed(written.base),
        ours: Cow::Borrowed(written.ours),
        theirs: Cow::Borrowed(written.theirs),
    };
    let mut found = Vec::new();
    let merged = merged(written, trees, prefer, &mut found);
    // Its root repeats what the manifest's says.
    found.retain(|conflict| !conflict.path.starts_with('@'));
    conflicts.extend(found.into_iter().map(|conflict| {
        let path = format!("customizations/{}", conflict.path);
        Conflict { path, ..conflict }
    }));
    merged
}

/// White space is what is left where components stood.
fn without_blanks(mut element: Element) -> Element {
    drop_blanks(&mut element);
    element
}

fn drop_blanks(element: &mut Element) {
    element.children.retain(|node| !matches!(node, strata_xml::Node::Text(text) if text.trim().is_empty()));
    element.elements_mut().for_each(drop_blanks);
}

fn merged<'p>(
    written: Three<Cow<'p, [u8]>>,
    trees: Three<Option<Element>>,
    prefer: Prefer,
    conflicts: &mut Vec<Conflict>,
) -> Cow<'p, [u8]> {
    let Three { base: Some(base), ours: Some(ours), theirs: Some(theirs) } = trees else {
        return written.ours;
    };
    if pairing::is_same(&ours, &theirs) || pairing::is_same(&base, &theirs) {
        return written.ours;
    }
    if pairing::is_same(&base, &ours) {
        return written.theirs;
    }
    let mut walk = tree::Walk::with_rule(higher, prefer);
    let merged = walk.element(Some(&base), &ours, &theirs, "");
    conflicts.extend(walk.conflicts(&["SolutionManifest"]));
    Cow::Owned(strata_xml::write_lines(&merged, text::line_end(&written.ours)))
}

/// Of versions the higher counts: of the solution, of the builds that wrote the packages, of what they depend on.
pub(super) fn higher(path: &str, ours: Option<&str>, theirs: Option<&str>) -> Option<Prefer> {
    let is_root = path.starts_with('@');
    let is_provider = path.contains("MissingDependency[") && path.ends_with("@solution");
    if !is_root && !is_provider && path != "SolutionManifest/Version" {
        return None;
    }
    let (ours, theirs) = (version(ours?)?, version(theirs?)?);
    Some(if theirs > ours { Prefer::Theirs } else { Prefer::Ours })
}

/// Returns the version that a text is, or that stands behind it in brackets.
fn version(text: &str) -> Option<Version> {
    let inner = text.rsplit_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(text);
    Version::parse(inner).ok()
}
