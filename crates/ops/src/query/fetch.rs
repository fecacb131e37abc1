//! FetchXML: a query as a document (web-api §4).

use std::collections::BTreeMap;
use std::sync::Arc;

use strata_engine::table::Kind;
use strata_store::query::{
    DatePart, Field, FieldKind, Figure, FigureQuery, Filter, Join, Operator, Relation, RowQuery, Sort, TextTest,
};
use strata_xml::Element;

use super::figures::{self, Answered, FigureColumn};
use super::{Asked, Draft, QueryError, Reader, Scope, compare, wrong};
use crate::schema::Table;

/// A page holds no more rows.
const PAGE_MAX: u64 = 5_000;
/// Longer patterns are refused.
const PATTERN_MAX: usize = 4_000;

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

/// Returns the table that a document is about.
pub fn table_of(text: &str) -> Result<String, QueryError> {
    let fetch = document(text)?;
    let entity = fetch.child("entity").and_then(|entity| entity.attribute("name"));
    entity.map(str::to_owned).ok_or_else(|| wrong("fetchXml: an entity with a name is expected"))
}

fn document(text: &str) -> Result<Element, QueryError> {
    let fetch = strata_xml::parse(text.trim().as_bytes()).map_err(|error| wrong(format!("fetchXml: {error}")))?;
    if fetch.name == "fetch" {
        Ok(fetch)
    } else {
        Err(wrong(format!("fetchXml: fetch is expected, not {}", fetch.name)))
    }
}

impl Reader<'_> {
    /// Answers a document, or says which rows it asks for; `size` is the page that a preference asks for.
    pub fn fetch(&self, table: &Arc<Table>, text: &str, size: Option<u64>) -> Result<Fetched, QueryError> {
        let fetch = document(text)?;
        let entity = fetch.child("entity").ok_or_else(|| wrong("fetchXml: an entity is expected"))?;
        let aliases = BTreeMap::new();
        let mut reading = Reading {
            draft: Draft::new(*self, &aliases, table),
            links: Vec::new(),
            by_alias: BTreeMap::new(),
            figures: Vec::new(),
            group_order: Vec::new(),
            order: Vec::new(),
            is_aggregate: is_true(fetch.attribute("aggregate")),
        };
        let root = reading.draft.root();
        let (columns, filter) = reading.entity(&root, entity, None)?;
        let number = |name: &str| {
            let text = fetch.attribute(name);
            text.map(|text| text.trim().parse::<u64>().map_err(|_| wrong(format!("fetchXml: {name} is no number"))))
                .transpose()
        };
        let (top, count, page) = (number("top")?, number("count")?, number("page")?.unwrap_or(1).max(1));
        if top.is_some() && (count.is_some() || fetch.attribute("page").is_some()) {
            return Err(wrong("fetchXml: top cannot be used with paging"));
        }
        let limit = top.or(count).or(size).unwrap_or(PAGE_MAX).min(PAGE_MAX);
        let filter = filter.filter(|filter| *filter != Filter::And(Vec::new()));
        let from = self.relation(table, filter.as_ref())?;
        let offset = (page - 1).saturating_mul(limit);
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
            has_pages: top.is_none(),
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

/// A document as it is read.
struct Reading<'a> {
    draft: Draft<'a>,
    links: Vec<Link>,
    by_alias: BTreeMap<String, Scope>,
    figures: Vec<(FigureColumn, Figure)>,
    /// Positions among the figures, each with whether it descends.
    group_order: Vec<(usize, bool)>,
    order: Vec<Sort>,
    is_aggregate: bool,
}

/// The columns that are shown, and the condition.
type OfEntity = (Option<Vec<Shown>>, Option<Filter>);

impl Reading<'_> {
    /// Reads what stands below an entity or a link.
    fn entity(&mut self, scope: &Scope, element: &Element, alias: Option<&str>) -> Result<OfEntity, QueryError> {
        let mut columns = Vec::new();
        let (mut shows_all, mut conditions) = (false, Vec::new());
        let is = |name: &'static str| move |element: &&Element| element.name == name;
        // Links first: conditions may name them.
        for link in element.elements().filter(is("link-entity")) {
            conditions.extend(self.link(scope, link)?);
        }
        for child in element.elements() {
            match child.name.as_str() {
                "all-attributes" => shows_all = true,
                "attribute" => columns.extend(self.attribute(scope, child)?),
                "order" => self.order_by(scope, child)?,
                "filter" => conditions.push(self.filter(scope, child)?),
                "link-entity" => {}
                "no-attrs" => columns.clear(),
                other => return Err(wrong(format!("fetchXml: {other} is not expected in {}", element.name))),
            }
        }
        let has_some = !columns.is_empty() || (alias.is_some() && !shows_all);
        let columns = (has_some && !shows_all).then_some(columns);
        Ok((columns, (!conditions.is_empty()).then_some(Filter::And(conditions))))
    }

    /// Reads a column; one that is figured out is noted apart.
    fn attribute(&mut self, scope: &Scope, element: &Element) -> Result<Option<Shown>, QueryError> {
        let name = required(element, "name")?;
        let (field, kind) = self.draft.column(scope, name)?;
        let alias = element.attribute("alias").map(str::to_owned);
        if !self.is_aggregate {
            return Ok(Some(Shown { column: field.column, alias }));
        }
        let alias = alias.ok_or_else(|| wrong(format!("fetchXml: attribute {name} of an aggregate wants an alias")))?;
        let table_column = Some((Arc::clone(&scope.table), field.column.clone()));
        let (figure, of_column) = if is_true(element.attribute("groupby")) {
            match element.attribute("dategrouping") {
                None => (Figure::Key(field), table_column),
                Some(part) => (Figure::DatePart(time(field, &kind)?, date_part(part)?), None),
            }
        } else {
            let is_distinct = is_true(element.attribute("distinct"));
            match required(element, "aggregate")? {
                "count" => (Figure::Count, None),
                "countcolumn" if is_distinct => (Figure::CountDistinct(field), None),
                "countcolumn" => (Figure::CountColumn(field), None),
                "sum" => (Figure::Sum(figures::number(field)?), None),
                "avg" => (Figure::Average(figures::number(field)?), None),
                "min" => (Figure::Min(field), table_column),
                "max" => (Figure::Max(field), table_column),
                other => return Err(wrong(format!("fetchXml: {other} is no aggregate"))),
            }
        };
        self.figures.push((FigureColumn { name: alias, of: of_column }, figure));
        Ok(None)
    }

    /// Makes columns that are shown what distinct answers agree in.
    fn keys(&mut self, scope: &Scope, alias: Option<&str>, columns: &[Shown]) -> Result<(), QueryError> {
        for shown in columns {
            let (field, kind) = self.draft.column(scope, &shown.column)?;
            let name = match (&shown.alias, alias) {
                (Some(own), _) => own.clone(),
                (None, Some(alias)) => format!("{alias}.{}", shown.column),
                (None, None) if matches!(kind, Kind::Lookup { .. }) => format!("_{}_value", shown.column),
                (None, None) => shown.column.clone(),
            };
            let of = Some((Arc::clone(&scope.table), field.column.clone()));
            self.figures.push((FigureColumn { name, of }, Figure::Key(field)));
        }
        Ok(())
    }

    fn order_by(&mut self, scope: &Scope, element: &Element) -> Result<(), QueryError> {
        let is_descending = is_true(element.attribute("descending"));
        if let Some(alias) = element.attribute("alias") {
            let at = self.figures.iter().position(|(column, _)| column.name == alias);
            let at = at.ok_or_else(|| wrong(format!("fetchXml: order: nothing is called {alias}")))?;
            self.group_order.push((at, is_descending));
            return Ok(());
        }
        let name = required(element, "attribute")?;
        let scope = self.named(scope, element)?;
        let (field, _) = self.draft.column(&scope, name)?;
        self.order.push(Sort { field, is_descending });
        Ok(())
    }

    /// Reads a link; one that only asks whether there is a row becomes a condition.
    fn link(&mut self, scope: &Scope, element: &Element) -> Result<Option<Filter>, QueryError> {
        let table = self.draft.reader.table(required(element, "name")?)?;
        let source = self.draft.next_source();
        let there = Scope { source, table };
        let (right, _) = self.draft.column(&there, required(element, "from")?)?;
        let (left, _) = self.draft.column(scope, required(element, "to")?)?;
        let relation = self.draft.reader.relation(&there.table, None)?;
        let alias = match element.attribute("alias") {
            Some(alias) if !alias.is_empty() => alias.to_owned(),
            Some(_) | None => format!("{}{source}", there.table.entry.name),
        };
        let kind = element.attribute("link-type").unwrap_or("inner");
        let is_outer = match kind {
            "inner" | "matchfirstrowusingcrossapply" => false,
            "outer" => true,
            "any" | "exists" | "in" | "not any" | "all" | "not all" => {
                return self.asked_whether(kind, &there, element, (relation, left, right)).map(Some);
            }
            other => return Err(wrong(format!("fetchXml: {other} is no link-type"))),
        };
        self.by_alias.insert(alias.clone(), there.clone());
        let at = self.links.len();
        self.draft.joins.push(Join { source, relation, left, right, is_outer, filter: None });
        self.links.push(Link { alias: alias.clone(), table: Arc::clone(&there.table), columns: None });
        let (columns, filter) = self.entity(&there, element, Some(&alias))?;
        self.links[at].columns = columns;
        self.draft.joins[at].filter = filter;
        Ok(None)
    }

    fn asked_whether(
        &mut self,
        kind: &str,
        there: &Scope,
        element: &Element,
        (relation, left, right): (Relation, Field, Field),
    ) -> Result<Filter, QueryError> {
        let mut conditions = Vec::new();
        for child in element.elements() {
            match child.name.as_str() {
                "filter" => conditions.push(self.filter(there, child)?),
                "link-entity" => {
                    return Err(QueryError::NotBuilt(format!("a link inside of a link of type {kind}")));
                }
                _ => {}
            }
        }
        let filter = Some(Box::new(Filter::And(conditions)));
        let some = {
            let (relation, left, right) = (relation.clone(), left.clone(), right.clone());
            Filter::Exists { source: there.source, relation, left, right, filter }
        };
        let none = |some| Filter::Not(Box::new(some));
        Ok(match kind {
            "not any" => none(some),
            // Rows go with it, and none of them passes.
            "all" => {
                let source = self.draft.next_source();
                let right = Field { source, ..right };
                let any = Filter::Exists { source, relation, left, right, filter: None };
                Filter::And(vec![any, none(some)])
            }
            _ => some,
        })
    }

    fn filter(&mut self, scope: &Scope, element: &Element) -> Result<Filter, QueryError> {
        let mut parts = Vec::new();
        for child in element.elements() {
            parts.push(match child.name.as_str() {
                "condition" => self.condition(scope, child)?,
                "filter" => self.filter(scope, child)?,
                "link-entity" => match self.link(scope, child)? {
                    Some(filter) => filter,
                    None => return Err(wrong("fetchXml: a link in a filter asks whether there are rows: any, all")),
                },
                other => return Err(wrong(format!("fetchXml: {other} is not expected in a filter"))),
            });
        }
        match element.attribute("type").unwrap_or("and") {
            "and" => Ok(Filter::And(parts)),
            "or" if parts.is_empty() => Ok(Filter::Always(true)),
            "or" => Ok(Filter::Or(parts)),
            other => Err(wrong(format!("fetchXml: {other} is no type of filter"))),
        }
    }

    /// The scope that an element names, else the one it stands in.
    fn named(&self, scope: &Scope, element: &Element) -> Result<Scope, QueryError> {
        let Some(name) = element.attribute("entityname") else { return Ok(scope.clone()) };
        if let Some(found) = self.by_alias.get(name) {
            return Ok(found.clone());
        }
        let by_table = self.by_alias.values().find(|scope| scope.table.entry.name == name);
        match by_table {
            Some(found) => Ok(found.clone()),
            None if self.draft.root().table.entry.name == name => Ok(self.draft.root()),
            None => Err(wrong(format!("fetchXml: nothing is called {name}"))),
        }
    }

    fn condition(&mut self, scope: &Scope, element: &Element) -> Result<Filter, QueryError> {
        let scope = self.named(scope, element)?;
        let name = required(element, "attribute")?;
        let (field, kind) = self.draft.column(&scope, name)?;
        let operator = required(element, "operator")?;
        let mut values: Vec<String> = element.attribute("value").map(str::to_owned).into_iter().collect();
        values.extend(element.elements().filter(|child| child.name == "value").map(Element::text));
        if let Some(other) = element.attribute("valueof") {
            let (scope, column) = match other.split_once('.') {
                Some((alias, column)) => {
                    let found = self.by_alias.get(alias).cloned();
                    (found.ok_or_else(|| wrong(format!("fetchXml: nothing is called {alias}")))?, column)
                }
                None => (scope, other),
            };
            let (right, _) = self.draft.column(&scope, column)?;
            let operator = compared(operator).ok_or_else(|| wrong("fetchXml: valueof wants a comparison"))?;
            return Ok(Filter::Columns { left: field, operator, right });
        }
        self.operated(operator, field, &kind, &values)
    }

    fn operated(&self, name: &str, field: Field, kind: &Kind, values: &[String]) -> Result<Filter, QueryError> {
        let not = |filter| Filter::Not(Box::new(filter));
        let held = |field: &Field, filter| Filter::And(vec![not(Filter::IsNull(field.clone())), filter]);
        if let Some(operator) = compared(name) {
            let [value] = values else { return Err(wrong(format!("fetchXml: {name} wants one value"))) };
            let column = field.column.clone();
            return compare::comparison(field, kind, operator, value)
                .map_err(|message| wrong(format!("column {column} cannot be compared so: {message}")));
        }
        let text = |test, prefix: &str, suffix: &str| {
            let [value] = values else { return Err(wrong(format!("fetchXml: {name} wants one value"))) };
            if value.len() > PATTERN_MAX {
                return Err(wrong(format!("fetchXml: {name}: the text is longer than {PATTERN_MAX}")));
            }
            if !matches!(kind, Kind::Text { .. }) {
                return Err(wrong(format!("column {} holds no texts to look into", field.column)));
            }
            Ok(Filter::Text { field: field.clone(), test, text: format!("{prefix}{value}{suffix}") })
        };
        Ok(match name {
            "null" => Filter::IsNull(field),
            "not-null" => not(Filter::IsNull(field)),
            "like" => like(&field, text(TextTest::Like, "", "")?),
            "not-like" => not(like(&field, text(TextTest::Like, "", "")?)),
            "begins-with" => text(TextTest::StartsWith, "", "")?,
            "not-begin-with" => held(&field, not(text(TextTest::StartsWith, "", "")?)),
            "ends-with" => text(TextTest::EndsWith, "", "")?,
            "not-end-with" => held(&field, not(text(TextTest::EndsWith, "", "")?)),
            other => self.draft.function(other, field, kind, values)?,
        })
    }
}

/// A pattern with one `%` at its end is a beginning, which indexes know.
fn like(field: &Field, filter: Filter) -> Filter {
    let Filter::Text { text, .. } = &filter else { return filter };
    let is_plain = |text: &str| !text.contains(['%', '_', '[']);
    let simple = |test, text: &str| Filter::Text { field: field.clone(), test, text: text.to_owned() };
    let (front, back) = (text.strip_prefix('%'), text.strip_suffix('%'));
    let both = front.and_then(|rest| rest.strip_suffix('%'));
    match (both, back, front) {
        (Some(inner), _, _) if is_plain(inner) => simple(TextTest::Contains, inner),
        (_, Some(start), _) if is_plain(start) => simple(TextTest::StartsWith, start),
        (_, _, Some(end)) if is_plain(end) => simple(TextTest::EndsWith, end),
        _ => filter,
    }
}

fn compared(name: &str) -> Option<Operator> {
    Some(match name {
        "eq" => Operator::Eq,
        "ne" | "neq" => Operator::Ne,
        "gt" => Operator::Gt,
        "ge" => Operator::Ge,
        "lt" => Operator::Lt,
        "le" => Operator::Le,
        _ => return None,
    })
}

fn time(field: Field, kind: &Kind) -> Result<Field, QueryError> {
    match kind {
        Kind::DateTime { .. } if field.kind == FieldKind::Time => Ok(field),
        _ => Err(wrong(format!("column {} holds no times", field.column))),
    }
}

fn date_part(name: &str) -> Result<DatePart, QueryError> {
    Ok(match name {
        "year" => DatePart::Year,
        "quarter" => DatePart::Quarter,
        "month" => DatePart::Month,
        "week" => DatePart::Week,
        "day" => DatePart::Day,
        other => return Err(QueryError::NotBuilt(format!("grouping by {other}"))),
    })
}

fn required<'e>(element: &'e Element, attribute: &str) -> Result<&'e str, QueryError> {
    let found = element.attribute(attribute);
    found.ok_or_else(|| wrong(format!("fetchXml: {} wants {attribute}", element.name)))
}

fn is_true(text: Option<&str>) -> bool {
    text.is_some_and(|text| matches!(text, "true" | "1"))
}
