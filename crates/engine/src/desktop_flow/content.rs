//! What a desktop flow's definition says: its schema, its script, the binaries it requires (DF2).
//!
//! Real packages are the judge. The row has its script in both schemas; a flow of schema v1 has besides a member file
//! with everything packed into it, and `SchemaVersion` 2022.06. A flow of schema v2 has a stub there, and 2022.07.

use std::cmp::Ordering;

use strata_model::component::{ComponentKey, ComponentType};
use strata_model::environment::{ComponentState, DesktopFlowSchema};
use strata_model::id::{Guid, SolutionNo};
use strata_model::layer::{Layer, LayerState};
use strata_model::plan::{Bodies, Body};
use strata_xml::Element;

use super::BINARY;
use crate::definition;
use crate::import::is_assumed_layer;

/// `SchemaVersion` of a flow whose files are binaries.
pub(crate) const VERSION_OF_V2: &str = "2022.07";
pub(crate) const VERSION_OF_V1: &str = "2022.06";
/// `schemaversion` of the member file.
pub(crate) const FILE_VERSION_OF_V2: &str = "ROBIN_202208_DVRS";
pub(crate) const FILE_VERSION_OF_V1: &str = "ROBIN_20211012";

/// The definition of a desktop flow that is in force, and its member file.
#[derive(Debug, Clone)]
pub(crate) struct Content {
    pub(crate) tree: Element,
    /// The member file.
    pub(crate) json: Option<serde_json::Value>,
    /// Where a package keeps it.
    pub(crate) path: Option<String>,
    /// Where the row lives, see [`Body::home`].
    pub(crate) home: Option<String>,
}

impl Content {
    /// Reads what one definition says.
    pub(crate) fn read(body: &Body<'_>, bodies: &dyn Bodies) -> Option<Self> {
        let tree = definition::tree(&body.bytes)?;
        let file = body.files.iter().find(|(path, _)| path.to_lowercase().ends_with(".json"));
        let json = file.and_then(|(_, digest)| json(&bodies.file(digest)?));
        let path = file.map(|(path, _)| path.clone());
        Some(Self { tree, json, path, home: body.home.clone() })
    }

    pub(crate) fn schema(&self) -> DesktopFlowSchema {
        if self.package().is_some_and(|package| !package.is_empty()) {
            return DesktopFlowSchema::V1;
        }
        let file_version = self.json.as_ref().and_then(|json| json.get("schemaversion")?.as_str());
        if file_version.is_some_and(|version| version.ends_with("_DVRS")) {
            return DesktopFlowSchema::V2;
        }
        let is_newer = match self.tree.child_text("SchemaVersion").filter(|version| !version.trim().is_empty()) {
            Some(version) => version.trim().cmp(VERSION_OF_V2) != Ordering::Less,
            None => self.tree.child_text("Definition").is_some_and(|text| !text.is_empty()),
        };
        if is_newer { DesktopFlowSchema::V2 } else { DesktopFlowSchema::V1 }
    }

    /// Returns the designer it was made with (DF1): 2 is Power Automate for desktop.
    pub(crate) fn ui_flow_type(&self) -> Option<i32> {
        self.tree.child_text("UIFlowType")?.parse().ok()
    }

    /// Returns the packed files of schema v1, as base64.
    pub(crate) fn package(&self) -> Option<&str> {
        self.json.as_ref()?.get("properties")?.get("definition")?.get("package")?.as_str()
    }
}

/// Reads JSON, with or without a byte-order mark.
pub(crate) fn json(bytes: &[u8]) -> Option<serde_json::Value> {
    serde_json::from_slice(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)).ok()
}

fn column(tree: &Element, name: &str) -> Option<serde_json::Value> {
    let text = tree.child_text(name)?;
    serde_json::from_str(&text).ok()
}

/// Returns the binaries that a flow's definition requires, by their ids, in its own order (DF34).
///
/// Older clients wrote no such list: a flow without one requires nothing by name.
pub fn required_binaries(definition: &[u8]) -> Vec<Guid> {
    definition::tree(definition).map(|tree| required(&tree)).unwrap_or_default()
}

pub(crate) fn required(tree: &Element) -> Vec<Guid> {
    let dependencies = column(tree, "Dependencies");
    let listed = dependencies.as_ref().and_then(|dependencies| dependencies.get("requiredBinaries")?.as_array());
    listed.into_iter().flatten().filter_map(|id| Guid::parse(id.as_str()?)).collect()
}

/// Returns the key of a binary.
pub(crate) fn binary_key(id: Guid) -> ComponentKey {
    ComponentKey::new(ComponentType::named(BINARY), &id.to_string())
}

/// Returns a flow as it was last saved: a draft counts.
pub(crate) fn as_saved(state: &ComponentState, bodies: &dyn Bodies) -> Option<Content> {
    let has_draft = state.active(LayerState::Unpublished).is_some();
    let is_hidden =
        |layer: &Layer| has_draft && layer.solution == SolutionNo::ACTIVE && layer.state == LayerState::Published;
    topmost(state.layers.iter().rev().filter(|layer| !is_hidden(layer)), bodies)
}

/// Returns a flow as it is published.
pub(crate) fn as_published(state: &ComponentState, bodies: &dyn Bodies) -> Option<Content> {
    topmost(state.published().rev(), bodies)
}

/// The row of a flow is one unit (L38), so the topmost layer that holds the row says everything; others only labels.
fn topmost<'l>(layers: impl Iterator<Item = &'l Layer>, bodies: &dyn Bodies) -> Option<Content> {
    let mut lowest = None;
    for layer in layers.filter(|layer| !is_assumed_layer(layer)) {
        let content = bodies.definition(&layer.digest).and_then(|body| Content::read(&body, bodies));
        match content {
            Some(content) if content.tree.child("Category").is_some() => return Some(content),
            Some(content) => lowest = Some(content),
            None => {}
        }
    }
    lowest
}
