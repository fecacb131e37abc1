//! The layers that an import opens and replaces, and what people will see of it (L30, L50, L74, L75).

use std::collections::BTreeMap;

use strata_model::component::{ComponentKey, ComponentType};
use strata_model::environment::{Behavior, ComponentState, Membership};
use strata_model::id::{ComponentNo, Operation, SolutionNo};
use strata_model::layer::{Layer, LayerState};
use strata_model::package::{PackagedComponent, Presence};
use strata_model::plan::{Action, Change, Edit, Effect, Finding, FindingKind, OperationKind};

use super::parts::Said;
use super::state::admits_layer;
use super::{Import, Met, NewComponent, Standing};
use crate::effect::{Lens, Over, StackItem};
use crate::{names, publish};

impl<'a> Import<'a> {
    pub(super) fn change_layers(&mut self) {
        self.close_placeholder();
        let roots: BTreeMap<_, _> =
            self.package.manifest.root_components.iter().map(|root| (&root.key, root)).collect();
        let mut arrivals = Vec::new();
        for met in self.met.clone() {
            let component = met.component;
            let exists = self.is_there(&met);
            if component.presence == Presence::Reference && !exists {
                // L43: unmodified definitions are skipped; there is nothing to be a member either.
                continue;
            }
            let behavior = roots.get(&component.key).map(|root| root.behavior);
            let no = self.packaged_number(&met);
            let is_managed = self.package.is_managed();
            if !admits_layer(&component.key, met.standing, is_managed) {
                self.report_unlayered(component);
            } else if component.presence != Presence::Reference {
                if is_managed {
                    self.overwrite(&met, no);
                    self.managed_layer(&met, no);
                } else {
                    self.active_layer(&met, no);
                }
            }
            self.switch_on(&met, no, &mut arrivals);
            self.join(met.state, no, behavior);
            self.join_by_itself(&met, no);
        }
        self.report_arrivals(arrivals);
        for (key, root) in roots {
            let exists = self.placed.contains_key(key) || self.standing(key) != Standing::Absent;
            if self.packaged(key).is_none() && exists {
                let name = root.schema_name.clone().unwrap_or_else(|| key.as_str().to_owned());
                let (id, state) = (root.id, self.state(key));
                let no = self.number(key, state, || NewComponent { name, id, ..NewComponent::default() });
                self.join(state, no, Some(root.behavior));
            }
        }
    }

    fn is_there(&self, met: &Met<'_>) -> bool {
        met.standing != Standing::Absent || self.placed.contains_key(&met.component.key)
    }

    pub(super) fn packaged_number(&mut self, met: &Met<'_>) -> ComponentNo {
        let PackagedComponent { key, name, id, category, parent, .. } = met.component;
        let (id, category) = (*id, *category);
        self.number(key, met.state, || {
            let parent = parent.clone().filter(|parent| key.parent().as_ref() != Some(parent));
            NewComponent { name: name.clone(), id, category, parent }
        })
    }

    fn join(&mut self, state: Option<&ComponentState>, component: ComponentNo, behavior: Option<Behavior>) {
        let solution = self.solution;
        let before = state.and_then(|state| state.members.iter().find(|member| member.solution == solution));
        let member = Membership { component, solution, behavior };
        match before {
            Some(before) if before.behavior == behavior => {}
            Some(before) => {
                self.plan.edits.push(Edit::MemberClose(before.clone()));
                self.plan.edits.push(Edit::MemberOpen(member));
            }
            None => self.plan.edits.push(Edit::MemberOpen(member)),
        }
    }

    /// L74, L75, L77: one more layer, or the solution's own layer replaced in place.
    fn managed_layer(&mut self, met: &Met<'a>, no: ComponentNo) {
        let Met { component, state, .. } = *met;
        let own = state.and_then(|state| state.layer_of(self.solution));
        // What the solution's own layers amount to: patches are above their base (L31).
        let topmost = state.and_then(|state| self.family.topmost(state));
        let base = state.zip(self.family.base).and_then(|(state, base)| state.layer_of(base.no));
        // Mostly they are one layer, which is looked at once.
        let topmost_alone = topmost.filter(|topmost| base.is_none_or(|base| base.digest != topmost.digest));
        let known = [base, topmost_alone].into_iter().flatten().find(|layer| self.says_the_same(component, layer));
        let is_repeated = known.zip(topmost).is_some_and(|(known, topmost)| known.digest == topmost.digest);
        let is_alone = own.is_some_and(|own| topmost.is_some_and(|topmost| topmost.solution == own.solution));
        if is_repeated && is_alone {
            self.unchanged(component);
            return;
        }
        // What says the same keeps its bytes, whichever way the version comes.
        let said = match (known, own) {
            (Some(known), _) => Said::of(known),
            (None, Some(own)) => self.with_kept_parts(component, own),
            (None, None) => Said::packaged(component),
        };
        let is_own_repeated = own.is_some_and(|own| Said::of(own) == said);
        if is_own_repeated && is_alone {
            self.unchanged(component);
            return;
        }
        if self.is_converted(met) {
            self.close_active(met);
        }
        if own.is_none() {
            self.warn_of_full_definition(met);
        }
        if !is_own_repeated {
            own.into_iter().for_each(|own| self.close(own));
            let slot = own.map_or_else(|| self.next_slot(met), |own| own.slot);
            let mut layer = self.layer(component, no, self.solution, slot, LayerState::Published, said);
            if let Some(known) = known {
                layer.display_name.clone_from(&known.display_name);
            }
            self.plan.edits.push(Edit::LayerOpen(layer));
        }
        if is_repeated {
            // A holding solution or a patch that repeats what is there, or an upgrade that repeats a patch.
            self.unchanged(component);
        } else {
            self.describe(met, self.layer_name.clone(), Some(said), own.is_some());
        }
    }

    fn says_the_same(&self, component: &PackagedComponent, layer: &Layer) -> bool {
        layer.is_diff == Said::packaged(component).is_diff
            && self.lens.is_same(&component.key, &layer.digest, &component.digest)
    }

    /// Returns what the layer is to say: an update keeps the parts that the package no longer mentions (L75), an
    /// upgrade drops them.
    fn with_kept_parts(&mut self, component: &PackagedComponent, own: &Layer) -> Said {
        let (packaged, kept) = (Said::packaged(component), self.keep_parts(component, own));
        if self.plan.operation != OperationKind::Upgrade || kept == packaged {
            return kept;
        }
        self.plan.definitions.remove(&kept.digest);
        self.lost_parts.push(names::packaged(self.environment(), component));
        packaged
    }

    /// L94: an unmanaged base becomes managed, but for values, which belong to the target (OQ 12).
    fn is_converted(&self, met: &Met<'_>) -> bool {
        let is_value = met.component.key.component_type.is(crate::variables::VALUE);
        self.package.is_managed() && met.standing == Standing::Unmanaged && !is_value
    }

    /// L94: the unmanaged base passes to the solution.
    fn close_active(&mut self, met: &Met<'_>) {
        let layers = met.state.into_iter().flat_map(|state| &state.layers);
        for layer in layers.filter(|layer| layer.solution == SolutionNo::ACTIVE) {
            self.close(layer);
        }
    }

    /// L50, L74: written into Active, as a draft where the type is publishable.
    fn active_layer(&mut self, met: &Met<'a>, no: ComponentNo) {
        let Met { component, state, .. } = *met;
        let published = state.and_then(|state| state.active(LayerState::Published));
        let draft = state.and_then(|state| state.active(LayerState::Unpublished));
        let is_draft = component.key.component_type.is_publishable(component.category) && !self.options.publish_changes;
        if self.holds(draft.or(published), Some(Said::packaged(component)), &component.key)
            && (is_draft || draft.is_none())
        {
            self.unchanged(component);
            return;
        }
        let said = self.unmanaged_content(component, state, draft.or(published));
        if self.holds(draft.or(published), said, &component.key) && (is_draft || draft.is_none()) {
            self.unchanged(component);
            return;
        }
        let is_as_published = self.holds(published, said, &component.key);
        if let Some(draft) = draft {
            self.close(draft);
        }
        if is_as_published {
            // The draft is taken back: what is published already says what the package says.
            self.describe_active(met, said, false);
            return;
        }
        if let Some(published) = published.filter(|_| !is_draft) {
            self.close(published);
        }
        let layer_state = if is_draft { LayerState::Unpublished } else { LayerState::Published };
        let said = said.or_else(|| is_draft.then(|| self.nothing_said(&component.key)));
        if let Some(said) = said {
            let layer = self.layer(component, no, SolutionNo::ACTIVE, 0, layer_state, said);
            self.plan.edits.push(Edit::LayerOpen(layer));
        }
        self.describe_active(met, said, is_draft);
    }

    /// Tells whether a layer holds just that; no layer holds nothing.
    fn holds(&self, layer: Option<&Layer>, said: Option<Said>, key: &ComponentKey) -> bool {
        let lens = Lens { bodies: &Over(&self.plan.definitions, self.lens.bodies), ..self.lens };
        match (layer, said) {
            (None, None) => true,
            (Some(layer), Some(said)) => {
                layer.is_diff == said.is_diff && lens.is_same(key, &layer.digest, &said.digest)
            }
            (Some(layer), None) => layer.is_diff && lens.says_nothing(&layer.digest),
            (None, Some(_)) => false,
        }
    }

    fn describe_active(&mut self, met: &Met<'a>, said: Option<Said>, is_draft: bool) {
        let existed =
            met.state.is_some_and(|state| state.layers.iter().any(|layer| layer.solution == SolutionNo::ACTIVE));
        self.describe(met, "Active".to_owned(), said, existed);
        if existed {
            self.warn_of_site_map(met);
        }
        if is_draft && let Some((_, change)) = self.changes.last_mut() {
            // L50: what is a draft takes effect when it is published.
            change.effect = Effect::None;
            change.masked_by.clear();
        }
    }

    fn layer(
        &self,
        component: &PackagedComponent,
        no: ComponentNo,
        solution: SolutionNo,
        slot: i64,
        state: LayerState,
        said: Said,
    ) -> Layer {
        Layer {
            component: no,
            solution,
            slot,
            state,
            digest: said.digest,
            display_name: component.display_name.clone(),
            is_diff: said.is_diff,
            from: Operation::START,
        }
    }

    fn push_change(&mut self, key: &ComponentKey, change: Change) {
        self.changes.push((key.clone(), change));
    }

    fn close(&mut self, layer: &Layer) {
        self.plan.edits.push(Edit::LayerClose {
            component: layer.component,
            solution: layer.solution,
            state: layer.state,
            digest: layer.digest,
        });
    }

    /// L30, L32, OQ 19: the family's slot, else above the managed layers of this moment.
    fn next_slot(&self, met: &Met<'_>) -> i64 {
        if let Some(slot) = met.state.and_then(|state| self.family.slot(state)) {
            return slot;
        }
        let highest = met.state.and_then(|state| state.managed().map(|layer| layer.slot).max());
        highest.unwrap_or_else(|| i64::from(self.placed.contains_key(&met.component.key))) + 1
    }

    fn unchanged(&mut self, component: &PackagedComponent) {
        if !self.options.list_unchanged {
            self.plan.unchanged += 1;
            return;
        }
        self.push_change(
            &component.key,
            Change {
                action: Action::Unchanged,
                component: names::packaged(self.environment(), component),
                layer: if self.package.is_managed() { self.layer_name.clone() } else { "Active".to_owned() },
                effect: Effect::None,
                masked_by: Vec::new(),
                properties: Vec::new(),
                rows_lost: 0,
            },
        );
    }

    /// Says what the new layer does to the definition that people see.
    fn describe(&mut self, met: &Met<'a>, layer: String, said: Option<Said>, had_layer: bool) {
        let Met { component, state, .. } = *met;
        let reference = names::packaged(self.environment(), component);
        let exists = self.is_there(met) || had_layer;
        if !exists {
            self.push_change(
                &component.key,
                Change {
                    action: Action::Create,
                    component: reference,
                    layer,
                    effect: Effect::Visible,
                    masked_by: Vec::new(),
                    properties: Vec::new(),
                    rows_lost: 0,
                },
            );
            return;
        }
        let before = state.map(|state| self.lens.published(state)).unwrap_or_default();
        let digest = said.map(|said| said.digest);
        let item = StackItem { name: layer.clone(), digest, is_diff: said.is_some_and(|said| said.is_diff) };
        let after = self.with_layer(&before, item, met);
        let lens = Lens { bodies: &Over(&self.plan.definitions, self.lens.bodies), ..self.lens };
        let seen = lens.compare(&component.key, &before, &after, &layer);
        self.plan.findings.extend(seen.collision(&reference, component.key.component_type.label()));
        if !seen.masked_by.is_empty() {
            let finding = masked_finding(&reference, &component.key.component_type, &seen.masked_by, &layer);
            self.plan.findings.push(finding);
        }
        self.push_change(&component.key, seen.change(Action::Modify, reference, layer));
    }

    /// Returns the published stack after this solution's layer is opened or replaced.
    fn with_layer(&self, before: &[StackItem], item: StackItem, met: &Met<'_>) -> Vec<StackItem> {
        let is_upgrade = self.plan.operation == OperationKind::Upgrade;
        let is_converted = self.is_converted(met);
        let rolled_up: Vec<_> = self.family.patches.iter().map(|patch| patch.unique_name.as_str()).collect();
        let goes = |item: &StackItem| {
            is_upgrade && rolled_up.contains(&item.name.as_str()) || is_converted && item.name == "Active"
        };
        let mut after = before.to_vec();
        if let Some(digest) = self.overwritten {
            after.iter_mut().filter(|item| item.name == "Active").for_each(|item| item.digest = Some(digest));
        }
        if let Some(own) = after.iter().position(|existing| existing.name == item.name) {
            after[own] = item;
        } else {
            let family = self.family.names();
            let in_family = after.iter().rposition(|item| family.contains(&item.name.as_str()));
            let active = after.iter().position(|item| item.name == "Active");
            let position = in_family.map_or_else(|| active.unwrap_or(after.len()), |last| last + 1);
            after.insert(position, item);
        }
        after.retain(|item| !goes(item));
        after
    }

    /// R4: a real package takes over from the placeholder of its name; what it lacks goes with the placeholder.
    fn close_placeholder(&mut self) {
        let Some(placeholder) = self.installed.filter(|solution| solution.assumed) else { return };
        for state in self.snapshot.components.values() {
            let Some(layer) = state.layer_of(placeholder.no) else { continue };
            let is_packaged = self.packaged(&state.component.key).is_some();
            let is_alone = state.managed().all(|layer| layer.solution == placeholder.no);
            let is_unmanaged = !self.package.is_managed();
            if (is_packaged || !is_alone) && !is_unmanaged {
                continue;
            }
            self.close(layer);
            if is_packaged || !is_alone {
                // Unmanaged, the real one has no layer of its own (L17); what it lists is in Active.
                continue;
            }
            self.plan.edits.extend(state.is_on.then_some(Edit::ActivationClose(state.component.no)));
            for member in state.members.iter().filter(|member| member.solution == placeholder.no) {
                self.plan.edits.push(Edit::MemberClose(member.clone()));
            }
        }
    }

    /// `--publish-changes`: every draft of the environment (L51), as the import leaves it: what it takes away or writes
    /// itself is not published twice.
    pub(super) fn publish_drafts(&mut self) {
        let has_draft = |state: &&ComponentState| state.active(LayerState::Unpublished).is_some();
        let drafts: Vec<_> = self.snapshot.components.values().filter(has_draft).collect();
        let mut edits: BTreeMap<ComponentNo, Vec<&Edit>> =
            drafts.iter().map(|state| (state.component.no, Vec::new())).collect();
        for edit in &self.plan.edits {
            if let Some(edits) = edit.layered_component().and_then(|no| edits.get_mut(&no)) {
                edits.push(edit);
            }
        }
        let after = |state: &&ComponentState| {
            let layers = self.all_layers_after(edits[&state.component.no].iter().copied(), Some(state));
            ComponentState { layers, ..(*state).clone() }
        };
        let states: Vec<_> = drafts.iter().map(after).collect();
        let lens = Lens { bodies: &Over(&self.plan.definitions, self.lens.bodies), ..self.lens };
        let published = publish::publish_states(&lens, states.iter());
        self.plan.edits.extend(published.edits);
        self.plan.findings.extend(published.findings);
        self.changes.extend(published.changes);
        let over = Over(&self.plan, self.lens.bodies);
        let lens = crate::effect::Lens { bodies: &over, ..self.lens };
        let refusals = publish::refuse_deletions(&lens, &self.plan, &published.deleted);
        self.plan.findings.extend(refusals);
    }
}

fn masked_finding(
    reference: &strata_model::component::ComponentRef,
    component_type: &ComponentType,
    masked_by: &[String],
    layer: &str,
) -> Finding {
    let described = names::describe(reference, component_type.label());
    let above = masked_by.join(", ");
    let message = format!("{described}: {above} above {layer} hides at least a part of this change");
    let finding = Finding::warning(FindingKind::Masked, None, "L87", message).about(reference.clone());
    if masked_by.iter().any(|name| name == "Active") {
        let name = format!("{}:{}", reference.type_name, reference.name);
        finding.hint(format!(
            "see `strata layers {name}`; remove the unmanaged layer with `strata component remove-active {name}`"
        ))
    } else {
        finding
    }
}
