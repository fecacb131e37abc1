//! Layers go: what becomes of each component that loses them (L82, L97–L99).
//!
//! Uninstalling a solution and applying an upgrade take layers away by the same rule. A component whose base goes is
//! deleted with its data, unless another layer of the same publisher can take the base's place; where only other
//! publishers are above, the removal is refused (L97).
//!
//! Not here: dependencies of other components on what is deleted (L98), see [`crate::dependency::blocks`].

use std::collections::BTreeSet;

use strata_model::code::ErrorCode;
use strata_model::component::{ComponentKey, ComponentRef};
use strata_model::environment::ComponentState;
use strata_model::id::{Operation, PublisherNo, SolutionNo};
use strata_model::layer::{Layer, LayerState};
use strata_model::plan::{Action, Change, Edit, Finding, FindingKind, RowCounts};

use crate::dependency::{World, along};
use crate::effect::{Lens, StackItem, solutions_of};
use crate::loss::{self, Going};
use crate::{catalogue, fallback, names, variables};

/// The layers of leaving solutions going, component by component.
pub(crate) struct Removal<'a> {
    lens: Lens<'a>,
    rows: &'a dyn RowCounts,
    leaving: BTreeSet<SolutionNo>,
    /// The rule by which data is lost: `L99` at uninstalls, `L82` at upgrades.
    rule: &'static str,
    arriving: Arriving,
    /// Components whose layers stay although the solutions leave: another takes them over.
    kept: BTreeSet<&'a ComponentKey>,
    taken: Vec<&'a ComponentState>,
    removed: Removed,
}

/// What the same operation brings, and what does not go therefore.
#[derive(Default)]
pub(crate) struct Arriving {
    /// Tables, forms, and values of environment variables, that get a managed layer.
    pub(crate) defined: BTreeSet<ComponentKey>,
    /// Values of environment variables that are given (L118).
    pub(crate) given: BTreeSet<ComponentKey>,
}

/// What a removal comes to.
#[derive(Default)]
pub(crate) struct Removed {
    pub(crate) findings: Vec<Finding>,
    pub(crate) changes: Vec<(ComponentKey, Change)>,
    pub(crate) edits: Vec<Edit>,
    /// Components that leave the environment.
    pub(crate) deleted: BTreeSet<ComponentKey>,
}

/// What becomes of one component.
enum Fate<'a> {
    /// Another base stays below, or another layer of the same publisher takes the base's place.
    Detached {
        new_base: Option<&'a Layer>,
    },
    Deleted,
    /// Only layers of other publishers would be left.
    Refused {
        above: Vec<&'a Layer>,
    },
}

impl<'a> Removal<'a> {
    pub(crate) fn new(
        lens: Lens<'a>,
        rows: &'a dyn RowCounts,
        leaving: BTreeSet<SolutionNo>,
        rule: &'static str,
    ) -> Self {
        let (arriving, kept) = (Arriving::default(), BTreeSet::new());
        Self { lens, rows, leaving, rule, arriving, kept, taken: Vec::new(), removed: Removed::default() }
    }

    pub(crate) fn with(self, arriving: Arriving) -> Self {
        Self { arriving, ..self }
    }

    /// Leaves a component's layers to the solution that takes over.
    pub(crate) fn keep(&mut self, state: &'a ComponentState) {
        self.kept.insert(&state.component.key);
    }

    /// Returns the places whose fallback forms may be deleted (L48).
    pub(crate) fn places_at_risk(&self) -> BTreeSet<fallback::Place> {
        let deleted = self.removed.deleted.iter().filter_map(|key| self.lens.snapshot.components.get(key));
        deleted.filter_map(|state| fallback::installed_place(&self.lens, state)).collect()
    }

    /// Takes the leaving solutions' layers off a component, and the component with them where nothing may stay (L97).
    pub(crate) fn take(&mut self, state: &'a ComponentState) {
        self.taken.push(state);
        let own: Vec<_> = state.managed().filter(|layer| self.leaving.contains(&layer.solution)).collect();
        if own.is_empty() {
            self.close_assumed_active(state);
            return;
        }
        match self.fate(state) {
            Fate::Deleted => self.delete(state),
            Fate::Detached { new_base } => self.detach(state, &own, new_base),
            Fate::Refused { above } => self.refuse(state, &above),
        }
    }

    /// Returns what the removal comes to, memberships and what lives by what is deleted included; `fallbacks` are the
    /// places that get a fallback form in the same operation (L48).
    pub(crate) fn finish(mut self, fallbacks: &BTreeSet<fallback::Place>) -> Removed {
        self.delete_unmanaged_parts();
        self.check_fallback_forms(fallbacks);
        for state in &self.taken {
            // A component that is deleted has lost its memberships with everything else.
            if !self.removed.deleted.contains(&state.component.key) {
                let members = state.members.iter().filter(|member| self.leaving.contains(&member.solution));
                self.removed.edits.extend(members.cloned().map(Edit::MemberClose));
            }
        }
        self.removed
    }

    /// L97, OQ 11.
    fn fate(&self, state: &'a ComponentState) -> Fate<'a> {
        if catalogue::contains(&state.component.key, self.lens.rules) {
            return Fate::Detached { new_base: None };
        }
        let staying: Vec<_> = state.managed().filter(|layer| !self.leaving.contains(&layer.solution)).collect();
        let Some(base) = state.managed().next() else { return Fate::Detached { new_base: None } };
        if !self.leaving.contains(&base.solution) {
            return Fate::Detached { new_base: None };
        }
        if staying.is_empty() {
            return if self.is_targets_value(state) { Fate::Detached { new_base: None } } else { Fate::Deleted };
        }
        let publisher = self.publisher_of(base);
        let heirs = if self.lens.rules.same_publisher_anywhere_takes_base { &staying[..] } else { &staying[..1] };
        match heirs.iter().find(|layer| self.publisher_of(layer) == publisher) {
            Some(heir) => Fate::Detached { new_base: Some(heir) },
            None => Fate::Refused { above: staying },
        }
    }

    /// OQ 12: a value that was given in the target is the target's own, and stays as long as its variable does.
    fn is_targets_value(&self, state: &ComponentState) -> bool {
        let key = &state.component.key;
        let is_given = state.active(LayerState::Published).is_some() || self.arriving.given.contains(key);
        self.lens.rules.values_of_the_target_stay
            && key.component_type.is(variables::VALUE)
            && is_given
            && !self.removed.deleted.contains(&variables::definition_key(key.as_str()))
    }

    fn publisher_of(&self, layer: &Layer) -> Option<PublisherNo> {
        self.lens.snapshot.solution(layer.solution).map(|solution| solution.publisher)
    }

    fn delete(&mut self, state: &ComponentState) {
        let going = Going {
            environment: self.lens.snapshot.environment.id,
            layer: self.layer_name(state),
            with_table: self.table_goes(&state.component.key),
            rule: self.rule,
        };
        let gone = going.delete(state, self.rows);
        self.removed.edits.extend(gone.edits);
        self.removed.findings.extend(gone.findings);
        self.change(state, gone.change);
        self.removed.deleted.insert(state.component.key.clone());
    }

    /// Tells whether the table that a component stands on goes too: tables stand before what is on them.
    fn table_goes(&self, key: &ComponentKey) -> bool {
        key.table().is_some_and(|table| self.removed.deleted.contains(&loss::table_key(table)))
    }

    fn detach(&mut self, state: &'a ComponentState, own: &[&'a Layer], new_base: Option<&'a Layer>) {
        let before = self.lens.published(state);
        let leaving_names: BTreeSet<_> =
            own.iter().map(|layer| names::solution(self.lens.snapshot, layer.solution)).collect();
        for layer in own {
            self.close(layer);
        }
        let mut after: Vec<StackItem> =
            before.iter().filter(|item| !leaving_names.contains(&item.name)).cloned().collect();
        if let (Some(heir), Some(base)) = (new_base, state.managed().next()) {
            // OQ 11: the heir moves to the bottom, below layers of other publishers that were under it; what shares its
            // slot goes along (L31).
            if heir.slot != base.slot {
                let moving = |layer: &&Layer| layer.slot == heir.slot && !self.leaving.contains(&layer.solution);
                let mut bottom = Vec::new();
                for layer in state.managed().filter(moving).collect::<Vec<_>>() {
                    self.close(layer);
                    let moved = Layer { slot: base.slot, from: Operation::START, ..layer.clone() };
                    self.removed.edits.push(Edit::LayerOpen(moved));
                    let name = names::solution(self.lens.snapshot, layer.solution);
                    bottom.extend(after.extract_if(.., |item| item.name == name));
                }
                after.splice(0..0, bottom);
            }
        }
        let layer = self.layer_name(state);
        let seen = self.lens.compare(&state.component.key, &before, &after, &layer);
        let collision = seen.collision(&self.reference(state), state.component.key.component_type.label());
        self.removed.findings.extend(collision);
        self.change(state, seen.change(Action::Detach, self.reference(state), layer));
    }

    fn refuse(&mut self, state: &ComponentState, above: &[&Layer]) {
        let component = self.reference(state);
        let solutions: Vec<_> =
            solutions_of(above).into_iter().map(|no| names::solution(self.lens.snapshot, no)).collect();
        let described = names::describe(&component, state.component.key.component_type.label());
        let message = format!(
            "the base layer of {described} would be deleted while layers of other publishers are over it: {}",
            solutions.join(", ")
        );
        self.removed.findings.push(
            Finding::error(FindingKind::DeleteBlocked, ErrorCode::OTHER_PUBLISHER_LAYER_ABOVE, "L97", message)
                .about(component)
                .hint(names::uninstall_first(&solutions)),
        );
    }

    /// A placeholder in Active has no managed layer to go by.
    fn close_assumed_active(&mut self, state: &ComponentState) {
        let is_placeholder = state.members.iter().any(|member| {
            self.leaving.contains(&member.solution)
                && self.lens.snapshot.solution(member.solution).is_some_and(|solution| solution.assumed)
        });
        let is_untouched = state.layers.iter().all(crate::import::is_assumed_layer) && !state.layers.is_empty();
        if is_placeholder && is_untouched {
            self.delete(state);
        }
    }

    /// DP2: what is unmanaged and a part of what is deleted goes along: columns, forms and views of a table, binaries
    /// of a flow; with a table its relationships, and their foreign keys. What others hold blocks the removal, see
    /// [`crate::dependency::blocks`].
    fn delete_unmanaged_parts(&mut self) {
        let world = World::now(self.lens);
        for key in along(&world, self.removed.deleted.clone()) {
            let is_left = |state: &&ComponentState| !state.layers.is_empty() && state.managed().next().is_none();
            let state = self.lens.snapshot.components.get(&key).filter(is_left);
            if let Some(state) = state.filter(|_| !self.removed.deleted.contains(&key)) {
                self.delete(state);
            }
        }
        self.delete_values();
    }

    /// L48: the last fallback form of a table that stays may not go; `arriving` are the places that get one.
    fn check_fallback_forms(&mut self, arriving: &BTreeSet<fallback::Place>) {
        let (deleted, leaving) = (&self.removed.deleted, &self.leaving);
        let stays = |state: &ComponentState, layer: &Layer| {
            let key = &state.component.key;
            // What arrives is looked at with its new layer.
            let is_left = !deleted.contains(key) && !self.arriving.defined.contains(key);
            is_left && (!leaving.contains(&layer.solution) || self.kept.contains(key))
        };
        let is_real = |table: &ComponentKey| {
            self.arriving.defined.contains(table) || fallback::is_real(self.lens.snapshot, table)
        };
        let refusals = fallback::refusals(&self.lens, deleted, &stays, &is_real, arriving);
        self.removed.findings.extend(refusals);
    }

    /// L117: a value lives by its definition, and goes with it; a managed one that stays or comes holds it (L98).
    fn delete_values(&mut self) {
        let is_definition = |key: &&ComponentKey| key.component_type.is(variables::DEFINITION);
        let definitions: Vec<_> = self.removed.deleted.iter().filter(is_definition).cloned().collect();
        for definition in definitions {
            let key = variables::value_key(definition.as_str());
            let state = self.lens.snapshot.components.get(&key).filter(|state| !state.layers.is_empty());
            let managed = state.into_iter().flat_map(ComponentState::managed);
            let staying = managed.filter(|layer| !self.leaving.contains(&layer.solution));
            let owners: Vec<_> = staying.map(|layer| names::solution(self.lens.snapshot, layer.solution)).collect();
            if !owners.is_empty() || self.arriving.defined.contains(&key) {
                self.refuse_orphan(&definition, &key, &owners);
            } else if let Some(state) = state.filter(|_| !self.removed.deleted.contains(&key)) {
                self.delete(state);
            }
        }
    }

    fn refuse_orphan(&mut self, definition: &ComponentKey, value: &ComponentKey, owners: &[String]) {
        let environment = self.lens.snapshot.environment.id;
        let definition = match self.lens.snapshot.components.get(definition) {
            Some(state) => self.reference(state),
            None => names::keyed(environment, definition),
        };
        let message = format!(
            "solution dependencies exist, cannot uninstall: the value of environment variable {} stays without it",
            definition.name
        );
        let hint = match owners {
            [] => "put the environment variable back, or take its value out of the package".to_owned(),
            owners => format!("uninstall {} first", owners.join(", then ")),
        };
        self.removed.findings.push(
            Finding::error(FindingKind::DeleteBlocked, ErrorCode::UNINSTALL_WITH_DEPENDENCIES, "L98", message)
                .about(definition)
                .related(vec![names::keyed(environment, value)])
                .hint(hint),
        );
    }

    fn change(&mut self, state: &ComponentState, change: Change) {
        self.removed.changes.push((state.component.key.clone(), change));
    }

    fn close(&mut self, layer: &Layer) {
        self.removed.edits.push(close(layer));
    }

    fn reference(&self, state: &ComponentState) -> ComponentRef {
        names::installed(self.lens.snapshot.environment.id, state)
    }

    /// The leaving layer that the change is about: the solution asked for where it has one, else a placeholder.
    fn layer_name(&self, state: &ComponentState) -> String {
        let own = state.layers.iter().rev().find(|layer| self.leaving.contains(&layer.solution));
        own.map_or_else(|| "Active".to_owned(), |layer| names::solution(self.lens.snapshot, layer.solution))
    }
}

/// Returns the edit that closes a layer.
pub(crate) fn close(layer: &Layer) -> Edit {
    Edit::LayerClose { component: layer.component, solution: layer.solution, state: layer.state, digest: layer.digest }
}
