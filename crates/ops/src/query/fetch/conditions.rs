//! Conditions of a FetchXML document.

use strata_engine::table::Kind;
use strata_store::query::{Field, Filter, Operator, TextTest};
use strata_xml::Element;

use super::read::{Reading, required};
use crate::query::{QueryError, Scope, compare, wrong};
use crate::schema::Table;

/// Longer patterns are refused.
const PATTERN_MAX: usize = 4_000;

impl Reading<'_> {
    pub(super) fn filter(&mut self, scope: &Scope, element: &Element) -> Result<Filter, QueryError> {
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
    pub(super) fn named(&self, scope: &Scope, element: &Element) -> Result<Scope, QueryError> {
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
        self.operated(operator, &scope.table, field, &kind, &values)
    }

    fn operated(
        &self,
        name: &str,
        of: &Table,
        field: Field,
        kind: &Kind,
        values: &[String],
    ) -> Result<Filter, QueryError> {
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
            other => self.draft.function(other, of, field, kind, values)?,
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
