//! Lookups that are followed inside of `any` and `all`, where no table can stand beside: a condition behind a lookup asks
//! whether there is a row at its other end that meets it.

use strata_odata::expression::{Expression, Literal, Operator as Written, Path};
use strata_store::query::{Field, FieldKind, Filter};

use super::{Draft, HOPS_MAX, QueryError, Scope, lookup, wrong};

impl Draft<'_> {
    /// Writes a condition whose column stands behind a lookup of a scope; `None` where its column is the scope's own.
    pub(super) fn behind(&mut self, scope: &Scope, expression: &Expression) -> Result<Option<Filter>, QueryError> {
        let Some((navigation, rest)) = stepped(expression) else { return Ok(None) };
        if path_of(&rest).is_some_and(|path| path.0.len() > HOPS_MAX) {
            return Err(wrong(format!("no more than {HOPS_MAX} lookups are followed one after the other")));
        }
        // A row that leads nowhere holds nothing there.
        let (rest, is_not) = match holds_of_nothing(&rest) {
            Some(other) => (other, true),
            None => (rest, false),
        };
        let (column, target) = lookup(&scope.table, &navigation)?;
        let there = Scope { source: self.next_source(), table: self.reader.table(&target)? };
        let exists = Filter::Exists {
            source: there.source,
            relation: self.reader.relation(&there.table, None)?,
            left: Field { source: scope.source, column, kind: FieldKind::Reference },
            right: Field { source: there.source, column: there.table.primary_id.clone(), kind: FieldKind::Id },
            filter: Some(Box::new(self.filter(&there, &rest)?)),
        };
        Ok(Some(if is_not { Filter::Not(Box::new(exists)) } else { exists }))
    }
}

/// Takes the first navigation off the path of a condition that has one.
fn stepped(expression: &Expression) -> Option<(String, Expression)> {
    let step = |path: &Path| match path.0.as_slice() {
        [first, rest @ ..] if !rest.is_empty() => Some((first.clone(), Path(rest.to_vec()))),
        _ => None,
    };
    Some(match expression {
        Expression::Compare { path, operator, literal } => {
            let (first, path) = step(path)?;
            (first, Expression::Compare { path, operator: *operator, literal: literal.clone() })
        }
        Expression::Text { function, path, text } => {
            let (first, path) = step(path)?;
            (first, Expression::Text { function: *function, path, text: text.clone() })
        }
        Expression::In { path, literals } => {
            let (first, path) = step(path)?;
            (first, Expression::In { path, literals: literals.clone() })
        }
        Expression::And(_)
        | Expression::Or(_)
        | Expression::Not(_)
        | Expression::Call { .. }
        | Expression::Related { .. } => return None,
    })
}

fn path_of(expression: &Expression) -> Option<&Path> {
    match expression {
        Expression::Compare { path, .. } | Expression::Text { path, .. } | Expression::In { path, .. } => Some(path),
        Expression::And(_)
        | Expression::Or(_)
        | Expression::Not(_)
        | Expression::Call { .. }
        | Expression::Related { .. } => None,
    }
}

/// The opposite of a comparison that is true where nothing is held.
fn holds_of_nothing(expression: &Expression) -> Option<Expression> {
    let Expression::Compare { path, operator, literal } = expression else { return None };
    let opposite = match (operator, literal) {
        (Written::Eq, Literal::Null) => Written::Ne,
        (Written::Ne, Literal::Quoted(_) | Literal::Bare(_) | Literal::Alias(_)) => Written::Eq,
        _ => return None,
    };
    Some(Expression::Compare { path: path.clone(), operator: opposite, literal: literal.clone() })
}
