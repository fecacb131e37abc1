//! The skeleton of a tree, as a zip of the same solution would have it.
//!
//! A tree keeps what is there for reference, the names of tables and their empty ribbons in files of their own. They go
//! into the skeleton, so that an installed solution has the same one whichever way it came.

use std::borrow::Cow;

use strata_model::component::{ComponentKey, ComponentType};
use strata_model::package::{PackagedComponent, Presence};

use crate::assemble::{AssembleError, Piece, fill_skeleton};
use crate::inventory::Inventory;

/// Puts into a skeleton what stands beside it.
pub(crate) fn complete(skeleton: &[u8], inventory: &Inventory) -> Result<Vec<u8>, AssembleError> {
    let mut pieces: Vec<Piece<'_>> = Vec::new();
    for component in &inventory.components {
        let is_reference = component.presence == Presence::Reference;
        if is_reference || component.key.component_type.is("entity") {
            let bytes = bytes(inventory, component);
            let bytes = if is_reference { Some(bytes) } else { name_only(&bytes) };
            pieces.extend(bytes.map(|bytes| piece(component, bytes)));
        }
    }
    let parts = inventory.parts.iter().enumerate().filter(|(part, _)| !inventory.is_owned(*part));
    for (_, part) in parts {
        let Some(table) = ribbon_of(&part.path) else { continue };
        let entity = ComponentType::named("entity");
        let table = ComponentKey::new(entity, table);
        if pieces.iter().any(|piece| piece.key == table) {
            let key = ComponentKey::folded(ComponentType::named("ribboncustomization"), table.as_str());
            let name = Cow::Owned(table.as_str().to_owned());
            let bytes = Cow::Borrowed(part.bytes.as_slice());
            let presence = Presence::Reference;
            pieces.push(Piece { key, name, parent: Some(table), home: None, presence, bytes, files: Vec::new() });
        }
    }
    if pieces.is_empty() { Ok(skeleton.to_vec()) } else { fill_skeleton(skeleton, &pieces) }
}

fn bytes(inventory: &Inventory, component: &PackagedComponent) -> Vec<u8> {
    let slices = component.definition.slices.iter();
    slices.flat_map(|slice| &inventory.parts[slice.part].bytes[slice.range.clone()]).copied().collect()
}

fn piece(component: &PackagedComponent, bytes: Vec<u8>) -> Piece<'_> {
    Piece {
        key: component.key.clone(),
        name: Cow::Borrowed(&component.name),
        parent: component.parent.clone(),
        home: component.definition.home.as_deref().map(Cow::Borrowed),
        presence: Presence::Reference,
        bytes: Cow::Owned(bytes),
        files: Vec::new(),
    }
}

/// A table without what it says of itself.
fn name_only(definition: &[u8]) -> Option<Vec<u8>> {
    let table = strata_xml::parse(definition).ok()?;
    let mut shell = strata_xml::Element::new("Entity");
    shell.children = table.child("Name").cloned().map(strata_xml::Node::Element).into_iter().collect();
    Some(strata_xml::write(&shell))
}

/// The table whose ribbon a file of the tree holds.
fn ribbon_of(path: &str) -> Option<&str> {
    let steps: Vec<&str> = path.split('/').collect();
    match steps.as_slice() {
        [top, table, file] if top.eq_ignore_ascii_case("entities") && file.eq_ignore_ascii_case("ribbondiff.xml") => {
            Some(table)
        }
        _ => None,
    }
}
