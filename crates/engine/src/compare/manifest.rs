//! What differs between two manifests, and between what stands around the components.

use strata_model::package::Package;
use strata_xml::{Element, Node};

use super::{PropertyChange, kind, parsed, tree};
use crate::pairing::Keys;

/// Compares the manifests and the frames of the documents.
pub(super) fn compare(before: &Package, after: &Package) -> Vec<PropertyChange> {
    let (old, new) = (manifest(before), manifest(after));
    let mut changes = Vec::new();
    if let (Some(old), Some(new)) = (&old, &new) {
        changes = tree::compare(old, new, Keys::Plain);
    }
    for change in &mut changes {
        change.rename_places(|text| {
            if let Some(rest) = text.strip_prefix("SolutionManifest/") {
                *text = rest.to_owned();
            }
        });
    }
    if before.manifest.mode != after.manifest.mode {
        changes.iter_mut().filter(|change| change.path == "Managed").for_each(|change| change.by_kind = true);
    }
    if before.is_managed() != after.is_managed() {
        for change in &mut changes {
            let root = change.path.strip_prefix("RootComponents/").filter(|root| kind::is_root_of_kind(root));
            change.by_kind |= root.is_some() && change.whole.is_some();
        }
    }
    changes.extend(frames(before, after));
    changes
}

/// Returns the manifest without what says nothing: the running numbers of older exports.
pub(crate) fn manifest(package: &Package) -> Option<Element> {
    let mut tree = parsed(&package.bytes(&package.residue))?;
    drop_numbers(&mut tree);
    Some(tree)
}

fn drop_numbers(element: &mut Element) {
    if matches!(element.name.as_str(), "Required" | "Dependent") {
        element.attributes.retain(|(name, _)| name != "key");
    }
    element.elements_mut().for_each(drop_numbers);
}

/// Compares what is left of the documents without their components; its paths begin with `customizations`.
fn frames(before: &Package, after: &Package) -> Vec<PropertyChange> {
    let (Some(old), Some(new)) = (frame(before), frame(after)) else { return Vec::new() };
    let mut changes = tree::compare(&old, &new, Keys::Plain);
    for change in &mut changes {
        change.rename_places(|text| {
            let joint = if text.starts_with(['@', '#']) { "" } else { "/" };
            *text = format!("customizations{joint}{text}");
        });
    }
    changes
}

/// Returns what is left of the document: no tables, which are components, and nothing empty.
fn frame(package: &Package) -> Option<Element> {
    let mut parts = package.residue.files.iter().map(|part| &package.parts[*part]);
    let skeleton = parts.find(|part| part.path.ends_with("#skeleton"))?;
    let mut tree = parsed(&skeleton.bytes)?;
    tree.children.retain(|node| !matches!(node, Node::Element(section) if section.name == "Entities"));
    drop_references(&mut tree);
    // The manifest's root bears the same attributes.
    tree.attributes.clear();
    drop_empty(&mut tree);
    Some(tree)
}

/// What is there for reference stays in the document, and is a component all the same.
fn drop_references(element: &mut Element) {
    element.children.retain(|node| !matches!(node, Node::Element(child) if child.attribute("unmodified") == Some("1")));
    element.elements_mut().for_each(drop_references);
}

fn drop_empty(element: &mut Element) {
    element.elements_mut().for_each(drop_empty);
    element.children.retain(|node| match node {
        Node::Element(child) => !child.children.is_empty() || !child.attributes.is_empty(),
        Node::Text(text) => !text.trim().is_empty(),
        Node::Comment(_) => true,
    });
}
