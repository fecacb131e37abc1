//! STR901–STR902: what fails in targets that already have it, and what the platform has retired.

use strata_model::package::Presence;

use super::official_solution::SILVERLIGHT;
use crate::context::{Component, Context};
use crate::finding::Findings;
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
        component: "process, form, web resource, plug-in step",
        condition: "The package has something retired or unsupported: a dialog, a task flow, a Silverlight web resource, a step \
                    for the stage of CRM 4.0, or a draft business process flow without its table.",
        why: "It does not run any more, or cannot be activated in the target.",
        cure: &[
            "Replace dialogs and task flows by apps or business process flows, Silverlight by a code component.",
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
}

/// The table in which a business process flow keeps its runs bears its unique name.
fn has_table(context: &Context<'_>, process: Component<'_>) -> bool {
    let name = process.tree().and_then(|root| root.child_text("UniqueName"));
    name.is_some_and(|name| context.find_named("entity", &name).is_some())
}
