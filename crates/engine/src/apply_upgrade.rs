//! Plans the second half of an upgrade: the holding solution takes the place of its base (L80–L84).
//!
//! Staging has imported the new version beside the old one. What remains is to let base and patches go and to
//! give the holding solution their slots and the base's name. The base keeps its number, so that solutions stay in
//! the order in which they were first installed; layers that say the same stay as they are.
//!
//! Not here: staging (an import, see [`crate::import`]) and what becomes of components that the holding solution
//! no longer holds (see [`crate::removal`]).

use std::collections::BTreeSet;

use strata_model::code::ErrorCode;
use strata_model::component::ComponentKey;
use strata_model::environment::{ComponentState, Footprint, Membership, Snapshot};
use strata_model::id::{Operation, SolutionNo};
use strata_model::layer::Layer;
use strata_model::plan::{
    Action, Bodies, Change, Edit, Finding, FindingKind, OperationKind, Plan, PlanSolution, RowCounts,
};
use strata_model::rules::Rules;
use strata_model::solution::{Solution, SolutionKind};

use crate::dependency::World;
use crate::dependency::blocks::{blocks, uninstall_findings};
use crate::dependency::recipe;
use crate::effect::Lens;
use crate::family::{Family, holding};
use crate::removal::{Removal, close};
use crate::{fallback, names};

/// Returns the components that applying the pending upgrade of a solution must see.
pub fn footprint(snapshot: &Snapshot, unique_name: &str) -> Footprint {
    let family = snapshot.solution_named(unique_name).map(|base| Family::of(snapshot, base)).unwrap_or_default();
    Footprint { solutions: family.everyone(), ..Footprint::default() }
}

/// Returns the tables that would go: others may have columns on them, which must be seen too.
pub fn tables(snapshot: &Snapshot, unique_name: &str, rules: &Rules) -> Vec<String> {
    let Some(base) = snapshot.solution_named(unique_name) else { return Vec::new() };
    let Some(upgrade) = Family::of(snapshot, base).upgrade else { return Vec::new() };
    let is_dropped = |state: &&ComponentState| !state.is_member_of(upgrade.no);
    let dropped = snapshot.components.values().filter(is_dropped);
    let keys = dropped.clone().map(|state| &state.component.key);
    let own = keys.filter(|key| key.component_type.is("entity")).map(|key| key.as_str().to_owned());
    // L48: what other forms there are decides whether forms may go.
    let mut tables = fallback::tables(dropped, rules);
    tables.extend(own);
    tables.into_iter().collect()
}

/// Returns the components that the pending upgrade may delete: whoever names one of them must be seen too.
pub fn at_risk(snapshot: &Snapshot, unique_name: &str) -> BTreeSet<ComponentKey> {
    let family = snapshot.solution_named(unique_name).map(|base| Family::of(snapshot, base)).unwrap_or_default();
    let Some(upgrade) = family.upgrade else { return BTreeSet::new() };
    let is_dropped = |state: &&ComponentState| family.holds(state) && !state.is_member_of(upgrade.no);
    snapshot.components.values().filter(is_dropped).map(|state| state.component.key.clone()).collect()
}

/// Tells whether a holding solution of that base is there, be the base gone or not.
pub fn is_pending(snapshot: &Snapshot, unique_name: &str) -> bool {
    holding(snapshot, unique_name).is_some()
}

/// Plans the apply; `rows` counts the data that would go (L99).
pub fn plan(snapshot: &Snapshot, unique_name: &str, rows: &dyn RowCounts, rules: &Rules, bodies: &dyn Bodies) -> Plan {
    let mut plan = Plan::empty(OperationKind::ApplyUpgrade, snapshot.environment.revision, *rules);
    let (family, base, upgrade) = match target(snapshot, unique_name) {
        Ok(target) => target,
        Err(finding) => {
            plan.findings.push(*finding);
            return plan;
        }
    };
    plan.solution = Some(PlanSolution {
        unique_name: base.unique_name.clone(),
        from: Some(base.version.to_string()),
        to: Some(upgrade.version.to_string()),
        is_managed: base.is_managed,
    });
    let lens = Lens::new(snapshot, rules, bodies);
    let going = family.installed();
    let mut apply =
        Apply { lens, removal: Removal::new(lens, rows, family.installed(), "L82"), family, base, upgrade, plan };
    let mut changes = apply.components();
    apply.solutions();
    let removed = apply.removal.finish(&BTreeSet::new());
    let mut plan = apply.plan;
    changes.extend(removed.changes);
    changes.sort_by(|(left, _), (right, _)| left.cmp(right));
    plan.changes = changes.into_iter().map(|(_, change)| change).collect();
    plan.findings.extend(removed.findings);
    plan.edits.extend(removed.edits);
    let found = blocks(&World::after(lens, &plan), &removed.deleted);
    plan.findings.extend(uninstall_findings(&lens, &found));
    recipe::attach(&lens, &going, &found, &|_| false, &mut plan.findings);
    if plan.is_refused() {
        // What would happen stays to be shown; there is nothing to carry out.
        plan.edits.clear();
    }
    plan
}

/// L81: finds what is pending under the base's name.
fn target<'a>(
    snapshot: &'a Snapshot,
    unique_name: &str,
) -> Result<(Family<'a>, &'a Solution, &'a Solution), Box<Finding>> {
    let refuse =
        |code, rule: &str, message: String| Box::new(Finding::error(FindingKind::Version, code, rule, message));
    let Some(solution) = snapshot.solution_named(unique_name) else {
        return Err(match holding(snapshot, unique_name) {
            Some(orphan) => Box::new(base_lost(orphan)),
            None => refuse(ErrorCode::NOT_FOUND, "L81", format!("there is no solution named `{unique_name}`")),
        });
    };
    let family = Family::around(snapshot, solution);
    match (solution.kind, family.base, family.upgrade) {
        (SolutionKind::Upgrade, None, _) => Err(Box::new(base_lost(solution))),
        (SolutionKind::Upgrade, Some(base), _) => {
            let message =
                format!("{} is the pending upgrade itself: name the solution that it replaces", solution.unique_name);
            Err(Box::new(
                Finding::error(FindingKind::Version, ErrorCode::UPGRADE_WRONG_SOLUTION, "L81", message)
                    .hint(format!("apply it with `strata solution upgrade --solution-name {}`", base.unique_name)),
            ))
        }
        (SolutionKind::Base, Some(base), Some(upgrade)) => Ok((family, base, upgrade)),
        (SolutionKind::Base | SolutionKind::Patch, ..) => {
            let message = format!("{} has no pending upgrade", solution.unique_name);
            Err(Box::new(
                Finding::error(FindingKind::Version, ErrorCode::UPGRADE_NOT_AVAILABLE, "L81", message)
                    .hint("stage one with `strata import FILE --action stage`"),
            ))
        }
    }
}

fn base_lost(upgrade: &Solution) -> Finding {
    let message = format!("the base solution of {} is gone", upgrade.unique_name);
    Finding::error(FindingKind::Version, ErrorCode::CANNOT_FIND_BASE, "L81", message)
        .hint(format!("give it up with `strata solution delete --solution-name {}`", upgrade.unique_name))
}

struct Apply<'a> {
    lens: Lens<'a>,
    removal: Removal<'a>,
    family: Family<'a>,
    base: &'a Solution,
    upgrade: &'a Solution,
    plan: Plan,
}

impl<'a> Apply<'a> {
    fn components(&mut self) -> Vec<(ComponentKey, Change)> {
        let mut changes = Vec::new();
        let (snapshot, family) = (self.lens.snapshot, self.family.clone());
        for state in snapshot.components.values().filter(|state| family.holds(state)) {
            if state.is_member_of(self.upgrade.no) {
                if state.layer_of(self.upgrade.no).is_none() {
                    self.removal.keep(state);
                }
                changes.extend(self.promote(state).map(|change| (state.component.key.clone(), change)));
            } else {
                self.removal.take(state);
            }
        }
        changes
    }

    /// Layers flatten to one of the base's (L80).
    fn promote(&mut self, state: &ComponentState) -> Option<Change> {
        let edits = flatten(&self.family, state, self.base.no);
        let is_changed = !edits.is_empty();
        self.plan.edits.extend(edits);
        self.plan.edits.extend(memberships(&self.family, state, self.base.no, self.upgrade.no));
        if !is_changed || state.managed().all(|layer| layer.solution == self.upgrade.no) {
            self.plan.unchanged += 1;
            return None;
        }
        let before = self.lens.published(state);
        let family = self.family.names();
        let mut kept = before.iter().rev().find(|item| family.contains(&item.name.as_str())).cloned()?;
        kept.name.clone_from(&self.base.unique_name);
        let mut after: Vec<_> = before.iter().filter(|item| !family.contains(&item.name.as_str())).cloned().collect();
        let position = before.iter().take_while(|item| !family.contains(&item.name.as_str())).count();
        after.insert(position, kept);
        let seen = self.lens.compare(&state.component.key, &before, &after, &self.base.unique_name);
        let component = names::installed(self.lens.snapshot.environment.id, state);
        self.plan.findings.extend(seen.collision(&component, state.component.key.component_type.label()));
        if seen.properties.is_empty() {
            self.plan.unchanged += 1;
            return None;
        }
        Some(seen.change(Action::Modify, component, &self.base.unique_name))
    }

    fn solutions(&mut self) {
        let gone = self.family.patches.iter().copied().chain([self.base, self.upgrade]);
        self.plan.edits.extend(gone.cloned().map(Edit::SolutionClose));
        let before = self.family.patches.iter().copied().chain([self.base, self.upgrade]);
        let assumes: BTreeSet<_> = before.flat_map(|solution| solution.assumes.iter().copied()).collect();
        let assumes = assumes.into_iter().filter(|no| self.lens.snapshot.solution(*no).is_some_and(|s| s.assumed));
        self.plan.edits.push(Edit::SolutionOpen(Solution {
            no: self.base.no,
            id: self.base.id,
            unique_name: self.base.unique_name.clone(),
            kind: SolutionKind::Base,
            parent: None,
            assumes: assumes.collect(),
            ..self.upgrade.clone()
        }));
    }
}

/// Returns the edits that leave a component one layer of the family, the topmost, as the base's.
pub(crate) fn flatten(family: &Family<'_>, state: &ComponentState, base: SolutionNo) -> Vec<Edit> {
    let Some(topmost) = family.topmost(state) else { return Vec::new() };
    let kept = Layer { solution: base, from: Operation::START, ..topmost.clone() };
    let layers = || state.managed().filter(|layer| family.contains(layer.solution));
    let stays = |layer: &Layer| *layer == Layer { from: layer.from, ..kept.clone() };
    let mut edits: Vec<_> = layers().filter(|layer| !stays(layer)).map(close).collect();
    if !layers().any(stays) {
        edits.push(Edit::LayerOpen(kept));
    }
    edits
}

/// Returns the edits that make a component a member of the base alone, with the upgrade's behavior.
fn memberships(family: &Family<'_>, state: &ComponentState, base: SolutionNo, upgrade: SolutionNo) -> Vec<Edit> {
    let Some(member) = state.members.iter().find(|member| member.solution == upgrade) else { return Vec::new() };
    let kept = Membership { solution: base, ..member.clone() };
    let own = || state.members.iter().filter(|member| family.contains(member.solution));
    let mut edits: Vec<_> = own().filter(|member| **member != kept).cloned().map(Edit::MemberClose).collect();
    if !own().any(|member| *member == kept) {
        edits.push(Edit::MemberOpen(kept));
    }
    edits
}
