//! A plan as text: what would happen to each component, what would stay hidden, what would be lost.

use std::collections::BTreeMap;
use std::fmt;

use anstyle::Style;
use strata_model::options::{EqualVersion, ImportAction, ImportOptions};
use strata_model::plan::{Action, Change, Effect, Finding, FindingKind, OperationKind, PropertyChange, VariableSource};
use strata_ops::view::{PlanOutcome, PlanView};

use super::findings;
use super::style::{
    BOLD, DIM, GREEN, MAGENTA, RED, YELLOW, clean, component, count, label, line, optional, paint, plain, value,
};

/// From this many changes of a kind on, they are counted by type instead of listed.
const LISTED_MAX: usize = 40;
/// More properties of one component than this are counted.
const PROPERTIES_MAX: usize = 12;

/// Whether a plan is shown or what came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tense {
    Would,
    Did,
    /// The plan has been shown just before.
    DidInBrief,
}

/// A plan and how to show it.
pub(crate) struct PlanText<'a> {
    pub(crate) view: &'a PlanView,
    pub(crate) environment: &'a str,
    pub(crate) tense: Tense,
    /// Whether anything at all would change, components or not.
    pub(crate) has_edits: bool,
    pub(crate) verbose: bool,
}

impl fmt::Display for PlanText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        if self.tense == Tense::DidInBrief {
            self.totals(&mut text);
            return f.write_str(&text);
        }
        self.header(&mut text);
        self.changes(&mut text);
        self.variables(&mut text);
        self.losses(&mut text);
        findings::of_plan(&mut text, &self.view.findings, self.verbose);
        line!(text);
        self.totals(&mut text);
        f.write_str(&text)
    }
}

impl PlanText<'_> {
    fn header(&self, text: &mut String) {
        let lead = if self.tense == Tense::Would { "Plan" } else { "Done" };
        let verb = verb(self.view.operation);
        let solution = match &self.view.solution {
            Some(solution) => {
                let kind = if solution.is_managed { "managed" } else { "unmanaged" };
                let mut versions: Vec<_> =
                    [&solution.from, &solution.to].into_iter().flatten().map(|version| clean(version)).collect();
                versions.dedup();
                let name = paint(BOLD, &clean(&solution.unique_name));
                let gap = if versions.is_empty() { "" } else { " " };
                format!(" {name}{gap}{} ({kind})", versions.join(" → "))
            }
            None => String::new(),
        };
        line!(text, "{BOLD}{lead}:{BOLD:#} {verb}{solution} in environment {}", clean(self.environment));
        if let Some(options) = &self.view.options {
            let given = options.given();
            let given = if given.is_empty() { String::new() } else { format!("; given: {}", given.join(", ")) };
            let caller = clean(&options.caller);
            line!(text, "{DIM}Options (defaults of {caller}{given}): {}{DIM:#}", effective(options));
        }
    }

    fn changes(&self, text: &mut String) {
        let of = |action: Action| self.view.changes.iter().filter(move |change| change.action == action);
        for action in [Action::Create, Action::Modify, Action::Detach, Action::Delete, Action::Unchanged] {
            let changes: Vec<_> = of(action).collect();
            if changes.is_empty() {
                continue;
            }
            line!(text);
            if self.verbose || changes.len() < LISTED_MAX {
                changes.iter().for_each(|change| self.change(text, change));
            } else {
                by_type(text, action, &changes);
                // What nobody would notice is what to look at.
                let masked = changes.iter().filter(|change| change.effect == Effect::Masked);
                masked.take(LISTED_MAX).for_each(|change| self.change(text, change));
            }
        }
    }

    fn change(&self, text: &mut String, change: &Change) {
        let (style, sign) = sign(change.action);
        let mut notes = Vec::new();
        if change.action == Action::Detach {
            notes.push(format!("{MAGENTA}detach{MAGENTA:#}: only the layer of {} goes", clean(&change.layer)));
        }
        let own = self.view.solution.as_ref().map(|solution| solution.unique_name.as_str());
        if change.action != Action::Detach && own.is_some_and(|own| own != change.layer) {
            notes.push(format!("in layer {}", clean(&change.layer)));
        }
        if change.effect == Effect::Masked {
            notes.push(format!("{YELLOW}masked by {}{YELLOW:#}", masks(change)));
        }
        if is_in_force(change) {
            notes.push(format!("{DIM}in force already{DIM:#}"));
        }
        if change.rows_lost > 0 {
            let of_column = if change.component.type_name == "attribute" { "values in " } else { "" };
            notes.push(format!("{RED}{of_column}{} lost{RED:#}", rows(change.rows_lost)));
        }
        let notes = if notes.is_empty() { String::new() } else { format!("  ({})", notes.join(", ")) };
        line!(text, "  {style}{sign}{style:#} {}{notes}", component(&change.component));
        let listed_max = if self.verbose { usize::MAX } else { PROPERTIES_MAX };
        let lines: Vec<_> = change.properties.iter().filter_map(|each| property(each, change)).collect();
        for line in lines.iter().take(listed_max) {
            line!(text, "      {line}");
        }
        if lines.len() > listed_max {
            line!(text, "      {DIM}… and {} more (-v lists all){DIM:#}", lines.len() - listed_max);
        }
    }

    /// L118: what each environment variable has in the end.
    fn variables(&self, text: &mut String) {
        let variables = &self.view.variables;
        if variables.is_empty() {
            return;
        }
        line!(text);
        line!(text, "{}", paint(BOLD, "Environment variables"));
        let listed_max = if self.verbose { usize::MAX } else { LISTED_MAX };
        for variable in variables.iter().take(listed_max) {
            let decider = variable.decided_by.as_deref().map(clean).unwrap_or_default();
            let source = match variable.from {
                VariableSource::Value => format!("{DIM}(value in {decider}){DIM:#}"),
                VariableSource::Default => format!("{DIM}(default of {decider}){DIM:#}"),
                VariableSource::None => format!("{YELLOW}(none){YELLOW:#}"),
            };
            let shown = variable.value.as_deref().map(|shown| format!("{} ", value(shown))).unwrap_or_default();
            line!(text, "  {} = {shown}{source}", clean(&variable.schema_name));
        }
        if variables.len() > listed_max {
            line!(text, "  {DIM}… and {} more (-v lists all){DIM:#}", variables.len() - listed_max);
        }
    }

    /// What cannot be had back from the package.
    fn losses(&self, text: &mut String) {
        let is_loss = |finding: &&Finding| finding.kind == FindingKind::Dataloss;
        let findings: Vec<_> = self.view.findings.iter().filter(is_loss).collect();
        // A finding says how many rows it is about.
        let is_said =
            |change: &Change| findings.iter().any(|finding| finding.component.as_ref() == Some(&change.component));
        let lost: Vec<_> = self.view.changes.iter().filter(|change| change.rows_lost > 0 && !is_said(change)).collect();
        if lost.is_empty() && findings.is_empty() {
            return;
        }
        let title = if self.tense == Tense::Would { "Data that would be lost" } else { "Data lost" };
        line!(text);
        line!(text, "{}", paint(RED.bold(), title));
        for change in lost {
            line!(text, "  {RED}{} of {}{RED:#}", rows(change.rows_lost), plain(&change.component));
        }
        let listed_max = if self.verbose { usize::MAX } else { LISTED_MAX };
        for finding in findings.iter().take(listed_max) {
            line!(text, "  {RED}{}{RED:#} {DIM}(rule {}){DIM:#}", clean(&finding.message), finding.rule);
        }
        if findings.len() > listed_max {
            line!(text, "  … and {} more (-v lists all)", findings.len() - listed_max);
        }
    }

    fn totals(&self, text: &mut String) {
        let summary = &self.view.summary;
        let touched = summary.create + summary.modify + summary.delete + summary.detach;
        let words = match self.tense {
            Tense::Would => ["to create", "to modify", "to delete", "to detach"],
            Tense::Did | Tense::DidInBrief => ["created", "modified", "deleted", "detached"],
        };
        if self.view.outcome == PlanOutcome::Fail {
            line!(text, "{}", paint(RED.bold(), &self.refusal()));
            return;
        }
        if touched == 0 {
            let said = match (self.view.operation, self.has_edits) {
                (OperationKind::Skip, _) => "Nothing to do: the installed version is equal or higher.",
                (_, true) => "No component changes.",
                (_, false) => "No changes.",
            };
            line!(text, "{said}");
        } else {
            let masked = if summary.masked > 0 { format!(" ({} masked)", summary.masked) } else { String::new() };
            let [create, modify, delete, detach] = words;
            line!(
                text,
                "{} {create}, {} {modify}{masked}, {} {delete}, {} {detach}, {} unchanged",
                summary.create,
                summary.modify,
                summary.delete,
                summary.detach,
                summary.unchanged
            );
        }
        if let Some(operation) = self.view.applied_as {
            line!(text, "{GREEN}✓{GREEN:#} recorded as operation {operation}");
        }
    }

    fn refusal(&self) -> String {
        let first = self.view.findings.iter().find(|finding| finding.severity == strata_model::plan::Severity::Error);
        let code = first.map(|finding| {
            [finding.code.as_deref(), finding.name.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ")
        });
        match code.filter(|code| !code.is_empty()) {
            Some(code) => format!("This would be refused: {code}"),
            None => "This would be refused".to_owned(),
        }
    }
}

fn verb(operation: OperationKind) -> &'static str {
    match operation {
        OperationKind::New => "install",
        OperationKind::Update => "update",
        OperationKind::Upgrade => "upgrade",
        OperationKind::Stage => "stage an upgrade of",
        OperationKind::Patch => "install patch",
        OperationKind::ApplyUpgrade => "apply the upgrade of",
        OperationKind::Uninstall => "uninstall",
        OperationKind::Export => "export",
        OperationKind::Skip => "skip",
        OperationKind::Settings => "change settings",
        OperationKind::CreatePublisher => "create a publisher",
        OperationKind::CreateSolution => "create solution",
        OperationKind::ClonePatch => "create patch",
        OperationKind::CloneSolution => "roll up",
        OperationKind::OnlineVersion => "set the version of",
        OperationKind::EditSolution => "edit",
        OperationKind::EditPublisher => "edit publisher",
        OperationKind::DeletePublisher => "delete publisher",
        OperationKind::Set => "edit the unmanaged layer",
        OperationKind::RemoveActive => "remove the unmanaged layer",
        OperationKind::CreateComponent => "create a component",
        OperationKind::DeleteComponent => "delete a component",
        OperationKind::AddComponent => "add a component to a solution",
        OperationKind::RemoveComponent => "remove a component from a solution",
        OperationKind::Activate => "switch on",
        OperationKind::Deactivate => "switch off",
        OperationKind::CreateFlow => "create a desktop flow",
        OperationKind::SaveFlow => "save a desktop flow",
        OperationKind::RepairFlow => "repair a desktop flow",
        OperationKind::Publish => "publish",
        OperationKind::Undo => "undo",
        OperationKind::Restore => "restore",
    }
}

/// Every option in force, the ones that were not asked for too (conventions §1).
fn effective(options: &ImportOptions) -> String {
    let action = match options.action {
        None if options.default_action == ImportAction::Upgrade => "action upgrade when a managed one is installed",
        None => "action update when installed, else new",
        Some(ImportAction::New) => "action new",
        Some(ImportAction::Update) => "action update",
        Some(ImportAction::Upgrade) => "action upgrade",
        Some(ImportAction::Stage) => "action stage",
    };
    let versions = match (options.skip_lower_version, options.allow_lower_version) {
        (true, _) => "lower versions skipped",
        (_, true) => "lower versions allowed",
        (false, false) => "lower versions refused",
    };
    let equal = match options.equal_version {
        EqualVersion::Accepted => "equal version accepted",
        EqualVersion::Refused => "equal version refused",
        EqualVersion::Rebinds => "equal version only to give connections anew",
    };
    let switch = |name: &str, is_on: bool| format!("{name} {}", if is_on { "on" } else { "off" });
    [
        action.to_owned(),
        switch("overwrite unmanaged", options.overwrite_unmanaged_customizations),
        switch("activate plug-ins", options.publish_workflows),
        switch("publish", options.publish_changes),
        switch("skip dependency check", options.skip_product_update_dependencies),
        switch("convert to managed", options.convert_to_managed),
        versions.to_owned(),
        equal.to_owned(),
        switch("assume missing", options.assume_missing),
    ]
    .join(", ")
}

pub(crate) fn sign(action: Action) -> (Style, &'static str) {
    match action {
        Action::Create => (GREEN, "+"),
        Action::Modify => (YELLOW, "~"),
        Action::Delete => (RED, "-"),
        Action::Detach => (MAGENTA, "↓"),
        Action::Unchanged => (DIM, "="),
    }
}

fn by_type(text: &mut String, action: Action, changes: &[&Change]) {
    let (style, sign) = sign(action);
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for change in changes {
        *counts.entry(label(&change.component.type_name)).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by(|(left, left_count), (right, right_count)| right_count.cmp(left_count).then(left.cmp(right)));
    let detach = if action == Action::Detach { "detach " } else { "" };
    for (label, number) in counts {
        line!(text, "  {style}{sign}{style:#} {detach}{}", count(number, &clean(&label)));
    }
    let masked = changes.iter().filter(|change| change.effect == Effect::Masked).count();
    let masked = if masked > 0 { format!(", {masked} of them masked") } else { String::new() };
    line!(text, "    {DIM}(-v lists them{masked}){DIM:#}");
}

/// Writes what becomes of one property; `None` where a layer that goes had no say in it.
fn property(property: &PropertyChange, change: &Change) -> Option<String> {
    let path = clean(&property.path);
    let (before, after) = (property.before.as_deref(), property.after.as_deref());
    if change.action == Action::Detach {
        let (before, after) = (property.resolved_before.as_deref(), property.resolved_after.as_deref());
        return (before != after).then(|| format!("{path}: {} → {}", optional(before), optional(after)));
    }
    let mut text = format!("{path}: {} → {}", optional(before), optional(after));
    let (seen_before, seen_after) = (property.resolved_before.as_deref(), property.resolved_after.as_deref());
    let is_hidden = before != after && seen_before == seen_after && seen_after != after;
    if is_hidden && !change.masked_by.is_empty() {
        let stays = seen_after.map_or_else(|| "stays absent".to_owned(), |seen| format!("stays {}", value(seen)));
        let decides = match change.masked_by.as_slice() {
            [] => String::new(),
            [.., top] => format!("{} decides", clean(top)),
        };
        text.push_str(&format!("  {YELLOW}(hidden: {stays}, {decides}){YELLOW:#}"));
    } else if seen_after != after && seen_before != seen_after {
        text.push_str(&format!("  {DIM}(seen: {} → {}){DIM:#}", optional(seen_before), optional(seen_after)));
    }
    Some(text)
}

/// Tells whether a layer comes to say what people see anyhow: what a holding solution brought, when it is applied (L41).
fn is_in_force(change: &Change) -> bool {
    let is_seen = |property: &PropertyChange| {
        property.resolved_before == property.resolved_after && property.resolved_after == property.after
    };
    change.action == Action::Modify && !change.properties.is_empty() && change.properties.iter().all(is_seen)
}

fn masks(change: &Change) -> String {
    match change.masked_by.as_slice() {
        [] => "a layer above".to_owned(),
        names => names.iter().map(|name| clean(name)).collect::<Vec<_>>().join(", "),
    }
}

fn rows(rows: u64) -> String {
    count(usize::try_from(rows).unwrap_or(usize::MAX), "row")
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
