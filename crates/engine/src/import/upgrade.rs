//! The second half of an upgrade in one step: what the package no longer holds goes, and patches are rolled up
//! (L76, L82).
//!
//! The first half replaces layers in place like an update. Both halves come to the state that staging and
//! applying come to; a refusal here is the refusal of the apply (L83).

use std::collections::BTreeSet;

use strata_model::code::ErrorCode;
use strata_model::component::{ComponentKey, ComponentRef};
use strata_model::environment::ComponentState;
use strata_model::package::Presence;
use strata_model::plan::{Action, Edit, Finding, FindingKind, RowCounts, Severity};

use super::{Import, Met};
use crate::apply_upgrade::flatten;
use crate::dependency::World;
use crate::dependency::blocks::{Block, blocks, uninstall_findings};
use crate::dependency::recipe;
use crate::effect::{Lens, Over};
use crate::fallback::Place;
use crate::removal::{Arriving, Removal};
use crate::variables::{VALUE, value_key};

impl Import<'_> {
    /// Removes what base and patches hold and the package does not.
    pub(super) fn roll_up(&mut self, rows: &dyn RowCounts) {
        let Some(base) = self.installed else { return };
        let leaving = self.family.installed();
        let declared: BTreeSet<_> = self.package.manifest.root_components.iter().map(|root| &root.key).collect();
        let mut removal = Removal::new(self.lens, rows, leaving, "L82").with(self.arriving());
        let family = self.family.clone();
        for state in self.snapshot.components.values().filter(|state| family.holds(state)) {
            let key = &state.component.key;
            match self.packaged(key) {
                Some(component) if component.presence != Presence::Reference => self.keep(state, true),
                None if !declared.contains(key) => removal.take(state),
                Some(_) | None => {
                    removal.keep(state);
                    self.keep(state, false);
                }
            }
        }
        let fallbacks = self.arriving_fallbacks(removal.places_at_risk());
        let mut removed = removal.finish(&fallbacks);
        self.plan.edits.extend(removed.edits);
        let found = self.blocks(&removed.deleted);
        removed.findings.extend(uninstall_findings(&self.lens, &found));
        let dropped: Vec<_> = removed
            .changes
            .iter()
            .filter(|(_, change)| matches!(change.action, Action::Delete | Action::Detach))
            .map(|(_, change)| change.component.clone())
            .collect();
        self.changes.extend(removed.changes);
        self.dropped = removed.deleted;
        self.advise(dropped);
        self.refuse_apply(&base.unique_name, removed.findings);
        let is_brought = |key: &ComponentKey| {
            let index = self.met.binary_search_by(|met| met.component.key.cmp(key));
            index.is_ok_and(|index| self.met[index].component.presence != Presence::Reference)
        };
        recipe::attach(&self.lens, &self.family.installed(), &found, &is_brought, &mut self.plan.findings);
        self.plan.edits.extend(family.patches.iter().map(|patch| Edit::SolutionClose((*patch).clone())));
    }

    /// L98, DP18: what still needs a component that is dropped, in the environment or in the package itself.
    fn blocks(&self, deleted: &BTreeSet<ComponentKey>) -> Vec<Block> {
        let over = Over(&self.plan, self.lens.bodies);
        let lens = Lens { bodies: &over, ..self.lens };
        blocks(&World::after(lens, &self.plan), deleted)
    }

    /// What the first half has brought, in the eyes of the second.
    fn arriving(&self) -> Arriving {
        let is_meant = |met: &&Met<'_>| {
            let component_type = &met.component.key.component_type;
            let concerns = [VALUE, "entity", "systemform"].iter().any(|name| component_type.is(name));
            concerns && met.component.presence != Presence::Reference
        };
        let defined = self.met.iter().filter(is_meant).map(|met| met.component.key.clone());
        let given = self.options.settings.iter().flat_map(|file| file.settings.given_variables());
        Arriving {
            defined: defined.collect(),
            given: given.map(|setting| value_key(setting.schema_name.trim())).collect(),
        }
    }

    /// L48: the places among these for which the package brings a fallback form.
    fn arriving_fallbacks(&self, mut places: BTreeSet<Place>) -> BTreeSet<Place> {
        places.retain(|place| self.brings_fallback(place));
        places
    }

    /// Closes the patches' part of a component that stays; `is_defined` when the package gives it a layer.
    fn keep(&mut self, state: &ComponentState, is_defined: bool) {
        let patches: BTreeSet<_> = self.family.patches.iter().map(|patch| patch.no).collect();
        if is_defined {
            for layer in state.managed().filter(|layer| patches.contains(&layer.solution)) {
                self.plan.edits.push(crate::removal::close(layer));
            }
        } else if let Some(base) = self.family.base {
            self.plan.edits.extend(flatten(&self.family, state, base.no));
        }
        let memberships = state.members.iter().filter(|member| patches.contains(&member.solution));
        self.plan.edits.extend(memberships.cloned().map(Edit::MemberClose));
    }

    /// P8: whether an update would have come to the same.
    fn advise(&mut self, dropped: Vec<ComponentRef>) {
        let lost_parts = std::mem::take(&mut self.lost_parts);
        let patches: Vec<_> = self.family.patches.iter().map(|patch| patch.unique_name.as_str()).collect();
        let mut reasons = Vec::new();
        if !dropped.is_empty() {
            reasons.push(format!("{} dropped", counted(dropped.len(), "component is", "components are")));
        }
        if !lost_parts.is_empty() {
            reasons.push(format!("{} parts", counted(lost_parts.len(), "component loses", "components lose")));
        }
        if !patches.is_empty() {
            reasons.push(format!("patches are rolled up ({})", patches.join(", ")));
        }
        self.plan.additive = Some(reasons.is_empty());
        let message = match reasons.is_empty() {
            true => "this upgrade is purely additive: an update would give the same result".to_owned(),
            false => format!("an update would not give the same result: {}", reasons.join(", ")),
        };
        let related = dropped.into_iter().chain(lost_parts).collect();
        self.plan.findings.push(Finding::info(FindingKind::Advice, "L76", message).related(related));
    }

    /// L83, R2: a refusal of the apply is `0x8004F046` with the refusals inside.
    fn refuse_apply(&mut self, base: &str, inner: Vec<Finding>) {
        let errors: Vec<_> = inner.iter().filter(|finding| finding.severity == Severity::Error).collect();
        if let Some(first) = errors.first() {
            let message = format!(
                "Solution Upgrade action failed after import as holding. InnerException is: {}{}",
                first.code.as_ref().map(|code| format!("{code} ")).unwrap_or_default(),
                first.message
            );
            let finding =
                Finding::error(FindingKind::DeleteBlocked, ErrorCode::SOLUTION_UPGRADE_FAILED, "L83", message)
                    .related(errors.iter().filter_map(|finding| finding.component.clone()).collect())
                    .hint(format!(
                        "{base}_Upgrade stays beside {base}: remove what blocks it, then `strata solution upgrade \
                     --solution-name {base}`"
                    ))
                    .hint(format!("or give it up with `strata solution delete --solution-name {base}_Upgrade`"));
            self.plan.findings.push(finding);
        }
        self.plan.findings.extend(inner);
    }
}

fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
