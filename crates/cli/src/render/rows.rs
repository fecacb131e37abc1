//! Rows for people.

use std::collections::BTreeSet;

use comfy_table::Cell;
use serde_json::Value;
use strata_ops::rows::{Row, RowAction, RowChanges};

use super::style::{BOLD, DIM, clean, count, line};
use super::tables::{laid_out, table};

/// More rows than this are counted after a change, not listed.
const LISTED_MAX: usize = 20;
/// Values longer than this are cut in lists.
const VALUE_MAX: usize = 60;

/// A list of rows, one column for each that holds a value somewhere, the id first.
pub(crate) fn list(rows: &[Row]) -> String {
    let Some(first) = rows.first().and_then(|row| row.keys().next()) else { return "No rows.".to_owned() };
    let others: BTreeSet<&str> = rows.iter().flat_map(|row| row.keys().skip(1)).map(String::as_str).collect();
    let columns: Vec<&str> = [first.as_str()].into_iter().chain(others).collect();
    let mut lines = table(&columns);
    for row in rows {
        lines.add_row(columns.iter().map(|column| Cell::new(row.get(*column).map(short).unwrap_or_default())));
    }
    laid_out(lines)
}

/// One row, a value in each line.
pub(crate) fn card(row: &Row) -> String {
    let mut text = String::new();
    for (column, value) in row {
        line!(text, "{BOLD}{column}{BOLD:#}: {}", shown(value));
    }
    text
}

/// What a change did, or would do.
pub(crate) fn changes(changes: &RowChanges, is_plan: bool) -> String {
    let verb = match (changes.action, is_plan) {
        (RowAction::Create | RowAction::Import, true) => "Would create",
        (RowAction::Create | RowAction::Import, false) => "Created",
        (RowAction::Update, true) => "Would change",
        (RowAction::Update, false) => "Changed",
        (RowAction::Delete, true) => "Would delete",
        (RowAction::Delete, false) => "Deleted",
    };
    let mut text = String::new();
    line!(text, "{verb} {} of {}", count(changes.count, "row"), changes.table);
    for id in changes.ids.iter().take(LISTED_MAX) {
        line!(text, "  {id}");
    }
    if changes.ids.len() > LISTED_MAX {
        line!(text, "  {DIM}… and {} more{DIM:#}", changes.ids.len() - LISTED_MAX);
    }
    text
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => clean(text),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

fn short(value: &Value) -> String {
    let text = shown(value);
    match text.char_indices().nth(VALUE_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
