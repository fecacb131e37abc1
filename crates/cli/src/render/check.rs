//! Findings of a check, the worst first; what a rule is.

use strata_ops::check::{self, CheckAnswer, Explanation, Finding, Severity};

use super::style::{BOLD, CYAN, DIM, GREEN, MAGENTA, RED, YELLOW, clean, count, line, paint, plain};

/// More findings than this of one rule are counted, not listed.
const LISTED_MAX: usize = 10;

/// Writes a report, grouped by severity and rule.
pub(crate) fn report(answer: &CheckAnswer, verbose: bool) -> String {
    let report = &answer.report;
    let mut text = String::new();
    let shown = |finding: &&Finding| verbose || !finding.suppressed;
    for severity in Severity::ALL {
        let of_severity: Vec<_> =
            report.findings.iter().filter(|finding| finding.severity == severity).filter(shown).collect();
        if of_severity.is_empty() {
            continue;
        }
        line!(text, "{} ({})", paint(style(severity).bold(), severity.word()), of_severity.len());
        for of_rule in of_severity.chunk_by(|left, right| left.rule == right.rule) {
            rule_findings(&mut text, of_rule, verbose);
        }
        line!(text);
    }
    summary(&mut text, answer);
    text
}

fn rule_findings(text: &mut String, findings: &[&Finding], verbose: bool) {
    let listed_max = if verbose { usize::MAX } else { LISTED_MAX };
    for finding in findings.iter().take(listed_max) {
        let suppressed = match &finding.reason {
            Some(reason) => format!(" {DIM}(let be: {}){DIM:#}", clean(reason)),
            None => String::new(),
        };
        line!(text, "  {} {}{suppressed}", paint(CYAN, finding.rule), clean(&finding.message));
        let place = place(finding);
        if !place.is_empty() {
            line!(text, "    {DIM}{place}{DIM:#}");
        }
    }
    if findings.len() > listed_max {
        let rule = findings[0].rule;
        line!(text, "  {} … and {} more; -v lists all", paint(CYAN, rule), findings.len() - listed_max);
    }
    if let Some(cure) = findings.first().and_then(|finding| check::cure(finding.rule)) {
        line!(text, "    {CYAN}hint:{CYAN:#} {cure}");
    }
}

/// Which package, which file, which line; the component too, where the message does not name it.
fn place(finding: &Finding) -> String {
    let package = finding.package.as_deref().map(|package| format!("{package}: ")).unwrap_or_default();
    let part = finding.part.as_deref().unwrap_or_default();
    let at = match (finding.line, finding.column) {
        (Some(line), Some(column)) if !part.is_empty() => format!(":{line}:{column}"),
        _ => String::new(),
    };
    let component = finding.component.as_ref().filter(|component| !finding.message.contains(&component.name));
    let component = component.map(|component| format!("  {}", plain(component))).unwrap_or_default();
    clean(&format!("{package}{part}{at}{component}"))
}

fn summary(text: &mut String, answer: &CheckAnswer) {
    let report = &answer.report;
    let counts: Vec<_> = report
        .counts()
        .into_iter()
        .filter(|(_, number)| *number > 0)
        .map(|(severity, number)| paint(style(severity), &format!("{number} {}", severity.word().to_lowercase())))
        .collect();
    let found = if counts.is_empty() { paint(GREEN, "nothing found") } else { counts.join(", ") };
    let suppressed = report.findings.iter().filter(|finding| finding.suppressed).count();
    let mut notes = Vec::new();
    if suppressed > 0 {
        notes.push(format!("{suppressed} let be"));
    }
    if report.known > 0 {
        notes.push(format!("{} known from the baseline", report.known));
    }
    let notes = if notes.is_empty() { String::new() } else { format!(" {DIM}({}){DIM:#}", notes.join(", ")) };
    line!(text, "{} checked: {found}{notes}", count(answer.packages, "package"));
    if !report.skipped.is_empty() {
        line!(text, "{DIM}not run without something to compare with: {}{DIM:#}", report.skipped.join(", "));
    }
}

fn style(severity: Severity) -> anstyle::Style {
    match severity {
        Severity::Critical => RED.bold(),
        Severity::High => RED,
        Severity::Medium => YELLOW,
        Severity::Low => MAGENTA,
        Severity::Informational => GREEN,
    }
}

/// Explains a rule.
pub(crate) fn rule(rule: &Explanation) -> String {
    let mut text = String::new();
    let severity = paint(style(rule.severity), rule.severity.word());
    let of = rule.component.map(|component| format!("; of: {component}")).unwrap_or_default();
    line!(text, "{} {severity}, {}{of}", paint(BOLD, rule.rule), rule.category);
    if !rule.covered {
        line!(text, "an official rule that is not covered: {}", rule.why);
        return text;
    }
    line!(text);
    line!(text, "Reported when  {}", rule.condition.unwrap_or_default());
    line!(text, "Why            {}", rule.why);
    for (index, step) in rule.cure.iter().enumerate() {
        line!(text, "{}  {step}", if index == 0 { "What to do   " } else { "             " });
    }
    let needs = match rule.needs {
        Some("catalogue") => "the package, and the tables and columns that every environment has",
        Some("baseline") => "an environment or an earlier package (--against)",
        Some("several") => "several packages",
        _ => "the package alone",
    };
    line!(text, "Needs          {needs}");
    if let Some(help) = rule.help {
        line!(text, "More           {help}");
    }
    text
}

/// Lists rules, one line each.
pub(crate) fn rules(rules: &[Explanation]) -> String {
    let mut text = String::new();
    for rule in rules {
        let severity = paint(style(rule.severity), rule.severity.word());
        let what = match rule.condition {
            Some(condition) => condition.to_owned(),
            None => format!("not covered: {}", rule.why),
        };
        line!(text, "{} {severity}  {what}", paint(BOLD, rule.rule));
    }
    text
}
