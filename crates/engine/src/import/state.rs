//! What stands in an import's way in the environment besides layers: pending deletions (L52), processes of the same
//! name (L68), active routing rules (L69); and what the import switches on (L92).

use std::collections::BTreeSet;

use strata_model::code::ErrorCode;
use strata_model::component::{ComponentKey, ComponentRef};
use strata_model::environment::{ComponentState, Membership};
use strata_model::id::ComponentNo;
use strata_model::layer::Layer;
use strata_model::package::{Package, PackagedComponent, Presence};
use strata_model::plan::{Body, Edit, Finding, FindingKind};

use super::{Import, Met, Standing};
use crate::{activation, definition, membership, names, pending_deletion, variables};

/// Tells whether the package's processes must be compared with those of the environment (L68).
pub(super) fn has_classic_processes(package: &Package) -> bool {
    package.components.iter().any(|component| activation::is_classic(component.category))
}

impl<'a> Import<'a> {
    /// L52: a view, chart or dashboard whose deletion waits for a publish.
    pub(super) fn check_pending_deletion(&mut self, met: &Met<'_>) {
        let component = met.component;
        let Some(_) = met.state.filter(|state| pending_deletion::is_pending(state)) else { return };
        let is_dashboard = component.parent.is_none();
        let Some(code) = pending_deletion::import_code(&component.key, is_dashboard) else { return };
        let reference = names::packaged(self.environment(), component);
        let described = names::describe(&reference, component.key.component_type.label());
        let message = format!("{described} is deleted in the environment and the deletion is not published");
        self.plan.findings.push(
            Finding::error(FindingKind::Component, code, "L52", message)
                .about(reference)
                .hint("publish the deletion first with `strata solution publish`"),
        );
    }

    /// L68: a classic process with the name, table and category of another one.
    pub(super) fn check_process_name(&mut self, met: &Met<'_>) {
        let component = met.component;
        let is_new = met.standing == Standing::Absent && component.presence != Presence::Reference;
        if !is_new || !component.key.component_type.is("workflow") || !activation::is_classic(component.category) {
            return;
        }
        let body = Body { bytes: self.package.bytes(&component.definition), ..Body::default() };
        let Some(own) = process(&body) else { return };
        // Labels are at hand, definitions are not: only what may be called the same is looked into.
        let may_be_called_so = |layer: &&Layer| match (&layer.display_name, &component.display_name) {
            (Some(theirs), Some(ours)) => theirs.eq_ignore_ascii_case(ours),
            (None, _) | (_, None) => true,
        };
        let is_called_so = |layer: &Layer| {
            let body = self.lens.bodies.definition(&layer.digest);
            body.and_then(|body| process(&body)).is_some_and(|other| other == own)
        };
        let is_namesake = |(_, state): &(&ComponentKey, &ComponentState)| {
            state.component.key != component.key
                && state.component.category == component.category
                && state.layers.iter().filter(may_be_called_so).any(is_called_so)
        };
        let processes = ComponentKey::folded(component.key.component_type.clone(), "");
        let processes = self.snapshot.components.range(processes..);
        let mut processes = processes.take_while(|(key, _)| key.component_type == component.key.component_type);
        let Some((_, namesake)) = processes.find(is_namesake) else { return };
        let namesake = names::installed(self.environment(), namesake);
        let (name, table) = own;
        let message = format!(
            "another process named `{name}` on {table} with the same category exists under the id {}",
            namesake.name
        );
        self.plan.findings.push(
            Finding::error(FindingKind::Component, ErrorCode::IMPORT_WORKFLOW_NAME_CONFLICT, "L68", message)
                .about(names::packaged(self.environment(), component))
                .related(vec![namesake])
                .hint("rename or delete one of the two processes"),
        );
    }

    /// L69, OQ 24: a rule set that is switched on cannot be edited.
    pub(super) fn check_routing_rule(&mut self, met: &Met<'_>) {
        let component = met.component;
        let key = &component.key;
        let is_meant = key.component_type.is("routingrule") && component.presence != Presence::Reference;
        let Some(state) = met.state.filter(|state| is_meant && !state.layers.is_empty()) else { return };
        let blocks = state.is_on || !self.lens.rules.inactive_routing_rule_is_replaced;
        if !blocks || !self.is_recorded_on(met) {
            return;
        }
        let reference = names::packaged(self.environment(), component);
        let described = names::describe(&reference, key.component_type.label());
        let message =
            format!("{described} is active in the package and in the environment; active rules cannot be edited");
        self.plan.findings.push(
            Finding::error(FindingKind::Component, ErrorCode::CANNOT_EDIT_ACTIVE_RULE, "L69", message)
                .about(reference)
                .hint(format!("switch it off first with `strata component deactivate {key}`")),
        );
    }

    fn is_recorded_on(&self, met: &Met<'_>) -> bool {
        let body = Body { bytes: self.package.bytes(&met.component.definition), ..Body::default() };
        activation::is_recorded_on(&met.component.key.component_type, &body)
    }

    /// L92: what the package records as switched on is switched on where the caller asks for it; without, new ones
    /// arrive switched off and the others keep their state.
    pub(super) fn switch_on(&mut self, met: &Met<'_>, component: ComponentNo, arrivals: &mut Vec<ComponentRef>) {
        let is_meant = activation::is_switched_by_import(&met.component.key.component_type)
            && met.component.presence != Presence::Reference;
        let is_on = met.state.is_some_and(|state| state.is_on);
        let is_asked = self.options.publish_workflows;
        let is_new = met.standing == Standing::Absent;
        if !is_meant || is_on || !(is_asked || is_new) || !self.is_recorded_on(met) {
            return;
        }
        if !is_asked {
            arrivals.push(names::packaged(self.environment(), met.component));
            return;
        }
        let references = self.references_of(met);
        if references.is_empty() {
            self.plan.edits.push(Edit::ActivationOpen(component));
        } else {
            let flow = names::packaged(self.environment(), met.component);
            self.flows.push(WaitingFlow { component, flow, references });
        }
    }

    /// L37: the managed definition stays as it is.
    pub(super) fn report_unlayered(&mut self, component: &PackagedComponent) {
        let reference = names::packaged(self.environment(), component);
        let described = names::describe(&reference, component.key.component_type.label());
        let message = format!("{described} is managed and takes no unmanaged layer: it stays as it is");
        self.plan.findings.push(Finding::warning(FindingKind::Component, None, "L37", message).about(reference));
    }

    /// L20: a new part joins every unmanaged solution that holds its table with all parts.
    pub(super) fn join_by_itself(&mut self, met: &Met<'_>, component: ComponentNo) {
        if met.standing != Standing::Absent {
            return;
        }
        let parent = met.component.parent.clone().or_else(|| met.component.key.parent());
        let Some(table) = parent.and_then(|parent| self.state(&parent)) else { return };
        for solution in membership::with_all_parts(self.snapshot, table) {
            let is_member = solution == self.solution || met.state.is_some_and(|state| state.is_member_of(solution));
            if !is_member {
                self.plan.edits.push(Edit::MemberOpen(Membership { component, solution, behavior: None }));
            }
        }
    }

    /// L120: the connection references of a cloud flow.
    fn references_of(&self, met: &Met<'_>) -> Vec<String> {
        let files = met.component.definition.files.iter().map(|index| &self.package.parts[*index].bytes);
        files.flat_map(|file| activation::references_in(file)).collect()
    }

    /// L120: switches on the flows whose connection references all have a connection now; the others stay off.
    pub(super) fn switch_connected_flows(&mut self) {
        let names = self.flows.iter().flat_map(|flow| &flow.references);
        let numbers: BTreeSet<_> = names.filter_map(|name| self.number_of(&variables::reference_key(name))).collect();
        let concerns = |edit: &&Edit| edit.layered_component().is_some_and(|no| numbers.contains(&no));
        let edits: Vec<_> = match self.flows.is_empty() {
            true => return,
            false => self.plan.edits.iter().filter(concerns).cloned().collect(),
        };
        for WaitingFlow { component, flow, references } in std::mem::take(&mut self.flows) {
            let is_connected = |name: &&String| {
                self.resolved_after(&edits, &variables::reference_key(name)).contains_key("connectionid")
            };
            let missing: Vec<_> = references.iter().filter(|name| !is_connected(name)).cloned().collect();
            if missing.is_empty() {
                self.plan.edits.push(Edit::ActivationOpen(component));
                continue;
            }
            let described = names::describe(&flow, "flow");
            let message = format!("{described} stays off: no connection for {}", missing.join(", "));
            self.plan.findings.push(Finding::warning(FindingKind::Settings, None, "L120", message).about(flow).hint(
                "give its connections in --settings-file, or switch it on later with `strata component activate`",
            ));
        }
    }

    /// Says what has arrived switched off although the package records it as on.
    pub(super) fn report_arrivals(&mut self, arrivals: Vec<ComponentRef>) {
        if arrivals.is_empty() {
            return;
        }
        let message = match arrivals.len() {
            1 => "1 step or process arrives switched off".to_owned(),
            many => format!("{many} steps and processes arrive switched off"),
        };
        self.plan.findings.push(
            Finding::info(FindingKind::Component, "L92", message)
                .related(arrivals)
                .hint("import with `--activate-plugins`, or switch them on with `strata component activate`"),
        );
    }
}

/// A cloud flow that is to be on, if its connections are there once settings are given.
pub(super) struct WaitingFlow {
    component: ComponentNo,
    flow: ComponentRef,
    references: Vec<String>,
}

/// Returns what a classic process is known by beside its id: name and table, folded.
fn process(body: &Body<'_>) -> Option<(String, String)> {
    let tree = definition::tree(&body.bytes)?;
    let name = tree.attribute("Name")?.trim().to_lowercase();
    let table = tree.child_text("PrimaryEntity").unwrap_or_default().to_lowercase();
    Some((name, table))
}

/// L37: attribute maps and access-team templates take no unmanaged layer over a managed one.
pub(super) fn admits_layer(key: &ComponentKey, standing: Standing, is_managed: bool) -> bool {
    is_managed || standing != Standing::Managed || key.component_type.admits_active()
}
