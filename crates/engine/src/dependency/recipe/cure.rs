//! How one component is made to let go of others: by an edit, by losing its unmanaged layer, or by going itself.

use std::collections::BTreeSet;

use strata_model::component::ComponentKey;
use strata_model::environment::ComponentState;
use strata_model::id::SolutionNo;
use strata_model::layer::{Layer, LayerState};

use super::{Cook, quoted};
use crate::active::detach::{can_let_go, still_names};
use crate::by_hand::delete;
use crate::dependency::View;
use crate::dependency::blocks::blocks;
use crate::pending_deletion::is_pending;
use crate::{catalogue, names};

/// How one dependent can be made to let go.
enum Cure {
    TakeOut,
    RemoveActive,
    Delete,
}

impl Cook<'_> {
    /// Adds the step that makes one component let go of others.
    pub(super) fn cure(&mut self, dependent: &ComponentKey, required: &BTreeSet<ComponentKey>) -> bool {
        if self.deleted.contains(dependent) {
            // An earlier one has taken it along.
            return true;
        }
        let known = self.lens.snapshot.components.get(dependent).filter(|_| !(self.is_brought)(dependent));
        let Some(state) = known else { return self.leave_to_the_package(dependent, required) };
        let mut required = self.still_named(state, required);
        if required.is_empty() {
            // The draft lets go already.
            self.must_publish = true;
            return true;
        }
        if let Some(taken) = self.taken.get(dependent) {
            required.retain(|other| still_names(&self.now, dependent, taken.iter(), other));
            if required.is_empty() {
                return true;
            }
        }
        let is_whole_of = |key: &ComponentKey| {
            self.now.state(key).and_then(|state| state.component.parent()).as_ref() == Some(dependent)
        };
        if required.iter().any(is_whole_of) && self.owner(state).is_none() {
            // Deleting the flow of a binary would take the binary along, and all that needs the flow.
            let component = names::installed(self.lens.snapshot.environment.id, state);
            let described = names::describe(&component, dependent.component_type.label());
            let text = format!("change {described} in its designer, so that it no longer needs {}", listed(&required));
            self.step(text, None, Some(component), Some("Active".to_owned()));
            return true;
        }
        let Some(cure) = self.cure_of(state, &required) else { return false };
        let is_cured = self.take(cure, state, &required);
        self.parted.extend(required.into_iter().map(|key| (dependent.clone(), key)));
        is_cured
    }

    /// Adds the step of a cure; false where it cannot be taken.
    fn take(&mut self, cure: Cure, state: &ComponentState, required: &BTreeSet<ComponentKey>) -> bool {
        let dependent = &state.component.key;
        let component = names::installed(self.lens.snapshot.environment.id, state);
        let described = names::describe(&component, dependent.component_type.label());
        let others = listed(required);
        let owner = self.owner(state).map(|no| names::solution(self.lens.snapshot, no));
        let solution = Some(owner.clone().unwrap_or_else(|| "Active".to_owned()));
        match cure {
            Cure::TakeOut => {
                let on: Vec<_> = required.iter().map(|key| format!("--on {}", quoted(&key.to_string()))).collect();
                let command =
                    format!("strata component remove-dependency {} {}", quoted(&dependent.to_string()), on.join(" "));
                let whose = owner.map(|owner| format!(" of {owner}")).unwrap_or_default();
                let text = format!("take {others} out of {described}{whose}");
                self.must_publish |= dependent.component_type.is_publishable(state.component.category);
                self.taken.entry(dependent.clone()).or_default().extend(required.iter().cloned());
                self.step(text, Some(command), Some(component), solution);
            }
            Cure::RemoveActive => {
                let text = format!("remove the unmanaged layer of {described}, which alone names {others}");
                let command = format!("strata component remove-active {}", quoted(&dependent.to_string()));
                self.step(text, Some(command), Some(component), Some("Active".to_owned()));
            }
            Cure::Delete => {
                let deleted = delete::going(&self.lens, dependent);
                let found = blocks(&self.world(), &deleted);
                self.go([], deleted);
                if !self.clear_and_publish(found) {
                    return false;
                }
                let text = format!("delete {described}, which needs {others}, or change it so that it no longer does");
                let command = format!("strata component delete {}", quoted(&dependent.to_string()));
                self.must_publish |= dependent.component_type.deletes_at_publish();
                self.step(text, Some(command), Some(component), Some("Active".to_owned()));
            }
        }
        true
    }

    /// Returns what a component names in the eyes of makers too: what only its published definition names is gone
    /// with the next publish.
    fn still_named(&self, state: &ComponentState, required: &BTreeSet<ComponentKey>) -> BTreeSet<ComponentKey> {
        if state.active(LayerState::Unpublished).is_none() {
            return required.clone();
        }
        let mentions = self.now.mentions(state, View::Drafts);
        let is_named = |key: &ComponentKey| {
            let names = self.now.state(key).map_or_else(Vec::new, |state| self.now.names(state));
            mentions.iter().any(|mention| names.contains(&mention.target))
        };
        let is_part = |key: &ComponentKey| state.component.parent().as_ref() == Some(key) && !is_pending(state);
        required.iter().filter(|key| is_part(key) || is_named(key)).cloned().collect()
    }

    /// What the package at hand brings can only be changed in its source.
    fn leave_to_the_package(&mut self, dependent: &ComponentKey, required: &BTreeSet<ComponentKey>) -> bool {
        let component = names::keyed(self.lens.snapshot.environment.id, dependent);
        let text = format!(
            "in the source of the package: take {} out of {} {}, or put it back into the solution, and export again",
            listed(required),
            dependent.component_type.label(),
            dependent.as_str()
        );
        self.step(text, None, Some(component), None);
        true
    }

    fn cure_of(&self, state: &ComponentState, required: &BTreeSet<ComponentKey>) -> Option<Cure> {
        let key = &state.component.key;
        let world = &self.now;
        let parts_can_go = can_let_go(world, key, self.taken.get(key).into_iter().flatten(), required.iter());
        let is_part = state.component.parent().is_some_and(|parent| required.contains(&parent));
        if parts_can_go && !is_part {
            return Some(Cure::TakeOut);
        }
        let is_based = self.owner(state).is_some() || catalogue::contains(key, self.lens.rules);
        if !is_based {
            return Some(Cure::Delete);
        }
        let has_active = state.layers.iter().any(|layer| layer.solution == SolutionNo::ACTIVE);
        let below: Vec<&Layer> = state.managed().filter(|layer| !self.gone.contains(&layer.solution)).collect();
        let names: Vec<_> =
            required.iter().filter_map(|other| world.state(other)).flat_map(|state| world.names(state)).collect();
        let still = || world.mentions_of(state, &below).iter().any(|mention| names.contains(&mention.target));
        (has_active && !is_part && !still()).then_some(Cure::RemoveActive)
    }
}

/// Names components in a sentence.
fn listed(keys: &BTreeSet<ComponentKey>) -> String {
    let named: Vec<_> = keys.iter().map(|key| format!("{} {}", key.component_type.label(), key.as_str())).collect();
    named.join(" and ")
}
