//! History as text.

use std::collections::BTreeMap;

use comfy_table::Cell;
use serde::Serialize;
use strata_model::history::Outcome;
use strata_ops::view::{ComponentResult, HistoryDetail, HistoryView, ImportLog, JobResult, SolutionHistoryEntry};

use super::findings;
use super::plan::sign;
use super::style::{BOLD, DIM, GREEN, RED, YELLOW, clean, component, line};
use super::tables::{laid_out, table};

/// More layers than this are counted, not listed.
const LAYERS_MAX: usize = 40;

/// Lists operations, newest first.
pub(crate) fn list(entries: &[HistoryView]) -> String {
    if entries.is_empty() {
        return "No operations yet. Begin with `strata import FILE`.".to_owned();
    }
    let mut rows = table(&["op", "when (UTC)", "kind", "solution", "version", "result", "changes"]);
    for entry in entries {
        let result = match entry.result {
            Outcome::Succeeded => Cell::new("succeeded").fg(comfy_table::Color::Green),
            Outcome::Failed => Cell::new("failed").fg(comfy_table::Color::Red),
        };
        rows.add_row(vec![
            Cell::new(entry.operation.0),
            Cell::new(when(&entry.time)),
            Cell::new(kind(entry)),
            Cell::new(clean(entry.solution.as_deref().unwrap_or_default())),
            Cell::new(versions(entry)),
            result,
            Cell::new(entry.changes),
        ]);
    }
    laid_out(rows)
}

/// Lists the platform's solution history, newest first.
pub(crate) fn solutions(entries: &[SolutionHistoryEntry]) -> String {
    if entries.is_empty() {
        return "No solution operations yet. Begin with `strata import FILE`.".to_owned();
    }
    let mut rows =
        table(&["when (UTC)", "solution", "version", "publisher", "operation", "result", "seconds", "error"]);
    for entry in entries {
        let result = match entry.result {
            true => Cell::new("succeeded").fg(comfy_table::Color::Green),
            false => Cell::new("failed").fg(comfy_table::Color::Red),
        };
        let managed = if entry.is_managed { " (managed)" } else { "" };
        let name = entry.name.as_deref().map(clean).unwrap_or_default();
        rows.add_row(vec![
            Cell::new(when(&entry.start_time)),
            Cell::new(format!("{name}{}", if name.is_empty() { "" } else { managed })),
            Cell::new(entry.solution_version.as_deref().map(clean).unwrap_or_default()),
            Cell::new(entry.publisher_name.as_deref().map(clean).unwrap_or_default()),
            Cell::new(operation(entry)),
            result,
            Cell::new(format!("{:.3}", entry.total_time)),
            Cell::new(
                entry.error_code.as_deref().or(entry.exception_message.as_deref()).map(clean).unwrap_or_default(),
            ),
        ]);
    }
    laid_out(rows)
}

/// The words of the platform's numbers (L115).
fn operation(entry: &SolutionHistoryEntry) -> String {
    let operation = match entry.operation {
        0 => "import",
        1 => "uninstall",
        2 => "export",
        3 => "publish",
        4 => "publish all",
        8 => "set state",
        _ => "other",
    };
    let sub = match entry.suboperation {
        1 => ", new",
        2 => ", upgrade",
        3 => ", update",
        4 => ", delete",
        _ => "",
    };
    let overwritten = if entry.overwrite_customizations { ", overwriting" } else { "" };
    format!("{operation}{sub}{overwritten}")
}

/// Shows the log of an import.
pub(crate) fn log(log: &ImportLog, verbose: bool) -> String {
    let mut text = String::new();
    let solution = log.solution.as_deref().map(clean).unwrap_or_default();
    let version = log.version.as_deref().map(clean).unwrap_or_default();
    let (style, result) = job_result(Some(log.result));
    line!(text, "{BOLD}Import of {solution} {version}{BOLD:#}: {style}{result}{style:#}");
    if let Some(job) = log.job {
        line!(text, "{DIM}import job {job}, operation {}, {}{DIM:#}", log.operation, when(&log.start_time));
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for component in &log.components {
        *counts.entry(job_result(component.result).1).or_default() += 1;
    }
    let counts: Vec<_> = counts.into_iter().map(|(word, number)| format!("{number} {word}")).collect();
    line!(text, "components: {}", if counts.is_empty() { "none".to_owned() } else { counts.join(", ") });
    let said = |result: &&ComponentResult| verbose || result.error_text.is_some();
    let listed: Vec<_> = log.components.iter().filter(said).collect();
    let listed_max = if verbose { usize::MAX } else { LAYERS_MAX };
    if !listed.is_empty() {
        line!(text);
    }
    for result in listed.iter().take(listed_max) {
        let (style, word) = job_result(result.result);
        let code = result.error_code.as_deref().map(|code| format!("{code} ")).unwrap_or_default();
        let said = result.error_text.as_deref().map(clean).unwrap_or_default();
        line!(text, "  {style}{word}{style:#} {}  {DIM}{code}{said}{DIM:#}", component(&result.component));
    }
    if listed.len() > listed_max {
        line!(text, "  {DIM}… and {} more (-v lists all){DIM:#}", listed.len() - listed_max);
    }
    findings::of_plan(&mut text, &log.findings, verbose);
    text
}

fn job_result(result: Option<JobResult>) -> (anstyle::Style, &'static str) {
    match result {
        Some(JobResult::Success) => (GREEN, "success"),
        Some(JobResult::Warning) => (YELLOW, "warning"),
        Some(JobResult::Failure) => (RED, "failure"),
        None => (DIM, "not processed"),
    }
}

/// Shows one operation.
pub(crate) fn detail(detail: &HistoryDetail, verbose: bool) -> String {
    let mut text = String::new();
    let entry = &detail.entry;
    let (style, result) = match entry.result {
        Outcome::Succeeded => (GREEN, "succeeded"),
        Outcome::Failed => (RED, "failed"),
    };
    let solution = entry.solution.as_deref().map(|name| format!(" {}", clean(name))).unwrap_or_default();
    let versions = versions(entry);
    let gap = if versions.is_empty() { "" } else { " " };
    line!(
        text,
        "{BOLD}Operation {}{BOLD:#}: {}{solution}{gap}{versions}, {style}{result}{style:#}",
        entry.operation,
        kind(entry)
    );
    line!(text, "{DIM}{}, {} ms{DIM:#}", when(&entry.time), detail.duration);
    if let Some(job) = entry.job {
        line!(text, "{DIM}import job {job}{DIM:#}");
    }
    if !detail.layer_changes.is_empty() {
        line!(text);
    }
    let listed_max = if verbose { usize::MAX } else { LAYERS_MAX };
    for change in detail.layer_changes.iter().take(listed_max) {
        let (style, sign) = sign(change.action);
        let layer = clean(&change.layer);
        line!(text, "  {style}{sign}{style:#} {}  {DIM}{layer}{DIM:#}", component(&change.component));
    }
    if detail.layer_changes.len() > listed_max {
        line!(text, "  {DIM}… and {} more (-v lists all){DIM:#}", detail.layer_changes.len() - listed_max);
    }
    findings::of_plan(&mut text, &detail.findings, verbose);
    text
}

fn kind(entry: &HistoryView) -> String {
    let kind = word(&entry.kind);
    let sub = entry.suboperation.map(|operation| format!(" ({})", word(&operation))).unwrap_or_default();
    let target = entry.state_of.map(|operation| format!(" to {operation}")).unwrap_or_default();
    format!("{kind}{sub}{target}")
}

/// The word under which scripts read it.
fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}

fn versions(entry: &HistoryView) -> String {
    let versions: Vec<_> = [&entry.from, &entry.to].into_iter().flatten().map(|version| clean(version)).collect();
    versions.join(" → ")
}

/// `2026-11-21 08:50:51` of `2026-11-21T08:50:51.123Z`.
pub(crate) fn when(time: &str) -> String {
    time.get(..19).unwrap_or(time).replace('T', " ")
}
