//! History as text.

use comfy_table::Cell;
use serde::Serialize;
use strata_model::history::Outcome;
use strata_ops::view::{HistoryDetail, HistoryView};

use super::findings;
use super::plan::sign;
use super::style::{BOLD, DIM, GREEN, RED, clean, component, line};
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
