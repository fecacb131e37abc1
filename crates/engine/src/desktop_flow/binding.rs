//! Which binaries of a flow answer for which references, as its runtime finds out (DF27, DF34).

use std::collections::BTreeMap;

use strata_model::component::{ComponentKey, ComponentRef};
use strata_model::environment::{ComponentState, DesktopFlowSchema};
use strata_model::layer::Layer;
use strata_xml::Element;

use super::content::{self, binary_key};
use crate::definition;
use crate::effect::Lens;
use crate::import::is_assumed_layer;
use crate::names;

/// One binary of a flow (DF3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binary {
    pub key: ComponentKey,
    pub component: ComponentRef,
    /// Kept as it is written: its values are nobody's to choose.
    pub binary_type: String,
    pub name: Option<String>,
    /// What the script calls it: `flow.manifest`, or the id of a connector.
    pub reference: String,
    /// The solution of its base layer, `Active` where that is unmanaged.
    pub owner: String,
    pub is_managed: bool,
}

impl Binary {
    /// Says where it comes from.
    pub fn describe_owner(&self) -> String {
        if self.is_managed { format!("of {}", self.owner) } else { "unmanaged in this environment".to_owned() }
    }
}

/// A flow with what answers for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    pub schema: DesktopFlowSchema,
    /// Every binary that is a part of the flow, by type, reference and id.
    pub binaries: Vec<Binary>,
    /// Binaries that answer for the same reference, a group each; in the same order.
    pub collisions: Vec<Vec<Binary>>,
    /// Binaries that the flow requires and nobody has.
    pub missing: Vec<ComponentRef>,
}

/// What a flow is fit for (`status` of `flow list`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Ok,
    Collision,
    MissingBinary,
}

impl Binding {
    pub fn status(&self) -> Status {
        match (self.collisions.is_empty(), self.missing.is_empty()) {
            (false, _) => Status::Collision,
            (true, false) => Status::MissingBinary,
            (true, true) => Status::Ok,
        }
    }

    /// Returns what a run binds: nothing in schema v1, which has everything inside.
    pub fn bound(&self) -> &[Binary] {
        match (self.schema, self.status()) {
            (DesktopFlowSchema::V2, Status::Ok) => &self.binaries,
            (DesktopFlowSchema::V1 | DesktopFlowSchema::V2, _) => &[],
        }
    }

    /// Returns every binary that collides.
    pub fn colliding(&self) -> impl Iterator<Item = &Binary> {
        self.collisions.iter().flatten()
    }

    /// Says which binaries collide and where each comes from.
    pub(crate) fn describe_collisions(&self, origin: impl Fn(&Binary) -> String) -> String {
        let group = |group: &Vec<Binary>| {
            let first = &group[0];
            let each: Vec<_> =
                group.iter().map(|binary| format!("{} ({})", binary.key.as_str(), origin(binary))).collect();
            let named = format!("{} {}", first.binary_type, first.reference);
            format!("{} binaries answer for {}: {}", group.len(), named.trim_end(), each.join(", "))
        };
        self.collisions.iter().map(group).collect::<Vec<_>>().join("; ")
    }
}

/// Binds an installed flow.
pub(crate) fn bind(lens: &Lens<'_>, flow: &ComponentState) -> Binding {
    let content = match lens.rules.desktop_flows_run_as_saved {
        true => content::as_saved(flow, lens.bodies),
        false => content::as_published(flow, lens.bodies),
    };
    let schema = content.as_ref().map_or(DesktopFlowSchema::V1, content::Content::schema);
    let binaries = binaries(lens, &flow.component.key);
    if schema == DesktopFlowSchema::V1 {
        return Binding { schema, binaries, collisions: Vec::new(), missing: Vec::new() };
    }
    let required = content.map(|content| content::required(&content.tree)).unwrap_or_default();
    let keys = required.into_iter().map(binary_key);
    let is_missing = |key: &ComponentKey| !binaries.iter().any(|binary| binary.key == *key);
    let environment = lens.snapshot.environment.id;
    let missing = keys.filter(is_missing).map(|key| names::keyed(environment, &key)).collect();
    let collisions = collisions(&binaries, lens.rules.binaries_differ_by_reference);
    Binding { schema, binaries, collisions, missing }
}

/// DF27, OQ 15: at most one binary may answer for each reference of a type.
fn collisions(binaries: &[Binary], by_reference: bool) -> Vec<Vec<Binary>> {
    let mut groups: BTreeMap<(String, String), Vec<Binary>> = BTreeMap::new();
    for binary in binaries {
        let reference = if by_reference { binary.reference.to_lowercase() } else { String::new() };
        groups.entry((binary.binary_type.to_lowercase(), reference)).or_default().push(binary.clone());
    }
    groups.into_values().filter(|group| group.len() > 1).collect()
}

/// Returns the binaries of a flow that are there, by type, reference and id.
pub(crate) fn binaries(lens: &Lens<'_>, flow: &ComponentKey) -> Vec<Binary> {
    let is_part = |state: &&ComponentState| {
        let component = &state.component;
        component.key.component_type.is(super::BINARY) && component.parent.as_ref() == Some(flow)
    };
    let parts = lens.snapshot.components.values().filter(is_part);
    let mut binaries: Vec<_> = parts.filter_map(|state| binary(lens, state)).collect();
    binaries.sort_by(|left, right| {
        let order = |binary: &Binary| (binary.binary_type.to_lowercase(), binary.reference.to_lowercase());
        order(left).cmp(&order(right)).then_with(|| left.key.cmp(&right.key))
    });
    binaries
}

/// Reads a binary from the topmost layer that says what it is.
fn binary(lens: &Lens<'_>, state: &ComponentState) -> Option<Binary> {
    let layers = || state.published().filter(|layer| !is_assumed_layer(layer));
    let tree = |layer: &Layer| definition::tree(&lens.bodies.definition(&layer.digest)?.bytes);
    let topmost = layers().rev().filter_map(tree).find(|tree| tree.child("type").is_some());
    let tree = topmost.or_else(|| layers().next_back().and_then(tree))?;
    let base = state.published().next()?;
    let is_managed = state.managed().next().is_some();
    Some(Binary::read(
        state.component.key.clone(),
        names::installed(lens.snapshot.environment.id, state),
        &tree,
        names::solution(lens.snapshot, base.solution),
        is_managed,
    ))
}

impl Binary {
    /// Reads what a definition says of a binary.
    pub(crate) fn read(
        key: ComponentKey,
        component: ComponentRef,
        tree: &Element,
        owner: String,
        is_managed: bool,
    ) -> Self {
        let text = |name: &str| tree.child_text(name).map(|text| text.trim().to_owned());
        Self {
            key,
            component,
            binary_type: text("type").unwrap_or_default(),
            name: text("name"),
            reference: text("reference").unwrap_or_default(),
            owner,
            is_managed,
        }
    }
}
