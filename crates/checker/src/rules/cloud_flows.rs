//! STR505–STR507: cloud flows — what is written into them that only one environment knows, and whether they are on.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use strata_model::package::Presence;

use crate::context::{Component, Context};
use crate::finding::Findings;
use crate::flow::{self, CloudFlow, Text};
use crate::literals;
use crate::rule::{Category, Needs, Precision, Rule, Severity};

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "STR505",
        severity: Severity::Medium,
        category: Category::Design,
        component: "cloud flow",
        condition: "A GUID is written into a cloud flow (ids of operations, of flows it calls, of components of the package \
                    or its declared dependencies, and those that are the same everywhere are not meant).",
        why: "It is the id of a row, a group, a template or a solution of one environment: in the target it finds nothing.",
        cure: &[
            "Move the value into an environment variable and use that in the flow.",
            "Or look the row up by a name or an alternate key.",
        ],
        needs: Needs::Package,
        precision: Precision::Medium,
        help: "",
        check: guids,
    },
    Rule {
        id: "STR506",
        severity: Severity::Medium,
        category: Category::Design,
        component: "cloud flow",
        condition: "The host of a SharePoint site or of a Dataverse organization is written into a cloud flow.",
        why: "After the import the flow still reads and writes where it was made.",
        cure: &["Move the address into an environment variable (for SharePoint one of type data source)."],
        needs: Needs::Package,
        precision: Precision::High,
        help: "",
        check: hosts,
    },
    Rule {
        id: "STR507",
        severity: Severity::Low,
        category: Category::Design,
        component: "process",
        condition: "A flow or process is shipped turned off, or one that is on calls a flow that is shipped off.",
        why: "A process arrives in the state it was exported in; a parent whose child is off fails when it calls it.",
        cure: &["Turn it on before the export, or remove it from the solution.", "Turn children on before parents."],
        needs: Needs::Package,
        precision: Precision::VeryHigh,
        help: "",
        check: shipped_off,
    },
];

/// Parameters whose value is an id that the platform gives and keeps for itself.
const OWN_IDS: [&str; 3] = ["operationMetadataId", "workflowReferenceName", "subscriptionRequest~1name"];

fn guids(context: &Context<'_>, findings: &mut Findings<'_>) {
    let travelling = travelling_ids(context);
    for cloud_flow in flow::all(context) {
        let mut found: BTreeMap<String, Vec<Text<'_>>> = BTreeMap::new();
        for text in cloud_flow.flow.texts() {
            if OWN_IDS.iter().any(|name| text.pointer.rsplit('/').next() == Some(name)) {
                continue;
            }
            for (_, guid) in literals::guids(text.text) {
                if !literals::is_well_known(&guid) && !travelling.contains(&guid) {
                    found.entry(guid).or_default().push(text.clone());
                }
            }
        }
        report(findings, cloud_flow, found, "the GUID");
    }
}

fn hosts(context: &Context<'_>, findings: &mut Findings<'_>) {
    for cloud_flow in flow::all(context) {
        let mut found: BTreeMap<String, Vec<Text<'_>>> = BTreeMap::new();
        for text in cloud_flow.flow.texts() {
            for host in literals::tenant_hosts(text.text) {
                found.entry(host).or_default().push(text.clone());
            }
        }
        report(findings, cloud_flow, found, "the host");
    }
}

/// Reports each literal of a flow once, at the first place.
fn report(findings: &mut Findings<'_>, cloud_flow: CloudFlow<'_>, found: BTreeMap<String, Vec<Text<'_>>>, what: &str) {
    for (literal, texts) in found {
        let Some(first) = texts.first() else { continue };
        let places = match texts.len() {
            1 => String::new(),
            many => format!(", in {many} places"),
        };
        let message = format!("{} holds {what} {literal}{places}", cloud_flow.component.label());
        let place = cloud_flow.file.place_in_json(&first.pointer);
        findings.on(cloud_flow.component, message).at(place).path(literal);
    }
}

/// Returns the ids that are the same in every environment that gets the package.
fn travelling_ids(context: &Context<'_>) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for component in context.components() {
        ids.extend(component.id.iter().chain(component.key.guid().iter()).map(ToString::to_string));
    }
    for missing in &context.manifest().missing_dependencies {
        ids.extend(missing.required.id.iter().chain(missing.required.key.guid().iter()).map(ToString::to_string));
    }
    ids
}

/// Tells whether a process arrives turned off; `None` where the package does not say.
pub(super) fn is_off(process: Component<'_>) -> Option<bool> {
    let state = process.tree()?.child_text("StateCode")?;
    (process.presence != Presence::Reference).then_some(state == "0")
}

fn shipped_off(context: &Context<'_>, findings: &mut Findings<'_>) {
    for process in context.of_type("workflow") {
        if is_off(process) == Some(true) {
            let place = process.tree().and_then(|root| process.place_of(root.child("StateCode")?));
            findings.on(process, format!("{} is shipped turned off", process.label())).at(place).path("StateCode");
        }
    }
    for parent in flow::all(context) {
        if is_off(parent.component) != Some(false) {
            continue;
        }
        let mut seen = BTreeSet::new();
        for step in parent.flow.actions() {
            let id = step.body.pointer("/inputs/host/workflowReferenceName").and_then(Value::as_str);
            let Some(child) = id.and_then(|id| context.find_named("workflow", id)) else { continue };
            if is_off(child) == Some(true) && seen.insert(child.key.clone()) {
                let message = format!(
                    "{} is shipped on, but calls {}, which is shipped off",
                    parent.component.label(),
                    child.label()
                );
                let place = parent.file.place_in_json(&step.pointer);
                findings.on(parent.component, message).at(place).path(child.key.as_str().to_owned());
            }
        }
    }
}
