//! Rows as they are read: sets, single rows, what leads on from them (web-api §3 to §5).

mod annotate;
mod expand;
mod fetch;
mod page;
mod property;
mod reference;
mod render;
mod view;

use std::sync::Arc;

use strata_model::id::Guid;
use strata_odata::expression::{Argument, Literal};
use strata_odata::path::{Arguments, Segment};
use strata_odata::query::Query;
use strata_ops::query::related::{Way, way};
use strata_ops::query::{Asked, QueryError, Reader};
use strata_ops::schema::{Schema, Table};

use crate::answer::{Answer, JSON};
use crate::ask::Ask;
use crate::fault::Fault;
use annotate::Annotations;
use fetch::Wanted;
pub(crate) use render::KnownColumns;
use render::{Body, Shape};

/// No number of rows goes beyond this, and no page has more of them.
pub(super) const ROWS_MAX: u64 = 5_000;

impl From<QueryError> for Fault {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Wrong(message) => Self::url(message),
            QueryError::NotBuilt(what) => Self::not_built(&what),
            QueryError::Ops(error) => error.into(),
        }
    }
}

/// Answers a GET.
pub(crate) fn answer(ask: &Ask<'_>) -> Result<Answer, Fault> {
    let set = &ask.path[0].name;
    let schema = ask.schema()?;
    let name = &schema.by_set(set).ok_or_else(|| Fault::segment(set))?.name;
    let table = schema.table(ask.workspace, name)?;
    let reading = Reading::new(ask, &schema);
    let first = &ask.path[0];
    match key(ask, first)? {
        None => reading.of_set(&table, &ask.path[1..]),
        Some(key) => {
            let asked = reading.by_key(&table, &key)?;
            reading.of_row(asked, &ask.path[1..], &set_text(first))
        }
    }
}

/// A request for rows.
struct Reading<'a> {
    ask: &'a Ask<'a>,
    reader: Reader<'a>,
    notes: Annotations,
}

impl<'a> Reading<'a> {
    fn new(ask: &'a Ask<'a>, schema: &'a Schema) -> Self {
        let reader = Reader { workspace: ask.workspace, environment: &ask.environment, schema };
        Self { ask, reader, notes: Annotations::wanted(ask.prefer().annotations()) }
    }

    /// What stands behind a set without a key.
    fn of_set(&self, table: &Arc<Table>, rest: &[Segment]) -> Result<Answer, Fault> {
        let query = self.ask.query()?;
        if let ([], Some(wanted)) = (rest, Wanted::of(self, &query, None)?) {
            return self.fetch(table, &query, &wanted);
        }
        match rest {
            [] if !query.apply.is_empty() => self.applied(table, &query),
            [] => self.list(self.reader.rows(table, &query)?, &query),
            [count] if count.name == "$count" => self.number(&self.reader.rows(table, &query)?),
            [function] if is_function(function, "RetrieveUnpublishedMultiple") => {
                self.list(self.unpublished(self.reader.rows(table, &query)?, function)?, &query)
            }
            [other, ..] => Err(Fault::segment(&other.name)),
        }
    }

    /// Drafts instead of what is published: a function that is bound to components (L49).
    fn unpublished(&self, asked: Asked, function: &Segment) -> Result<Asked, Fault> {
        self.reader.unpublished(asked)?.ok_or_else(|| Fault::segment(&function.name))
    }

    /// What stands behind a row: nothing, a column, a navigation, its address.
    fn of_row(&self, asked: Asked, rest: &[Segment], shown: &str) -> Result<Answer, Fault> {
        let Some((next, rest)) = rest.split_first() else { return self.row(&asked, &self.ask.query()?) };
        let table = Arc::clone(&asked.table);
        match way(&table, &next.name) {
            Ok(way) if way.is_single() => self.along_lookup(&asked, &way, rest, shown),
            Ok(way) => self.along_collection(&asked, &way, next, rest, shown),
            Err(_) if is_function(next, "RetrieveUnpublished") && rest.is_empty() => {
                self.row(&self.unpublished(asked, next)?, &self.ask.query()?)
            }
            Err(_) if next.name == "$ref" && rest.is_empty() => self.address(&asked, shown),
            Err(_) => self.property(&asked, next, rest, shown),
        }
    }

    fn along_lookup(&self, asked: &Asked, way: &Way, rest: &[Segment], shown: &str) -> Result<Answer, Fault> {
        let id = self.reader.named_by(asked, way)?.and_then(|id| Guid::parse(&id));
        let Some(id) = id else {
            return match self.reader.is_there(asked)? {
                true => Ok(Answer::empty()),
                false => Err(missing(shown)),
            };
        };
        let target = self.reader.table(way.target())?;
        let found = self.reader.row(&target, id)?;
        match (self.reader.is_there(&found)?, rest) {
            (false, []) => Ok(Answer::empty()),
            _ => self.of_row(found, rest, &format!("{}({id})", target.entry.set)),
        }
    }

    fn along_collection(
        &self,
        asked: &Asked,
        way: &Way,
        next: &Segment,
        rest: &[Segment],
        shown: &str,
    ) -> Result<Answer, Fault> {
        let Some(id) = self.id_of(asked)? else { return Err(missing(shown)) };
        let (query, table) = (self.ask.query()?, &asked.table);
        if let Some(key) = key(self.ask, next)? {
            let target = self.reader.table(way.target())?;
            let one = self.reader.one_beside(table, way, &id, &self.by_key(&target, &key)?)?;
            let shown = set_text(&Segment { name: target.entry.set.clone(), ..next.clone() });
            return match self.id_of(&one)? {
                Some(_) => self.of_row(one, rest, &shown),
                None => Err(missing(&shown)),
            };
        }
        if let ([], Some(wanted)) = (rest, Wanted::of(self, &query, Some((table, way, &id)))?) {
            return self.fetch(&self.reader.table(way.target())?, &query, &wanted);
        }
        let beside = self.reader.beside(table, way, &[id], &query)?;
        match rest {
            [] => self.list(beside.asked, &query),
            [count] if count.name == "$count" => self.number(&beside.asked),
            [addresses] if addresses.name == "$ref" => self.addresses(beside.asked, &query),
            [other, ..] => Err(Fault::segment(&other.name)),
        }
    }

    fn id_of(&self, asked: &Asked) -> Result<Option<String>, Fault> {
        let mut id = None;
        self.reader.each(asked, &mut |found| {
            id = Some(found.id.to_owned());
            Ok(())
        })?;
        Ok(id)
    }

    fn by_key(&self, table: &Arc<Table>, key: &Key) -> Result<Asked, Fault> {
        match key {
            Key::Id(id) => Ok(self.reader.row(table, *id)?),
            Key::Named(named) => {
                if !is_key(table, named) {
                    let names: Vec<_> = named.iter().map(|(name, _)| name.as_str()).collect();
                    let message = format!(
                        "The key property '{}' is no alternate key of '{}'.",
                        names.join(","),
                        table.entry.name
                    );
                    return Err(Fault::url(message));
                }
                Ok(self.reader.row_by_key(table, named)?)
            }
        }
    }

    /// Answers one row.
    fn row(&self, asked: &Asked, query: &Query) -> Result<Answer, Fault> {
        let shape = Shape::new(self, &asked.table, query)?;
        let mut body = Body::default();
        body.text("{\"@odata.context\":");
        body.json(&format!("{}$metadata#{}{}/$entity", self.ask.root, asked.table.entry.set, shape.context(query)));
        let mut versions = Vec::new();
        self.reader.each(asked, &mut |found| {
            if versions.is_empty() {
                body.text(",");
                shape.row(&found, &mut body, false)?;
            }
            versions.push(found.version);
            Ok(())
        })?;
        let version = match versions.as_slice() {
            [version] => *version,
            [] => return Err(missing(&set_text(&self.ask.path[0]))),
            [_, _, ..] => return Err(Fault::url("More than one row has these key values.")),
        };
        let etag = format!("W/\"{version}\"");
        let is_known = self.ask.headers.get("If-None-Match") == Some(etag.as_str());
        if is_known && query.expand.is_empty() && !self.notes.any() {
            return Ok(Answer::empty().status(304).header("ETag", etag));
        }
        let body = body.filled(self, &shape)?;
        Ok(self.applied_preferences(Answer::of(JSON, body.bytes)).header("ETag", etag))
    }

    /// Says which preferences were followed.
    fn applied_preferences(&self, answer: Answer) -> Answer {
        let prefer = self.ask.prefer();
        let size = prefer.page_size().map(|size| format!("odata.maxpagesize={size}"));
        let notes = prefer.annotations().map(|notes| format!("odata.include-annotations=\"{notes}\""));
        let applied: Vec<_> = size.into_iter().chain(notes).collect();
        if applied.is_empty() { answer } else { answer.header("Preference-Applied", applied.join(",")) }
    }
}

/// What stands in the parentheses of a row.
pub(super) enum Key {
    Id(Guid),
    Named(Vec<(String, String)>),
}

/// Reads the key of a segment.
pub(super) fn key(ask: &Ask<'_>, segment: &Segment) -> Result<Option<Key>, Fault> {
    let text = |argument: &Argument| match argument {
        Argument::One(Literal::Quoted(text) | Literal::Bare(text)) => Ok(text.clone()),
        Argument::One(Literal::Alias(name)) => {
            let found = ask.options.iter().find(|(own, _)| own.strip_prefix('@') == Some(name));
            let text = found.map(|(_, text)| text.trim().trim_matches('\'').to_owned());
            text.ok_or_else(|| Fault::url(format!("nothing says what @{name} is")))
        }
        Argument::One(Literal::Null) | Argument::Many(_) => Err(Fault::url("a key is one value")),
    };
    Ok(match &segment.arguments {
        Arguments::Absent => None,
        Arguments::Key(argument) => {
            let text = text(argument)?;
            let id =
                Guid::parse(&text).ok_or_else(|| Fault::url(format!("Invalid GUID: '{text}' is no id of a row.")))?;
            Some(Key::Id(id))
        }
        Arguments::Named(named) if named.is_empty() => None,
        Arguments::Named(named) => {
            let pairs = named.iter().map(|part| Ok((part.name.to_lowercase(), text(&part.value)?)));
            Some(Key::Named(pairs.collect::<Result<_, Fault>>()?))
        }
    })
}

/// Columns by which rows are found although the platform defines no key of them.
const OWN_KEYS: &[(&str, &str)] = &[
    ("solution", "uniquename"),
    ("publisher", "uniquename"),
    ("environmentvariabledefinition", "schemaname"),
    ("connectionreference", "connectionreferencelogicalname"),
];

fn is_key(table: &Table, named: &[(String, String)]) -> bool {
    let mut names: Vec<_> = named.iter().map(|(name, _)| plain(name)).collect();
    names.sort_unstable();
    let is_it = |columns: &[String]| {
        let mut columns: Vec<_> = columns.iter().map(String::as_str).collect();
        columns.sort_unstable();
        columns == names
    };
    let is_own = |(of, column): &(&str, &str)| table.entry.name == *of && names == [*column];
    names == [table.primary_id.as_str()]
        || table.keys.iter().any(|key| is_it(&key.columns))
        || OWN_KEYS.iter().any(is_own)
}

fn plain(name: &str) -> &str {
    name.strip_prefix('_').and_then(|rest| rest.strip_suffix("_value")).unwrap_or(name)
}

fn missing(shown: &str) -> Fault {
    let (set, id) = shown.split_once('(').unwrap_or((shown, ""));
    Fault::row(set, id.trim_end_matches(')'))
}

/// Writes a segment as it stands in a path.
fn set_text(segment: &Segment) -> String {
    let value = |argument: &Argument| match argument {
        Argument::One(Literal::Quoted(text)) => format!("'{}'", text.replace('\'', "''")),
        Argument::One(Literal::Bare(text)) => text.trim_matches(['{', '}']).to_lowercase(),
        Argument::One(Literal::Alias(name)) => format!("@{name}"),
        Argument::One(Literal::Null) => "null".to_owned(),
        Argument::Many(_) => String::new(),
    };
    match &segment.arguments {
        Arguments::Absent => segment.name.clone(),
        Arguments::Key(argument) => format!("{}({})", segment.name, value(argument)),
        Arguments::Named(named) => {
            let pairs: Vec<_> = named.iter().map(|part| format!("{}={}", part.name, value(&part.value))).collect();
            format!("{}({})", segment.name, pairs.join(","))
        }
    }
}

/// Writes a path as links do.
fn path_text(path: &[Segment]) -> String {
    path.iter().map(set_text).collect::<Vec<_>>().join("/")
}

/// Tells whether a segment is a function that is bound to what stands before it.
fn is_function(segment: &Segment, name: &str) -> bool {
    segment.name.strip_prefix("Microsoft.Dynamics.CRM.") == Some(name)
}
