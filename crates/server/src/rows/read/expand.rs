//! `$expand`: rows that come along with others, one query for each level.

use std::collections::BTreeMap;

use strata_odata::query::{Expand, Query};
use strata_ops::StoreError;
use strata_ops::query::Found;
use strata_ops::query::related::{By, Way, split_reference, way};
use strata_ops::schema::Table;

use super::render::{Body, Shape};
use super::{ROWS_MAX, Reading};
use crate::fault::Fault;

/// A navigation that is followed.
pub(super) struct Expansion {
    navigation: String,
    way: Way,
    query: Query,
}

/// The rows that it leads to, by what the rows it begins at say.
pub(super) struct Expansions(BTreeMap<String, Vec<Vec<u8>>>);

impl Expansion {
    /// Finds the navigations of a table that a query expands.
    pub(super) fn all(table: &Table, expand: &[Expand]) -> Result<Vec<Self>, Fault> {
        let one = |expand: &Expand| {
            let way = way(table, &expand.navigation)?;
            Ok(Self { navigation: expand.navigation.clone(), way, query: expand.query.clone() })
        };
        expand.iter().map(one).collect()
    }

    /// Returns what a row says of where it leads: the id that its lookup names, or its own.
    pub(super) fn of(&self, found: &Found<'_>) -> Result<Option<String>, StoreError> {
        let Way::One { column, target } = &self.way else { return Ok(Some(found.id.to_owned())) };
        Ok(reference_in(found.json, column)?.filter(|(table, _)| table == target).map(|(_, id)| id))
    }

    /// Reads the rows that go with some.
    pub(super) fn read(&self, reading: &Reading<'_>, of: &Table, ids: &[String]) -> Result<Expansions, Fault> {
        let mut found = BTreeMap::new();
        let beside = reading.reader.beside(of, &self.way, ids, &self.query)?;
        let shape = Shape::new(reading, &beside.asked.table, &self.query)?;
        if ids.is_empty() {
            return Ok(Expansions(found));
        }
        let limit = self.query.top.unwrap_or(ROWS_MAX).min(ROWS_MAX);
        let (mut body, mut owners) = (Body::default(), Vec::new());
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        reading.reader.each(&beside.asked, &mut |row| {
            let Some(owner) = owner(&beside.by, &row)? else { return Ok(()) };
            let count = counts.entry(owner.clone()).or_default();
            *count += 1;
            if *count <= limit {
                body.row_begins();
                shape.row(&row, &mut body, true)?;
                owners.push(owner);
            }
            Ok(())
        })?;
        let filled = body.filled(reading, &shape)?;
        let ends = filled.rows.iter().skip(1).copied().chain([filled.bytes.len()]);
        for ((start, end), owner) in filled.rows.iter().zip(ends).zip(owners) {
            found.entry(owner).or_insert_with(Vec::new).push(filled.bytes[*start..end].to_vec());
        }
        Ok(Expansions(found))
    }
}

impl Expansions {
    /// Writes the rows that go with one.
    pub(super) fn write(&self, expansion: &Expansion, of: &str, body: &mut Body) -> Result<(), Fault> {
        let rows = self.0.get(of).map(Vec::as_slice).unwrap_or_default();
        body.text(",");
        body.json(&expansion.navigation);
        body.text(":");
        if expansion.way.is_single() {
            body.text(rows.first().map_or("null", |row| as_text(row)));
            return body.check_size();
        }
        body.text("[");
        for (at, row) in rows.iter().enumerate() {
            body.text(if at == 0 { "" } else { "," });
            body.text(as_text(row));
            body.check_size()?;
        }
        body.text("]");
        Ok(())
    }
}

fn as_text(row: &[u8]) -> &str {
    std::str::from_utf8(row).expect("rows are written as texts")
}

fn owner(by: &By, row: &Found<'_>) -> Result<Option<String>, StoreError> {
    Ok(match by {
        By::Id => Some(row.id.to_owned()),
        By::Lookup(column) => reference_in(row.json, column)?.map(|(_, id)| id),
        By::Pair(column) => {
            let Some(Some(pair)) = row.joined.first() else { return Ok(None) };
            let values: serde_json::Map<String, serde_json::Value> = serde_json::from_str(pair.json)?;
            values.get(column).and_then(|value| value.as_str()).map(str::to_lowercase)
        }
    })
}

fn reference_in(json: &str, column: &str) -> Result<Option<(String, String)>, StoreError> {
    let values: BTreeMap<&str, &serde_json::value::RawValue> = serde_json::from_str(json)?;
    let text = values.get(column).map(|raw| raw.get().trim_matches('"'));
    Ok(text.and_then(split_reference).map(|(table, id)| (table.to_owned(), id.to_owned())))
}

/// Writes what a context says of columns and expansions: `(name,parent(name))`.
pub(super) fn context(query: &Query) -> String {
    let selected = query.select.iter().flatten().cloned();
    let expanded = query.expand.iter().map(|expand| {
        let inner = context(&expand.query);
        format!("{}{}", expand.navigation, if inner.is_empty() { "()" } else { &inner })
    });
    let all: Vec<_> = selected.chain(expanded).collect();
    if all.is_empty() { String::new() } else { format!("({})", all.join(",")) }
}
