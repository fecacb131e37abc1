//! L48: a managed import that leaves a table without a fallback form marks a form as one, in the Active layer.

use strata_model::id::{Operation, SolutionNo};
use strata_model::layer::{Layer, LayerState};
use strata_model::package::Presence;
use strata_model::plan::{Action, Change, Edit, Effect, Finding, FindingKind, OperationKind};
use strata_xml::Element;

use super::parts::Said;
use super::{Import, Met};
use crate::active::merged;
use crate::effect::{Lens, Over};
use crate::fallback::{self, Place};
use crate::merge::{self, EditPath};
use crate::{definition, names};

impl<'a> Import<'a> {
    pub(super) fn mark_fallback_forms(&mut self) {
        if !self.package.is_managed() {
            return;
        }
        for place in fallback::open_places(self.package, self.lens.rules) {
            let is_packaged = self.packaged(&place.0).is_some_and(|table| table.presence != Presence::Reference);
            let is_real = fallback::is_real(self.snapshot, &place.0) || is_packaged;
            if !is_real || self.placed.contains_key(&place.0) {
                continue;
            }
            let forms: Vec<_> = self.met.iter().copied().filter(|met| self.is_form_of(met, &place)).collect();
            let resolved: Vec<_> = forms.iter().filter_map(|met| Some((*met, self.resolved_form(met)?))).collect();
            let others = |state: &strata_model::environment::ComponentState, _: &Layer| {
                self.packaged(&state.component.key).is_none()
            };
            let is_held = resolved.iter().any(|(_, form)| fallback::is_fallback(form, self.lens.rules))
                || fallback::has_fallback(&self.lens, &place, &others);
            if let Some((met, form)) = resolved.into_iter().min_by_key(|(_, form)| order(form)).filter(|_| !is_held) {
                self.mark(&met, &form, &place);
            }
        }
    }

    /// Tells whether a form of the package will be a fallback form of that place, as people will see it.
    pub(super) fn brings_fallback(&self, place: &Place) -> bool {
        let mut forms = self.met.iter().filter(|met| self.is_form_of(met, place));
        forms.any(|met| self.resolved_form(met).is_some_and(|form| fallback::is_fallback(&form, self.lens.rules)))
    }

    fn is_form_of(&self, met: &Met<'_>, place: &Place) -> bool {
        met.component.presence != Presence::Reference
            && fallback::packaged_place(met.component, self.lens.rules).as_ref() == Some(place)
    }

    /// The form as people will see it, bottom to top: managed layers with this import's own, then Active.
    fn resolved_form(&self, met: &Met<'_>) -> Option<Element> {
        let (managed, active) = self.layers_of(met);
        self.resolve(managed.iter().chain(&active))
    }

    fn layers_of(&self, met: &Met<'_>) -> (Vec<Said>, Vec<Said>) {
        let no = met.state.map(|state| state.component.no).or_else(|| self.added.get(&met.component.key).copied());
        let Some(no) = no else { return (Vec::new(), Vec::new()) };
        let layers = self.layers_after(&self.plan.edits, met.state, no);
        // A holding solution is there to take its base's place: its own form counts, as in an upgrade in one step.
        let is_replaced = |layer: &Layer| {
            let is_stage = self.plan.operation == OperationKind::Stage;
            is_stage && layer.solution != self.solution && self.family.contains(layer.solution)
        };
        let published = layers.into_iter().filter(|layer| layer.state == LayerState::Published && !is_replaced(layer));
        let (active, managed): (Vec<_>, Vec<_>) = published.partition(|layer| layer.solution == SolutionNo::ACTIVE);
        let said = |layers: Vec<Layer>| layers.iter().map(Said::of).collect();
        (said(managed), said(active))
    }

    fn resolve<'l>(&self, layers: impl Iterator<Item = &'l Said>) -> Option<Element> {
        let bodies = Over(&self.plan.definitions, self.lens.bodies);
        let lens = Lens { bodies: &bodies, ..self.lens };
        let read = |said: &Said| Some((definition::tree(&lens.bodies.definition(&said.digest)?.bytes)?, said.is_diff));
        let trees: Vec<_> = layers.filter_map(read).collect();
        let strict = self.lens.rules.collisions_to_conflicts_tab;
        merge::merge(trees.iter().map(|(tree, is_diff)| (tree, *is_diff)), strict).definition()
    }

    fn mark(&mut self, met: &Met<'a>, form: &Element, place: &Place) {
        let component = met.component;
        let path = EditPath { steps: &["form", "DisplayConditions"], attribute: Some("FallbackForm") };
        let Some(edited) = merge::edit(form, path, "true") else { return };
        let (managed, _) = self.layers_of(met);
        let content = merge::active_content(self.resolve(managed.iter()).as_ref(), edited.tree);
        let content = merged::content(content, component.definition.home.clone());
        let Some(body) = content.body else { return };
        let digest = self.made(body);
        let no = self.packaged_number(met);
        // A conversion may have closed it (L94).
        let layers = self.layers_after(&self.plan.edits, met.state, no);
        let active = layers.iter().find(|layer| layer.solution == SolutionNo::ACTIVE);
        self.plan.edits.extend(active.map(crate::removal::close));
        self.plan.edits.push(Edit::LayerOpen(Layer {
            component: no,
            solution: SolutionNo::ACTIVE,
            slot: 0,
            state: LayerState::Published,
            digest,
            display_name: component.display_name.clone(),
            is_diff: content.is_diff,
            from: Operation::START,
        }));
        let reference = names::packaged(self.environment(), component);
        let described = names::describe(&reference, component.key.component_type.label());
        let table = place.0.as_str();
        let message = format!(
            "table {table} would have no {} fallback form: {described} becomes one through an unmanaged layer",
            place.1
        );
        let finding = Finding::warning(FindingKind::Component, None, "L48", message).about(reference.clone());
        self.plan.findings.push(finding);
        let change = Change {
            action: Action::Modify,
            component: reference,
            layer: "Active".to_owned(),
            effect: Effect::Visible,
            masked_by: Vec::new(),
            properties: Vec::new(),
            rows_lost: 0,
        };
        self.changes.push((component.key.clone(), change));
    }
}

/// The first form in the order that the forms themselves give.
fn order(form: &Element) -> u32 {
    let conditions = form.descend(&["form", "DisplayConditions"]);
    conditions.and_then(|conditions| conditions.attribute("Order")?.trim().parse().ok()).unwrap_or(u32::MAX)
}
