//! What people see of a component, as one tree: its published layers put together, or its draft where nobody has
//! published it yet.
//!
//! Not here: which layer decides what, see [`crate::layering`]; what a package says of it, see [`crate::export`].

use strata_model::environment::{ComponentState, Snapshot};
use strata_model::id::{Digest, SolutionNo};
use strata_model::layer::{Layer, LayerState};
use strata_model::plan::Bodies;
use strata_model::rules::Rules;
use strata_xml::Element;

use crate::active::merged::resolved_definition;
use crate::effect::Lens;
use crate::import::is_assumed_layer;
use crate::{catalogue, definition, export};

/// A definition as its layers resolve.
#[derive(Debug, Clone)]
pub struct Resolved {
    pub tree: Element,
    /// Paths of its member files, and what they hold.
    pub files: Vec<(String, Digest)>,
    /// Where it stands in a package, as the lowest layer that says so has it.
    pub home: Option<String>,
}

/// Returns the definition of a component; `None` where its layers say nothing.
pub fn of(snapshot: &Snapshot, state: &ComponentState, rules: &Rules, bodies: &dyn Bodies) -> Option<Resolved> {
    let component_type = &state.component.key.component_type;
    let layers = counting(state);
    let home = layers.iter().find_map(|layer| bodies.definition(&layer.digest)?.home);
    if component_type.merge().is_merged() {
        let tree = resolved_definition(layers.iter().copied(), rules, bodies)?;
        return Some(Resolved { tree, files: Vec::new(), home });
    }
    let system = catalogue::component(&state.component.key, rules);
    let system = system.and_then(|system| definition::tree(&system.definition));
    let lens = Lens::new(snapshot, rules, bodies);
    let (tree, files) = export::resolve(&lens, component_type, system, &layers)?;
    Some(Resolved { tree, files, home })
}

/// Returns a component as it would be with its draft published.
pub fn with_draft(state: &ComponentState) -> ComponentState {
    let mut state = state.clone();
    if state.active(LayerState::Unpublished).is_some() {
        let is_hidden = |layer: &Layer| layer.solution == SolutionNo::ACTIVE && layer.state == LayerState::Published;
        state.layers.retain(|layer| !is_hidden(layer));
        state.layers.iter_mut().for_each(|layer| layer.state = LayerState::Published);
    }
    state
}

/// The published layers, drafts where there are no others; placeholders say nothing.
pub fn counting(state: &ComponentState) -> Vec<&Layer> {
    let real = |layer: &&Layer| !is_assumed_layer(layer);
    let published: Vec<_> = state.published().filter(real).collect();
    if published.is_empty() { state.layers.iter().filter(real).collect() } else { published }
}
