//! What settings give goes into Active, and what environment variables come to (L118, L120, OQ 12).
//!
//! A value or a connection that is given explicitly is an unmanaged customization: it goes into Active, even where
//! others of the kind are blocked (L104). From there plain layering decides: Active, then the managed value, then the
//! default.

use std::collections::{BTreeMap, BTreeSet};

use strata_model::component::{ComponentKey, ComponentRef};
use strata_model::environment::ComponentState;
use strata_model::id::{ComponentNo, Digest, Operation, SolutionNo};
use strata_model::layer::{Layer, LayerState, StackKey};
use strata_model::plan::{
    Action, Bodies, Body, Edit, Finding, FindingKind, HIDDEN, VariableOutcome, VariableSource, VariableType,
};
use strata_xml::Element;

use super::settings::of_settings;
use super::{Import, NewComponent};
use crate::effect::{Lens, Over, StackItem};
use crate::layering::overlay;
use crate::variables::{
    REFERENCE, VALUE, definition_key, fresh_value, hide, reference_key, type_of, value_body, value_key,
};
use crate::{definition, names};

impl Import<'_> {
    /// OQ 12: writes what the settings give into Active.
    pub(super) fn apply_settings(&mut self) {
        let Some(file) = &self.options.settings else { return };
        for setting in file.settings.given_variables() {
            let definition = definition_key(setting.schema_name.trim());
            let name = self.spelled(&definition, setting.schema_name.trim());
            if self.dropped.contains(&definition) || self.dropped.contains(&value_key(&name)) {
                self.report_dropped(&definition, &name);
                continue;
            }
            self.give(&value_key(&name), &name, "value", &setting.value);
        }
        for setting in &file.settings.connection_references {
            let connection = setting.connection_id.trim();
            if connection.is_empty() {
                continue;
            }
            let key = reference_key(&setting.logical_name);
            let name = self.spelled(&key, setting.logical_name.trim());
            if self.dropped.contains(&key) {
                self.report_dropped(&key, &name);
                continue;
            }
            self.give(&key, &name, "connectionid", connection);
        }
    }

    /// L82, L121: what the upgrade deletes is given nothing.
    fn report_dropped(&mut self, key: &ComponentKey, name: &str) {
        let label = key.component_type.label();
        let message =
            format!("settings are given for {label} {name}, which this upgrade takes away: they have no effect");
        let about = names::keyed(self.environment(), key);
        self.plan.findings.push(Finding::warning(FindingKind::Settings, None, "L121", message).about(about));
    }

    /// Returns the name of a component in the case it is known by.
    fn spelled(&self, key: &ComponentKey, otherwise: &str) -> String {
        let packaged = self.packaged(key).map(|component| component.name.clone());
        let installed = || self.state(key).map(|state| state.component.name.clone());
        packaged.or_else(installed).unwrap_or_else(|| otherwise.to_owned())
    }

    /// Gives one leaf its value in the Active layer, which takes the rest of the row along (L38).
    fn give(&mut self, key: &ComponentKey, name: &str, leaf: &str, value: &str) {
        let state = self.state(key);
        let parent = key.component_type.is(VALUE).then(|| definition_key(name));
        let no = self.number(key, state, || NewComponent { name: name.to_owned(), id: None, category: None, parent });
        // What the package no longer holds was there when the value was given.
        let edits = match self.packaged(key) {
            Some(_) => &self.plan.edits[..],
            None => &self.plan.edits[..self.edits_before_drops],
        };
        let layers = self.layers_after(edits, state, no);
        let mut tree = self.resolved_tree(key, &layers).unwrap_or_else(fresh_value);
        tree.child_or_new(leaf).set_text(value);
        let body = match key.component_type.name() {
            VALUE => value_body(name, &tree),
            _ => Body { bytes: strata_xml::write(&tree).into(), ..Body::default() },
        };
        let digest = body.digest();
        self.plan.definitions.insert(digest, body);
        if self.open_active(key, state, no, digest) {
            self.describe_given(key, name, state, no);
        }
    }

    fn resolved_tree(&self, key: &ComponentKey, layers: &[Layer]) -> Option<Element> {
        let bodies = Over(&self.plan.definitions, self.lens.bodies);
        let trees = layers.iter().filter_map(|layer| definition::tree(&bodies.definition(&layer.digest)?.bytes));
        trees.reduce(|mut below, above| {
            overlay(&key.component_type, &mut below, &above);
            below
        })
    }

    /// Puts a definition into Active, in place of what the plan or the environment has there; tells whether that
    /// changes anything.
    fn open_active(
        &mut self,
        key: &ComponentKey,
        state: Option<&ComponentState>,
        no: ComponentNo,
        digest: Digest,
    ) -> bool {
        let is_own = |layer: &Layer| {
            layer.component == no && layer.solution == SolutionNo::ACTIVE && layer.state == LayerState::Published
        };
        let planned = self.plan.edits.iter_mut().find_map(|edit| {
            if let Edit::LayerOpen(layer) = edit { Some(layer).filter(|layer| is_own(layer)) } else { None }
        });
        if let Some(layer) = planned {
            layer.digest = digest;
            return true;
        }
        let is_closing = |edit: &Edit| {
            matches!(edit, Edit::LayerClose { component, solution: SolutionNo::ACTIVE, state: LayerState::Published, .. }
                if *component == no)
        };
        let is_closed = self.plan.edits.iter().any(is_closing);
        let before = state.and_then(|state| state.active(LayerState::Published)).filter(|_| !is_closed);
        if let Some(before) = before {
            let lens = Lens { bodies: &Over(&self.plan.definitions, self.lens.bodies), ..self.lens };
            if lens.is_same(key, &before.digest, &digest) {
                return false;
            }
            self.plan.edits.push(Edit::LayerClose {
                component: no,
                solution: SolutionNo::ACTIVE,
                state: LayerState::Published,
                digest: before.digest,
            });
        }
        let display_name =
            self.layers_after(&self.plan.edits, state, no).iter().rev().find_map(|layer| layer.display_name.clone());
        self.plan.edits.push(Edit::LayerOpen(Layer {
            component: no,
            solution: SolutionNo::ACTIVE,
            slot: 0,
            state: LayerState::Published,
            digest,
            display_name,
            is_diff: false,
            from: Operation::START,
        }));
        true
    }

    /// Says what the given leaf changes, and what of the package's own layer it hides.
    fn describe_given(&mut self, key: &ComponentKey, name: &str, state: Option<&ComponentState>, no: ComponentNo) {
        let before = state.map(|state| self.lens.published(state)).unwrap_or_default();
        let after = self.items(&self.layers_after(&self.plan.edits, state, no));
        let lens = Lens { bodies: &Over(&self.plan.definitions, self.lens.bodies), ..self.lens };
        let seen = lens.compare(key, &before, &after, "Active");
        self.changes.retain(|(other, change)| other != key || change.layer != "Active");
        let mut is_new = before.is_empty();
        for (_, change) in self.changes.iter_mut().filter(|(other, _)| other == key) {
            is_new = false;
            if change.action == Action::Delete {
                // Only the layer of the package goes after all.
                change.action = Action::Detach;
            } else if change.action == Action::Modify {
                // With what is given in place already: else its own effect would count for the package's layer.
                let old = before.iter().find(|item| item.name == change.layer);
                let swapped = after.iter().filter_map(|item| if item.name == change.layer { old } else { Some(item) });
                let swapped: Vec<_> = swapped.cloned().collect();
                let below = lens.compare(key, &swapped, &after, &change.layer);
                (change.effect, change.masked_by, change.properties) =
                    (below.effect, below.masked_by, below.properties);
            }
        }
        let component = match self.packaged(key) {
            Some(packaged) => names::packaged(self.environment(), packaged),
            None => ComponentRef::new(self.environment(), key, name, None, None),
        };
        let change = seen.change(if is_new { Action::Create } else { Action::Modify }, component, "Active");
        self.changes.push((key.clone(), change));
    }

    /// L118: says what each variable of the package and of the settings has in the end.
    pub(super) fn report_variables(&mut self) {
        let names = self.variable_names();
        let edits = self.edits_of_settings(&names);
        for name in names {
            let outcome = self.variable_outcome(&edits, &name);
            if outcome.variable_type == VariableType::Secret {
                self.hide_secret(&name);
            }
            if outcome.from == VariableSource::None {
                let message = format!("environment variable {name} has neither a value nor a default");
                let reference = names::keyed(self.environment(), &definition_key(&name));
                let hint = format!(
                    "give it in --settings-file, or later: `strata component set {VALUE}:{name} --property value=…`"
                );
                let finding = Finding::info(FindingKind::Settings, "L118", message).about(reference).hint(hint);
                self.plan.findings.push(finding);
            }
            self.plan.variables.push(outcome);
        }
        self.report_references(&edits);
    }

    /// Picks the edits of variables and references: looking through all of them each time would cost.
    fn edits_of_settings(&self, names: &[String]) -> Vec<Edit> {
        let variables = names.iter().flat_map(|name| [definition_key(name), value_key(name)]);
        let references = of_settings(self.package).map(|component| component.key.clone());
        let numbers: BTreeSet<_> = variables.chain(references).filter_map(|key| self.number_of(&key)).collect();
        let concerns = |edit: &&Edit| edit.layered_component().is_some_and(|no| numbers.contains(&no));
        self.plan.edits.iter().filter(concerns).cloned().collect()
    }

    pub(super) fn number_of(&self, key: &ComponentKey) -> Option<ComponentNo> {
        self.state(key).map(|state| state.component.no).or_else(|| self.added.get(key).copied())
    }

    fn report_references(&mut self, edits: &[Edit]) {
        let references = of_settings(self.package).filter(|component| component.key.component_type.is(REFERENCE));
        for component in references {
            let resolved = self.resolved_after(edits, &component.key);
            if resolved.contains_key("connectionid") {
                continue;
            }
            let name = &component.name;
            let message =
                format!("connection reference {name} has no connection: flows that use it cannot be turned on");
            let finding = Finding::info(FindingKind::Settings, "L120", message)
                .about(names::packaged(self.environment(), component))
                .hint("give it in --settings-file; `strata solution create-settings` makes one to be filled in");
            self.plan.findings.push(finding);
        }
    }

    /// Names the variables that this import concerns, in order, each once.
    fn variable_names(&self) -> Vec<String> {
        let packaged = of_settings(self.package).filter(|component| !component.key.component_type.is(REFERENCE));
        let mut names: Vec<_> = packaged.map(|component| component.name.clone()).collect();
        let given = self.options.settings.iter().flat_map(|file| &file.settings.environment_variables);
        names.extend(given.map(|setting| {
            let name = setting.schema_name.trim();
            self.spelled(&definition_key(name), name)
        }));
        names.retain(|name| !self.dropped.contains(&definition_key(name)));
        names.sort_by_key(|name| name.to_lowercase());
        names.dedup_by(|left, right| left.eq_ignore_ascii_case(right));
        names
    }

    fn variable_outcome(&self, edits: &[Edit], name: &str) -> VariableOutcome {
        let mut definition = self.resolved_after(edits, &definition_key(name));
        let mut value = self.resolved_after(edits, &value_key(name));
        let variable_type = type_of(definition.get("type").map(|(number, _)| number.as_str()));
        let (found, from) = match (value.remove("value"), definition.remove("defaultvalue")) {
            (Some(found), _) => (Some(found), VariableSource::Value),
            (None, Some(found)) => (Some(found), VariableSource::Default),
            (None, None) => (None, VariableSource::None),
        };
        let (value, decided_by) = found.unzip();
        let is_secret = variable_type == VariableType::Secret;
        let value = value.map(|value| if is_secret { HIDDEN.to_owned() } else { value });
        VariableOutcome { schema_name: name.to_owned(), variable_type, value, from, decided_by }
    }

    /// Leaves out of the changes what a secret names.
    fn hide_secret(&mut self, name: &str) {
        let keys = [(definition_key(name), "defaultvalue"), (value_key(name), "value")];
        for (key, change) in &mut self.changes {
            let Some((_, path)) = keys.iter().find(|(other, _)| other == key) else { continue };
            hide(&mut change.properties, path);
        }
    }

    pub(super) fn resolved_after(&self, edits: &[Edit], key: &ComponentKey) -> BTreeMap<String, (String, String)> {
        let no = self.number_of(key);
        let layers = no.map(|no| self.layers_after(edits, self.state(key), no)).unwrap_or_default();
        let lens = Lens { bodies: &Over(&self.plan.definitions, self.lens.bodies), ..self.lens };
        lens.resolve(key, &self.items(&layers))
    }

    /// Returns a component's published layers as the plan leaves them, bottom to top.
    pub(super) fn layers_after(&self, edits: &[Edit], state: Option<&ComponentState>, no: ComponentNo) -> Vec<Layer> {
        let concerns = edits.iter().filter(|edit| edit.layered_component() == Some(no));
        let mut layers = self.all_layers_after(concerns, state);
        layers.retain(|layer| layer.state == LayerState::Published);
        layers
    }

    /// Returns a component's layers, drafts too, after these edits of it, bottom to top.
    pub(super) fn all_layers_after<'e>(
        &self,
        edits: impl Iterator<Item = &'e Edit>,
        state: Option<&ComponentState>,
    ) -> Vec<Layer> {
        let mut layers: Vec<_> = state.into_iter().flat_map(|state| &state.layers).cloned().collect();
        for edit in edits {
            if let Edit::LayerClose { solution, state, .. } = edit {
                layers.retain(|layer| layer.solution != *solution || layer.state != *state);
            }
            if let Edit::LayerOpen(layer) = edit {
                layers.push(layer.clone());
            }
        }
        layers.sort_by_cached_key(|layer| self.stack_key(layer));
        layers
    }

    /// Where a layer stands, one of the solution that this plan opens included (L31).
    fn stack_key(&self, layer: &Layer) -> StackKey {
        if layer.solution == self.solution && self.replaced().is_none() && layer.solution != SolutionNo::ACTIVE {
            return StackKey::managed(layer.slot, self.solution_kind(), self.package.manifest.version.clone());
        }
        self.snapshot.stack_key(layer)
    }

    pub(super) fn items(&self, layers: &[Layer]) -> Vec<StackItem> {
        let item = |layer: &Layer| {
            let item = self.lens.item(layer);
            if layer.solution == self.solution && layer.solution != SolutionNo::ACTIVE {
                return StackItem { name: self.layer_name.clone(), ..item };
            }
            item
        };
        layers.iter().map(item).collect()
    }
}
