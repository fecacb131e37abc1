//! STR901–STR902: what fails in targets that already have it, and what the platform has retired.

use serde_json::Value;
use strata_model::package::Presence;

use super::official_solution::SILVERLIGHT;
use crate::context::{Component, Context};
use crate::finding::Findings;
use crate::flow;
use crate::plugin;
use crate::rule::{Category, Needs, Precision, Rule, Severity};

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "STR901",
        severity: Severity::Medium,
        category: Category::Design,
        component: "routing rule set",
        condition: "A routing rule set is in the package and active.",
        why: "The import fails where the same rule set is active already: an active one cannot be changed.",
        cure: &[
            "Deactivate the rule set in the target before the import.",
            "Or remove it from the solution once the targets have it.",
        ],
        needs: Needs::Package,
        precision: Precision::VeryHigh,
        help: "",
        check: active_routing_rules,
    },
    Rule {
        id: "STR902",
        severity: Severity::Low,
        category: Category::UpgradeReadiness,
        component: "process, form, web resource, plug-in step, connection",
        condition: "The package has something retired or unsupported: a dialog, a task flow, a Silverlight web resource, a step \
                    for the stage of CRM 4.0, a draft business process flow without its table, or a connection of a connector \
                    that the Microsoft Dataverse connector has replaced.",
        why: "It does not run any more, or cannot be activated in the target.",
        cure: &[
            "Replace dialogs and task flows by apps or business process flows, Silverlight by a code component.",
            "Use the Microsoft Dataverse connector in the place of its predecessors.",
            "Activate a business process flow once in the source, so that it gets its table, and export both.",
        ],
        needs: Needs::Package,
        precision: Precision::High,
        help: "",
        check: retired,
    },
];

fn active_routing_rules(context: &Context<'_>, findings: &mut Findings<'_>) {
    for rule_set in context.of_type("routingrule") {
        let state = rule_set.tree().and_then(|root| {
            let by_element = root.elements().find(|element| element.name().eq_ignore_ascii_case("StateCode"));
            by_element.filter(|element| element.text().trim() == "1")
        });
        if let Some(state) = state {
            let message = format!("{} is active", rule_set.label());
            findings.on(rule_set, message).at(rule_set.place_of(state)).path("StateCode");
        }
    }
}

/// `Category` of processes.
const DIALOG: i32 = 1;
const BUSINESS_PROCESS_FLOW: i32 = 4;
/// `BusinessProcessType` of a task flow.
const TASK_FLOW: &str = "1";
const CRM_4_STAGE: i32 = 50;

fn retired(context: &Context<'_>, findings: &mut Findings<'_>) {
    for process in context.of_type("workflow").filter(|process| process.presence != Presence::Reference) {
        let text = |name: &str| process.tree().and_then(|root| root.child_text(name));
        let what = match process.category {
            Some(DIALOG) => "is a dialog",
            Some(BUSINESS_PROCESS_FLOW) if text("BusinessProcessType").as_deref() == Some(TASK_FLOW) => {
                "is a task flow"
            }
            Some(BUSINESS_PROCESS_FLOW)
                if text("StateCode").as_deref() == Some("0") && !has_table(context, process) =>
            {
                "is a draft business process flow without its table"
            }
            Some(_) | None => continue,
        };
        findings.on(process, format!("{} {what}", process.label())).path("Category");
    }
    for form in context.of_type("systemform") {
        let home = form.packaged().definition.home.as_deref().unwrap_or_default().to_lowercase();
        if home.ends_with("taskbasedform") {
            findings.on(form, format!("{} is a form of task flows", form.label())).path("type");
        }
    }
    for resource in context.of_type("webresource") {
        let kind = resource.tree().and_then(|root| root.child_text("WebResourceType"));
        if kind.as_deref() == Some(SILVERLIGHT) {
            findings.on(resource, format!("{} is a Silverlight application", resource.label())).path("WebResourceType");
        }
    }
    for step in plugin::steps(context).filter(|step| step.number("Stage") == Some(CRM_4_STAGE)) {
        let message = format!("{} is registered for the stage of CRM 4.0", step.component.label());
        findings.on(step.component, message).path("Stage");
    }
    retired_connectors(context, findings);
}

/// Connectors for Dataverse that came before the present one.
const RETIRED_CONNECTORS: [&str; 2] = ["shared_commondataservice", "shared_dynamicscrmonline"];

fn retired_connectors(context: &Context<'_>, findings: &mut Findings<'_>) {
    let is_retired = |id: &str| {
        let name = id.trim().rsplit('/').next().unwrap_or_default().to_lowercase();
        RETIRED_CONNECTORS.into_iter().find(|retired| *retired == name)
    };
    for reference in context.of_type("connectionreference") {
        let Some(element) = reference.tree().and_then(|root| root.child("connectorid")) else { continue };
        if let Some(connector) = is_retired(&element.text()) {
            let message = format!(
                "{} is for connector {connector}, which the Microsoft Dataverse connector has replaced",
                reference.label()
            );
            findings.on(reference, message).at(reference.place_of(element)).path("connectorid");
        }
    }
    for cloud_flow in flow::all(context) {
        for entry in cloud_flow.flow.connections() {
            let name = entry.body.pointer("/api/name").and_then(Value::as_str);
            let Some(connector) = name.and_then(is_retired) else { continue };
            let message = format!(
                "{} uses connector {connector}, which the Microsoft Dataverse connector has replaced",
                cloud_flow.component.label()
            );
            let place = cloud_flow.file.place_in_json(&entry.pointer);
            findings.on(cloud_flow.component, message).at(place).path(entry.pointer);
        }
    }
}

/// The table in which a business process flow keeps its runs bears its unique name.
fn has_table(context: &Context<'_>, process: Component<'_>) -> bool {
    let name = process.tree().and_then(|root| root.child_text("UniqueName"));
    name.is_some_and(|name| context.find_named("entity", &name).is_some())
}
