//! Rows that a query finds, deleted page by page: what one refuses does not keep the others (web-api §8).

use std::collections::BTreeSet;

use strata_model::id::Guid;

use crate::query::fetch::{Around, Document, Fetched, FetchedRows};
use crate::query::{QueryError, Reader};
use crate::rows::{Author, RowWrite};
use crate::sets::{self, By};
use crate::{ErrorReport, OpsError};

/// So many are found and deleted at once.
const PAGE: u64 = 1_000;

/// What came of it.
#[derive(Debug, Default)]
pub struct Deleted {
    pub rows: u64,
    /// Rows that stay.
    pub kept: u64,
    /// Why the first of them does.
    pub why: Option<ErrorReport>,
}

/// Looks whether rows can be looked for so and deleted.
pub fn check(reader: &Reader<'_>, document: &Document) -> Result<(), QueryError> {
    found(reader, document)?;
    let table = document.table()?;
    match sets::is_writable(reader.workspace, reader.environment, table)? {
        true => Ok(()),
        false => Err(QueryError::Wrong(format!("rows of {table} come from elsewhere and cannot be deleted"))),
    }
}

/// Deletes the rows that a document finds.
pub fn delete(reader: &Reader<'_>, document: &Document, author: Author) -> Result<Deleted, QueryError> {
    let found = found(reader, document)?;
    let table = found.asked.table.entry.name.clone();
    let mut left = if found.has_pages { u64::MAX } else { found.asked.rows.limit.unwrap_or(u64::MAX) };
    let (mut deleted, mut after) = (Deleted::default(), None);
    loop {
        let mut ids = BTreeSet::new();
        let page = found.asked.clone().page(PAGE.min(left), after.as_deref());
        after = reader.each(&page, &mut |row| {
            ids.extend(Guid::parse(row.id));
            Ok(())
        })?;
        left -= ids.len() as u64;
        delete_page(reader, &table, &ids, author, &mut deleted)?;
        if after.is_none() || left == 0 {
            return Ok(deleted);
        }
    }
}

fn found(reader: &Reader<'_>, document: &Document) -> Result<Box<FetchedRows>, QueryError> {
    let table = reader.table(document.table()?)?;
    match reader.fetch(&table, document, &Around::default())? {
        Fetched::Rows(mut rows) => {
            if rows.has_pages {
                // All of them go, in whatever order is the cheapest.
                rows.asked.rows.order.clear();
                rows.asked.rows.offset = 0;
            }
            Ok(rows)
        }
        Fetched::Figures(_) => Err(QueryError::Wrong("figures cannot be deleted: rows are expected".to_owned())),
    }
}

/// Deletes rows at once, and where that is refused one after the other.
fn delete_page(
    reader: &Reader<'_>,
    table: &str,
    ids: &BTreeSet<Guid>,
    author: Author,
    deleted: &mut Deleted,
) -> Result<(), OpsError> {
    let write = |ids: &[Guid]| {
        let environment = reader.workspace.environment_named(&reader.environment.name)?;
        let writes: Vec<_> = ids.iter().map(|id| RowWrite::Delete { id: *id, version: None }).collect();
        let by = By { author, solution: None };
        sets::write(reader.workspace, &environment, reader.schema, table, &writes, by)
    };
    let all: Vec<_> = ids.iter().copied().collect();
    if all.is_empty() {
        return Ok(());
    }
    if write(&all).is_ok() {
        deleted.rows += all.len() as u64;
        return Ok(());
    }
    // A row that another of them needs goes behind that one.
    let mut left = all;
    loop {
        let (mut refused, mut why) = (Vec::new(), None);
        for id in &left {
            match write(&[*id]) {
                Ok(_) => deleted.rows += 1,
                // Of the store, not of the row.
                Err(error @ OpsError::Store(_)) => return Err(error),
                Err(error) => {
                    refused.push(*id);
                    why.get_or_insert(error);
                }
            }
        }
        if refused.is_empty() || refused.len() == left.len() {
            deleted.kept += refused.len() as u64;
            deleted.why = deleted.why.take().or(why.map(|error| error.report()));
            return Ok(());
        }
        left = refused;
    }
}
