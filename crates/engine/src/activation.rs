//! Switches components on and off: flows, steps, rules (L69, L92, L104).
//!
//! Whether something is on is the environment's state and no layer's: an update does not change it, and a managed
//! component is switched without customizing it (MP17). Connections that a flow needs (L120) are not looked at.

use strata_model::code::ErrorCode;
use strata_model::component::{ComponentKey, ComponentType};
use strata_model::environment::{ComponentState, Footprint, Snapshot};
use strata_model::plan::{Body, Edit, Finding, FindingKind, OperationKind, Plan};
use strata_model::rules::Rules;
use strata_xml::Element;

use crate::{definition, names};

/// Which way a component is switched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    On,
    Off,
}

/// Returns the components that planning a switch must see.
pub fn footprint(key: &ComponentKey) -> Footprint {
    Footprint { keys: vec![key.clone()], ..Footprint::default() }
}

/// Plans a switch; nothing is to be done where the component stands so already.
pub fn plan(snapshot: &Snapshot, key: &ComponentKey, switch: Switch, rules: &Rules) -> Plan {
    let kind = match switch {
        Switch::On => OperationKind::Activate,
        Switch::Off => OperationKind::Deactivate,
    };
    let mut plan = Plan::empty(kind, snapshot.environment.revision, *rules);
    let label = key.component_type.label();
    let Some(state) = snapshot.components.get(key).filter(|state| !state.layers.is_empty()) else {
        let message = format!("there is no {label} {} in the environment", key.as_str());
        plan.findings.push(Finding::error(FindingKind::Component, ErrorCode::COMPONENT_NOT_EXIST, "L92", message));
        return plan;
    };
    let component = names::installed(snapshot.environment.id, state);
    let described = names::describe(&component, label);
    if !key.component_type.can_activate() {
        let message = format!("{described} is nothing that is switched on or off");
        plan.findings.push(
            Finding::error(FindingKind::Component, ErrorCode::NOTHING_TO_SWITCH, "L92", message)
                .about(component)
                .hint("flows and other processes, plug-in steps, routing rules, SLAs and record creation rules can be"),
        );
        return plan;
    }
    if snapshot.environment.settings.block_unmanaged && is_legacy(state) {
        let message = format!(
            "{described} is a classic process, which cannot be switched where unmanaged customizations are not allowed"
        );
        plan.findings.push(
            Finding::error(FindingKind::Blocked, ErrorCode::UNMANAGED_CUSTOMIZATIONS_BLOCKED, "L104", message)
                .about(component)
                .hint("allow them with `strata env set --block-unmanaged false`"),
        );
        return plan;
    }
    let no = state.component.no;
    match (switch, state.is_on) {
        (Switch::On, false) => plan.edits.push(Edit::ActivationOpen(no)),
        (Switch::Off, true) => plan.edits.push(Edit::ActivationClose(no)),
        (Switch::On, true) | (Switch::Off, false) => {}
    }
    plan
}

/// Classic workflows, dialogs, business rules, actions and business process flows, not cloud and desktop flows.
fn is_legacy(state: &ComponentState) -> bool {
    state.component.key.component_type.is("workflow") && is_classic(state.component.category)
}

/// Tells a classic process from a flow by its category (L68).
pub(crate) fn is_classic(category: Option<i32>) -> bool {
    category.is_some_and(|category| (0..=4).contains(&category))
}

/// Tells whether `--activate-plugins` concerns components of this type: steps and processes (L92).
pub(crate) fn is_switched_by_import(component_type: &ComponentType) -> bool {
    component_type.is("workflow") || component_type.is("sdkmessageprocessingstep")
}

/// Tells whether a definition records its component as switched on.
///
/// `StateCode` is 1 for processes and rules that are on. A step counts the other way, and packages leave its state
/// out: it is on unless it is said to be disabled.
pub fn is_recorded_on(component_type: &ComponentType, body: &Body<'_>) -> bool {
    let state_code = |tree: Element| {
        let child = tree.elements().find(|child| child.name.eq_ignore_ascii_case("StateCode"))?;
        Some(child.text().trim().to_owned())
    };
    let state_code = definition::tree(&body.bytes).and_then(state_code);
    let is_active = state_code.as_deref() == Some("1");
    if component_type.is("sdkmessageprocessingstep") { !is_active } else { is_active }
}
