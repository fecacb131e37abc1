//! Query options over definitions, which are documents in memory.

use std::cmp::Ordering;

use serde_json::Value;
use strata_odata::expression::{Argument, Expression, Literal, NamedArgument, Operator, Path, TextFunction};
use strata_odata::query::{Expand, Query};

use super::shape::Document;
use crate::fault::Fault;

/// Finds what a navigation of a definition leads to.
pub(crate) type Follow<'a> = &'a dyn Fn(&Document, &Expand) -> Result<Option<Value>, Fault>;

/// Returns those that a query wants, in its order, cut to what it selects.
pub(crate) fn apply(
    documents: Vec<Document>,
    query: &Query,
    type_name: &str,
    follow: Follow<'_>,
) -> Result<Vec<Value>, Fault> {
    refuse(query)?;
    check(&documents, query, type_name)?;
    let mut kept = match &query.filter {
        Some(filter) => filtered(documents, filter)?,
        None => documents,
    };
    for order in query.order.iter().rev() {
        let of = |document: &Document| at(document, &order.path).cloned().unwrap_or_default();
        kept.sort_by(|left, right| {
            let ordering = compare(&of(left), &of(right));
            if order.is_descending { ordering.reverse() } else { ordering }
        });
    }
    if let Some(top) = query.top {
        kept.truncate(usize::try_from(top).unwrap_or(usize::MAX));
    }
    kept.into_iter().map(|document| shown(document, query, follow).map(Value::Object)).collect()
}

/// Returns one definition as a query wants it.
pub(crate) fn one(document: Document, query: &Query, type_name: &str, follow: Follow<'_>) -> Result<Value, Fault> {
    check(std::slice::from_ref(&document), query, type_name)?;
    shown(document, query, follow).map(Value::Object)
}

/// What rows know and definitions do not.
fn refuse(query: &Query) -> Result<(), Fault> {
    let foreign = [
        (!query.apply.is_empty(), "$apply"),
        (query.skip_token.is_some(), "$skiptoken"),
        (query.fetch_xml.is_some(), "fetchXml"),
    ];
    match foreign.iter().find(|(is_there, _)| *is_there) {
        Some((_, name)) => Err(Fault::url(format!("definitions are not read with {name}"))),
        None => Ok(()),
    }
}

/// A property that no definition here has is a mistake.
fn check(documents: &[Document], query: &Query, type_name: &str) -> Result<(), Fault> {
    if documents.is_empty() {
        return Ok(());
    }
    let asked = query.select.iter().flatten().map(String::as_str);
    let ordered = query.order.iter().filter_map(|order| order.path.0.first().map(String::as_str));
    for name in asked.chain(ordered).filter(|name| *name != "*" && !name.contains('@')) {
        if !documents.iter().any(|document| document.contains_key(name)) {
            let message =
                format!("Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM.{type_name}'.");
            return Err(Fault::url(message));
        }
    }
    Ok(())
}

fn shown(document: Document, query: &Query, follow: Follow<'_>) -> Result<Document, Fault> {
    let mut expanded = Document::new();
    for expand in &query.expand {
        match follow(&document, expand)? {
            Some(value) => drop(expanded.insert(expand.navigation.clone(), value)),
            None => {
                let message = format!("Could not find a property named '{}' to expand.", expand.navigation);
                return Err(Fault::url(message));
            }
        }
    }
    let mut made = match &query.select {
        Some(select) if !select.iter().any(|name| name == "*") => document
            .into_iter()
            .filter(|(name, _)| name.starts_with('@') || name == "MetadataId" || select.contains(name))
            .collect(),
        _ => document,
    };
    made.extend(expanded);
    Ok(made)
}

fn filtered(documents: Vec<Document>, filter: &Expression) -> Result<Vec<Document>, Fault> {
    let mut kept = Vec::new();
    for document in documents {
        if meets(&document, filter)? {
            kept.push(document);
        }
    }
    Ok(kept)
}

/// Tells whether a definition fulfils a filter.
pub(crate) fn meets(document: &Document, filter: &Expression) -> Result<bool, Fault> {
    Ok(match filter {
        Expression::And(parts) => {
            let mut all = true;
            for part in parts {
                all &= meets(document, part)?;
            }
            all
        }
        Expression::Or(parts) => {
            let mut any = false;
            for part in parts {
                any |= meets(document, part)?;
            }
            any
        }
        Expression::Not(inner) => !meets(document, inner)?,
        Expression::Compare { path, operator, literal } => compares(value(document, path)?, *operator, literal)?,
        Expression::In { path, literals } => {
            let value = value(document, path)?;
            let mut any = false;
            for literal in literals {
                any |= compares(value, Operator::Eq, literal)?;
            }
            any
        }
        Expression::Text { function, path, text } => {
            let value = value(document, path)?.as_str().unwrap_or_default().to_lowercase();
            let text = text.to_lowercase();
            match function {
                TextFunction::Contains => value.contains(&text),
                TextFunction::StartsWith => value.starts_with(&text),
                TextFunction::EndsWith => value.ends_with(&text),
            }
        }
        Expression::Call { name, arguments } => called(document, name, arguments)?,
        Expression::Related { path, .. } => {
            return Err(Fault::url(format!("definitions are not filtered by what {path} leads to")));
        }
    })
}

/// Of the platform's functions definitions know those that list values.
fn called(document: &Document, name: &str, arguments: &[NamedArgument]) -> Result<bool, Fault> {
    let is_in = match name.strip_prefix("Microsoft.Dynamics.CRM.").unwrap_or(name) {
        "In" => true,
        "NotIn" => false,
        _ => return Err(Fault::url(format!("definitions are not filtered with {name}"))),
    };
    let given =
        |wanted: &str| arguments.iter().find(|argument| argument.name == wanted).map(|argument| &argument.value);
    let (Some(Argument::One(property)), Some(Argument::Many(values))) =
        (given("PropertyName"), given("PropertyValues"))
    else {
        return Err(Fault::url(format!("{name} takes PropertyName, one text, and PropertyValues, a list")));
    };
    let steps = property.text().unwrap_or_default().split('/').map(str::to_owned).collect();
    let own = value(document, &Path(steps))?;
    let mut any = false;
    for literal in values {
        any |= compares(own, Operator::Eq, literal)?;
    }
    Ok(any == is_in)
}

fn value<'d>(document: &'d Document, path: &Path) -> Result<&'d Value, Fault> {
    const NOTHING: &Value = &Value::Null;
    let first = path.0.first().map_or("", String::as_str);
    // Columns of another type may have it.
    if !document.contains_key(first) && !document.contains_key("AttributeType") {
        return Err(Fault::url(format!("Could not find a property named '{first}'.")));
    }
    Ok(at(document, path).unwrap_or(NOTHING))
}

fn at<'d>(document: &'d Document, path: &Path) -> Option<&'d Value> {
    let (first, rest) = path.0.split_first()?;
    rest.iter().try_fold(document.get(first)?, |value, step| value.get(step))
}

fn compares(value: &Value, operator: Operator, literal: &Literal) -> Result<bool, Fault> {
    let text = match literal {
        Literal::Null => {
            return match operator {
                Operator::Eq => Ok(value.is_null()),
                Operator::Ne => Ok(!value.is_null()),
                Operator::Gt | Operator::Ge | Operator::Lt | Operator::Le => Ok(false),
            };
        }
        Literal::Quoted(text) | Literal::Bare(text) => text,
        Literal::Alias(name) => return Err(Fault::url(format!("nothing says what @{name} is"))),
    };
    let ordering = match value {
        Value::Number(number) => match (number.as_f64(), text.parse::<f64>()) {
            (Some(own), Ok(other)) => own.partial_cmp(&other),
            _ => None,
        },
        Value::Bool(own) => text.parse::<bool>().ok().map(|other| own.cmp(&other)),
        Value::String(own) => Some(own.to_lowercase().cmp(&plain(text).to_lowercase())),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    Ok(match (operator, ordering) {
        (Operator::Ne, None) => true,
        (_, None) => false,
        (Operator::Eq, Some(ordering)) => ordering == Ordering::Equal,
        (Operator::Ne, Some(ordering)) => ordering != Ordering::Equal,
        (Operator::Gt, Some(ordering)) => ordering == Ordering::Greater,
        (Operator::Ge, Some(ordering)) => ordering != Ordering::Less,
        (Operator::Lt, Some(ordering)) => ordering == Ordering::Less,
        (Operator::Le, Some(ordering)) => ordering != Ordering::Greater,
    })
}

/// Ids may stand in braces.
fn plain(text: &str) -> &str {
    text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(text)
}

fn compare(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            left.as_f64().partial_cmp(&right.as_f64()).unwrap_or(Ordering::Equal)
        }
        (Value::String(left), Value::String(right)) => left.to_lowercase().cmp(&right.to_lowercase()),
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (left, right) => left.is_null().cmp(&right.is_null()).reverse(),
    }
}

/// Returns what a property must be for a filter to be met, as far as the filter says so.
pub(crate) fn required<'f>(filter: &'f Expression, property: &str) -> Option<&'f str> {
    match filter {
        Expression::And(parts) => parts.iter().find_map(|part| required(part, property)),
        Expression::Compare { path, operator: Operator::Eq, literal } if path.0 == [property] => literal.text(),
        _ => None,
    }
}

/// Tells whether a filter looks at one of these properties.
pub(crate) fn mentions(filter: &Expression, names: &[&str]) -> bool {
    let is_meant = |path: &Path| path.0.first().is_some_and(|first| names.contains(&first.as_str()));
    match filter {
        Expression::And(parts) | Expression::Or(parts) => parts.iter().any(|part| mentions(part, names)),
        Expression::Not(inner) => mentions(inner, names),
        Expression::Compare { path, .. } | Expression::In { path, .. } | Expression::Text { path, .. } => {
            is_meant(path)
        }
        Expression::Call { arguments, .. } => arguments.iter().any(|argument| match &argument.value {
            Argument::One(literal) => literal.text().is_some_and(|text| names.contains(&text)),
            Argument::Many(_) => false,
        }),
        Expression::Related { .. } => false,
    }
}
