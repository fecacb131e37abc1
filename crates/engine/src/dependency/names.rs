//! What definitions that arrive name: for the store's indexes (`Plan::names`), and to see what they need (DP22).

use std::collections::{BTreeMap, BTreeSet};

use strata_model::component::Component;
use strata_model::environment::Snapshot;
use strata_model::id::ComponentNo;
use strata_model::layer::Layer;
use strata_model::package::{Package, PackagedComponent, Presence};
use strata_model::plan::{Bodies, Body, Edit, Plan};
use strata_model::reference::{DefinitionNames, Reference, Target, TargetId};

use crate::effect::Over;
use crate::reference::{self, Definition};

/// What the components of a package name, as far as they have been read; in the package's order.
#[derive(Debug, Clone, Default)]
pub struct PackageNames(pub Vec<Option<Arrived>>);

/// What one component of a package names.
#[derive(Debug, Clone, Default)]
pub struct Arrived {
    /// As in [`DefinitionNames`].
    pub mentions: Vec<TargetId>,
    pub answers: Vec<TargetId>,
    /// What of the mentions the component is a part of, in substance if not in form (DP2).
    pub internal: Vec<TargetId>,
    /// References to what the package itself does not define.
    pub outside: Vec<Reference>,
}

impl PackageNames {
    /// Reads the new components of a package.
    pub fn of(package: &Package, snapshot: &Snapshot, bodies: &dyn Bodies) -> Self {
        let answered: Vec<_> =
            package.components.iter().map(|component| answered(package, component, bodies)).collect();
        let provided = provided(package, &answered);
        let read = |(component, answered): (&PackagedComponent, &Vec<TargetId>)| {
            is_new(snapshot, component).then(|| arrived(package, component, answered, &provided, bodies))
        };
        Self(package.components.iter().zip(&answered).map(read).collect())
    }

    /// Returns what a component names, by its place in the package.
    pub fn get(&self, index: usize) -> Option<&Arrived> {
        self.0.get(index)?.as_ref()
    }
}

/// Tells whether an import must read what a component names: its definition has not been there before.
pub fn is_new(snapshot: &Snapshot, component: &PackagedComponent) -> bool {
    let state = snapshot.components.get(&component.key);
    let is_borne = state.is_some_and(|state| state.layers.iter().any(|layer| layer.digest == component.digest));
    component.presence != Presence::Reference && !is_borne
}

/// Returns the names that a component of a package answers to beside its key, sorted.
pub fn answered(package: &Package, component: &PackagedComponent, bodies: &dyn Bodies) -> Vec<TargetId> {
    if component.presence == Presence::Reference {
        return Vec::new();
    }
    let body = match reference::has_answers(&component.key.component_type) {
        true => packaged_body(package, component),
        false => Body::default(),
    };
    sorted(reference::answers(&definition(component, &body, bodies)).iter())
}

/// Returns every name that what a package defines answers to, sorted; `answered` has [`answered`] of each component.
pub fn provided(package: &Package, answered: &[Vec<TargetId>]) -> Vec<TargetId> {
    let defined = package.components.iter().filter(|component| component.presence != Presence::Reference);
    let keys = defined.map(|component| Target::Component(component.key.clone()).id());
    let mut provided: Vec<_> = keys.chain(answered.iter().flatten().copied()).collect();
    provided.sort_unstable();
    provided
}

/// Reads what one component of a package names; `answered` is its [`answered`], `provided` the package's [`provided`].
pub fn arrived(
    package: &Package,
    component: &PackagedComponent,
    answered: &[TargetId],
    provided: &[TargetId],
    bodies: &dyn Bodies,
) -> Arrived {
    let body = packaged_body(package, component);
    let definition = definition(component, &body, bodies);
    let references = reference::mentions(&definition);
    let mut arrived = Arrived { answers: answered.to_vec(), ..Arrived::default() };
    arrived.mentions.reserve_exact(references.len());
    for reference in references {
        let id = reference.target.id();
        arrived.mentions.push(id);
        if reference.is_internal {
            arrived.internal.push(id);
        }
        // What a lookup or a primary column implies is there where the column is.
        let is_named = matches!(reference.target, Target::Component(_) | Target::EntitySet(_));
        if is_named && provided.binary_search(&id).is_err() {
            arrived.outside.push(reference);
        }
    }
    arrived.mentions.sort_unstable();
    arrived.mentions.dedup();
    arrived
}

fn definition<'d>(component: &'d PackagedComponent, body: &'d Body<'d>, files: &'d dyn Bodies) -> Definition<'d> {
    let PackagedComponent { key, parent, category, id, .. } = component;
    Definition { key, parent: parent.as_ref(), category: *category, id: *id, body, files }
}

fn packaged_body<'p>(package: &'p Package, component: &PackagedComponent) -> Body<'p> {
    let files = component.definition.files.iter().map(|index| {
        let part = &package.parts[*index];
        (part.path.clone(), part.digest)
    });
    Body {
        bytes: package.bytes(&component.definition),
        home: component.definition.home.clone(),
        files: files.collect(),
    }
}

/// Returns what the definitions of a plan's new layers name, those that the plan has listed already included.
///
/// A layer that only moves, or whose draft is published, bears a definition that its component has had before.
pub fn index(plan: &Plan, snapshot: &Snapshot, bodies: &dyn Bodies) -> Vec<DefinitionNames> {
    let added: BTreeMap<ComponentNo, &Component> = plan.edits.iter().filter_map(added).collect();
    let known: BTreeMap<_, _> = snapshot.components.values().map(|state| (state.component.no, state)).collect();
    let both = Over(plan, bodies);
    let mut names = plan.names.clone();
    let mut listed: BTreeSet<_> = names.iter().map(|names| (names.component, names.definition)).collect();
    for layer in plan.edits.iter().filter_map(opened) {
        let state = known.get(&layer.component);
        let component = added.get(&layer.component).copied().or_else(|| state.map(|state| &state.component));
        let is_borne = state.is_some_and(|state| state.layers.iter().any(|known| known.digest == layer.digest));
        let (Some(component), false) = (component, is_borne) else { continue };
        if !listed.insert((layer.component, layer.digest)) {
            continue;
        }
        if let Some(body) = both.definition(&layer.digest) {
            names.push(index_of(component, layer.digest, &body, &both));
        }
    }
    names.sort_by_key(|names| (names.component, names.definition));
    names
}

/// Returns what one definition of a component names.
pub fn index_of(
    component: &Component,
    digest: strata_model::id::Digest,
    body: &Body<'_>,
    files: &dyn Bodies,
) -> DefinitionNames {
    let definition = Definition {
        key: &component.key,
        parent: component.parent.as_ref(),
        category: component.category,
        id: component.id,
        body,
        files,
    };
    let mentions = reference::mentions(&definition);
    let mentions = sorted(mentions.iter().map(|reference| &reference.target));
    let answers = sorted(reference::answers(&definition).iter());
    DefinitionNames { component: component.no, definition: digest, mentions, answers }
}

fn sorted<'t>(targets: impl Iterator<Item = &'t Target>) -> Vec<TargetId> {
    let mut ids: Vec<_> = targets.map(Target::id).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn added(edit: &Edit) -> Option<(ComponentNo, &Component)> {
    let Edit::ComponentAdd(component) = edit else { return None };
    Some((component.no, component))
}

fn opened(edit: &Edit) -> Option<&Layer> {
    let Edit::LayerOpen(layer) = edit else { return None };
    Some(layer)
}
