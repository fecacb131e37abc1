//! Rows that FetchXML asks for, in a request or in a view. What a row does not hold is left out of it, as the platform does.

use std::sync::Arc;

use strata_odata::query::Query;
use strata_odata::url::encoded;
use strata_ops::query::fetch::{Around, Document, Fetched, FetchedRows, Link, Shown};
use strata_ops::query::related::Way;
use strata_ops::query::{QueryError, column_of};
use strata_ops::schema::Table;

use super::render::Shape;
use super::{ROWS_MAX, Reading};
use crate::answer::{Answer, JSON};
use crate::fault::Fault;

/// A document that a request asks by.
pub(super) struct Wanted<'q> {
    pub(super) document: Document,
    /// The option that it comes from.
    pub(super) option: &'static str,
    /// Whether links lead on to its pages: where the client does not write the document, it cannot number them.
    pub(super) has_links: bool,
    /// The row that the rows go with: its table, the way from there, its id.
    pub(super) with: Option<(&'q Table, &'q Way, &'q str)>,
}

impl<'q> Wanted<'q> {
    /// Returns the document that a query's option has, if it has one.
    pub(super) fn of(
        reading: &Reading<'_>,
        query: &Query,
        with: Option<(&'q Table, &'q Way, &'q str)>,
    ) -> Result<Option<Self>, Fault> {
        let view = |option, table, id| {
            let document = reading.view(table, id)?;
            Ok(Some(Wanted { document, option, has_links: true, with }))
        };
        match (&query.fetch_xml, &query.saved_query, &query.user_query, &query.sql) {
            (None, None, None, None) => Ok(None),
            (Some(text), None, None, None) => {
                let document = Document::parse(text)?;
                Ok(Some(Wanted { document, option: "fetchXml", has_links: false, with }))
            }
            (None, Some(id), None, None) => view("savedQuery", "savedquery", id),
            (None, None, Some(id), None) => view("userQuery", "userquery", id),
            (None, None, None, Some(text)) => {
                let document = reading.reader.sql(text)?;
                Ok(Some(Wanted { document, option: "sql", has_links: true, with }))
            }
            _ => Err(Fault::url("one of fetchXml, savedQuery, userQuery and sql says what is wanted")),
        }
    }
}

impl Reading<'_> {
    /// Answers a document.
    pub(super) fn fetch(&self, table: &Arc<Table>, query: &Query, wanted: &Wanted<'_>) -> Result<Answer, Fault> {
        super::view::refuse_others(query)?;
        let about = wanted.document.table()?;
        let (set, option) = (&table.entry.set, wanted.option);
        if about != table.entry.name {
            return Err(Fault::url(format!(
                "{option}: it is about {about}, and the set {set} of {}",
                table.entry.name
            )));
        }
        let size = self.ask.prefer().page_size();
        let page = query.skip_token.as_deref().filter(|_| wanted.has_links).map(page_of).transpose()?;
        match self.reader.fetch(table, &wanted.document, &Around { size, page, with: wanted.with })? {
            Fetched::Figures(answered) => self.figures(table, &answered),
            Fetched::Rows(fetched) => self.fetched(table, query, &fetched, wanted.has_links),
        }
    }

    fn fetched(
        &self,
        table: &Arc<Table>,
        query: &Query,
        fetched: &FetchedRows,
        has_links: bool,
    ) -> Result<Answer, Fault> {
        let columns = columns(table, fetched.columns.as_deref())?.into_iter();
        let shape = Shape::of(self, table, columns).without_nulls();
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
        if next.is_some() && fetched.has_pages && has_links {
            body.text(",\"@odata.nextLink\":");
            body.json(&self.next_link(&cookie(table, fetched.page, &last)));
        }
        body.text("}");
        let filled = body.filled(self, &shape)?;
        Ok(self.applied_preferences(Answer::of(JSON, filled.bytes)))
    }

    fn link(&self, link: &Link) -> Result<Shape, Fault> {
        let columns = columns(&link.table, link.columns.as_deref())?;
        Ok(Shape::beside(self, &link.table, &link.alias, columns.into_iter()).without_nulls())
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

/// The page that a cookie asks for.
fn page_of(cookie: &str) -> Result<u64, Fault> {
    let number = cookie.split_once("pagenumber=\"").and_then(|(_, rest)| rest.split_once('"'));
    let page = number.and_then(|(number, _)| number.parse().ok()).filter(|page| *page > 0);
    page.ok_or_else(|| Fault::url("the $skiptoken is none that this query has given"))
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
