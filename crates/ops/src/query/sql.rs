//! SQL: a statement that reads rows, as a document of FetchXML (web-api §4).
//!
//! The platform takes a part of the language: `SELECT` of columns and figures, `TOP`, `DISTINCT`, inner and left joins on
//! one equality, conditions, groups, order, `OFFSET` and `FETCH`. What is outside of it is refused with its place. No
//! text of a statement reaches the store: it becomes a tree here, and a query there.

mod lex;
mod parse;

use std::collections::BTreeSet;

use strata_xml::{Element, Node};

use super::fetch::Document;
use super::{QueryError, Reader, wrong};
use parse::{Column, Condition, Item, Join, Order, Select, Shown};

/// A statement asks for no more rows at once.
const TOP_MAX: u64 = 5_000;

fn at(place: usize, message: impl std::fmt::Display) -> QueryError {
    wrong(format!("sql: {message} (position {place})"))
}

impl Reader<'_> {
    /// Reads a statement.
    pub fn sql(&self, text: &str) -> Result<Document, QueryError> {
        let select = parse::select(lex::tokens(text)?, text.chars().count() + 1)?;
        let root = self.table(&select.from.table)?;
        let mut writing = Writing { select: &select, primary_id: &root.primary_id, names: BTreeSet::new() };
        let fetch = writing.fetch()?;
        let offset = select.offset.map(|offset| (offset, select.fetch.unwrap_or(TOP_MAX)));
        Ok(Document::of(fetch, offset))
    }
}

struct Writing<'s> {
    select: &'s Select,
    primary_id: &'s str,
    /// Names that answers have, in small letters.
    names: BTreeSet<String>,
}

impl<'s> Writing<'s> {
    fn fetch(&mut self) -> Result<Element, QueryError> {
        let select = self.select;
        let is_figure = |item: &Item| matches!(item.shown, Shown::Figure { .. });
        let is_aggregate = select.items.iter().any(is_figure) || !select.groups.is_empty();
        let mut fetch = Element::new("fetch");
        if select.is_distinct && !is_aggregate {
            fetch.set_attribute("distinct", "true");
        }
        if is_aggregate {
            fetch.set_attribute("aggregate", "true");
        }
        if let Some(top) = select.top {
            if top > TOP_MAX {
                return Err(at(1, format!("TOP is at most {TOP_MAX}")));
            }
            fetch.set_attribute("top", &top.to_string());
        }
        if select.offset.is_some() && (select.order.is_empty() || select.top.is_some()) {
            return Err(at(1, "OFFSET wants ORDER BY, and does not go with TOP"));
        }
        let mut entity = Element::new("entity");
        entity.set_attribute("name", &select.from.table);
        for (at, join) in select.joins.iter().enumerate() {
            self.join(&mut entity, at, join)?;
        }
        let mut figures = Vec::new();
        if is_aggregate {
            self.figures(&mut entity, &mut figures)?;
        } else {
            for item in &select.items {
                self.column(&mut entity, item)?;
            }
        }
        if let Some(condition) = &select.condition {
            entity.children.push(Node::Element(self.filter(condition)?));
        }
        for order in &select.order {
            let order = if is_aggregate { self.order_of_figures(order, &figures)? } else { self.order(order)? };
            entity.children.push(Node::Element(order));
        }
        fetch.children.push(Node::Element(entity));
        Ok(fetch)
    }

    /// Returns the alias of the joined table that a column is of; `None` is the table itself.
    fn of(&self, column: &Column) -> Result<Option<&'s str>, QueryError> {
        let Some(of) = column.of.as_deref().filter(|of| *of != self.select.from.alias) else { return Ok(None) };
        let join = self.select.joins.iter().find(|join| join.with.alias == of);
        join.map(|join| Some(join.with.alias.as_str()))
            .ok_or_else(|| at(column.place, format!("nothing is called `{of}`")))
    }

    fn join(&self, entity: &mut Element, number: usize, join: &Join) -> Result<(), QueryError> {
        let alias = &join.with.alias;
        let earlier = &self.select.joins[..number];
        if *alias == self.select.from.alias || earlier.iter().any(|other| other.with.alias == *alias) {
            return Err(at(join.place, format!("two tables are called `{alias}`")));
        }
        let (left, right) = (self.of(&join.on.0)?, self.of(&join.on.1)?);
        let (to, from, other) = match (left == Some(alias), right == Some(alias)) {
            (false, true) => (&join.on.0, &join.on.1, left),
            (true, false) => (&join.on.1, &join.on.0, right),
            _ => {
                return Err(at(join.place, format!("a join is on a column of `{alias}` and one of a table before it")));
            }
        };
        let mut link = Element::new("link-entity");
        link.set_attribute("name", &join.with.table);
        link.set_attribute("from", &from.name);
        link.set_attribute("to", &to.name);
        link.set_attribute("alias", alias);
        link.set_attribute("link-type", if join.is_outer { "outer" } else { "inner" });
        let below = linked(entity, other).ok_or_else(|| at(join.place, "a join is on a table before it"))?;
        below.children.push(Node::Element(link));
        Ok(())
    }

    fn column(&mut self, entity: &mut Element, item: &Item) -> Result<(), QueryError> {
        let Shown::Column(column) = &item.shown else { return Err(at(item.place, "a column is expected")) };
        let of = self.of(column)?;
        // A name that another column has already gets that of its table before it.
        let alias = match (&item.alias, of) {
            (Some(alias), _) => Some(alias.clone()),
            (None, Some(_)) if !self.names.contains(&column.name) => Some(column.name.clone()),
            (None, _) => None,
        };
        self.names.insert(alias.as_deref().unwrap_or(&column.name).to_lowercase());
        let mut attribute = attribute_of(&column.name);
        if let Some(alias) = &alias {
            attribute.set_attribute("alias", alias);
        }
        push(entity, of, attribute, item.place)
    }

    /// Writes figures and what they are grouped by; notes what each is called.
    fn figures(&mut self, entity: &mut Element, noted: &mut Vec<(Shown, String)>) -> Result<(), QueryError> {
        let select = self.select;
        let of_groups = select.groups.iter().map(|column| Item {
            place: column.place,
            shown: Shown::Column(column.clone()),
            alias: None,
        });
        let of_groups: Vec<_> = of_groups.collect();
        let is_shown = |group: &&Item| !select.items.iter().any(|item| self.is_same(&item.shown, &group.shown));
        for item in select.items.iter().chain(of_groups.iter().filter(is_shown)) {
            let (mut attribute, of, plain) = match &item.shown {
                Shown::Column(column) => {
                    if !of_groups.iter().any(|group| self.is_same(&group.shown, &item.shown)) {
                        return Err(at(item.place, format!("`{}` is neither grouped by nor a figure", column.name)));
                    }
                    let mut attribute = attribute_of(&column.name);
                    attribute.set_attribute("groupby", "true");
                    (attribute, self.of(column)?, column.name.clone())
                }
                Shown::Figure { function, is_distinct, column } => {
                    let name = column.as_ref().map_or(self.primary_id, |column| &column.name);
                    let mut attribute = attribute_of(name);
                    let is_of_column = function == "count" && column.is_some();
                    attribute.set_attribute("aggregate", if is_of_column { "countcolumn" } else { function });
                    if *is_distinct {
                        attribute.set_attribute("distinct", "true");
                    }
                    let of = column.as_ref().map(|column| self.of(column)).transpose()?.flatten();
                    (attribute, of, figure_name(function, column.as_ref()))
                }
            };
            let alias = item.alias.clone().unwrap_or(plain);
            attribute.set_attribute("alias", &alias);
            push(entity, of, attribute, item.place)?;
            noted.push((item.shown.clone(), alias));
        }
        Ok(())
    }

    fn is_same(&self, left: &Shown, right: &Shown) -> bool {
        let same = |left: &Column, right: &Column| left.name == right.name && self.of(left).ok() == self.of(right).ok();
        match (left, right) {
            (Shown::Column(left), Shown::Column(right)) => same(left, right),
            (
                Shown::Figure { function, is_distinct, column },
                Shown::Figure { function: other, is_distinct: too, column: of },
            ) => {
                let is_column = match (column, of) {
                    (None, None) => true,
                    (Some(left), Some(right)) => same(left, right),
                    (Some(_), None) | (None, Some(_)) => false,
                };
                function == other && is_distinct == too && is_column
            }
            (Shown::Column(_), Shown::Figure { .. }) | (Shown::Figure { .. }, Shown::Column(_)) => false,
        }
    }

    fn order_of_figures(&self, order: &Order, figures: &[(Shown, String)]) -> Result<Element, QueryError> {
        let by_name = |alias: &&(Shown, String)| match &order.by {
            Shown::Column(Column { of: None, name, .. }) => alias.1.eq_ignore_ascii_case(name),
            Shown::Column(_) | Shown::Figure { .. } => false,
        };
        let same = || figures.iter().find(|(shown, _)| self.is_same(shown, &order.by));
        let found = figures.iter().find(by_name).or_else(same);
        let (_, alias) =
            found.ok_or_else(|| at(order.place, "the order is by what is neither shown nor grouped by"))?;
        let mut element = Element::new("order");
        element.set_attribute("alias", alias);
        element.set_attribute("descending", if order.is_descending { "true" } else { "false" });
        Ok(element)
    }

    fn order(&self, order: &Order) -> Result<Element, QueryError> {
        let Shown::Column(column) = &order.by else { return Err(at(order.place, "a column is expected")) };
        let is_called = |item: &&Item| {
            column.of.is_none() && item.alias.as_ref().is_some_and(|alias| alias.eq_ignore_ascii_case(&column.name))
        };
        let column = match self.select.items.iter().find(is_called).map(|item| &item.shown) {
            Some(Shown::Column(called)) => called,
            Some(Shown::Figure { .. }) | None => column,
        };
        let mut element = Element::new("order");
        element.set_attribute("attribute", &column.name);
        element.set_attribute("descending", if order.is_descending { "true" } else { "false" });
        if let Some(of) = self.of(column)? {
            element.set_attribute("entityname", of);
        }
        Ok(element)
    }

    fn filter(&self, condition: &Condition) -> Result<Element, QueryError> {
        let filter = |kind: &str, parts: &[Condition]| {
            let mut filter = Element::new("filter");
            filter.set_attribute("type", kind);
            for part in parts {
                filter.children.push(Node::Element(self.filter(part)?));
            }
            Ok(filter)
        };
        match condition {
            Condition::And(parts) => filter("and", parts),
            Condition::Or(parts) => filter("or", parts),
            Condition::Test { column, operator, values } => {
                let mut element = self.condition(column, operator)?;
                for value in values {
                    let mut child = Element::new("value");
                    child.set_text(value);
                    element.children.push(Node::Element(child));
                }
                Ok(all_of(element))
            }
            Condition::Columns { left, operator, right } => {
                // A table that is joined has a name to say, the table itself has none.
                let is_turned = self.of(left)?.is_some() && self.of(right)?.is_none();
                let (left, operator, right) =
                    if is_turned { (right, parse::turned(operator), left) } else { (left, *operator, right) };
                let mut element = self.condition(left, operator)?;
                let other = self.of(right)?.map_or_else(|| right.name.clone(), |of| format!("{of}.{}", right.name));
                element.set_attribute("valueof", &other);
                Ok(all_of(element))
            }
        }
    }

    fn condition(&self, column: &Column, operator: &str) -> Result<Element, QueryError> {
        let mut element = Element::new("condition");
        element.set_attribute("attribute", &column.name);
        element.set_attribute("operator", operator);
        if let Some(of) = self.of(column)? {
            element.set_attribute("entityname", of);
        }
        Ok(element)
    }
}

fn all_of(condition: Element) -> Element {
    let mut filter = Element::new("filter");
    filter.children.push(Node::Element(condition));
    filter
}

fn attribute_of(column: &str) -> Element {
    let mut attribute = Element::new("attribute");
    attribute.set_attribute("name", column);
    attribute
}

/// What a figure is called that has no name of its own.
fn figure_name(function: &str, column: Option<&Column>) -> String {
    column.map_or_else(|| function.to_owned(), |column| format!("{function}_{}", column.name))
}

fn push(entity: &mut Element, of: Option<&str>, attribute: Element, place: usize) -> Result<(), QueryError> {
    let below = linked(entity, of).ok_or_else(|| at(place, "a table before it is expected"))?;
    below.children.push(Node::Element(attribute));
    Ok(())
}

/// Finds the link of an alias; without one, the entity itself.
fn linked<'e>(entity: &'e mut Element, alias: Option<&str>) -> Option<&'e mut Element> {
    let Some(alias) = alias else { return Some(entity) };
    if entity.name == "link-entity" && entity.attribute("alias") == Some(alias) {
        return Some(entity);
    }
    entity.elements_mut().filter(|child| child.name == "link-entity").find_map(|child| linked(child, Some(alias)))
}
