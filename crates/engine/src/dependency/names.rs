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
        let provided = Provided::new(package, &answered);
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
    sorted(reference::answers(&definition(component, &body, bodies)).iter().map(Target::id))
}

/// Every name that what a package defines answers to.
///
/// A table of numbers where each stands at the place that its first bits say, or at the next that was free: every
/// mention asks here, and searching a sorted list takes as long as reading the mention.
pub struct Provided {
    slots: Vec<TargetId>,
    shift: u32,
}

impl Provided {
    /// No name has this number, or if one has, it counts as provided.
    const FREE: TargetId = TargetId(0);

    /// Collects the names; `answered` has [`answered`] of each component.
    pub fn new(package: &Package, answered: &[Vec<TargetId>]) -> Self {
        let defined = package.components.iter().filter(|component| component.presence != Presence::Reference);
        let keys = defined.map(|component| Target::Component(component.key.clone()).id());
        Self::of(&keys.chain(answered.iter().flatten().copied()).collect::<Vec<_>>())
    }

    fn of(ids: &[TargetId]) -> Self {
        let length = (2 * ids.len()).next_power_of_two().max(2);
        let mut provided = Self { slots: vec![Self::FREE; length], shift: u64::BITS - length.trailing_zeros() };
        for &id in ids {
            let slot = provided.slot(id);
            provided.slots[slot] = id;
        }
        provided
    }

    fn contains(&self, id: TargetId) -> bool {
        self.slots[self.slot(id)] == id
    }

    /// Finds the place of a number, or the free one where it would stand; at most half of them are taken.
    fn slot(&self, id: TargetId) -> usize {
        let first = usize::try_from(id.0.cast_unsigned() >> self.shift).expect("no more bits than the length has");
        let mut slots = (first..self.slots.len()).chain(0..first);
        slots.find(|slot| [id, Self::FREE].contains(&self.slots[*slot])).expect("a free place")
    }
}

/// Reads what one component of a package names; `answered` is its [`answered`].
pub fn arrived(
    package: &Package,
    component: &PackagedComponent,
    answered: &[TargetId],
    provided: &Provided,
    bodies: &dyn Bodies,
) -> Arrived {
    let body = packaged_body(package, component);
    let definition = definition(component, &body, bodies);
    let references = reference::numbered(&definition);
    let mut arrived = Arrived { answers: answered.to_vec(), ..Arrived::default() };
    arrived.mentions.reserve_exact(references.len());
    for (id, reference) in references {
        arrived.mentions.push(id);
        if reference.is_internal {
            arrived.internal.push(id);
        }
        // What a lookup or a primary column implies is there where the column is.
        let is_named = matches!(reference.target, Target::Component(_) | Target::EntitySet(_));
        if is_named && !provided.contains(id) {
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
    let mentions = sorted(reference::numbered(&definition).into_iter().map(|(id, _)| id));
    let answers = sorted(reference::answers(&definition).iter().map(Target::id));
    DefinitionNames { component: component.no, definition: digest, mentions, answers }
}

fn sorted(ids: impl Iterator<Item = TargetId>) -> Vec<TargetId> {
    let mut ids: Vec<_> = ids.collect();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_want_the_same_place_are_told_apart() {
        let ids = [-1, -2, -3, 1, 2, i64::MIN, i64::MAX].map(TargetId);
        let provided = Provided::of(&[&ids[..], &ids[..]].concat());
        assert!(ids.iter().all(|id| provided.contains(*id)));
        assert!([-4, 3, i64::MIN + 1, i64::MAX - 1].iter().all(|id| !provided.contains(TargetId(*id))));
        assert!(!Provided::of(&[]).contains(TargetId(1)));
    }
}
