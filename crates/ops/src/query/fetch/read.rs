//! What stands in a FetchXML document: columns, links, order.

use std::collections::BTreeMap;
use std::sync::Arc;

use strata_engine::table::Kind;
use strata_store::query::{DatePart, Field, FieldKind, Figure, Filter, Join, Operator, Relation, Sort};
use strata_xml::Element;

use super::{Link, Shown};
use crate::query::figures::{self, FigureColumn};
use crate::query::{Draft, QueryError, Scope, wrong};

/// A document as it is read.
pub(super) struct Reading<'a> {
    pub(super) draft: Draft<'a>,
    pub(super) links: Vec<Link>,
    pub(super) by_alias: BTreeMap<String, Scope>,
    pub(super) figures: Vec<(FigureColumn, Figure)>,
    /// Positions among the figures, each with whether it descends.
    pub(super) group_order: Vec<(usize, bool)>,
    pub(super) order: Vec<Sort>,
    pub(super) is_aggregate: bool,
    /// How many more links there may be.
    pub(super) links_max: usize,
}

/// The columns that are shown, and the condition.
type OfEntity = (Option<Vec<Shown>>, Option<Filter>);

/// A link as it is written.
struct Linked<'e> {
    element: &'e Element,
    kind: &'e str,
    there: Scope,
    relation: Relation,
    left: Field,
    right: Field,
}

impl<'a> Reading<'a> {
    pub(super) fn new(draft: Draft<'a>, is_aggregate: bool) -> Self {
        Self {
            draft,
            links: Vec::new(),
            by_alias: BTreeMap::new(),
            figures: Vec::new(),
            group_order: Vec::new(),
            order: Vec::new(),
            is_aggregate,
            links_max: 0,
        }
    }

    /// Reads what stands below an entity or a link.
    pub(super) fn entity(
        &mut self,
        scope: &Scope,
        element: &Element,
        alias: Option<&str>,
    ) -> Result<OfEntity, QueryError> {
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
    pub(super) fn keys(&mut self, scope: &Scope, alias: Option<&str>, columns: &[Shown]) -> Result<(), QueryError> {
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
    pub(super) fn link(&mut self, scope: &Scope, element: &Element) -> Result<Option<Filter>, QueryError> {
        let linked = self.linked(scope, element)?;
        let linked_first = linked.kind == "matchfirstrowusingcrossapply";
        let is_outer = match linked.kind {
            "inner" | "matchfirstrowusingcrossapply" => false,
            "outer" => true,
            kind if asks_whether(kind) => return self.asked_whether(linked).map(Some),
            other => return Err(wrong(format!("fetchXml: {other} is no link-type"))),
        };
        let Linked { there, relation, left, right, .. } = linked;
        let source = there.source;
        let alias = match element.attribute("alias") {
            Some(alias) if !alias.is_empty() => alias.to_owned(),
            Some(_) | None => format!("{}{source}", there.table.entry.name),
        };
        self.by_alias.insert(alias.clone(), there.clone());
        let at = self.links.len();
        self.draft.joins.push(Join { source, relation, left, right, is_outer, filter: None });
        self.links.push(Link { alias: alias.clone(), table: Arc::clone(&there.table), columns: None });
        let (columns, filter) = self.entity(&there, element, Some(&alias))?;
        self.links[at].columns = columns;
        self.draft.joins[at].filter = filter;
        if linked_first {
            let none_before = self.none_before(at, &there, element)?;
            let own = &mut self.draft.joins[at].filter;
            *own = Some(Filter::And(own.take().into_iter().chain([none_before]).collect()));
        }
        Ok(None)
    }

    /// Of rows that go with one, only the first passes: by id, of those that fulfil what the link asks for.
    fn none_before(&mut self, at: usize, there: &Scope, element: &Element) -> Result<Filter, QueryError> {
        let other = Scope { source: self.draft.next_source(), table: Arc::clone(&there.table) };
        let id =
            |scope: &Scope| Field { source: scope.source, column: scope.table.primary_id.clone(), kind: FieldKind::Id };
        let mut all = vec![Filter::Columns { left: id(&other), operator: Operator::Lt, right: id(there) }];
        for child in element.elements().filter(|child| child.name == "filter") {
            all.push(self.filter(&other, child)?);
        }
        let Join { relation, left, right, .. } = &self.draft.joins[at];
        let (relation, left) = (relation.clone(), left.clone());
        let right = Field { source: other.source, ..right.clone() };
        let exists =
            Filter::Exists { source: other.source, relation, left, right, filter: Some(Box::new(Filter::And(all))) };
        Ok(Filter::Not(Box::new(exists)))
    }

    fn linked<'e>(&mut self, scope: &Scope, element: &'e Element) -> Result<Linked<'e>, QueryError> {
        let left = self.links_max.checked_sub(1);
        self.links_max = left.ok_or_else(|| wrong("fetchXml: there are more links than a query may have"))?;
        let table = self.draft.reader.table(required(element, "name")?)?;
        let there = Scope { source: self.draft.next_source(), table };
        let (right, _) = self.draft.column(&there, required(element, "from")?)?;
        let (left, _) = self.draft.column(scope, required(element, "to")?)?;
        let relation = self.draft.reader.relation(&there.table, None)?;
        let kind = element.attribute("link-type").unwrap_or("inner");
        Ok(Linked { element, kind, there, relation, left, right })
    }

    /// Whether there are rows at the other end of a link.
    fn asked_whether(&mut self, linked: Linked<'_>) -> Result<Filter, QueryError> {
        let Linked { element, kind, there, relation, left, right } = linked;
        let mut conditions = Vec::new();
        for child in element.elements() {
            match child.name.as_str() {
                "filter" => conditions.push(self.filter(&there, child)?),
                "link-entity" => conditions.extend(self.asked_behind(&there, child)?),
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

    /// A link inside of one that only asks whether there is a row: nobody sees its rows, so that it asks the same. An
    /// outer one lets everything through.
    fn asked_behind(&mut self, scope: &Scope, element: &Element) -> Result<Option<Filter>, QueryError> {
        let linked = self.linked(scope, element)?;
        match linked.kind {
            "outer" => Ok(None),
            kind if asks_whether(kind) || matches!(kind, "inner" | "matchfirstrowusingcrossapply") => {
                self.asked_whether(linked).map(Some)
            }
            other => Err(wrong(format!("fetchXml: {other} is no link-type"))),
        }
    }
}

fn asks_whether(kind: &str) -> bool {
    matches!(kind, "any" | "exists" | "in" | "not any" | "all" | "not all")
}

fn time(field: Field, kind: &Kind) -> Result<Field, QueryError> {
    match kind {
        Kind::DateTime { .. } if field.kind == FieldKind::Time => Ok(field),
        _ => Err(wrong(format!("column {} holds no times", field.column))),
    }
}

/// The part of a time that dates are grouped by; fiscal years are those of the calendar, in quarters.
fn date_part(name: &str) -> Result<DatePart, QueryError> {
    Ok(match name {
        "year" => DatePart::Year,
        "quarter" => DatePart::Quarter,
        "month" => DatePart::Month,
        "week" => DatePart::Week,
        "day" => DatePart::Day,
        "fiscal-period" => DatePart::Quarter,
        "fiscal-year" => DatePart::Year,
        other => return Err(wrong(format!("fetchXml: {other} is no dategrouping"))),
    })
}

pub(super) fn required<'e>(element: &'e Element, attribute: &str) -> Result<&'e str, QueryError> {
    let found = element.attribute(attribute);
    found.ok_or_else(|| wrong(format!("fetchXml: {} wants {attribute}", element.name)))
}

pub(super) fn is_true(text: Option<&str>) -> bool {
    text.is_some_and(|text| matches!(text, "true" | "1"))
}
