//! STR601–STR605: desktop flows and the binaries that schema v2 keeps their content in.

use std::collections::BTreeMap;

use serde_json::Value;
use strata_engine::desktop_flow::content::required_binaries;
use strata_engine::desktop_flow::{BINARY, CATEGORY};
use strata_model::component::{ComponentKey, ComponentType};
use strata_model::id::Guid;
use strata_model::package::Presence;

use crate::context::{Component, Context, Place};
use crate::declared;
use crate::finding::Findings;
use crate::rule::{Category, Needs, Precision, Rule, Severity};

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "STR601",
        severity: Severity::High,
        category: Category::Design,
        component: "desktop flow",
        condition: "A desktop flow requires a binary that is neither in the package nor among its declared dependencies.",
        why: "The import names the binary as a missing dependency, or the flow arrives and cannot run.",
        cure: &[
            "In the source, open the flow in the solution, choose Advanced, Add required objects, and export again.",
        ],
        needs: Needs::Package,
        precision: Precision::VeryHigh,
        help: "",
        check: missing_binaries,
    },
    Rule {
        id: "STR602",
        severity: Severity::High,
        category: Category::Design,
        component: "desktop flow binary",
        condition: "A binary belongs to a flow that is neither in the package nor declared, or lacks the data file that its \
                    type has (connector definitions may have none).",
        why: "A binary without its flow cannot be imported; one without data leaves the flow without its images, elements \
              or manifest.",
        cure: &[
            "Add the flow to the solution, remove the stray binary, or save the flow again in the source, and export.",
        ],
        needs: Needs::Package,
        precision: Precision::VeryHigh,
        help: "",
        check: stray_binaries,
    },
    Rule {
        id: "STR603",
        severity: Severity::High,
        category: Category::Design,
        component: "desktop flow",
        condition: "Two binaries of one flow have the same type and the same reference.",
        why: "The collision ships inside the package: the flow fails at every run with \
              DesktopFlowBinaryReferenceCollisionException.",
        cure: &["In the source, delete the binaries that the flow does not require, and export again."],
        needs: Needs::Package,
        precision: Precision::VeryHigh,
        help: "",
        check: colliding_binaries,
    },
    Rule {
        id: "STR604",
        severity: Severity::Informational,
        category: Category::UpgradeReadiness,
        component: "desktop flow",
        condition: "A desktop flow is in schema v1.",
        why: "If it is saved again in a target that has schema v2 on, it gets binaries of its own there, and a later version \
              of the package in schema v2 collides with them.",
        cure: &["Convert the flow in the source before anybody saves it in a target, and ship the v2 flow."],
        needs: Needs::Package,
        precision: Precision::VeryHigh,
        help: "",
        check: first_schema,
    },
    Rule {
        id: "STR605",
        severity: Severity::Medium,
        category: Category::Design,
        component: "desktop flow",
        condition: "A connection reference, child flow or work queue that a desktop flow names is neither in the package nor \
                    among its declared dependencies.",
        why: "Add required objects brings binaries, not these: the flow arrives and fails where it uses them.",
        cure: &["Add the component to the solution by hand and export again."],
        needs: Needs::Package,
        precision: Precision::High,
        help: "",
        check: missing_parts,
    },
];

/// The type of a binary that may come without data.
const WITHOUT_DATA: &str = "ConnectorDefinition";

/// Returns the desktop flows whose definition is in the package.
fn flows<'c>(context: &'c Context<'_>) -> impl Iterator<Item = Component<'c>> {
    let is_meant = |flow: &Component<'_>| flow.category == Some(CATEGORY) && flow.presence != Presence::Reference;
    context.of_type("workflow").filter(is_meant)
}

/// Returns a column of a flow that holds JSON, and its place.
fn column(flow: Component<'_>, name: &str) -> Option<(Value, Option<Place>)> {
    let element = flow.tree()?.child(name)?;
    let json = serde_json::from_str(element.text().trim()).ok()?;
    Some((json, flow.place_of(element)))
}

/// Returns the ids in a list of a flow's `Dependencies`, and their place.
fn dependencies(flow: Component<'_>, list: &str) -> Vec<(Guid, Option<Place>)> {
    let Some((json, place)) = column(flow, "Dependencies") else { return Vec::new() };
    let ids = json.get(list).and_then(Value::as_array).into_iter().flatten();
    ids.filter_map(|id| Some((Guid::parse(id.as_str()?)?, place))).collect()
}

fn is_known(context: &Context<'_>, component_type: &str, name: &str) -> bool {
    context.find_named(component_type, name).is_some() || declared::requires(context, component_type, name)
}

fn missing_binaries(context: &Context<'_>, findings: &mut Findings<'_>) {
    for flow in flows(context) {
        let place = flow.tree().and_then(|root| flow.place_of(root.child("Dependencies")?));
        for binary in required_binaries(flow.bytes()) {
            let id = binary.to_string();
            if !is_known(context, BINARY, &id) {
                let message = format!("{} requires binary {id}, which is not in the package", flow.label());
                findings.on(flow, message).at(place).path(id);
            }
        }
    }
}

/// Returns the flow of a binary.
fn owner(binary: Component<'_>) -> Option<ComponentKey> {
    let id = binary.tree()?.child("process")?.child_text("workflowid")?;
    Some(ComponentKey::new(ComponentType::named("workflow"), &id))
}

fn stray_binaries(context: &Context<'_>, findings: &mut Findings<'_>) {
    for binary in context.of_type(BINARY) {
        let Some(root) = binary.tree() else { continue };
        let kind = root.child_text("type").unwrap_or_default();
        match owner(binary) {
            Some(flow) if is_known(context, "workflow", flow.as_str()) => {}
            Some(flow) => {
                let message = format!(
                    "{} ({kind}) belongs to flow {}, which is not in the package",
                    label(binary),
                    flow.as_str()
                );
                findings.on(binary, message).path("process");
            }
            None => {
                findings.on(binary, format!("{} ({kind}) names no flow", label(binary))).path("process");
            }
        }
        let data = root.child_text("data");
        let has_file = data.as_ref().is_some_and(|name| binary.files().any(|file| is_named(file.path(), name)));
        let needs_file = data.is_some() || !kind.eq_ignore_ascii_case(WITHOUT_DATA);
        if needs_file && !has_file {
            let name = data.map(|name| format!(" {name}")).unwrap_or_default();
            let message = format!("{} ({kind}) lacks its data file{name}", label(binary));
            let place = root.child("data").and_then(|element| binary.place_of(element));
            findings.on(binary, message).at(place).path("data");
        }
    }
}

fn is_named(path: &str, name: &str) -> bool {
    path.rsplit('/').next().is_some_and(|file| file.eq_ignore_ascii_case(name.trim()))
}

/// Binaries of one kind share a display name.
fn label(binary: Component<'_>) -> String {
    format!("{} {}", binary.key.component_type.label(), binary.name)
}

fn colliding_binaries(context: &Context<'_>, findings: &mut Findings<'_>) {
    let mut answering: BTreeMap<(ComponentKey, String, String), Vec<Component<'_>>> = BTreeMap::new();
    for binary in context.of_type(BINARY) {
        let (Some(flow), Some(root)) = (owner(binary), binary.tree()) else { continue };
        let text = |name: &str| root.child_text(name).unwrap_or_default();
        answering.entry((flow, text("type"), text("reference").to_lowercase())).or_default().push(binary);
    }
    for ((flow, kind, reference), binaries) in answering {
        let [_, _, ..] = binaries.as_slice() else { continue };
        let ids: Vec<_> = binaries.iter().map(|binary| binary.name.as_str()).collect();
        let ids = ids.join(", ");
        let path = format!("{kind}/{reference}");
        match context.find(&flow) {
            Some(flow) => {
                let message =
                    format!("{} has {} binaries of type {kind} for {reference}: {ids}", flow.label(), binaries.len());
                findings.on(flow, message).at(binaries[1].place()).path(path);
            }
            None => {
                let message = format!("one flow has {} binaries of type {kind} for {reference}: {ids}", binaries.len());
                findings.on(binaries[1], message).path(path);
            }
        }
    }
}

fn first_schema(context: &Context<'_>, findings: &mut Findings<'_>) {
    for flow in flows(context) {
        let packed = flow.files().find_map(|file| {
            let package = file.json()?.pointer("/properties/definition/package")?.as_str()?;
            (!package.is_empty()).then(|| file.place_in_json("/properties/definition/package"))
        });
        if let Some(place) = packed {
            findings.on(flow, format!("{} is in schema v1", flow.label())).at(place).path("package");
        }
    }
}

fn missing_parts(context: &Context<'_>, findings: &mut Findings<'_>) {
    for flow in flows(context) {
        let mut missing = Vec::new();
        if let Some((json, place)) = column(flow, "ConnectionReferences") {
            let entries = json.as_array().into_iter().flatten();
            let names = entries.filter_map(|entry| entry.get("connectionReferenceLogicalName")?.as_str());
            let names = names.map(str::trim).filter(|name| !name.is_empty());
            missing.extend(names.map(|name| ("connectionreference", "connection reference", name.to_owned(), place)));
        }
        for (list, component_type, what) in
            [("childFlows", "workflow", "child flow"), ("workQueues", "workqueue", "work queue")]
        {
            let ids = dependencies(flow, list).into_iter();
            missing.extend(ids.map(|(id, place)| (component_type, what, id.to_string(), place)));
        }
        missing.retain(|(component_type, _, name, _)| !is_known(context, component_type, name));
        for (_, what, name, place) in missing {
            let message = format!("{} uses {what} {name}, which is not in the package", flow.label());
            findings.on(flow, message).at(place).path(name);
        }
    }
}
