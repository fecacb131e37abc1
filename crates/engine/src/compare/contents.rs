//! Everything a package says, as properties: what a line-by-line comparison of two packages needs.

use std::borrow::Cow;

use strata_model::package::{Package, PackagedComponent, Part};

use super::{PropertyChange, file, manifest, text, tree};
use crate::definition;
use crate::pairing::Keys;

/// One value of a component, or the lines of a text or a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    pub path: String,
    pub value: Value,
}

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Line(String),
    Lines(String),
}

/// Returns what the manifest says.
pub fn of_solution(package: &Package) -> Vec<Content> {
    let listed = manifest::manifest(package).map(|tree| tree::list(&tree, Keys::Plain)).unwrap_or_default();
    let mut contents: Vec<_> = listed.into_iter().map(content).collect();
    for content in &mut contents {
        if let Some(rest) = content.path.strip_prefix("SolutionManifest/") {
            content.path = rest.to_owned();
        }
    }
    contents
}

/// Returns what a component says, its files last.
pub fn of_component(package: &Package, component: &PackagedComponent) -> Vec<Content> {
    let component_type = &component.key.component_type;
    let tree = definition::tree(&package.bytes(&component.definition));
    let mut listed = tree.map(|tree| tree::list(&tree, Keys::of(component_type))).unwrap_or_default();
    super::own_paths(&mut listed, component_type.own_element());
    let mut contents: Vec<_> = listed.into_iter().map(content).collect();
    contents.extend(component.definition.files.iter().map(|part| of_file(&package.parts[*part])));
    contents
}

/// Returns the files that belong to no component.
pub fn of_files(package: &Package) -> Vec<Content> {
    file::of_none(package).into_values().map(of_file).collect()
}

fn content(change: PropertyChange) -> Content {
    Content { path: change.path, value: value(change.after.unwrap_or_default()) }
}

/// A text of several lines shows as its lines, a document with a line for each value.
fn value(said: String) -> Value {
    if let Some(script) = text::script(&said) {
        return Value::Lines(script);
    }
    match pretty(&said) {
        Some(document) => Value::Lines(document),
        None if said.contains('\n') => Value::Lines(said),
        None => Value::Line(said),
    }
}

fn pretty(said: &str) -> Option<String> {
    let document = text::document(said)?;
    let is_empty = document.as_array().is_some_and(Vec::is_empty) || document.as_object().is_some_and(|o| o.is_empty());
    if is_empty { None } else { serde_json::to_string_pretty(&document).ok() }
}

fn of_file(part: &Part) -> Content {
    let value = match file::readable(&part.bytes) {
        Some(said) => Value::Lines(pretty(said).map_or(Cow::Borrowed(said), Cow::Owned).into_owned()),
        None => Value::Line(format!("{} bytes, {}", part.bytes.len(), part.digest)),
    };
    Content { path: format!("file {}", part.path), value }
}
