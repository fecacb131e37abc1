//! FetchXML: a query as a document (web-api §4).
//!
//! Views hold such documents, and what is asked in other languages becomes one: all of it is read here.

mod conditions;
mod read;

use std::collections::BTreeMap;
use std::sync::Arc;

use strata_store::query::{Figure, FigureQuery, Filter, RowQuery, Sort};
use strata_xml::Element;

use super::figures::{Answered, FigureColumn};
use super::related::Way;
use super::{Asked, Draft, QueryError, Reader, Scope, wrong};
use crate::schema::Table;
use read::{Reading, is_true};

/// A page holds no more rows.
const PAGE_MAX: u64 = 5_000;

/// What a document asks for.
pub enum Fetched {
    Rows(Box<FetchedRows>),
    Figures(Answered),
}

/// Rows, and which of their columns and of those beside them are shown.
pub struct FetchedRows {
    pub asked: Asked,
    /// `None` shows all.
    pub columns: Option<Vec<Shown>>,
    /// In the order of what stands beside each row.
    pub links: Vec<Link>,
    pub page: u64,
    /// Whether the number of all rows is wanted.
    pub counts_all: bool,
    /// Whether there may be a further page.
    pub has_pages: bool,
}

/// A column, under a name of its own where it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub column: String,
    pub alias: Option<String>,
}

/// A table whose rows stand beside.
pub struct Link {
    pub alias: String,
    pub table: Arc<Table>,
    /// `None` shows all.
    pub columns: Option<Vec<Shown>>,
}

/// A FetchXML document.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    fetch: Element,
    /// How many rows are left out first, and how many come then, where no page says so.
    offset: Option<(u64, u64)>,
    links_max: usize,
}

/// The platform takes no more links in a document that a client or a view has written.
const LINKS_MAX: usize = 15;

/// Of other queries, no more tables stand beside one; SQLite joins 64.
const JOINS_MAX: usize = 50;

impl Document {
    /// Reads a document.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let fetch = strata_xml::parse(text.trim().as_bytes()).map_err(|error| wrong(format!("fetchXml: {error}")))?;
        match fetch.name.as_str() {
            "fetch" => Ok(Self::written(fetch)),
            other => Err(wrong(format!("fetchXml: fetch is expected, not {other}"))),
        }
    }

    /// A document as the platform takes it.
    pub(super) fn written(fetch: Element) -> Self {
        Self { fetch, offset: None, links_max: LINKS_MAX }
    }

    /// A document that another language came to.
    pub(super) fn of(fetch: Element, offset: Option<(u64, u64)>) -> Self {
        Self { fetch, offset, links_max: JOINS_MAX }
    }

    /// Returns the table that it is about.
    pub fn table(&self) -> Result<&str, QueryError> {
        let entity = self.fetch.child("entity").and_then(|entity| entity.attribute("name"));
        entity.ok_or_else(|| wrong("fetchXml: an entity with a name is expected"))
    }

    fn number(&self, name: &str) -> Result<Option<u64>, QueryError> {
        let text = self.fetch.attribute(name);
        text.map(|text| text.trim().parse().map_err(|_| wrong(format!("fetchXml: {name} is no number")))).transpose()
    }
}

/// What stands around a document and bears on its answer.
#[derive(Default)]
pub struct Around<'q> {
    /// The size of a page that a preference asks for.
    pub size: Option<u64>,
    /// The page, where it does not stand in the document.
    pub page: Option<u64>,
    /// Only rows that go with one: its table, the way from there, and its id.
    pub with: Option<(&'q Table, &'q Way, &'q str)>,
}

impl Reader<'_> {
    /// Answers a document, or says which rows it asks for.
    pub fn fetch(&self, table: &Arc<Table>, document: &Document, around: &Around<'_>) -> Result<Fetched, QueryError> {
        let fetch = &document.fetch;
        let entity = fetch.child("entity").ok_or_else(|| wrong("fetchXml: an entity is expected"))?;
        let aliases = BTreeMap::new();
        let mut reading = Reading::new(Draft::new(*self, &aliases, table), is_true(fetch.attribute("aggregate")));
        let root = reading.draft.root();
        reading.links_max = document.links_max;
        let (columns, filter) = reading.entity(&root, entity, None)?;
        let (top, count, page) = (document.number("top")?, document.number("count")?, document.number("page")?);
        if top.is_some() && (count.is_some() || page.is_some()) {
            return Err(wrong("fetchXml: top cannot be used with paging"));
        }
        let page = around.page.or(page).unwrap_or(1).max(1);
        let limit = top.or(count).or(around.size).unwrap_or(PAGE_MAX).min(PAGE_MAX);
        let (offset, limit) = match document.offset {
            Some((offset, limit)) => (offset, limit.min(PAGE_MAX)),
            None => ((page - 1).saturating_mul(limit), limit),
        };
        let with = around.with.map(|(of, way, id)| Self::goes_with(table, of, way, &[id.to_owned()]));
        let filters: Vec<_> = with.into_iter().chain(filter).collect();
        let filter = (!filters.is_empty()).then_some(Filter::And(filters));
        let from = self.relation(table, filter.as_ref())?;
        let joins = std::mem::take(&mut reading.draft.joins);
        let order = std::mem::take(&mut reading.order);
        let rows = RowQuery { from, joins, filter, order, limit: Some(limit), offset, after: None };
        let is_distinct = is_true(fetch.attribute("distinct"));
        if reading.is_aggregate || (is_distinct && columns.is_some()) {
            return self.fetched_figures(reading, rows, columns.as_deref());
        }
        Ok(Fetched::Rows(Box::new(FetchedRows {
            asked: Asked { table: Arc::clone(table), rows },
            columns,
            links: reading.links,
            page,
            counts_all: is_true(fetch.attribute("returntotalrecordcount")),
            has_pages: top.is_none() && document.offset.is_none(),
        })))
    }

    fn fetched_figures(
        &self,
        mut reading: Reading<'_>,
        rows: RowQuery,
        columns: Option<&[Shown]>,
    ) -> Result<Fetched, QueryError> {
        let mut order = std::mem::take(&mut reading.group_order);
        if !reading.is_aggregate {
            let root = reading.draft.root();
            reading.keys(&root, None, columns.unwrap_or_default())?;
            for (at, link) in std::mem::take(&mut reading.links).into_iter().enumerate() {
                let scope = Scope { source: rows.joins[at].source, table: Arc::clone(&link.table) };
                reading.keys(&scope, Some(&link.alias), link.columns.as_deref().unwrap_or_default())?;
            }
            let place = |sort: &Sort| {
                let is_it =
                    |(_, figure): &(FigureColumn, Figure)| matches!(figure, Figure::Key(field) if *field == sort.field);
                reading.figures.iter().position(is_it).map(|at| (at, sort.is_descending))
            };
            order = rows.order.iter().filter_map(place).collect();
        }
        let (columns, figures): (Vec<_>, Vec<_>) = reading.figures.into_iter().unzip();
        if figures.is_empty() {
            return Err(wrong("fetchXml: an aggregate wants attributes"));
        }
        let query = FigureQuery { rows, figures, order };
        let rows = self.workspace.store().query_figures(self.environment, None, &query)?;
        Ok(Fetched::Figures(Answered { columns, rows }))
    }
}
