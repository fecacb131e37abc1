//! What a change of layers does to a form, a site map, an app or a ribbon: every layer contributes, so a change is
//! what it makes of the definition below, and what of that can still be seen on top (L39, L136).

use std::collections::BTreeSet;

use strata_model::plan::{Effect, PropertyChange};
use strata_model::rules::Rules;

use super::Seen;
use crate::layering::{self, StackedLayer};
use crate::merge::{Conflict, Merged};

/// Compares two stacks of a merged type; `own` names the layer that changes.
pub(super) fn compare(before: &[StackedLayer], after: &[StackedLayer], own: &str, rules: &Rules) -> Seen {
    let position = |stack: &[StackedLayer]| stack.iter().rposition(|layer| layer.name == own);
    // What is resolved up to the layer itself; where it is missing, up to where it stood or will stand.
    let height = |stack: &[StackedLayer], other: &[StackedLayer]| match position(stack) {
        Some(at) => at + 1,
        None => position(other).unwrap_or(stack.len()).min(stack.len()),
    };
    let (low, high) = (height(before, after), height(after, before));
    let (seen_before, seen_after) = (layering::merged(before, rules), layering::merged(after, rules));
    let visible = seen_before.changes_to(&seen_after);
    let own_changes = if low == before.len() && high == after.len() {
        // Nothing is above: what the layer changes is what is seen.
        visible.clone()
    } else {
        layering::merged(&before[..low], rules).changes_to(&layering::merged(&after[..high], rules))
    };
    let mut properties = Vec::new();
    let mut hidden = Vec::new();
    for (path, change) in own_changes {
        let seen = visible.get(&path);
        if seen.is_none() {
            hidden.push(properties.len());
        }
        properties.push(PropertyChange {
            path,
            before: change.below,
            after: change.here,
            resolved_before: seen.and_then(|seen| seen.below.clone()),
            resolved_after: seen.and_then(|seen| seen.here.clone()),
        });
    }
    let masked_by = masked_by(&mut properties, &hidden, &seen_after, after, own);
    let is_visible =
        hidden.len() < properties.len() || !visible.is_empty() || seen_before.is_in_other_order(&seen_after);
    let effect = match (is_visible, masked_by.is_empty()) {
        (true, _) => Effect::Visible,
        (false, false) => Effect::Masked,
        (false, true) => Effect::None,
    };
    let conflicts = new_conflicts((&seen_before, before), (&seen_after, after));
    Seen { properties, effect, masked_by, conflicts }
}

/// Fills in what is seen instead of the changes that cannot be seen; returns the layers above that decide it.
fn masked_by(
    properties: &mut [PropertyChange],
    hidden: &[usize],
    seen: &Merged<'_>,
    stack: &[StackedLayer],
    own: &str,
) -> Vec<String> {
    if hidden.is_empty() {
        return Vec::new();
    }
    let own_at = stack.iter().rposition(|layer| layer.name == own);
    let leaves = layering::merged_leaves(seen);
    let mut names = BTreeSet::new();
    for at in hidden {
        let property = &mut properties[*at];
        let Some(leaf) = leaves.get(&property.path) else { continue };
        property.resolved_before = Some(leaf.value.clone());
        property.resolved_after = Some(leaf.value.clone());
        if own_at.is_none_or(|own_at| leaf.decided_by > own_at) && stack[leaf.decided_by].name != own {
            names.insert(stack[leaf.decided_by].name.clone());
        }
    }
    names.into_iter().collect()
}

/// Conflicts that people have to look at and that were not there before, in words.
fn new_conflicts(before: (&Merged<'_>, &[StackedLayer]), after: (&Merged<'_>, &[StackedLayer])) -> Vec<String> {
    let described = |(merged, stack): (&Merged<'_>, &[StackedLayer])| {
        let to_see = merged.conflicts.iter().filter(|conflict| conflict.reason.needs_attention());
        to_see.map(|conflict| describe(conflict, stack)).collect::<Vec<_>>()
    };
    let known: BTreeSet<_> = described(before).into_iter().collect();
    described(after).into_iter().filter(|conflict| !known.contains(conflict)).collect()
}

/// Says what is in conflict, and which layers.
pub(crate) fn describe(conflict: &Conflict, stack: &[StackedLayer]) -> String {
    let layers: Vec<_> = conflict.layers.iter().filter_map(|at| Some(stack.get(*at)?.name.as_str())).collect();
    conflict.describe(&layers)
}
