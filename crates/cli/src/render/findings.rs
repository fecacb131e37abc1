//! What the rules say: grouped by severity, missing components by the solution that provides them.

use std::collections::BTreeMap;

use strata_model::component::ComponentRef;
use strata_model::plan::{Finding, FindingKind, Severity};
use strata_ops::ErrorReport;

use super::style::{DIM, GREEN, RED, YELLOW, clean, error as error_line, hint, line, paint, plain};

/// More findings than this of one severity are counted, not listed.
const LISTED_MAX: usize = 20;
/// More related components than this are counted, not listed.
const RELATED_MAX: usize = 3;

/// Writes an error: what, which code, which components, what to do.
pub(crate) fn error(report: &ErrorReport) -> String {
    let mut text = String::new();
    line!(text, "{}", error_line(&report.message));
    let rule = report.rule.as_deref().map(|rule| format!(" (rule {rule})")).unwrap_or_default();
    match &report.code {
        Some(code) => line!(text, "code: {code} {}{rule}", report.name),
        None if !rule.is_empty() => line!(text, "code: {}{rule}", report.name),
        None => {}
    }
    if let Some(part) = &report.part {
        let at = |label: &str, number: Option<u32>| number.map(|n| format!(", {label} {n}")).unwrap_or_default();
        line!(text, "part: {}{}{}", clean(part), at("line", report.line), at("column", report.column));
    }
    // A single finding has said everything in the message, but for the components it names.
    let says_more = report.details.len() > 1 || report.details.iter().any(|finding| !finding.related.is_empty());
    if says_more {
        let listed: Vec<_> = report.details.iter().collect();
        // The code line has said it for all of them.
        let same = |finding: &Finding| {
            (&finding.code, &finding.rule) == (&report.code, report.rule.as_ref().unwrap_or(&finding.rule))
        };
        let listing = Listing { all: false, codes: !report.details.iter().all(same), rest: "--format json lists all" };
        listing.add_to(&mut text, &listed);
    }
    way_out(&mut text, &report.details, "");
    let of_details = report.details.iter().flat_map(|finding| &finding.hints);
    hints(&mut text, report.hints.iter().chain(of_details), "");
    text
}

/// Writes the findings of a plan; data loss has its own section there.
pub(crate) fn of_plan(text: &mut String, findings: &[Finding], verbose: bool) {
    for (severity, title, style) in
        [(Severity::Error, "Errors", RED), (Severity::Warning, "Warnings", YELLOW), (Severity::Info, "Remarks", GREEN)]
    {
        let listed: Vec<_> = findings
            .iter()
            .filter(|finding| finding.severity == severity && finding.kind != FindingKind::Dataloss)
            .collect();
        if listed.is_empty() {
            continue;
        }
        line!(text);
        line!(text, "{} ({})", paint(style.bold(), title), listed.len());
        Listing { all: verbose, codes: true, rest: "-v lists all" }.add_to(text, &listed);
        hints(text, listed.iter().flat_map(|finding| &finding.hints), "  ");
    }
    way_out(text, findings, "  ");
}

/// Writes how a refusal can be got over, step by step (DP24).
fn way_out(text: &mut String, findings: &[Finding], indent: &str) {
    let steps: Vec<_> = findings.iter().flat_map(|finding| &finding.recipe).collect();
    if steps.is_empty() {
        return;
    }
    line!(text);
    line!(text, "{}", paint(GREEN.bold(), "The way out"));
    for step in steps {
        line!(text, "{indent}{}. {}", step.step, clean(&step.text));
        if let Some(command) = &step.command {
            line!(text, "{indent}   {DIM}{}{DIM:#}", clean(command));
        }
    }
}

/// How findings are listed.
struct Listing {
    all: bool,
    /// Whether each says its code and rule.
    codes: bool,
    /// How to see those that are counted only.
    rest: &'static str,
}

impl Listing {
    fn add_to(&self, text: &mut String, findings: &[&Finding]) {
        let listed_max = if self.all { usize::MAX } else { LISTED_MAX };
        let is_missing =
            |finding: &Finding| finding.kind == FindingKind::MissingDependency && finding.component.is_some();
        let (missing, others): (Vec<&Finding>, Vec<&Finding>) =
            findings.iter().partition(|finding| is_missing(finding));
        let mut providers: BTreeMap<(Group, String), Vec<&Finding>> = BTreeMap::new();
        for finding in missing {
            providers.entry((Group::of(finding), provider(finding))).or_default().push(finding);
        }
        let mut last = None;
        let mut room = listed_max;
        for ((group, provider), missing) in &providers {
            if room == 0 {
                break;
            }
            if last.replace(*group) != Some(*group) {
                line!(text, "  {}", group.title());
            }
            let tail = missing.first().map(|finding| self.tail(finding)).unwrap_or_default();
            line!(text, "  {} missing{provider}{tail}", missing.len());
            for finding in missing.iter().take(room) {
                let Some(component) = &finding.component else { continue };
                line!(text, "    {}{}", plain(component), related("needed by", &finding.related));
            }
            room = room.saturating_sub(missing.len());
        }
        for finding in others.iter().take(room) {
            line!(text, "  {}{}", clean(&finding.message), self.tail(finding));
            // One component stands in the message already.
            if finding.kind == FindingKind::DeleteBlocked && finding.related.len() > 1 {
                for component in finding.related.iter().take(listed_max) {
                    line!(text, "    {}", plain(component));
                }
            }
        }
        if findings.len() > listed_max {
            line!(text, "  … and {} more; {}", findings.len() - listed_max, self.rest);
        }
    }

    /// Code, name and rule, for those who search for them.
    fn tail(&self, finding: &Finding) -> String {
        if !self.codes {
            return String::new();
        }
        let code =
            [finding.code.as_deref(), finding.name.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let separator = if code.is_empty() { "" } else { ", " };
        format!(" {DIM}({code}{separator}rule {}){DIM:#}", finding.rule)
    }
}

/// What has to be done about missing components (DP26).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Applications,
    ManagedSolutions,
    UnmanagedComponents,
    Undeclared,
}

impl Group {
    fn of(finding: &Finding) -> Self {
        match &finding.provider {
            Some(provider) if provider.application.is_some() => Self::Applications,
            Some(provider) if provider.solution == "Active" => Self::UnmanagedComponents,
            Some(_) => Self::ManagedSolutions,
            None => Self::Undeclared,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Applications => "Applications: install or update them",
            Self::ManagedSolutions => "Managed solutions: import them first, in the version of the source or higher",
            Self::UnmanagedComponents => "Unmanaged components: add them to the source solution and export again",
            Self::Undeclared => "Components that the package does not declare",
        }
    }
}

fn provider(finding: &Finding) -> String {
    let Some(provider) = &finding.provider else { return String::new() };
    let version = provider.version.as_deref().map(|version| format!(" {version}")).unwrap_or_default();
    let application = provider.application.as_deref().map(|name| format!(" (application {name})")).unwrap_or_default();
    clean(&format!(" from {}{version}{application}", provider.solution))
}

fn related(words: &str, components: &[ComponentRef]) -> String {
    if components.is_empty() {
        return String::new();
    }
    let mut names: Vec<_> = components.iter().take(RELATED_MAX).map(plain).collect();
    if components.len() > RELATED_MAX {
        names.push(format!("{} more", components.len() - RELATED_MAX));
    }
    format!("{DIM}, {words} {}{DIM:#}", names.join(", "))
}

fn hints<'a>(text: &mut String, hints: impl Iterator<Item = &'a String>, indent: &str) {
    let mut said: Vec<&str> = Vec::new();
    for each in hints {
        if said.len() < RELATED_MAX && !said.contains(&each.as_str()) {
            line!(text, "{indent}{}", hint(each));
            said.push(each);
        }
    }
}
