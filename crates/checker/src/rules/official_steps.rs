//! The official rules for plug-in steps and processes.

use std::collections::BTreeMap;

use super::cloud_flows::is_off;
use crate::context::Context;
use crate::finding::Findings;
use crate::plugin::{self, PluginStep};
use crate::rule::{Category, Needs, Precision, Rule, Severity};

const HELP: &str = "https://learn.microsoft.com/powerapps/developer/data-platform/best-practices/";

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "meta-avoid-crm4-event",
        severity: Severity::Medium,
        category: Category::UpgradeReadiness,
        component: "plug-in step",
        condition: "A step is registered for the stage of CRM 4.0 (50).",
        why: "The stage is retired; steps that are registered for it stop running.",
        cure: &["Register the step for the post-operation stage (40) and update the code for its context."],
        needs: Needs::Package,
        precision: Precision::VeryHigh,
        help: HELP,
        check: old_stage,
    },
    Rule {
        id: "meta-avoid-reg-no-attribute",
        severity: Severity::Medium,
        category: Category::Performance,
        component: "plug-in step",
        condition: "A step on Update has no filtering columns.",
        why: "It runs at every update of the table, also when nothing changes that it looks at.",
        cure: &["Give the step the columns that matter to it."],
        needs: Needs::Package,
        precision: Precision::VeryHigh,
        help: HELP,
        check: update_without_filter,
    },
    Rule {
        id: "meta-avoid-reg-retrieve",
        severity: Severity::Medium,
        category: Category::Performance,
        component: "plug-in step",
        condition: "A step is registered on Retrieve or RetrieveMultiple.",
        why: "It runs at every read of the table, from every view and form.",
        cure: &["Compute the value when it changes (a column, a calculated column), not when it is read."],
        needs: Needs::Package,
        precision: Precision::VeryHigh,
        help: HELP,
        check: on_reads,
    },
    Rule {
        id: "meta-avoid-retrievemultiple-annotation",
        severity: Severity::High,
        category: Category::Usage,
        component: "plug-in step",
        condition: "A step is registered on RetrieveMultiple of the table annotation.",
        why: "It breaks searches that read notes, the timeline and e-mail attachments among them.",
        cure: &["Remove the step; restrict notes with security roles instead."],
        needs: Needs::Package,
        precision: Precision::VeryHigh,
        help: HELP,
        check: on_reads_of_notes,
    },
    Rule {
        id: "meta-remove-dup-reg",
        severity: Severity::Critical,
        category: Category::Performance,
        component: "plug-in step",
        condition: "Two steps have the same plug-in type, message, table, stage and mode, and filtering columns that overlap.",
        why: "The code runs twice for one change: slower at best, wrong where it counts or creates something.",
        cure: &["Remove one of the steps, or give them filtering columns that do not overlap."],
        needs: Needs::Package,
        precision: Precision::VeryHigh,
        help: HELP,
        check: double_steps,
    },
    Rule {
        id: "meta-remove-inactive",
        severity: Severity::Low,
        category: Category::Maintainability,
        component: "plug-in step, process",
        condition: "A step or a process is shipped turned off.",
        why: "Nobody can tell whether it is forgotten or waits for something; it is carried along for ever.",
        cure: &["Remove it from the solution, or turn it on before the export."],
        needs: Needs::Package,
        precision: Precision::VeryHigh,
        help: HELP,
        check: turned_off,
    },
];

fn old_stage(context: &Context<'_>, findings: &mut Findings<'_>) {
    for step in plugin::steps(context).filter(|step| step.number("Stage") == Some(50)) {
        let message = format!("{} is registered for the stage of CRM 4.0", step.component.label());
        report(findings, step, "Stage", message);
    }
}

fn update_without_filter(context: &Context<'_>, findings: &mut Findings<'_>) {
    for step in plugin::steps(context).filter(|step| is_on(*step, "Update") && step.filter().is_empty()) {
        let message = format!("{} is on Update without filtering columns", step.component.label());
        report(findings, step, "FilteringAttributes", message);
    }
}

fn on_reads(context: &Context<'_>, findings: &mut Findings<'_>) {
    for step in plugin::steps(context) {
        let read = ["Retrieve", "RetrieveMultiple"].into_iter().find(|message| is_on(step, message));
        if let Some(read) = read {
            let message = format!("{} is registered on {read}", step.component.label());
            report(findings, step, "SdkMessageId", message);
        }
    }
}

fn on_reads_of_notes(context: &Context<'_>, findings: &mut Findings<'_>) {
    let is_meant = |step: &PluginStep<'_>| is_on(*step, "RetrieveMultiple") && step.table() == "annotation";
    for step in plugin::steps(context).filter(is_meant) {
        let message = format!("{} is registered on RetrieveMultiple of annotation", step.component.label());
        report(findings, step, "PrimaryEntity", message);
    }
}

fn is_on(step: PluginStep<'_>, message: &str) -> bool {
    step.message().is_some_and(|own| own.eq_ignore_ascii_case(message))
}

/// Reports a step at one of its settings.
fn report(findings: &mut Findings<'_>, step: PluginStep<'_>, setting: &str, message: String) {
    let place = step.element.child(setting).and_then(|element| step.component.place_of(element));
    findings.on(step.component, message).at(place).path(setting);
}

fn double_steps(context: &Context<'_>, findings: &mut Findings<'_>) {
    let mut registered: BTreeMap<_, Vec<PluginStep<'_>>> = BTreeMap::new();
    for step in plugin::steps(context) {
        let (Some(runs), Some(message)) = (step.runs(), step.message()) else { continue };
        let place = (runs, message.to_lowercase(), step.table(), step.number("Stage"), step.number("Mode"));
        let before = registered.entry(place).or_default();
        if let Some(first) = before.iter().find(|first| overlap(**first, step)) {
            let message =
                format!("{} does the same at the same moment as {}", step.component.label(), first.component.label());
            findings.on(step.component, message).path(first.component.key.as_str().to_owned());
        }
        before.push(step);
    }
}

/// Tells whether one change can start both; only updates are filtered by columns.
fn overlap(left: PluginStep<'_>, right: PluginStep<'_>) -> bool {
    let (left_columns, right_columns) = (left.filter(), right.filter());
    !is_on(left, "Update")
        || left_columns.is_empty()
        || right_columns.is_empty()
        || left_columns.iter().any(|column| right_columns.contains(column))
}

fn turned_off(context: &Context<'_>, findings: &mut Findings<'_>) {
    for step in plugin::steps(context).filter(|step| step.is_off()) {
        report(findings, step, "StateCode", format!("{} is shipped turned off", step.component.label()));
    }
    for process in context.of_type("workflow").filter(|process| is_off(*process) == Some(true)) {
        let place = process.tree().and_then(|root| process.place_of(root.child("StateCode")?));
        let message = format!("{} is shipped turned off", process.label());
        findings.on(process, message).at(place).path("StateCode");
    }
}
