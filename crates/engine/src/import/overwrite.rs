//! Overwriting unmanaged customizations (L87, L88, L90): incoming values are copied into Active, which stays.
//!
//! Types that merge are left alone: their import merges in every case.

use strata_model::code::ErrorCode;
use strata_model::component::Merge;
use strata_model::id::{ComponentNo, Digest, Operation};
use strata_model::layer::{Layer, LayerState};
use strata_model::package::Presence;
use strata_model::plan::{Action, Body, Edit, Finding, FindingKind};

use super::{Import, Met, Standing};
use crate::effect::{Lens, Over, StackItem};
use crate::layering::overlay;
use crate::{definition, names};

impl Import<'_> {
    /// L46, OQ 35: an imported site map takes the place of the one that makers have, unpublished changes included.
    pub(super) fn warn_of_site_map(&mut self, met: &Met<'_>) {
        if met.component.key.component_type.merge() != Merge::SiteMap {
            return;
        }
        let draft = met.state.and_then(|state| state.active(LayerState::Unpublished));
        let lost = if draft.is_some() { ", its unpublished changes included" } else { "" };
        let message = format!("site map {} is overwritten{lost}", met.component.name);
        let reference = names::packaged(self.environment(), met.component);
        let code = Some(ErrorCode::SITE_MAP_OVERWRITTEN);
        self.plan.findings.push(Finding::warning(FindingKind::Component, code, "L46", message).about(reference));
    }

    /// Copies what a managed package says of a component into its Active layer, where it has one.
    pub(super) fn overwrite(&mut self, met: &Met<'_>, no: ComponentNo) {
        self.overwritten = None;
        let Some(state) = met.state else { return };
        let merges = met.component.key.component_type.merge() != Merge::TopWins;
        let is_asked = self.options.overwrite_unmanaged_customizations;
        if !is_asked || merges || met.component.presence != Presence::Full || met.standing == Standing::Unmanaged {
            return;
        }
        for layer_state in [LayerState::Published, LayerState::Unpublished] {
            let Some(active) = state.active(layer_state) else { continue };
            let Some(digest) = self.copied_into(met, active) else { continue };
            self.plan.edits.push(Edit::LayerClose {
                component: no,
                solution: active.solution,
                state: active.state,
                digest: active.digest,
            });
            let display_name = met.component.display_name.clone().or_else(|| active.display_name.clone());
            let layer = Layer { digest, display_name, from: Operation::START, ..active.clone() };
            self.plan.edits.push(Edit::LayerOpen(layer));
            if layer_state == LayerState::Published {
                self.overwritten = Some(digest);
                self.describe_overwritten(met, digest);
            }
        }
    }

    /// Returns what Active holds after the copy, or `None` when it says that already.
    fn copied_into(&mut self, met: &Met<'_>, active: &Layer) -> Option<Digest> {
        let (key, incoming) = (&met.component.key, met.component.digest);
        if self.lens.is_same(key, &active.digest, &incoming) {
            return None;
        }
        let (old, new) = (self.lens.bodies.definition(&active.digest)?, self.lens.bodies.definition(&incoming)?);
        let is_xml = |body: &Body<'_>| body.bytes.trim_ascii_start().starts_with(b"<");
        if !is_xml(&old) || !is_xml(&new) {
            return Some(incoming);
        }
        let mut tree = definition::tree(&old.bytes)?;
        overlay(&key.component_type, &mut tree, &definition::tree(&new.bytes)?);
        let files = if new.files.is_empty() { old.files.clone() } else { new.files.clone() };
        let body = Body { bytes: strata_xml::write(&tree).into(), home: new.home.clone(), files };
        let digest = body.digest();
        self.plan.definitions.insert(digest, body);
        let lens = Lens { bodies: &Over(&self.plan.definitions, self.lens.bodies), ..self.lens };
        if lens.is_same(key, &digest, &incoming) {
            self.plan.definitions.remove(&digest);
            return Some(incoming);
        }
        (!lens.is_same(key, &digest, &active.digest)).then_some(digest)
    }

    fn describe_overwritten(&mut self, met: &Met<'_>, digest: Digest) {
        let before = met.state.map(|state| self.lens.published(state)).unwrap_or_default();
        let mut after = before.clone();
        for item in after.iter_mut().filter(|item| item.name == "Active") {
            *item = StackItem { digest: Some(digest), ..item.clone() };
        }
        let lens = Lens { bodies: &Over(&self.plan.definitions, self.lens.bodies), ..self.lens };
        let seen = lens.compare(&met.component.key, &before, &after, "Active");
        let change = seen.change(Action::Modify, names::packaged(self.environment(), met.component), "Active");
        self.changes.push((met.component.key.clone(), change));
    }
}
