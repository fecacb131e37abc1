//! The official rules for cloud flows.

use std::collections::BTreeSet;

use serde_json::Value;
use strata_engine::catalogue;
use strata_model::component::{ComponentKey, ComponentType};
use strata_model::rules::Rules;

use super::connections::connections_in_flows;
use crate::context::Context;
use crate::finding::Findings;
use crate::flow::expression::has_expression;
use crate::flow::{self, Step};
use crate::json::escaped;
use crate::rule::{Category, Needs, Precision, Rule, Severity};
use crate::tree::{Element, Tree};

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "flow-avoid-connection-mode",
        severity: Severity::Medium,
        category: Category::Design,
        component: "cloud flow",
        condition: "A cloud flow uses a connection directly instead of a connection reference.",
        why: "Connections do not travel with a solution, connection references do.",
        cure: &["Let the flow use a connection reference (flow details, connections), and export again."],
        needs: Needs::Package,
        precision: Precision::High,
        help: "https://learn.microsoft.com/powerapps/maker/data-platform/create-connection-reference#updating-a-flow-to-use-connection-references-instead-of-connections",
        check: connections_in_flows,
    },
    Rule {
        id: "flow-avoid-invalid-reference",
        severity: Severity::High,
        category: Category::Usage,
        component: "cloud flow",
        condition: "An action refers to an action that does not exist in the flow: in an expression, or as the one it runs \
                    after.",
        why: "The platform refuses to save or to turn on such a flow, and an import leaves it off.",
        cure: &[
            "Open the flow, correct the name in the expression or in \"configure run after\", and save it.",
            "Names in expressions have an underscore for every space.",
        ],
        needs: Needs::Package,
        precision: Precision::High,
        help: "https://learn.microsoft.com/flow/error-checker",
        check: invalid_references,
    },
    Rule {
        id: "flow-avoid-recursive-loop",
        severity: Severity::Medium,
        category: Category::Design,
        component: "cloud flow",
        condition: "An action does to a table, or to a SharePoint list, what the flow's own trigger waits for (a trigger \
                    with a row filter or a trigger condition is taken to stop the loop; of an update the columns count).",
        why: "Every run starts the next one, until the platform throttles the flow or turns it off.",
        cure: &[
            "Give the trigger filter columns that the flow does not write, a row filter, or a trigger condition.",
            "Or do the change in a flow that is not started by it.",
        ],
        needs: Needs::Catalogue,
        precision: Precision::Medium,
        help: "https://learn.microsoft.com/flow/error-checker",
        check: recursive_loops,
    },
    Rule {
        id: "flow-outlook-attachment-missing-info",
        severity: Severity::High,
        category: Category::Usage,
        component: "cloud flow",
        condition: "An attachment of an Outlook action lacks its name or its content.",
        why: "The action fails when the flow runs.",
        cure: &["Give every attachment of the action both a name and content, or remove the row."],
        needs: Needs::Package,
        precision: Precision::VeryHigh,
        help: "https://learn.microsoft.com/flow/error-checker",
        check: attachments,
    },
];

fn invalid_references(context: &Context<'_>, findings: &mut Findings<'_>) {
    for cloud_flow in flow::all(context) {
        for unknown in cloud_flow.flow.unknown_actions() {
            let label = cloud_flow.component.label();
            let message =
                format!("{label}: {} refers to {}, and no action has that name", unknown.step, unknown.action);
            let place = cloud_flow.file.place_in_json(&unknown.pointer);
            findings.on(cloud_flow.component, message).at(place).path(unknown.pointer);
        }
    }
}

/// What a trigger waits for.
struct Awaited {
    /// The parameter of actions that names it, and what it is there: an entity set, a site and a list.
    named: Vec<(&'static str, String)>,
    on: Changes,
    /// Columns of which one must change, in lower case; empty where any will do.
    columns: Vec<String>,
}

#[derive(Debug, Clone, Copy)]
struct Changes {
    create: bool,
    update: bool,
    delete: bool,
}

fn recursive_loops(context: &Context<'_>, findings: &mut Findings<'_>) {
    for cloud_flow in flow::all(context) {
        let triggers = cloud_flow.flow.triggers();
        let awaited: Vec<_> = triggers.iter().filter_map(|trigger| awaited(context, trigger)).collect();
        for awaited in awaited {
            for action in cloud_flow.flow.actions().iter().filter(|action| fires(action, &awaited)) {
                let label = cloud_flow.component.label();
                let message = format!("{label}: {} fires the flow's own trigger", action.name);
                let place = cloud_flow.file.place_in_json(&action.pointer);
                findings.on(cloud_flow.component, message).at(place).path(action.pointer.clone());
            }
        }
    }
}

fn awaited(context: &Context<'_>, trigger: &Step<'_>) -> Option<Awaited> {
    let has_condition = trigger.body.get("conditions").and_then(Value::as_array).is_some_and(|all| !all.is_empty());
    let text =
        |name: &str| trigger.parameter(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    if has_condition || text("subscriptionRequest/filterexpression").is_some() {
        return None;
    }
    match (trigger.connector(), trigger.operation()) {
        ("shared_commondataserviceforapps", "SubscribeWebhookTrigger") => {
            let set = entity_set(context, text("subscriptionRequest/entityname")?)?;
            let message = trigger.parameter("subscriptionRequest/message");
            let number = message.and_then(|value| value.as_u64().or_else(|| value.as_str()?.parse().ok()))?;
            let columns = text("subscriptionRequest/filteringattributes").unwrap_or_default();
            Some(Awaited {
                named: vec![("entityName", set)],
                on: Changes {
                    create: matches!(number, 1 | 4 | 5 | 7),
                    update: matches!(number, 3 | 4 | 6 | 7),
                    delete: matches!(number, 2 | 5 | 6 | 7),
                },
                columns: columns
                    .split(',')
                    .map(|column| column.trim().to_lowercase())
                    .filter(|c| !c.is_empty())
                    .collect(),
            })
        }
        ("shared_sharepointonline", operation) => Some(Awaited {
            named: vec![("dataset", text("dataset")?.to_lowercase()), ("table", text("table")?.to_lowercase())],
            on: Changes {
                create: matches!(operation, "GetOnNewItems" | "GetOnUpdatedItems"),
                update: operation == "GetOnUpdatedItems",
                delete: operation == "GetOnDeletedItems",
            },
            columns: Vec::new(),
        }),
        _ => None,
    }
}

/// Tells whether an action does what is awaited.
fn fires(action: &Step<'_>, awaited: &Awaited) -> bool {
    let is_same = awaited.named.iter().all(|(parameter, wanted)| {
        let given = action.parameter(parameter).and_then(Value::as_str);
        given.is_some_and(|given| !has_expression(given) && given.trim().to_lowercase() == *wanted)
    });
    if !is_same {
        return false;
    }
    match (action.connector(), action.operation()) {
        ("shared_commondataserviceforapps", "CreateRecord") | ("shared_sharepointonline", "PostItem") => {
            awaited.on.create
        }
        ("shared_commondataserviceforapps", "UpdateRecord" | "UpdateOnlyRecord") => {
            awaited.on.update && writes_any(action, &awaited.columns)
        }
        ("shared_commondataserviceforapps", "DeleteRecord") | ("shared_sharepointonline", "DeleteItem") => {
            awaited.on.delete
        }
        ("shared_sharepointonline", "PatchItem") => awaited.on.update,
        _ => false,
    }
}

/// Tells whether an update writes one of the columns; one that says nothing of its columns may write any.
fn writes_any(action: &Step<'_>, columns: &[String]) -> bool {
    let written: Vec<_> = action
        .parameters()
        .filter_map(|(name, _)| name.strip_prefix("item/"))
        .map(|column| column.split('@').next().unwrap_or_default().to_lowercase())
        .collect();
    columns.is_empty() || written.is_empty() || written.iter().any(|column| columns.contains(column))
}

/// Returns the name of a table's entity set in lower case, as the package or the system catalogue gives it.
fn entity_set(context: &Context<'_>, table: &str) -> Option<String> {
    let key = ComponentKey::new(ComponentType::named("entity"), table);
    let of = |root: Element<'_>| root.descend(&["EntityInfo", "entity"])?.child_text("EntitySetName");
    let in_package = context.find(&key).and_then(|table| of(table.tree()?));
    let of_system = || {
        let definition = catalogue::component(&key, &Rules::OURS)?.definition;
        of(Tree::parse(&definition)?.root(&definition))
    };
    in_package.or_else(of_system).map(|set| set.to_lowercase())
}

fn attachments(context: &Context<'_>, findings: &mut Findings<'_>) {
    for cloud_flow in flow::all(context) {
        for action in cloud_flow.flow.actions() {
            if !matches!(action.connector(), "shared_office365" | "shared_outlook") {
                continue;
            }
            for (parameter, value) in action.parameters().filter(|(name, _)| name.ends_with("Attachments")) {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    let lacking = lacking(item);
                    if lacking.is_empty() {
                        continue;
                    }
                    let label = cloud_flow.component.label();
                    let message = format!(
                        "{label}: attachment {} of {} has no {}",
                        index + 1,
                        action.name,
                        lacking.into_iter().collect::<Vec<_>>().join(" and no ")
                    );
                    let pointer = format!("{}/inputs/parameters/{}/{index}", action.pointer, escaped(parameter));
                    let place = cloud_flow.file.place_in_json(&pointer);
                    findings.on(cloud_flow.component, message).at(place).path(pointer);
                }
            }
        }
    }
}

/// Returns what an attachment does not have; one that is an expression as a whole has what it gives at run time.
fn lacking(attachment: &Value) -> BTreeSet<&'static str> {
    let Some(fields) = attachment.as_object() else { return BTreeSet::new() };
    let has = |name: &str| {
        let field = fields.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
        field.is_some_and(|value| value.as_str().map_or(!value.is_null(), |text| !text.trim().is_empty()))
    };
    [("Name", "name"), ("ContentBytes", "content")]
        .into_iter()
        .filter(|(field, _)| !has(field))
        .map(|(_, word)| word)
        .collect()
}
