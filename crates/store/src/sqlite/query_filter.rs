//! Conditions of a query as SQL.

use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use serde_json::Value;

use super::query_sql::{Writer, comparable, held, id_in, sql_value};
use crate::StoreError;
use crate::query::{Field, FieldKind, Filter, Operator, TextTest};

/// Teaches a connection to fold texts as indexes do: beyond ASCII too.
pub(super) fn teach(conn: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    conn.create_scalar_function("fold", 1, flags, |context| {
        let text = context.get_raw(0).as_str_or_null().ok().flatten();
        Ok(text.map(str::to_lowercase))
    })
}

/// Joins parts by a word, as a tree of little depth: SQLite bounds how deep an expression is.
pub(super) fn combined(parts: &[String], word: &str) -> String {
    match parts {
        [] => "1".to_owned(),
        [one] => one.clone(),
        many => {
            let (left, right) = many.split_at(many.len() / 2);
            format!("({} {word} {})", combined(left, word), combined(right, word))
        }
    }
}

/// Makes one list of comparisons of a column with one value each.
pub(super) fn simplified(filter: &Filter) -> Filter {
    match filter {
        Filter::And(parts) => Filter::And(parts.iter().map(simplified).collect()),
        Filter::Not(inner) => Filter::Not(Box::new(simplified(inner))),
        Filter::Or(parts) => {
            let parts: Vec<_> = parts.iter().map(simplified).collect();
            one_list(&parts).unwrap_or(Filter::Or(parts))
        }
        other => other.clone(),
    }
}

fn one_list(parts: &[Filter]) -> Option<Filter> {
    let (mut of, mut all): (Option<&Field>, Vec<Value>) = (None, Vec::new());
    for part in parts {
        let (field, values) = match part {
            Filter::Compare { field, operator: Operator::Eq, value } => (field, std::slice::from_ref(value)),
            Filter::In { field, values } => (field, values.as_slice()),
            _ => return None,
        };
        if **of.get_or_insert(field) != *field {
            return None;
        }
        all.extend_from_slice(values);
    }
    Some(Filter::In { field: of?.clone(), values: all })
}

impl Writer<'_> {
    /// Writes a condition; it is true where the filter is, else false or nothing.
    pub(super) fn condition(&mut self, filter: &Filter) -> Result<String, StoreError> {
        Ok(match filter {
            Filter::Always(truth) => u8::from(*truth).to_string(),
            Filter::And(parts) => combined(&self.conditions(parts)?, "AND"),
            Filter::Or(parts) if parts.is_empty() => "0".to_owned(),
            Filter::Or(parts) => combined(&self.conditions(parts)?, "OR"),
            Filter::Not(inner) => format!("(({}) IS NOT TRUE)", self.condition(inner)?),
            Filter::Compare { field, operator, value } => {
                let value = self.bind(sql_value(value, field.kind));
                format!("{} {} {value}", comparable(field), sign(*operator))
            }
            Filter::IsNull(field) => format!("{} IS NULL", held(field)),
            Filter::In { field, values } => {
                let values = values.iter().map(|value| json_value(value, field.kind)).collect::<Vec<_>>();
                let values = self.bind(Value::from(values).to_string());
                format!("{} IN (SELECT value FROM json_each({values}))", comparable(field))
            }
            Filter::Refers { field, id } => {
                let id = self.bind(id.to_lowercase());
                format!("{} = {id}", id_in(&held(field)))
            }
            Filter::Text { field, test, text } => self.text(field, *test, text),
            Filter::Columns { left, operator, right } => {
                let sign = if *operator == Operator::Ne { "<>" } else { sign(*operator) };
                format!("{} {sign} {}", comparable(left), comparable(right))
            }
            Filter::Holds { field, options } => {
                let options = self.bind(Value::from(options.clone()).to_string());
                format!(
                    "EXISTS (SELECT 1 FROM json_each({} -> '{}') o WHERE o.value IN (SELECT value FROM json_each({options})))",
                    format_args!("r{}.json", field.source),
                    field.column.replace('\'', "''")
                )
            }
            Filter::Exists { source, relation, left, right, filter } => {
                self.place(*source, relation)?;
                let mut all = Vec::new();
                let from = self.relation(*source, relation, &mut all);
                all.extend(self.together(left, right));
                if let Some(filter) = filter {
                    all.push(self.condition(&simplified(filter))?);
                }
                format!("EXISTS (SELECT 1 FROM {from} WHERE {})", combined(&all, "AND"))
            }
            Filter::Lineage { field, lineage } => {
                let id = if field.kind == FieldKind::Reference { id_in(&held(field)) } else { comparable(field) };
                format!("{id} IN ({})", self.lineage(lineage)?)
            }
        })
    }

    fn conditions(&mut self, parts: &[Filter]) -> Result<Vec<String>, StoreError> {
        parts.iter().map(|part| self.condition(part)).collect()
    }

    fn text(&mut self, field: &Field, test: TextTest, text: &str) -> String {
        let (held, text) = (format!("fold({})", held(field)), text.to_lowercase());
        let length = text.chars().count();
        match test {
            _ if text.is_empty() && test != TextTest::Like => format!("{held} IS NOT NULL"),
            TextTest::Contains => format!("instr({held}, {}) > 0", self.bind(text)),
            TextTest::StartsWith => format!("substr({held}, 1, {length}) = {}", self.bind(text)),
            TextTest::EndsWith => format!("substr({held}, -{length}) = {}", self.bind(text)),
            TextTest::Like => format!("{held} GLOB {}", self.bind(glob(&text))),
        }
    }
}

fn sign(operator: Operator) -> &'static str {
    match operator {
        Operator::Eq => "=",
        Operator::Ne => "IS DISTINCT FROM",
        Operator::Gt => ">",
        Operator::Ge => ">=",
        Operator::Lt => "<",
        Operator::Le => "<=",
    }
}

fn json_value(value: &Value, kind: FieldKind) -> Value {
    match (value, kind) {
        (Value::String(text), FieldKind::Time) => Value::String(text.to_uppercase()),
        (Value::String(text), _) => Value::String(text.to_lowercase()),
        (Value::Array(_), _) => Value::String(value.to_string()),
        (other, _) => other.clone(),
    }
}

/// Writes a pattern with `%` and `_` as one with `*` and `?`.
fn glob(like: &str) -> String {
    let mut pattern = String::with_capacity(like.len());
    let mut rest = like;
    while let Some(first) = rest.chars().next() {
        let set_end = if first == '[' { rest[1..].find(']').filter(|end| *end > 0) } else { None };
        if let Some(end) = set_end {
            pattern.push_str(&rest[..end + 2]);
            rest = &rest[end + 2..];
            continue;
        }
        match first {
            '%' => pattern.push('*'),
            '_' => pattern.push('?'),
            '*' | '?' | '[' => pattern.extend(['[', first, ']']),
            other => pattern.push(other),
        }
        rest = &rest[first.len_utf8()..];
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_rewritten() {
        for (like, expected) in [
            ("a%b_", "a*b?"),
            ("50*?", "50[*][?]"),
            ("[a-c]%", "[a-c]*"),
            ("[^x]", "[^x]"),
            ("[", "[[]"),
            ("[]", "[[]]"),
        ] {
            assert_eq!(glob(like), expected);
        }
    }
}
