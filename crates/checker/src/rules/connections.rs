//! STR501–STR504: connections — what flows and apps connect with, and whether that travels.
//!
//! A connection belongs to one environment; a connection reference travels in a solution and is bound anew at import.

use serde_json::Value;

use crate::context::{Component, Context, Place};
use crate::declared;
use crate::finding::Findings;
use crate::flow::{self, Step};
use crate::json::escaped;
use crate::rule::{Category, Needs, Precision, Rule, Severity};

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "STR501",
        severity: Severity::High,
        category: Category::Design,
        component: "connection reference",
        condition: "A connection reference names no connector.",
        why: "Nobody can give it a connection: the import asks for one and offers none, and what uses it stays off.",
        cure: &[
            "Delete the connection reference and make a new one for the connector, under the same logical name.",
            "Export again.",
        ],
        needs: Needs::Package,
        precision: Precision::VeryHigh,
        help: "",
        check: without_connector,
    },
    Rule {
        id: "STR502",
        severity: Severity::Medium,
        category: Category::Design,
        component: "cloud flow",
        condition: "A cloud flow uses a connection of its own instead of a connection reference (what the official \
                    flow-avoid-connection-mode reports).",
        why: "The connection stays behind: in the target the flow is off until somebody opens it and picks one by hand, \
              after every import again.",
        cure: &[
            "Let the flow use a connection reference of the solution (flow details, connections).",
            "Export again.",
        ],
        needs: Needs::Package,
        precision: Precision::High,
        help: "",
        check: connections_in_flows,
    },
    Rule {
        id: "STR503",
        severity: Severity::High,
        category: Category::Design,
        component: "cloud flow, canvas app",
        condition: "A flow or app names a connection reference that is neither in the package nor among its declared \
                    dependencies.",
        why: "Where the reference is absent the flow arrives off and cannot be turned on, and the app cannot connect.",
        cure: &["Add the connection reference to the solution (add required objects does), and export again."],
        needs: Needs::Package,
        precision: Precision::High,
        help: "",
        check: unknown_references,
    },
    Rule {
        id: "STR504",
        severity: Severity::High,
        category: Category::Design,
        component: "connection reference, flow, canvas app",
        condition: "The id of a connection is inside the package (Low where a connection reference stands beside it, which \
                    is what counts then).",
        why: "The id means a connection of the environment and person it came from: in the target it binds nothing, or \
              what somebody else owns.",
        cure: &[
            "Take connectionid out of the connection reference and give connections in a deployment settings file.",
            "Let flows and apps use connection references.",
        ],
        needs: Needs::Package,
        precision: Precision::High,
        help: "",
        check: connection_ids,
    },
];

fn without_connector(context: &Context<'_>, findings: &mut Findings<'_>) {
    for reference in context.of_type("connectionreference") {
        let Some(element) = reference.tree() else { continue };
        let custom = element.descend(&["customconnectorid", "connectorid"]).map(|id| id.text().trim().to_owned());
        let has_connector = element.child_text("connectorid").is_some() || custom.is_some_and(|id| !id.is_empty());
        if !has_connector {
            findings.on(reference, format!("{} names no connector", reference.label())).path("connectorid");
        }
    }
}

/// Returns the logical name of the connection reference that one entry of a flow uses.
fn logical_name(entry: &Value) -> Option<&str> {
    let nested = entry.pointer("/connection/connectionReferenceLogicalName");
    let name = nested.or_else(|| entry.get("connectionReferenceLogicalName")).and_then(Value::as_str)?;
    Some(name.trim()).filter(|name| !name.is_empty())
}

/// Returns the id of a connection that one entry of a flow holds.
fn connection_id(entry: &Value) -> Option<&str> {
    let connection = entry.get("connection")?;
    let id = ["name", "id"].iter().find_map(|name| connection.get(*name).and_then(Value::as_str));
    id.map(str::trim).filter(|id| !id.is_empty())
}

pub(super) fn connections_in_flows(context: &Context<'_>, findings: &mut Findings<'_>) {
    for cloud_flow in flow::all(context) {
        for entry in cloud_flow.flow.connections() {
            if logical_name(entry.body).is_some() {
                continue;
            }
            let api = entry.body.pointer("/api/name").and_then(Value::as_str).unwrap_or(entry.name);
            let label = cloud_flow.component.label();
            let message = format!("{label} uses a connection of {api} directly instead of a connection reference");
            let place = cloud_flow.file.place_in_json(&entry.pointer);
            findings.on(cloud_flow.component, message).at(place).path(entry.pointer);
        }
    }
}

/// A place where a flow or an app names a connection, or a reference.
struct Use<'v> {
    entry: &'v Value,
    place: Option<Place>,
    path: String,
}

/// Calls `visit` for every entry that says what a flow or an app connects with.
fn each_use(context: &Context<'_>, visit: &mut dyn FnMut(Component<'_>, Use<'_>)) {
    for cloud_flow in flow::all(context) {
        for Step { pointer, body, .. } in cloud_flow.flow.connections() {
            let place = Some(cloud_flow.file.place_in_json(&pointer));
            visit(cloud_flow.component, Use { entry: body, place, path: pointer });
        }
    }
    // Apps and desktop flows keep theirs as JSON in a text of their definition.
    for component in context.of_type("canvasapp").chain(context.of_type("workflow")) {
        let Some(element) = component.tree().and_then(|root| root.child("ConnectionReferences")) else { continue };
        let Ok(json) = serde_json::from_str::<Value>(element.text().trim()) else { continue };
        let named = json.as_object().into_iter().flatten().map(|(name, entry)| (escaped(name), entry));
        let listed = json.as_array().into_iter().flatten().enumerate();
        for (name, entry) in named.chain(listed.map(|(index, entry)| (index.to_string(), entry))) {
            let place = component.place_of(element);
            visit(component, Use { entry, place, path: format!("ConnectionReferences/{name}") });
        }
    }
}

/// Returns the logical name that an entry of any kind of use gives.
fn named_reference(entry: &Value) -> Option<&str> {
    let of_app = entry.get("xrmConnectionReferenceLogicalName").and_then(Value::as_str);
    logical_name(entry).or_else(|| of_app.map(str::trim).filter(|name| !name.is_empty()))
}

fn unknown_references(context: &Context<'_>, findings: &mut Findings<'_>) {
    each_use(context, &mut |component, used| {
        // Desktop flows have a rule of their own.
        let is_desktop_flow = component.category == Some(6);
        let Some(name) = named_reference(used.entry).filter(|_| !is_desktop_flow) else { return };
        let is_here = context.find_named("connectionreference", name).is_some();
        if !is_here && !declared::requires(context, "connectionreference", name) {
            let message = format!(
                "{} uses connection reference {name}, which is neither in the package nor declared as a dependency",
                component.label()
            );
            findings.on(component, message).at(used.place).path(used.path);
        }
    });
}

fn connection_ids(context: &Context<'_>, findings: &mut Findings<'_>) {
    for reference in context.of_type("connectionreference") {
        let Some(element) = reference.tree().and_then(|root| root.child("connectionid")) else { continue };
        if !element.text().trim().is_empty() {
            let message = format!("{} holds the id of a connection", reference.label());
            findings.on(reference, message).at(reference.place_of(element)).path("connectionid");
        }
    }
    each_use(context, &mut |component, used| {
        if !has_connection_id(used.entry) {
            return;
        }
        let is_bound = named_reference(used.entry).is_some();
        let severity = if is_bound { Severity::Low } else { Severity::High };
        let message = format!("{} holds the id of a connection", component.label());
        findings.on(component, message).at(used.place).path(used.path).severity(severity);
    });
}

/// Tells whether an entry of any kind of use holds the id of a connection.
fn has_connection_id(entry: &Value) -> bool {
    let shared = entry.get("sharedConnectionId").and_then(Value::as_str).is_some_and(|id| !id.trim().is_empty());
    // Desktop flows name the connection itself, as 32 digits, beside its connector.
    let own = entry.get("name").and_then(Value::as_str).map(|name| name.replace('-', ""));
    let is_id = |id: &String| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    connection_id(entry).is_some() || shared || own.as_ref().is_some_and(is_id)
}
