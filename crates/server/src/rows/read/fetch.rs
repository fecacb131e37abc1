//! Rows that FetchXML asks for.

use std::sync::Arc;

use strata_odata::query::Query;
use strata_odata::url::encoded;
use strata_ops::query::fetch::{Fetched, FetchedRows, Link, Shown, table_of};
use strata_ops::query::{QueryError, column_of};
use strata_ops::schema::Table;

use super::render::Shape;
use super::{ROWS_MAX, Reading};
use crate::answer::{Answer, JSON};
use crate::fault::Fault;

impl Reading<'_> {
    /// Answers a document.
    pub(super) fn fetch(&self, table: &Arc<Table>, query: &Query) -> Result<Answer, Fault> {
        let text = query.fetch_xml.as_deref().unwrap_or_default();
        let about = table_of(text)?;
        if about != table.entry.name {
            let set = &table.entry.set;
            return Err(Fault::url(format!(
                "fetchXml: it is about {about}, and the set {set} of {}",
                table.entry.name
            )));
        }
        match self.reader.fetch(table, text, self.ask.prefer().page_size())? {
            Fetched::Figures(answered) => self.figures(table, &answered),
            Fetched::Rows(fetched) => self.fetched(table, query, &fetched),
        }
    }

    fn fetched(&self, table: &Arc<Table>, query: &Query, fetched: &FetchedRows) -> Result<Answer, Fault> {
        let shape = Shape::of(self, table, columns(table, fetched.columns.as_deref())?.into_iter());
        let links: Vec<_> = fetched.links.iter().map(|link| self.link(link)).collect::<Result<_, _>>()?;
        let context: Vec<_> = fetched.columns.iter().flatten().map(|shown| shown.column.as_str()).collect();
        let context = if context.is_empty() { String::new() } else { format!("({})", context.join(",")) };
        let mut body = self.beginning(table, &context);
        let counts = query.count || fetched.counts_all;
        let total = counts.then(|| self.reader.count(&fetched.asked, ROWS_MAX + 1)).transpose()?;
        self.totals(total, &mut body);
        body.text(",\"value\":[");
        let (mut is_first, mut last) = (true, String::new());
        let next = self.reader.each(&fetched.asked, &mut |found| {
            body.text(if is_first { "{\"@odata.etag\":\"W/\\\"" } else { ",{\"@odata.etag\":\"W/\\\"" });
            is_first = false;
            body.number(found.version);
            body.text("\\\"\"");
            shape.columns(found.id, found.version, found.json, &mut body)?;
            for (link, row) in links.iter().zip(found.joined) {
                if let Some(row) = row {
                    link.columns(row.id, row.version, row.json, &mut body)?;
                }
            }
            body.text("}");
            last.clear();
            last.push_str(found.id);
            Ok(())
        })?;
        body.text("]");
        if fetched.has_pages && self.notes.more {
            body.text(",\"@Microsoft.Dynamics.CRM.morerecords\":");
            body.text(if next.is_some() { "true" } else { "false" });
        }
        if next.is_some() && fetched.has_pages && self.notes.cookie {
            body.text(",\"@Microsoft.Dynamics.CRM.fetchxmlpagingcookie\":");
            body.json(&cookie(table, fetched.page, &last));
        }
        body.text("}");
        let filled = body.filled(self, &shape)?;
        Ok(self.applied_preferences(Answer::of(JSON, filled.bytes)))
    }

    fn link(&self, link: &Link) -> Result<Shape, Fault> {
        let columns = columns(&link.table, link.columns.as_deref())?;
        Ok(Shape::beside(self, &link.table, &link.alias, columns.into_iter()))
    }
}

type Columns = Vec<(String, strata_ops::query::Kind, Option<String>)>;

fn columns(table: &Table, shown: Option<&[Shown]>) -> Result<Columns, QueryError> {
    match shown {
        None => Ok(table.columns.values().map(|column| (column.name.clone(), column.kind.clone(), None)).collect()),
        Some(shown) => shown
            .iter()
            .map(|shown| column_of(table, &shown.column).map(|(column, kind)| (column, kind, shown.alias.clone())))
            .collect(),
    }
}

/// Where a page ended, for clients that hand it back with the number of the next one.
fn cookie(table: &Table, page: u64, last: &str) -> String {
    let inner = format!(
        "<cookie page=\"{page}\"><{column} last=\"{{{}}}\" first=\"{{{}}}\" /></cookie>",
        last.to_uppercase(),
        last.to_uppercase(),
        column = table.primary_id
    );
    let twice = encoded(&encoded(&inner));
    format!("<cookie pagenumber=\"{}\" pagingcookie=\"{twice}\" istracking=\"False\" />", page + 1)
}
