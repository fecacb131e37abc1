//! What managed properties say about an import: of unmanaged packages over managed components, and of managed ones
//! over another publisher's (MP3, MP6, MP7, MP12).

use std::collections::BTreeSet;

use strata_model::code::ErrorCode;
use strata_model::component::ComponentRef;
use strata_model::id::SolutionNo;
use strata_model::layer::Layer;
use strata_model::package::Presence;
use strata_model::plan::{Finding, FindingKind, OperationKind};
use strata_xml::Element;

use super::{Import, Met, Standing};
use crate::definition;
use crate::effect::StackItem;
use crate::managed_property::{self, is_flag};
use crate::names;

impl<'a> Import<'a> {
    pub(super) fn check_managed_properties(&mut self) {
        let mut unheard = Vec::new();
        for met in self.met.clone() {
            if met.component.presence == Presence::Reference {
                continue;
            }
            match met.standing {
                Standing::Managed if self.is_bound(&met) => self.check_customized(&met, &mut unheard),
                Standing::Absent => self.check_part(&met),
                Standing::Managed | Standing::System | Standing::Unmanaged => {}
            }
            if met.component.key.component_type.is("entity") {
                self.check_search(&met);
            }
        }
        self.report_unheard(unheard);
    }

    /// An unmanaged import is bound by the switches always, a managed one where the component is another publisher's.
    fn is_bound(&self, met: &Met<'_>) -> bool {
        let is_of_another = |state| managed_property::is_of_another(&self.lens, state, self.publisher);
        !self.package.is_managed() || met.state.is_some_and(is_of_another)
    }

    fn rule(&self) -> &'static str {
        if self.package.is_managed() { "MP7" } else { "MP6" }
    }

    /// MP6, MP7: each change needs the switch of what it touches.
    fn check_customized(&mut self, met: &Met<'a>, unheard: &mut Vec<ComponentRef>) {
        let Some(state) = met.state else { return };
        let changed = self.changed_paths(met);
        let settings = changed.iter().map(String::as_str).filter(|path| !is_flag(path));
        let refusals = managed_property::refusals(&self.lens, state, settings, self.rule());
        self.plan.findings.extend(refusals);
        if changed.iter().any(|path| is_flag(path)) {
            unheard.push(names::packaged(self.environment(), met.component));
        }
    }

    /// Returns the properties that would have another value under this solution's layers than they have there now.
    fn changed_paths(&self, met: &Met<'a>) -> BTreeSet<String> {
        let Some(state) = met.state else { return BTreeSet::new() };
        let own = if self.package.is_managed() { self.solution } else { SolutionNo::ACTIVE };
        let is_own =
            |layer: &&Layer| layer.solution == own || own != SolutionNo::ACTIVE && self.family.contains(layer.solution);
        let own_layers: Vec<_> = state.layers.iter().filter(is_own).collect();
        let is_same = |layer: &Layer| self.lens.is_same(&met.component.key, &layer.digest, &met.component.digest);
        let is_repeated = match own {
            SolutionNo::ACTIVE => own_layers.iter().any(|layer| is_same(layer)),
            _ => own_layers.last().is_some_and(|layer| is_same(layer)),
        };
        if is_repeated {
            return BTreeSet::new();
        }
        let slot = own_layers.last().map(|layer| layer.slot);
        let is_below =
            |layer: &&Layer| !is_own(layer) && (own == SolutionNo::ACTIVE || slot.is_none_or(|slot| layer.slot < slot));
        let below: Vec<StackItem> = state.managed().filter(is_below).map(|layer| self.lens.item(layer)).collect();
        let name = names::solution(self.snapshot, own);
        // Base, patches and the new version count as one: only what they come to is a change.
        let named = |layer: &&Layer| StackItem { name: name.clone(), ..self.lens.item(layer) };
        let held: Vec<StackItem> = match own {
            SolutionNo::ACTIVE => own_layers.last().map(named).into_iter().collect(),
            _ => own_layers.iter().map(named).collect(),
        };
        let is_diff = met.component.presence == Presence::Diff;
        let new = StackItem { name: name.clone(), digest: Some(met.component.digest), is_diff };
        let stays =
            matches!(self.plan.operation, OperationKind::Stage | OperationKind::Patch) && own != SolutionNo::ACTIVE;
        let beside = if stays { held.clone() } else { Vec::new() };
        let before: Vec<_> = below.iter().cloned().chain(held).collect();
        let after: Vec<_> = below.into_iter().chain(beside).chain([new]).collect();
        let seen = self.lens.compare(&met.component.key, &before, &after, &name);
        let differs = |property: &strata_model::plan::PropertyChange| {
            // Merged types are not resolved here: what the layer says is what it changes.
            let is_unresolved = property.resolved_before.is_none() && property.resolved_after.is_none();
            is_unresolved || property.resolved_before != property.resolved_after
        };
        seen.properties.into_iter().filter(differs).map(|property| property.path).collect()
    }

    /// MP17: a part for a table that is managed needs what the table grants.
    fn check_part(&mut self, met: &Met<'a>) {
        let key = &met.component.key;
        let Some(parent) = met.component.parent.clone().or_else(|| key.parent()) else { return };
        let Some(table) = self.state(&parent).filter(|_| parent.component_type.is("entity")) else { return };
        let is_bound = !self.package.is_managed() || managed_property::is_of_another(&self.lens, table, self.publisher);
        if is_bound {
            let part = names::packaged(self.environment(), met.component);
            let rule = self.rule();
            let refusal = managed_property::refusal_of_part(&self.lens, table, &part, &key.component_type, rule);
            self.plan.findings.extend(refusal);
        }
    }

    /// MP3: only the owner's import changes switches; those of others are not heard.
    fn report_unheard(&mut self, components: Vec<ComponentRef>) {
        if components.is_empty() {
            return;
        }
        let message = format!(
            "managed properties of {} components are not this package's to change: they stay as the owner set them",
            components.len()
        );
        self.plan.findings.push(Finding::info(FindingKind::Component, "MP3", message).related(components));
    }

    /// MP12: the permission for relevance search, and its use, must not contradict each other.
    fn check_search(&mut self, met: &Met<'a>) {
        const PERMISSION: &str = "CanEnableSyncToExternalSearchIndex";
        const USE: &str = "SyncToExternalSearchIndex";
        const PLAINLY_PERMITTED: &[u8] = b"<CanEnableSyncToExternalSearchIndex>1<";
        if !self.package.is_managed() {
            return;
        }
        let component_type = &met.component.key.component_type;
        let bytes = self.package.bytes(&met.component.definition);
        // Most tables answer without being parsed.
        if memchr::memmem::find(&bytes, PLAINLY_PERMITTED).is_some() {
            return;
        }
        let Some(tree) = definition::tree(&bytes) else { return };
        let incoming = |flag: &str| managed_property::flag_in(component_type, &tree, flag);
        let is_forbidden = incoming(PERMISSION) == Some(false) && !self.is_bound(met);
        if !is_forbidden {
            return;
        }
        let syncs = met.state.is_some_and(|state| self.says_on_top(state, USE));
        let (code, message) = match (syncs, incoming(USE)) {
            (true, _) => (
                ErrorCode::SEARCH_PERMISSION_IN_USE,
                "is synchronised with relevance search now: the permission cannot be taken back",
            ),
            (false, Some(true)) => (
                ErrorCode::SEARCH_NOT_PERMITTED,
                "is to be synchronised with relevance search, which it forbids itself",
            ),
            (false, _) => return,
        };
        let component = names::packaged(self.environment(), met.component);
        let described = names::describe(&component, "table");
        self.plan.findings.push(
            Finding::error(FindingKind::Component, code, "MP12", format!("{described} {message}"))
                .about(component)
                .hint("turn relevance search off for the table first"),
        );
    }

    /// Tells whether the topmost published layer that writes a setting of the table says yes.
    fn says_on_top(&self, state: &strata_model::environment::ComponentState, setting: &str) -> bool {
        let component_type = &state.component.key.component_type;
        let tree = |layer: &strata_model::layer::Layer| -> Option<Element> {
            definition::tree(&self.lens.bodies.definition(&layer.digest)?.bytes)
        };
        let written = state.published().rev().filter_map(tree);
        let mut values = written.filter_map(|tree| managed_property::flag_in(component_type, &tree, setting));
        values.next().unwrap_or(false)
    }
}
