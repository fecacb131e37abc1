//! Who needs whom (DP1–DP7).
//!
//! There are no stored edges. A component needs what its definition in force names, as far as somebody in the
//! environment answers to the name: the store's indexes say who once wrote a name, and the layers of the moment say
//! who still does (decision 9). So a [`World`] can be the environment as it is, or as it would be after the edits
//! of a plan.
//!
//! Not here: which words of a definition are names, see [`crate::reference`]; what dependencies forbid, see
//! [`blocks`].

mod ask;
pub(crate) mod blocks;
mod names;
pub(crate) mod recipe;
mod risk;
mod world;

use strata_model::component::ComponentKey;
use strata_model::dependency::{Dependency, DependencyKind};
use strata_model::environment::{ComponentState, Footprint, Snapshot};
use strata_model::plan::Bodies;
use strata_model::reference::{Target, TargetId};
use strata_model::rules::Rules;

pub use ask::{all, all_footprint, blocking_deletion, missing, missing_footprint};
pub(crate) use ask::{edges, to_see_required};
pub use names::{Arrived, PackageNames, Provided, answered, arrived, index, index_of, is_new};
pub use risk::{Risk, at_risk};
pub(crate) use risk::{along, foreign_key};
pub(crate) use world::World;

use crate::effect::Lens;

/// Which layers count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    /// What users of the environment see.
    Published,
    /// What makers see, drafts included.
    Drafts,
}

/// Returns what the snapshot must hold besides the component for [`required`].
///
/// `seen` holds the component itself.
pub fn required_footprint(seen: &Snapshot, key: &ComponentKey, rules: &Rules, bodies: &dyn Bodies) -> Footprint {
    let world = World::now(Lens::new(seen, rules, bodies));
    let Some(state) = seen.components.get(key) else { return Footprint::default() };
    let read = [View::Published, View::Drafts].map(|view| world.mentions(state, view));
    let mut footprint = to_find(read.iter().flat_map(|mentions| mentions.iter()).map(|reference| &reference.target));
    footprint.keys.extend(state.component.parent());
    footprint
}

/// Returns what a snapshot must hold to find out who answers to names.
pub(crate) fn to_find<'t>(targets: impl Iterator<Item = &'t Target>) -> Footprint {
    let mut footprint = Footprint::default();
    for target in targets {
        match target {
            Target::Component(key) => {
                footprint.keys.push(key.clone());
                footprint.answering.push(target.id());
            }
            Target::EntitySet(_) | Target::LookupRelationship(_) => footprint.answering.push(target.id()),
            Target::PrimaryColumns(table) => {
                footprint.answering.push(target.id());
                footprint.keys.push(table.clone());
            }
        }
    }
    footprint.keys.sort_unstable();
    footprint.keys.dedup();
    footprint.answering.sort_unstable();
    footprint.answering.dedup();
    footprint
}

/// Returns what the snapshot must hold besides the component for [`dependents`].
pub fn dependents_footprint(seen: &Snapshot, key: &ComponentKey, rules: &Rules, bodies: &dyn Bodies) -> Footprint {
    let world = World::now(Lens::new(seen, rules, bodies));
    let mentioning: Vec<TargetId> = match seen.components.get(key) {
        Some(state) => world.names(state).iter().map(Target::id).collect(),
        None => crate::reference::names_of_system(key).iter().map(Target::id).collect(),
    };
    let children_of = key.component_type.is("entity").then(|| key.as_str().to_owned()).into_iter().collect();
    Footprint { mentioning, children_of, parts_of: vec![key.clone()], ..Footprint::default() }
}

/// Lists what a component needs: *Uses* (DP29).
pub fn required(snapshot: &Snapshot, key: &ComponentKey, rules: &Rules, bodies: &dyn Bodies) -> Vec<Dependency> {
    let world = World::now(Lens::new(snapshot, rules, bodies));
    let Some(state) = snapshot.components.get(key) else { return Vec::new() };
    world.required(state)
}

/// Lists who needs a component: *Used by*, its own parts included (DP29, DP31).
pub fn dependents(snapshot: &Snapshot, key: &ComponentKey, rules: &Rules, bodies: &dyn Bodies) -> Vec<Dependency> {
    let world = World::now(Lens::new(snapshot, rules, bodies));
    world.dependents(key)
}

impl World<'_> {
    /// Lists what a component needs.
    pub(crate) fn required(&self, state: &ComponentState) -> Vec<Dependency> {
        let own = &state.component.key;
        let mut edges: Vec<Dependency> = Vec::new();
        if let Some(parent) = state.component.parent().filter(|parent| self.exists(parent)) {
            let kind = DependencyKind::Internal;
            edges.push(Dependency { required: parent, dependent: own.clone(), kind, place: PART });
        }
        for view in [View::Published, View::Drafts] {
            for reference in self.mentions(state, view).iter() {
                let kind = kind_of(view, own, reference);
                for required in self.find(&reference.target) {
                    let is_known = edges.iter().any(|edge| edge.required == required);
                    if required != *own && !is_known {
                        let place = reference.place;
                        edges.push(Dependency { required, dependent: own.clone(), kind, place });
                    }
                }
            }
        }
        edges.sort();
        edges
    }

    /// Lists who needs a component.
    pub(crate) fn dependents(&self, key: &ComponentKey) -> Vec<Dependency> {
        let names = match self.state(key) {
            Some(state) => self.names(state),
            None => crate::reference::names_of_system(key),
        };
        let mut edges = Vec::new();
        for dependent in self.mentioning(&names) {
            if dependent.component.key != *key {
                edges.extend(self.edge(dependent, key, &names));
            }
        }
        for part in self.states().filter(|state| state.component.parent().as_ref() == Some(key)) {
            let is_listed = edges.iter().any(|edge: &Dependency| edge.dependent == part.component.key);
            if self.has_layers(part) && !is_listed {
                let (required, dependent) = (key.clone(), part.component.key.clone());
                edges.push(Dependency { required, dependent, kind: DependencyKind::Internal, place: PART });
            }
        }
        edges.sort();
        edges
    }

    /// Returns the edge from a component to whoever answers to the names, where there is one.
    fn edge(&self, dependent: &ComponentState, required: &ComponentKey, names: &[Target]) -> Option<Dependency> {
        let own = &dependent.component.key;
        if dependent.component.parent().as_ref() == Some(required) {
            let (required, dependent) = (required.clone(), own.clone());
            return Some(Dependency { required, dependent, kind: DependencyKind::Internal, place: PART });
        }
        [View::Published, View::Drafts].into_iter().find_map(|view| {
            let mentions = self.mentions(dependent, view);
            let reference = mentions.iter().find(|reference| names.contains(&reference.target))?;
            let (kind, place) = (kind_of(view, own, reference), reference.place);
            Some(Dependency { required: required.clone(), dependent: own.clone(), kind, place })
        })
    }
}

/// The place of an edge that comes from being a part.
pub(crate) const PART: &str = "part";

fn kind_of(view: View, dependent: &ComponentKey, reference: &strata_model::reference::Reference) -> DependencyKind {
    // A relationship lives by the tables that it joins (DP2).
    let joins = dependent.component_type.is("entityrelationship")
        && matches!(&reference.target, Target::Component(key) if key.component_type.is("entity"));
    match view {
        _ if reference.is_internal || joins => DependencyKind::Internal,
        View::Published => DependencyKind::Published,
        View::Drafts => DependencyKind::Unpublished,
    }
}
