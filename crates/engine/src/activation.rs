//! Switches components on and off: flows, steps, rules (L69, L92, L104).
//!
//! Whether something is on is the environment's state and no layer's: an update does not change it, and a managed
//! component is switched without customizing it (MP17). A cloud flow runs only with a connection for each of its
//! connection references (L120).

use strata_model::code::ErrorCode;
use strata_model::component::{ComponentKey, ComponentRef, ComponentType};
use strata_model::environment::{ComponentState, Footprint, Snapshot};
use strata_model::plan::{Bodies, Body, Edit, Finding, FindingKind, OperationKind, Plan};
use strata_model::rules::Rules;
use strata_xml::Element;

use crate::effect::Lens;
use crate::{definition, names, variables};

/// Which way a component is switched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    On,
    Off,
}

/// Returns the components that planning a switch must see; `seen` holds the component itself.
pub fn footprint(seen: &Snapshot, key: &ComponentKey, bodies: &dyn Bodies) -> Footprint {
    let references = seen.components.get(key).map(|state| references(state, bodies)).unwrap_or_default();
    let references = references.iter().map(|name| variables::reference_key(name));
    Footprint { keys: [key.clone()].into_iter().chain(references).collect(), ..Footprint::default() }
}

/// Plans a switch; nothing is to be done where the component stands so already.
pub fn plan(snapshot: &Snapshot, key: &ComponentKey, switch: Switch, rules: &Rules, bodies: &dyn Bodies) -> Plan {
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
    if switch == Switch::On && !state.is_on {
        let lens = Lens::new(snapshot, rules, bodies);
        plan.findings.extend(references(state, bodies).iter().filter_map(|name| unconnected(&lens, name, &component)));
        if plan.is_refused() {
            return plan;
        }
    }
    let no = state.component.no;
    match (switch, state.is_on) {
        (Switch::On, false) => plan.edits.push(Edit::ActivationOpen(no)),
        (Switch::Off, true) => plan.edits.push(Edit::ActivationClose(no)),
        (Switch::On, true) | (Switch::Off, false) => {}
    }
    plan
}

/// Returns the connection references of an installed cloud flow.
fn references(state: &ComponentState, bodies: &dyn Bodies) -> Vec<String> {
    let body = state.published().next_back().and_then(|layer| bodies.definition(&layer.digest));
    let files = body.map(|body| body.files).unwrap_or_default();
    let files = files.iter().filter_map(|(_, digest)| bodies.file(digest));
    files.flat_map(|file| references_in(&file)).collect()
}

/// Returns the connection references that a cloud flow's file names, each once.
pub(crate) fn references_in(file: &[u8]) -> Vec<String> {
    let start = if file.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let Ok(json) = serde_json::from_slice::<serde_json::Value>(&file[start..]) else { return Vec::new() };
    let references = json["properties"]["connectionReferences"].as_object();
    let name = |reference: &serde_json::Value| {
        reference["connection"]["connectionReferenceLogicalName"].as_str().map(str::to_owned)
    };
    let mut names: Vec<_> = references.into_iter().flat_map(|all| all.values()).filter_map(name).collect();
    names.sort();
    names.dedup();
    names
}

/// Says that a connection reference is not there or has no connection.
fn unconnected(lens: &Lens<'_>, name: &str, flow: &ComponentRef) -> Option<Finding> {
    let key = variables::reference_key(name);
    let state = lens.snapshot.components.get(&key).filter(|state| !state.layers.is_empty());
    let (code, message) = match state {
        None => (ErrorCode::CONNECTION_REFERENCE_NOT_FOUND, format!("there is no connection reference {name}")),
        Some(state) if !lens.resolve(&key, &lens.published(state)).contains_key("connectionid") => {
            (ErrorCode::CONNECTION_MISSING, format!("connection reference {name} has no connection"))
        }
        Some(_) => return None,
    };
    Some(
        Finding::error(FindingKind::Settings, code, "L120", format!("{message}, which the flow needs to be on"))
            .about(flow.clone())
            .related(vec![names::keyed(lens.snapshot.environment.id, &key)])
            .hint(format!("give it one with `strata component set {key} --property connectionid=ID`")),
    )
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
