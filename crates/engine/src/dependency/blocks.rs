//! What dependencies forbid: a component that others still name is not deleted (DP13–DP18, L98).
//!
//! Only published references count (DP3), and only those in force after the operation (DP7): a layer that goes in
//! the same operation holds nothing, one that it uncovers does.

use std::collections::{BTreeMap, BTreeSet};

use strata_model::code::ErrorCode;
use strata_model::component::{ComponentKey, ComponentRef};
use strata_model::environment::ComponentState;
use strata_model::plan::{Finding, FindingKind};
use strata_model::reference::Target;

use super::risk::quick_names;
use super::{View, World};
use crate::effect::Lens;
use crate::{catalogue, names};

/// A component that would be deleted, and those that still need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) required: ComponentKey,
    /// In key order.
    pub(crate) dependents: Vec<ComponentKey>,
}

/// Returns what stands against deleting components; `after` is the environment without them.
pub(crate) fn blocks(after: &World<'_>, deleted: &BTreeSet<ComponentKey>) -> Vec<Block> {
    let mut blocks = Vec::new();
    if deleted.is_empty() {
        return blocks;
    }
    let before = World::now(after.lens);
    let mut parts = parts_that_stay(after, deleted);
    for required in deleted {
        let Some(state) = before.state(required) else { continue };
        let names = quick_names(&before, state);
        let holds = |dependent: &&ComponentState| {
            !deleted.contains(&dependent.component.key) && holds(after, dependent, &names)
        };
        let named = after.mentioning(&names).into_iter().filter(holds).map(|state| state.component.key.clone());
        let dependents: BTreeSet<_> = named.chain(parts.remove(required).unwrap_or_default()).collect();
        if !dependents.is_empty() {
            blocks.push(Block { required: required.clone(), dependents: dependents.into_iter().collect() });
        }
    }
    blocks
}

/// Returns what stays of the parts of what goes, by the component that goes: columns that others have on a table.
fn parts_that_stay(after: &World<'_>, deleted: &BTreeSet<ComponentKey>) -> BTreeMap<ComponentKey, Vec<ComponentKey>> {
    let mut parts: BTreeMap<ComponentKey, Vec<ComponentKey>> = BTreeMap::new();
    for state in after.states().filter(|state| after.has_layers(state) && !deleted.contains(&state.component.key)) {
        if let Some(whole) = state.component.parent().filter(|parent| deleted.contains(parent)) {
            parts.entry(whole).or_default().push(state.component.key.clone());
        }
    }
    parts
}

/// Tells whether the definition in force of a component mentions one of the names.
fn holds(world: &World<'_>, dependent: &ComponentState, names: &[Target]) -> bool {
    let mut published = dependent.published();
    match (published.next(), published.next()) {
        (None, _) => return false,
        // The index has led to the only layer there is.
        (Some(_), None) if dependent.layers.len() == 1 => {
            if !catalogue::contains(&dependent.component.key, world.lens.rules) {
                return true;
            }
        }
        (Some(_), _) => {}
    }
    world.mentions(dependent, View::Published).iter().any(|mention| names.contains(&mention.target))
}

/// L98, DP16, DP28: says which pairs keep a solution from going.
pub(crate) fn uninstall_findings(lens: &Lens<'_>, blocks: &[Block]) -> Vec<Finding> {
    let count: usize = blocks.iter().map(|block| block.dependents.len()).sum();
    let finding = |block: &Block| {
        let (required, dependents) = (refer(lens, &block.required), refer_all(lens, block));
        let message = format!(
            "Solution dependencies exist, cannot uninstall. DependencyCount : {count} RequiredComponentObject details: \
             {} is needed by {}",
            names::describe(&required, block.required.component_type.label()),
            listed(lens, block),
        );
        Finding::error(FindingKind::DeleteBlocked, ErrorCode::UNINSTALL_WITH_DEPENDENCIES, "L98", message)
            .about(required)
            .related(dependents)
    };
    blocks.iter().map(finding).collect()
}

/// Returns the managed solutions that hold the dependents.
pub(crate) fn owners(lens: &Lens<'_>, blocks: &[Block]) -> Vec<String> {
    let dependents = blocks.iter().flat_map(|block| &block.dependents);
    let owners: BTreeSet<_> = dependents.filter_map(|key| owner(lens, key)).filter(|owner| owner != ACTIVE).collect();
    owners.into_iter().collect()
}

/// DP14: says who keeps a component from being deleted by hand; `exposed` goes along with the one that was named.
pub(crate) fn delete_findings(lens: &Lens<'_>, named: &ComponentKey, blocks: &[Block]) -> Vec<Finding> {
    let finding = |block: &Block| {
        let (required, dependents) = (refer(lens, &block.required), refer_all(lens, block));
        let id = required.id;
        let others =
            if dependents.len() == 1 { "1 other component" } else { &format!("{} other components", dependents.len()) };
        let with = if block.required == *named { "" } else { ", which would go along," };
        let message = format!(
            "The {}({id}) component{with} cannot be deleted because it is referenced by {others}. For a list of \
             referenced components, use the RetrieveDependenciesForDeleteRequest: {}",
            block.required.component_type.name(),
            listed(lens, block),
        );
        let rule = if block.required == *named { "DP14" } else { "DP5" };
        Finding::error(FindingKind::DeleteBlocked, ErrorCode::DELETE_IN_USE, rule, message)
            .about(required)
            .related(dependents)
            .hint(format!("see who needs it with `strata component dependencies {} --delete`", block.required))
    };
    blocks.iter().map(finding).collect()
}

fn refer(lens: &Lens<'_>, key: &ComponentKey) -> ComponentRef {
    match lens.snapshot.components.get(key) {
        Some(state) => names::installed(lens.snapshot.environment.id, state),
        None => names::keyed(lens.snapshot.environment.id, key),
    }
}

fn refer_all(lens: &Lens<'_>, block: &Block) -> Vec<ComponentRef> {
    block.dependents.iter().map(|key| refer(lens, key)).collect()
}

/// What a component that no managed solution holds belongs to.
const ACTIVE: &str = "Active";

/// How many dependents a sentence names; the others are in `related`.
const NAMED: usize = 3;

fn listed(lens: &Lens<'_>, block: &Block) -> String {
    let described = block.dependents.iter().take(NAMED).map(|key| {
        let described = names::describe(&refer(lens, key), key.component_type.label());
        match owner(lens, key) {
            Some(owner) => format!("{described} of {owner}"),
            None => described,
        }
    });
    let mut text = described.collect::<Vec<_>>().join(", ");
    if block.dependents.len() > NAMED {
        text.push_str(&format!(" and {} more", block.dependents.len() - NAMED));
    }
    text
}

/// Returns the name of the solution that holds a component's topmost managed layer, `Active` where it has none.
fn owner(lens: &Lens<'_>, key: &ComponentKey) -> Option<String> {
    let state = lens.snapshot.components.get(key)?;
    let topmost = state.managed().next_back().or_else(|| state.layers.last());
    topmost.map(|layer| names::solution(lens.snapshot, layer.solution))
}
