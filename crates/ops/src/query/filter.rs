//! `$filter` as conditions of the store.

use std::sync::Arc;

use serde_json::Value;
use strata_engine::table::Kind;
use strata_model::id::Guid;
use strata_odata::expression::{self, Argument, Expression, Literal, NamedArgument, Path};
use strata_store::query::{Field, FieldKind, Filter, Operator};

use super::hierarchy::Relative;
use super::related::{Way, way};
use super::{Draft, QueryError, Scope, compare, dates, fiscal, wrong};
use crate::organization::Organization;
use crate::schema::Table;

/// What the platform knows besides, without hyphens and in small letters.
const NOT_BUILT: [&str; 3] = ["equserlanguage", "equaluserlanguage", "infiscalperiod"];

impl Draft<'_> {
    /// Gives an expression's columns their types.
    pub(crate) fn filter(&mut self, scope: &Scope, expression: &Expression) -> Result<Filter, QueryError> {
        if scope.source != 0
            && let Some(behind) = self.behind(scope, expression)?
        {
            return Ok(behind);
        }
        Ok(match expression {
            Expression::And(parts) => Filter::And(self.filters(scope, parts)?),
            Expression::Or(parts) => Filter::Or(self.filters(scope, parts)?),
            Expression::Not(inner) => Filter::Not(Box::new(self.filter(scope, inner)?)),
            Expression::Compare { path, operator, literal } => self.compared(scope, path, *operator, literal)?,
            Expression::Text { function, path, text } => {
                let (field, kind) = self.path(scope, path)?;
                if !matches!(kind, Kind::Text { .. }) {
                    return Err(wrong(format!("column {} holds no texts to look into", field.column)));
                }
                Filter::Text { field, test: compare::text_test(*function), text: text.clone() }
            }
            Expression::In { path, literals } => {
                let (field, kind) = self.path(scope, path)?;
                let texts = self.texts(literals)?;
                self.among(&field, &kind, &texts)?
            }
            Expression::Call { name, arguments } => self.call(scope, name, arguments)?,
            Expression::Related { path, is_all, body } => self.related(scope, path, *is_all, body.as_deref())?,
        })
    }

    fn filters(&mut self, scope: &Scope, parts: &[Expression]) -> Result<Vec<Filter>, QueryError> {
        parts.iter().map(|part| self.filter(scope, part)).collect()
    }

    fn compared(
        &mut self,
        scope: &Scope,
        path: &Path,
        operator: expression::Operator,
        literal: &Literal,
    ) -> Result<Filter, QueryError> {
        let (field, kind) = self.path(scope, path)?;
        let operator = compare::operator(operator);
        let alias = match literal {
            Literal::Alias(name) => Some(self.alias(name)?.trim()),
            Literal::Null | Literal::Quoted(_) | Literal::Bare(_) => None,
        };
        let is_null = *literal == Literal::Null || alias == Some("null");
        match (is_null, operator) {
            (true, Operator::Eq) => return Ok(Filter::IsNull(field)),
            (true, Operator::Ne) => return Ok(Filter::Not(Box::new(Filter::IsNull(field)))),
            (true, _) => return Err(wrong("null can be compared with eq and ne only")),
            (false, _) => {}
        }
        let text = match alias {
            Some(text) => unquoted(text),
            None => literal.text().unwrap_or_default().to_owned(),
        };
        let name = field.column.clone();
        compare::comparison(field, &kind, operator, &text).map_err(|message| cannot(&name, &message))
    }

    pub(super) fn among(&self, field: &Field, kind: &Kind, texts: &[String]) -> Result<Filter, QueryError> {
        let texts = texts.iter().map(String::as_str);
        compare::among(field, kind, texts).map_err(|message| cannot(&field.column, &message))
    }

    fn texts(&self, literals: &[Literal]) -> Result<Vec<String>, QueryError> {
        literals.iter().map(|literal| self.text(literal)).collect()
    }

    fn text(&self, literal: &Literal) -> Result<String, QueryError> {
        match literal {
            Literal::Quoted(text) | Literal::Bare(text) => Ok(text.clone()),
            Literal::Alias(name) => Ok(unquoted(self.alias(name)?.trim())),
            Literal::Null => Err(wrong("null is no value of a list")),
        }
    }

    /// A function of the platform.
    fn call(&mut self, scope: &Scope, name: &str, arguments: &[NamedArgument]) -> Result<Filter, QueryError> {
        let function = name.strip_prefix("Microsoft.Dynamics.CRM.").or(name.strip_prefix("mscrm.")).unwrap_or(name);
        let mut property = None;
        let mut values = Vec::new();
        for argument in arguments {
            match (argument.name.as_str(), &argument.value) {
                ("PropertyName", Argument::One(literal)) => property = Some(self.text(literal)?),
                (_, Argument::One(literal)) => values.push(self.text(literal)?),
                (_, Argument::Many(literals)) => values.extend(self.texts(literals)?),
            }
        }
        let property = property.ok_or_else(|| wrong(format!("the function {name} wants PropertyName")))?;
        let path = Path(property.split('/').map(str::to_owned).collect());
        let (field, kind) = self.path(scope, &path)?;
        let of = match path.0.as_slice() {
            [navigations @ .., _] if !navigations.is_empty() => self.beyond(navigations)?.table,
            _ => Arc::clone(&scope.table),
        };
        self.function(function, &of, field, &kind, &values)
    }

    /// A condition by its name, as functions and FetchXML write it without what separates words; `of` is the table of
    /// the column.
    pub(super) fn function(
        &self,
        name: &str,
        of: &Table,
        field: Field,
        kind: &Kind,
        values: &[String],
    ) -> Result<Filter, QueryError> {
        let folded: String = name.chars().filter(|sign| *sign != '-').flat_map(char::to_lowercase).collect();
        let not = |filter| Filter::Not(Box::new(filter));
        let held = |filter| Filter::And(vec![not(Filter::IsNull(field.clone())), filter]);
        Ok(match folded.as_str() {
            "in" => self.among(&field, kind, values)?,
            "notin" => not(self.among(&field, kind, values)?),
            "between" => self.between(&field, kind, values)?,
            "notbetween" => held(not(self.between(&field, kind, values)?)),
            "containvalues" => Filter::Holds { options: options(values)?, field },
            "doesnotcontainvalues" | "notcontainvalues" => not(Filter::Holds { options: options(values)?, field }),
            "on" => self.on(&field, kind, values, |day| (Some(day), Some(day)))?,
            "noton" => held(not(self.on(&field, kind, values, |day| (Some(day), Some(day)))?)),
            "onorafter" => self.on(&field, kind, values, |day| (Some(day), None))?,
            "onorbefore" => self.on(&field, kind, values, |day| (None, Some(day)))?,
            // The user of an environment is in no team.
            "equserid" | "equaluserid" | "equseroruserteams" | "equaluseroruserteams" => {
                self.own(field, kind, Operator::Eq, |own| own.user)?
            }
            "neuserid" | "notequaluserid" => self.own(field, kind, Operator::Ne, |own| own.user)?,
            "equserteams" | "equaluserteams" => Filter::Always(false),
            "equseroruserhierarchy"
            | "equaluseroruserhierarchy"
            | "equseroruserhierarchyandteams"
            | "equaluseroruserhierarchyandteams" => {
                let user = Organization::of(self.reader.environment).user.to_string();
                self.related_in_hierarchy(Relative::UNDER_OR_EQUAL, of, field, kind, &[user])?
            }
            "eqbusinessid" | "equalbusinessid" => self.own(field, kind, Operator::Eq, |own| own.business_unit)?,
            "nebusinessid" | "notequalbusinessid" => self.own(field, kind, Operator::Ne, |own| own.business_unit)?,
            _ => match (Relative::named(&folded), self.span(&folded, values)) {
                (Some(relative), _) => self.related_in_hierarchy(relative, of, field, kind, values)?,
                (None, Some(range)) => self.within(&field, kind, range.map_err(wrong)?)?,
                (None, None) if NOT_BUILT.contains(&folded.as_str()) => {
                    return Err(QueryError::NotBuilt(format!("the function {name}")));
                }
                (None, None) => return Err(wrong(format!("`{name}` is no function and no operator"))),
            },
        })
    }

    /// The span of time that a name means.
    fn span(&self, name: &str, values: &[String]) -> Option<Result<dates::Range, String>> {
        fiscal::range(name, values).or_else(|| dates::range(name, values.first().map(String::as_str)))
    }

    /// Compares with an id of who asks.
    fn own(
        &self,
        field: Field,
        kind: &Kind,
        operator: Operator,
        which: impl Fn(&Organization) -> Guid,
    ) -> Result<Filter, QueryError> {
        let id = which(&Organization::of(self.reader.environment)).to_string();
        let column = field.column.clone();
        compare::comparison(field, kind, operator, &id).map_err(|message| cannot(&column, &message))
    }

    fn between(&self, field: &Field, kind: &Kind, values: &[String]) -> Result<Filter, QueryError> {
        let [low, high] = values else { return Err(wrong("between wants two values")) };
        let one = |operator, text: &str| {
            compare::comparison(field.clone(), kind, operator, text).map_err(|message| cannot(&field.column, &message))
        };
        Ok(Filter::And(vec![one(Operator::Ge, low)?, one(Operator::Le, high)?]))
    }

    /// Compares with a whole day: the days from which and to which times may be.
    fn on(
        &self,
        field: &Field,
        kind: &Kind,
        values: &[String],
        days: impl Fn(dates::Day) -> (Option<dates::Day>, Option<dates::Day>),
    ) -> Result<Filter, QueryError> {
        let [text] = values else { return Err(wrong("a day is expected")) };
        let (from, to) = days(dates::day(text).map_err(wrong)?);
        self.within(field, kind, dates::of_days(from, to))
    }

    fn within(&self, field: &Field, kind: &Kind, range: dates::Range) -> Result<Filter, QueryError> {
        let Kind::DateTime { is_date_only } = kind else {
            return Err(wrong(format!("column {} holds no times", field.column)));
        };
        let bound = |operator, text: String| Filter::Compare { field: field.clone(), operator, value: text.into() };
        let from = range.from.map(|from| bound(Operator::Ge, dates::written(from, *is_date_only)));
        let to = range.before.map(|before| bound(Operator::Lt, dates::written_before(before, *is_date_only)));
        Ok(Filter::And(from.into_iter().chain(to).collect()))
    }

    /// Whether rows go with a row that fulfil something, or all of them do.
    fn related(
        &mut self,
        scope: &Scope,
        path: &Path,
        is_all: bool,
        body: Option<&Expression>,
    ) -> Result<Filter, QueryError> {
        let [navigation] = path.0.as_slice() else {
            return Err(wrong(format!("`{path}` leads further than one table")));
        };
        let way = way(&scope.table, navigation)?;
        let own_id = Field { source: scope.source, column: scope.table.primary_id.clone(), kind: FieldKind::Id };
        let (pairs, left, table, column) = match way {
            Way::One { column, target } => {
                let left = Field { source: scope.source, column, kind: FieldKind::Reference };
                (None, left, target, None)
            }
            Way::Many { table, column } => (None, own_id, table, Some(column)),
            Way::Pairs { intersect, own, other, table } => {
                let source = self.next_source();
                let own = Field { source, column: own, kind: FieldKind::Text };
                let other = Field { source, column: other, kind: FieldKind::Text };
                (Some((source, intersect, own_id, own)), other, table, None)
            }
        };
        let there = Scope { source: self.next_source(), table: self.reader.table(&table)? };
        let right = match column {
            Some(column) => Field { source: there.source, column, kind: FieldKind::Reference },
            None => Field { source: there.source, column: there.table.primary_id.clone(), kind: FieldKind::Id },
        };
        let body = body.map(|body| self.filter(&there, body)).transpose()?;
        let body = if is_all { body.map(|body| Filter::Not(Box::new(body))) } else { body };
        let relation = self.reader.relation(&Arc::clone(&there.table), None)?;
        let exists = Filter::Exists { source: there.source, relation, left, right, filter: body.map(Box::new) };
        let exists = match pairs {
            None => exists,
            Some((source, intersect, left, right)) => Filter::Exists {
                source,
                relation: strata_store::query::Relation::Records(intersect),
                left,
                right,
                filter: Some(Box::new(exists)),
            },
        };
        Ok(if is_all { Filter::Not(Box::new(exists)) } else { exists })
    }
}

fn options(values: &[String]) -> Result<Vec<i64>, QueryError> {
    let number = |text: &String| text.trim().parse().map_err(|_| wrong(format!("`{text}` is no number of an option")));
    values.iter().map(number).collect()
}

fn unquoted(text: &str) -> String {
    match text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
        Some(inner) => inner.replace("''", "'"),
        None => text.to_owned(),
    }
}

fn cannot(column: &str, message: &str) -> QueryError {
    wrong(format!("column {column} cannot be compared so: {message}"))
}

/// A condition on the id of a row.
pub(super) fn has_id(source: u32, column: &str, ids: &[String]) -> Filter {
    let field = Field { source, column: column.to_owned(), kind: FieldKind::Id };
    Filter::In { field, values: ids.iter().map(|id| Value::from(id.as_str())).collect() }
}
