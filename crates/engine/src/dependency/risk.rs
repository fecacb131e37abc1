//! Which components an operation may delete, and what it must see therefore: everybody who names one of them.
//!
//! Found step by step: parts of what goes go along (DP2), and a relationship takes its foreign key with it (DP5).
//! A step asks for what it found missing, until nothing is.

use std::collections::BTreeSet;

use strata_model::component::{ComponentKey, ComponentType};
use strata_model::environment::{ComponentState, Footprint, Snapshot};
use strata_model::plan::Bodies;
use strata_model::reference::Target;
use strata_model::rules::Rules;

use super::World;
use crate::definition;
use crate::effect::Lens;

/// Components that may go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Risk {
    pub going: BTreeSet<ComponentKey>,
    /// What has to be seen to find the rest of them, and whoever names one.
    pub footprint: Footprint,
}

/// Returns what may go with these components, as far as the snapshot shows it.
pub fn at_risk(seen: &Snapshot, start: BTreeSet<ComponentKey>, rules: &Rules, bodies: &dyn Bodies) -> Risk {
    let world = World::now(Lens::new(seen, rules, bodies));
    let going = along(&world, start);
    let mut footprint = Footprint::default();
    for key in &going {
        let Some(state) = world.state(key) else { continue };
        footprint.mentioning.extend(quick_names(&world, state).iter().map(Target::id));
        match key.component_type.name() {
            "entity" => footprint.children_of.push(key.as_str().to_owned()),
            "entityrelationship" => footprint.keys.extend(foreign_key(&world, state)),
            _ => footprint.parts_of.push(key.clone()),
        }
    }
    footprint.keys.retain(|key| !seen.components.contains_key(key));
    footprint.mentioning.sort_unstable();
    footprint.mentioning.dedup();
    Risk { going, footprint }
}

/// Adds what goes with components: their parts, the relationships of tables, the foreign keys of relationships.
pub(crate) fn along(world: &World<'_>, start: BTreeSet<ComponentKey>) -> BTreeSet<ComponentKey> {
    let mut going = start;
    let is_part = |state: &&ComponentState, going: &BTreeSet<ComponentKey>| {
        world.has_layers(state) && state.component.parent().is_some_and(|parent| going.contains(&parent))
    };
    let parts: Vec<_> =
        world.states().filter(|state| is_part(state, &going)).map(|state| state.component.key.clone()).collect();
    going.extend(parts);
    let tables: Vec<_> = going.iter().filter(|key| key.component_type.is("entity")).cloned().collect();
    for table in tables {
        going.extend(relationships(world, &table).into_iter().map(|state| state.component.key.clone()));
    }
    let joining: Vec<_> = going.iter().filter(|key| key.component_type.is("entityrelationship")).cloned().collect();
    for relationship in joining {
        let column = world.state(&relationship).and_then(|state| foreign_key(world, state));
        going.extend(column.filter(|column| world.state(column).is_some_and(|state| world.has_layers(state))));
    }
    going
}

/// Returns the relationships that a table takes part in.
pub(crate) fn relationships<'w>(world: &'w World<'_>, table: &ComponentKey) -> Vec<&'w ComponentState> {
    let named = world.mentioning(&[Target::Component(table.clone())]);
    let joins = |state: &&ComponentState| {
        state.component.key.component_type.is("entityrelationship") && world.has_layers(state)
    };
    named.into_iter().filter(joins).collect()
}

/// Returns the foreign key of a 1:N relationship.
pub(crate) fn foreign_key(world: &World<'_>, relationship: &ComponentState) -> Option<ComponentKey> {
    let read = |layer: &strata_model::layer::Layer| {
        let tree = definition::tree(&world.lens.bodies.definition(&layer.digest)?.bytes)?;
        let table = tree.child_text("ReferencingEntityName")?;
        let column = tree.child_text("ReferencingAttributeName")?;
        Some(ComponentKey::new(ComponentType::named("attribute"), &format!("{}.{}", table.trim(), column.trim())))
    };
    relationship.layers.iter().rev().find_map(read)
}

/// Returns the names of a component; of a column its key alone, since nobody needs a primary column but its table.
pub(crate) fn quick_names(world: &World<'_>, state: &ComponentState) -> Vec<Target> {
    match state.component.key.component_type.name() {
        "attribute" => vec![Target::Component(state.component.key.clone())],
        _ => world.names(state),
    }
}
