//! Plans the deletion of one unmanaged component (L49, L102, MP8).
//!
//! It goes fully: Active layer, memberships, activation, data; the parts of a table and the relationships it takes
//! part in go with it, and so does whatever else cannot be without the component (DP2). Views, charts and forms wait for a publish, see [`crate::pending_deletion`]. What is managed
//! never goes this way: its solution is uninstalled.
//!
//! What others still name does not go (DP14), nor does what would take such a component along (DP5), see
//! [`crate::dependency::blocks`].

use std::collections::BTreeSet;

use strata_model::code::ErrorCode;
use strata_model::component::{ComponentKey, ComponentType};
use strata_model::dependency::DependencyKind;
use strata_model::environment::{ComponentState, Footprint, Snapshot};
use strata_model::layer::LayerState;
use strata_model::plan::{Action, Bodies, Change, Edit, Effect, Finding, FindingKind, OperationKind, Plan, RowCounts};
use strata_model::rules::Rules;

use super::money;
use crate::dependency::World;
use crate::dependency::blocks::{blocks, delete_findings};
use crate::dependency::{foreign_key, recipe};
use crate::effect::Lens;
use crate::loss::Going;
use crate::managed_property::{Base, Customization};
use crate::{catalogue, definition, names, pending_deletion, variables};

/// Returns the components that planning must see: of a table its parts and every relationship.
pub fn footprint(key: &ComponentKey) -> Footprint {
    let mut footprint = Footprint { keys: vec![key.clone()], parts_of: vec![key.clone()], ..Footprint::default() };
    if key.component_type.is(variables::DEFINITION) {
        footprint.keys.push(variables::value_key(key.as_str()));
    }
    if key.component_type.is("entity") {
        footprint.children_of = vec![key.as_str().to_owned()];
        footprint.types = vec![ComponentType::named("entityrelationship")];
    }
    if key.component_type.is("workflow") {
        footprint.parts_of = vec![key.clone()];
    }
    if key.component_type.is("attribute") {
        footprint.keys.push(money::base_key(key));
    }
    footprint
}

/// Plans the deletion.
pub fn plan(snapshot: &Snapshot, key: &ComponentKey, rows: &dyn RowCounts, rules: &Rules, bodies: &dyn Bodies) -> Plan {
    let mut plan = Plan::empty(OperationKind::DeleteComponent, snapshot.environment.revision, *rules);
    let lens = Lens::new(snapshot, rules, bodies);
    let state = snapshot.components.get(key).filter(|state| !state.layers.is_empty());
    let finding = match state {
        _ if catalogue::contains(key, rules) => Some(system(&lens, key)),
        None => Some(absent(key)),
        Some(state) => refusal(&lens, state),
    };
    let (Some(state), None) = (state, &finding) else {
        plan.findings.extend(finding);
        return plan;
    };
    if key.component_type.deletes_at_publish() {
        let found = blocks(&World::now(lens), &BTreeSet::from([key.clone()]));
        plan.findings.extend(delete_findings(&lens, key, &found));
        recipe::attach(&lens, &BTreeSet::new(), &found, &|_| false, &mut plan.findings);
        wait_for_publish(&lens, state, &mut plan);
        if plan.is_refused() {
            plan.edits.clear();
        }
        return plan;
    }
    let parts = unmanaged_parts(&lens, key);
    let mut deleted = BTreeSet::from([key.clone()]);
    for (state, with_table) in std::iter::once((state, false)).chain(parts.map(|part| (part, true))) {
        deleted.insert(state.component.key.clone());
        let environment = snapshot.environment.id;
        let going = Going { environment, layer: "Active".to_owned(), with_table, rule: "L102" };
        let gone = going.delete(state, rows);
        plan.edits.extend(gone.edits);
        plan.findings.extend(gone.findings);
        plan.changes.push(gone.change);
    }
    let found = blocks(&World::after(lens, &plan), &deleted);
    plan.findings.extend(delete_findings(&lens, key, &found));
    recipe::attach(&lens, &BTreeSet::new(), &found, &|_| false, &mut plan.findings);
    if plan.is_refused() {
        plan.edits.clear();
    }
    plan
}

/// Returns what a deletion may take away, as far as it has been seen: whoever names one of it must be seen too.
pub fn at_risk(seen: &Snapshot, key: &ComponentKey, rules: &Rules, bodies: &dyn Bodies) -> BTreeSet<ComponentKey> {
    going(&Lens::new(seen, rules, bodies), key)
}

/// Returns what a deletion takes away: the component, and what goes along.
pub(crate) fn going(lens: &Lens<'_>, key: &ComponentKey) -> BTreeSet<ComponentKey> {
    let mut going = BTreeSet::from([key.clone()]);
    if !key.component_type.deletes_at_publish() {
        going.extend(unmanaged_parts(lens, key).map(|state| state.component.key.clone()));
    }
    going
}

/// What is managed stays, and holds what it stands on.
fn unmanaged_parts<'a>(lens: &Lens<'a>, key: &ComponentKey) -> impl Iterator<Item = &'a ComponentState> + use<'a> {
    parts(lens, key).into_iter().filter(|part| part.managed().next().is_none())
}

fn absent(key: &ComponentKey) -> Finding {
    let message = format!("there is no {} {} in the environment", key.component_type.label(), key.as_str());
    Finding::error(FindingKind::Component, ErrorCode::COMPONENT_NOT_EXIST, "L102", message)
}

fn system(lens: &Lens<'_>, key: &ComponentKey) -> Finding {
    let message = format!("{} {} is a part of the platform", key.component_type.label(), key.as_str());
    Finding::error(FindingKind::DeleteBlocked, ErrorCode::CANNOT_DELETE_METADATA, "MP8", message)
        .about(names::keyed(lens.snapshot.environment.id, key))
}

/// Says why an installed component cannot be deleted by hand, where it cannot.
fn refusal(lens: &Lens<'_>, state: &ComponentState) -> Option<Finding> {
    let component = names::installed(lens.snapshot.environment.id, state);
    let key = &state.component.key;
    let described = names::describe(&component, key.component_type.label());
    if let Some(base) = Base::of(lens, state) {
        return Some(managed(lens, state, &base, &described));
    }
    if pending_deletion::is_pending(state) {
        return Some(pending_deletion::refusal(component, &described));
    }
    if let Some(role) = needed_by_its_table(lens, state) {
        let message = format!("{described} is {role} of its table, and goes only with it");
        return Some(
            Finding::error(FindingKind::DeleteBlocked, ErrorCode::DELETE_IN_USE, "L102", message)
                .about(component)
                .related(
                    key.parent().map(|table| names::keyed(lens.snapshot.environment.id, &table)).into_iter().collect(),
                ),
        );
    }
    None
}

/// MP8, L102: a managed component goes with its solution.
fn managed(lens: &Lens<'_>, state: &ComponentState, base: &Base<'_>, described: &str) -> Finding {
    let component = names::installed(lens.snapshot.environment.id, state);
    let solution = state.managed().next().map(|layer| names::solution(lens.snapshot, layer.solution));
    let code = match (state.component.key.component_type.name(), state.component.category) {
        ("workflow", Some(4)) => Some(ErrorCode::MANAGED_BPF_DELETION),
        ("workflow", _) => Some(ErrorCode::MANAGED_PROCESS_DELETION),
        _ => None,
    };
    let finding = match code {
        Some(code) => {
            let message = format!("{described} is managed and cannot be deleted by itself");
            Some(Finding::error(FindingKind::DeleteBlocked, code, "L102", message).about(component.clone()))
        }
        None => base.refusal(lens, Customization::Delete, "MP8"),
    };
    let finding = finding.unwrap_or_else(|| {
        let message = format!("{described} is managed and cannot be deleted by itself");
        Finding::error(FindingKind::DeleteBlocked, ErrorCode::CANNOT_DELETE_METADATA, "MP8", message).about(component)
    });
    match solution {
        Some(solution) => {
            finding.hint(format!("uninstall it with `strata solution delete --solution-name {solution}`"))
        }
        None => finding,
    }
}

/// What a column or a relationship is to its table, where that cannot be without it: its key, its name, or what the
/// platform keeps there.
fn needed_by_its_table(lens: &Lens<'_>, state: &ComponentState) -> Option<&'static str> {
    let component_type = &state.component.key.component_type;
    let definitions = state.layers.iter().filter_map(|layer| lens.bodies.definition(&layer.digest));
    let trees: Vec<_> = definitions.filter_map(|body| definition::tree(&body.bytes)).collect();
    let says = |name: &str, is_meant: &dyn Fn(&str) -> bool| {
        trees.iter().any(|tree| tree.child_text(name).is_some_and(|text| is_meant(&text)))
    };
    let is_platforms = |column: &str| catalogue::is_standard_column(&column.to_lowercase());
    if component_type.is("entityrelationship") {
        let is_of_platform = state.component.parent.is_some() && says("ReferencingAttributeName", &is_platforms);
        return is_of_platform.then_some("a platform relationship");
    }
    if !component_type.is("attribute") {
        return None;
    }
    if says("Type", &|kind| kind == "primarykey")
        || says("DisplayMask", &|mask| mask.split('|').any(|word| word == "PrimaryName"))
    {
        return Some("the key or the name column");
    }
    if says("CalculationOf", &|column| !column.is_empty()) {
        return Some("the amount in base currency of another column");
    }
    let is_own = says("IsCustomField", &|flag| flag == "0") && says("LogicalName", &is_platforms);
    is_own.then_some("a platform column")
}

/// Returns what goes with a table: its parts, and the relationships it takes part in; with a variable its value, with a
/// desktop flow its binaries.
fn parts<'a>(lens: &Lens<'a>, table: &ComponentKey) -> Vec<&'a ComponentState> {
    if table.component_type.is(variables::DEFINITION) {
        // L117: a value lives by its definition.
        let value = lens.snapshot.components.get(&variables::value_key(table.as_str()));
        return value.filter(|value| !value.layers.is_empty()).into_iter().collect();
    }
    if !table.component_type.is("entity") {
        let mut found = internal_dependents(lens, table);
        let base = lens.snapshot.components.get(&money::base_key(table));
        found.extend(base.filter(|base| is_amount_in_base_currency(lens, base)));
        return found;
    }
    let is_part = |state: &&ComponentState| {
        let is_child = state.component.parent().as_ref() == Some(table);
        !state.layers.is_empty() && (is_child || takes_part(lens, state, table))
    };
    let mut parts: Vec<_> = lens.snapshot.components.values().filter(is_part).collect();
    // DP5: a relationship takes its foreign key along, which may stand on another table.
    let world = World::now(*lens);
    let joining = parts.iter().filter(|part| part.component.key.component_type.is("entityrelationship"));
    let columns: BTreeSet<_> = joining.filter_map(|relationship| foreign_key(&world, relationship)).collect();
    for column in columns.iter().filter_map(|column| lens.snapshot.components.get(column)) {
        let is_new = parts.iter().all(|part| part.component.key != column.component.key);
        if is_new && !column.layers.is_empty() {
            parts.push(column);
        }
    }
    parts
}

/// DP2, DF5: returns what cannot be without a component, nor without what goes along: the binaries of a flow, the
/// images of a step, the relationship of a lookup, the topics of an agent.
fn internal_dependents<'a>(lens: &Lens<'a>, key: &ComponentKey) -> Vec<&'a ComponentState> {
    let world = World::now(*lens);
    let mut found = vec![key.clone()];
    let mut next = 0;
    while let Some(required) = found.get(next).cloned() {
        for edge in world.dependents(&required) {
            if edge.kind == DependencyKind::Internal && !found.contains(&edge.dependent) {
                found.push(edge.dependent);
            }
        }
        next += 1;
    }
    let states = found.iter().skip(1).filter_map(|key| lens.snapshot.components.get(key));
    states.filter(|state| !state.layers.is_empty()).collect()
}

/// Tells whether a column is there and holds what another says, in base currency.
fn is_amount_in_base_currency(lens: &Lens<'_>, state: &ComponentState) -> bool {
    state.layers.iter().any(|layer| {
        let tree = lens.bodies.definition(&layer.digest).and_then(|body| definition::tree(&body.bytes));
        tree.is_some_and(|tree| tree.child_text("CalculationOf").is_some())
    })
}

/// Tells whether a relationship is one of the table.
fn takes_part(lens: &Lens<'_>, state: &ComponentState, table: &ComponentKey) -> bool {
    const SIDES: [&str; 4] = ["ReferencingEntityName", "ReferencedEntityName", "FirstEntityName", "SecondEntityName"];
    if !state.component.key.component_type.is("entityrelationship") {
        return false;
    }
    state.layers.iter().any(|layer| {
        let tree = lens.bodies.definition(&layer.digest).and_then(|body| definition::tree(&body.bytes));
        let names = |side| tree.as_ref().and_then(|tree| tree.child_text(side));
        SIDES.into_iter().filter_map(names).any(|name| name.eq_ignore_ascii_case(table.as_str()))
    })
}

/// L49: the deletion is a draft until it is published.
fn wait_for_publish(lens: &Lens<'_>, state: &ComponentState, plan: &mut Plan) {
    let display_name = state.layers.iter().rev().find_map(|layer| layer.display_name.clone());
    let (layer, body) = pending_deletion::draft(state.component.no, display_name);
    let before = state.active(LayerState::Unpublished);
    plan.edits.extend(before.map(|draft| Edit::LayerClose {
        component: draft.component,
        solution: draft.solution,
        state: draft.state,
        digest: draft.digest,
    }));
    plan.definitions.insert(layer.digest, body);
    plan.edits.push(Edit::LayerOpen(layer));
    let message = "the deletion takes effect when it is published";
    plan.findings
        .push(Finding::info(FindingKind::Component, "L49", message).hint("publish with `strata solution publish`"));
    plan.changes.push(Change {
        action: Action::Delete,
        component: names::installed(lens.snapshot.environment.id, state),
        layer: "Active".to_owned(),
        effect: Effect::None,
        masked_by: Vec::new(),
        properties: Vec::new(),
        rows_lost: 0,
    });
}
