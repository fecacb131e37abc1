//! Rows as JSON: what the store hands on goes straight into the body.
//!
//! What cannot be written while the store is asked (names of rows that lookups name, rows that are expanded, values
//! that are kept aside) leaves a gap, and the gaps are filled when the rows are there.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use strata_model::id::Guid;
use strata_odata::query::Query;
use strata_ops::query::related::split_reference;
use strata_ops::query::{Found, Kind, column_of};
use strata_ops::schema::Table;
use strata_ops::{OpsError, StoreError, sets};

use super::Reading;
use super::annotate::{self, FORMATTED, LOOKUP_NAME, NAVIGATION};
use super::expand::{Expansion, Expansions};
use crate::fault::{BAD_URL, Fault};

/// No answer with expansions is larger.
const SIZE_MAX: usize = 256 << 20;

/// The start of a value that is kept aside.
const CONTENT: &str = "{\"$content\"";

/// How rows of a table are written.
pub(super) struct Shape {
    pub(super) table: Arc<Table>,
    columns: Arc<Columns>,
    notes: annotate::Annotations,
    language: u32,
    pub(super) expansions: Vec<Expansion>,
}

/// Columns as they are written.
pub(crate) struct Columns {
    /// Those that do not stand in documents.
    apart: Vec<Out>,
    /// In the order of their names in documents.
    kept: Vec<Out>,
    /// What is written where a row holds nothing, of all kept columns one after the other.
    nothing: String,
    /// Where each column's part of it begins, and where the last ends.
    starts: Vec<usize>,
}

impl Columns {
    fn new(table: &Table, mut columns: Vec<Out>, has_id: bool) -> Self {
        if has_id && !columns.iter().any(|out| out.source == Origin::Id) {
            columns.push(Out::new(table, table.primary_id.clone(), Kind::Id, None));
        }
        columns.sort_by(|left, right| left.column.cmp(&right.column));
        columns.dedup_by(|left, right| left.key == right.key);
        let (kept, apart): (Vec<_>, Vec<_>) = columns.into_iter().partition(|out| out.source == Origin::Document);
        let (mut nothing, mut starts) = (String::new(), vec![0]);
        for out in &kept {
            nothing.push_str(&out.key);
            nothing.push_str("null");
            starts.push(nothing.len());
        }
        Self { apart, kept, nothing, starts }
    }

    /// What is written for columns that hold nothing: from one on, before another.
    fn nothing(&self, from: usize, to: usize) -> &str {
        &self.nothing[self.starts[from]..self.starts[to]]
    }
}

/// Columns of tables as they were asked for before.
#[derive(Default)]
pub(crate) struct KnownColumns(Mutex<BTreeMap<Asked, Known>>);

/// Columns, and the table as it was when they were asked for.
type Known = (Arc<Table>, Arc<Columns>);

/// A table by its metadata id, and what of it was asked for.
type Asked = (Guid, Option<Vec<String>>);

/// More are forgotten all at once.
const KNOWN_MAX: usize = 500;

impl KnownColumns {
    /// Returns the columns that are asked for; without a selection, all.
    fn of(&self, table: &Arc<Table>, select: Option<&[String]>) -> Result<Arc<Columns>, Fault> {
        let asked = (table.metadata_id, select.map(<[String]>::to_vec));
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, columns)) = known.get(&asked).filter(|(own, _)| Arc::ptr_eq(own, table)) {
            return Ok(Arc::clone(columns));
        }
        let names: Vec<(String, Kind)> = match select {
            None => table.columns.values().map(|column| (column.name.clone(), column.kind.clone())).collect(),
            Some(names) => names.iter().map(|name| column_of(table, name)).collect::<Result<_, _>>()?,
        };
        let columns = names.into_iter().map(|(column, kind)| Out::new(table, column, kind, None)).collect();
        let columns = Arc::new(Columns::new(table, columns, true));
        if known.len() >= KNOWN_MAX {
            known.clear();
        }
        known.insert(asked, (Arc::clone(table), Arc::clone(&columns)));
        Ok(columns)
    }
}

impl fmt::Debug for KnownColumns {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("KnownColumns").finish_non_exhaustive()
    }
}

/// A column as it is written.
struct Out {
    /// Its name in documents.
    column: String,
    /// Its name in answers.
    name: String,
    /// The name with all that stands around it.
    key: String,
    kind: Kind,
    source: Origin,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Document,
    Id,
    Version,
}

impl Shape {
    /// Makes the shape that a query asks for.
    pub(super) fn new(reading: &Reading<'_>, table: &Arc<Table>, query: &Query) -> Result<Self, Fault> {
        let columns = reading.ask.service.columns().of(table, query.select.as_deref())?;
        let expansions = Expansion::all(table, &query.expand)?;
        Ok(Self { expansions, ..Self::with(reading, table, columns) })
    }

    /// Makes the shape of some columns, those with an alias under that name.
    pub(super) fn of(
        reading: &Reading<'_>,
        table: &Arc<Table>,
        columns: impl Iterator<Item = (String, Kind, Option<String>)>,
    ) -> Self {
        let columns = columns.map(|(column, kind, alias)| Out::new(table, column, kind, alias)).collect();
        Self::with(reading, table, Arc::new(Columns::new(table, columns, true)))
    }

    /// Makes the shape of rows that stand beside others: names begin with an alias, and the id is there if it is asked
    /// for.
    pub(super) fn beside(
        reading: &Reading<'_>,
        table: &Arc<Table>,
        alias: &str,
        columns: impl Iterator<Item = (String, Kind, Option<String>)>,
    ) -> Self {
        let columns = columns.map(|(column, kind, own)| {
            let name = own.unwrap_or_else(|| format!("{alias}.{column}"));
            Out::new(table, column, kind, Some(name))
        });
        let columns = columns.collect();
        Self::with(reading, table, Arc::new(Columns::new(table, columns, false)))
    }

    /// Leaves columns out of rows that hold nothing in them.
    pub(super) fn without_nulls(mut self) -> Self {
        if let Some(columns) = Arc::get_mut(&mut self.columns) {
            columns.nothing.clear();
            columns.starts.fill(0);
        }
        self
    }

    fn with(reading: &Reading<'_>, table: &Arc<Table>, columns: Arc<Columns>) -> Self {
        let language = reading.ask.environment.settings.languages.first().copied().unwrap_or(1033);
        Self { table: Arc::clone(table), columns, notes: reading.notes, language, expansions: Vec::new() }
    }

    /// Returns what a context says of the columns.
    pub(super) fn context(&self, query: &Query) -> String {
        super::expand::context(query)
    }

    /// Writes a row, with braces around it or only the one behind.
    pub(super) fn row(&self, found: &Found<'_>, body: &mut Body, is_open: bool) -> Result<(), StoreError> {
        body.text(if is_open { "{\"@odata.etag\":\"W/\\\"" } else { "\"@odata.etag\":\"W/\\\"" });
        body.number(found.version);
        body.text("\\\"\"");
        self.columns(found.id, found.version, found.json, body)?;
        for (at, expansion) in self.expansions.iter().enumerate() {
            if let Some(of) = expansion.of(found)? {
                body.gap(Gap::Expanded { at, of });
            } else {
                body.gap(Gap::Expanded { at, of: String::new() });
            }
        }
        body.text("}");
        Ok(())
    }

    /// Writes the columns of a row, each behind a comma.
    pub(super) fn columns(&self, id: &str, version: i64, json: &str, body: &mut Body) -> Result<(), StoreError> {
        let columns = &*self.columns;
        for out in &columns.apart {
            body.text(&out.key);
            match out.source {
                Origin::Version => body.number(version),
                Origin::Id | Origin::Document => {
                    body.text("\"");
                    body.text(id);
                    body.text("\"");
                }
            }
        }
        let document = Document::read(json)?;
        let mut from = 0;
        for (name, raw) in &document.0 {
            let rest = &columns.kept[from..];
            let before = rest.partition_point(|out| out.column.as_str() < *name);
            body.text(columns.nothing(from, from + before));
            from += before;
            while let Some(out) = columns.kept.get(from).filter(|out| out.column == *name) {
                self.value(out, raw.get(), body)?;
                from += 1;
            }
        }
        body.text(columns.nothing(from, columns.kept.len()));
        Ok(())
    }

    fn value(&self, out: &Out, raw: &str, body: &mut Body) -> Result<(), StoreError> {
        body.text(&out.key);
        match &out.kind {
            Kind::Lookup { .. } => {
                let reference = raw.trim_matches('"');
                let Some((table, id)) = split_reference(reference) else {
                    body.text(raw);
                    return Ok(());
                };
                body.text("\"");
                body.text(id);
                body.text("\"");
                self.lookup_notes(out, table, id, body);
            }
            Kind::Choices { .. } if raw.starts_with('[') => {
                body.text("\"");
                body.text(&raw[1..raw.len() - 1]);
                body.text("\"");
                self.note(out, raw, body)?;
            }
            _ if raw.starts_with(CONTENT) => body.gap(Gap::Content(raw.to_owned())),
            _ => {
                body.text(raw);
                self.note(out, raw, body)?;
            }
        }
        Ok(())
    }

    fn note(&self, out: &Out, raw: &str, body: &mut Body) -> Result<(), StoreError> {
        if !self.notes.formatted || matches!(out.kind, Kind::Text { .. } | Kind::Id) {
            return Ok(());
        }
        let value: Value = serde_json::from_str(raw).map_err(StoreError::from)?;
        if let Some(text) = annotate::formatted(self.table.columns.get(&out.column), &out.kind, &value, self.language) {
            body.annotation(&out.name, FORMATTED, &text);
        }
        Ok(())
    }

    fn lookup_notes(&self, out: &Out, table: &str, id: &str, body: &mut Body) {
        if self.notes.formatted {
            body.gap(Gap::Name { column: out.name.clone(), table: table.to_owned(), id: id.to_owned() });
        }
        if self.notes.navigation {
            let navigations = self.table.columns.get(&out.column).map(|column| column.navigations.as_slice());
            let found = navigations.unwrap_or_default().iter().find(|navigation| navigation.target == table);
            if let Some(navigation) = found {
                body.annotation(&out.name, NAVIGATION, &navigation.name);
            }
        }
        if self.notes.lookup_name {
            body.annotation(&out.name, LOOKUP_NAME, table);
        }
    }
}

impl Out {
    fn new(table: &Table, column: String, kind: Kind, alias: Option<String>) -> Self {
        let source = match column.as_str() {
            _ if column == table.primary_id => Origin::Id,
            "versionnumber" => Origin::Version,
            _ => Origin::Document,
        };
        let plain = match kind {
            Kind::Lookup { .. } => format!("_{column}_value"),
            _ => column.clone(),
        };
        let mut out = Self { column, name: String::new(), key: String::new(), kind, source };
        out.rename(alias.unwrap_or(plain));
        out
    }

    fn rename(&mut self, name: String) {
        self.key = format!(",{}:", Value::from(name.as_str()));
        self.name = name;
    }
}

/// The members of a document in the order of their names, as they stand there.
struct Document<'d>(Vec<(&'d str, &'d RawValue)>);

impl<'d> Document<'d> {
    fn read(json: &'d str) -> Result<Self, StoreError> {
        let mut members = serde_json::Deserializer::from_str(json).deserialize_map(Members)?;
        if !members.is_sorted_by_key(|(name, _)| *name) {
            members.sort_by_key(|(name, _)| *name);
        }
        Ok(Self(members))
    }
}

struct Members;

impl<'d> Visitor<'d> for Members {
    type Value = Vec<(&'d str, &'d RawValue)>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a document")
    }

    fn visit_map<A: MapAccess<'d>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::with_capacity(16);
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}

/// What is written later.
enum Gap {
    /// The start of a row.
    Row,
    /// A value that is kept aside, as its marker.
    Content(String),
    /// The primary name of a row, as an annotation of a column.
    Name { column: String, table: String, id: String },
    /// Rows that go with a row; with none where nothing is said.
    Expanded { at: usize, of: String },
}

/// JSON with gaps.
#[derive(Default)]
pub(super) struct Body {
    bytes: Vec<u8>,
    gaps: Vec<(usize, Gap)>,
}

/// JSON without gaps.
pub(super) struct Filled {
    pub(super) bytes: Vec<u8>,
    /// Where rows begin that were marked.
    pub(super) rows: Vec<usize>,
}

impl Body {
    pub(super) fn text(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }

    pub(super) fn number(&mut self, number: i64) {
        // A Vec takes all that is written to it.
        std::io::Write::write_fmt(&mut self.bytes, format_args!("{number}")).ok();
    }

    pub(super) fn json(&mut self, text: &str) {
        self.bytes.extend_from_slice(Value::from(text).to_string().as_bytes());
    }

    pub(super) fn annotation(&mut self, column: &str, name: &str, text: &str) {
        self.text(",");
        self.json(&format!("{column}@{name}"));
        self.text(":");
        self.json(text);
    }

    /// Refuses to grow without end: expansions of expansions may name the same rows again and again.
    pub(super) fn check_size(&self) -> Result<(), Fault> {
        match self.bytes.len() > SIZE_MAX {
            true => Err(Fault::new(413, BAD_URL, "The answer is too large: expand less, or ask for smaller pages.")),
            false => Ok(()),
        }
    }

    /// Marks where a row begins.
    pub(super) fn row_begins(&mut self) {
        self.gap(Gap::Row);
    }

    fn gap(&mut self, gap: Gap) {
        self.gaps.push((self.bytes.len(), gap));
    }

    /// Fills the gaps.
    pub(super) fn filled(self, reading: &Reading<'_>, shape: &Shape) -> Result<Filled, Fault> {
        if self.gaps.is_empty() {
            return Ok(Filled { bytes: self.bytes, rows: Vec::new() });
        }
        let names = self.names(reading)?;
        let expanded = self.expanded(reading, shape)?;
        let (mut filled, mut from) = (Body::default(), 0);
        let mut rows = Vec::new();
        for (at, gap) in &self.gaps {
            filled.bytes.extend_from_slice(&self.bytes[from..*at]);
            from = *at;
            match gap {
                Gap::Row => rows.push(filled.bytes.len()),
                Gap::Content(marker) => {
                    let marker =
                        serde_json::from_str(marker).map_err(|error| OpsError::from(StoreError::from(error)))?;
                    let ask = reading.ask;
                    let value = sets::content_of(ask.workspace, &ask.environment, marker)?;
                    filled.text(&value.to_string());
                }
                Gap::Name { column, table, id } => {
                    if let Some(name) = names.get(&(table.as_str(), id.as_str())) {
                        filled.annotation(column, FORMATTED, name);
                    }
                }
                Gap::Expanded { at, of } => expanded[*at].write(&shape.expansions[*at], of, &mut filled)?,
            }
        }
        filled.bytes.extend_from_slice(&self.bytes[from..]);
        Ok(Filled { bytes: filled.bytes, rows })
    }

    /// The primary names of all rows that are to be named: one query for each table.
    fn names(&self, reading: &Reading<'_>) -> Result<BTreeMap<(&str, &str), String>, Fault> {
        let mut wanted: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (_, gap) in &self.gaps {
            if let Gap::Name { table, id, .. } = gap {
                wanted.entry(table).or_default().insert(id);
            }
        }
        let mut names = BTreeMap::new();
        for (table, ids) in wanted {
            let list: Vec<_> = ids.iter().map(|id| (*id).to_owned()).collect();
            let mut found = reading.reader.names(table, &list)?;
            names.extend(ids.into_iter().filter_map(|id| Some(((table, id), found.remove(id)?))));
        }
        Ok(names)
    }

    fn expanded(&self, reading: &Reading<'_>, shape: &Shape) -> Result<Vec<Expansions>, Fault> {
        let of = |expansion: usize| {
            let ids = self.gaps.iter().filter_map(|(_, gap)| match gap {
                Gap::Expanded { at, of } if *at == expansion && !of.is_empty() => Some(of.clone()),
                Gap::Expanded { .. } | Gap::Row | Gap::Content(_) | Gap::Name { .. } => None,
            });
            ids.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>()
        };
        let all = shape.expansions.iter().enumerate();
        all.map(|(at, expansion)| expansion.read(reading, &shape.table, &of(at))).collect()
    }
}
