//! Answers of definitions: a list or one of them, with what the query has it bring along.

use serde_json::{Value, json};
use strata_odata::path::Segment;
use strata_odata::query::{Expand, Query};
use strata_ops::schema::Table;

use super::super::shape::{self, Document};
use super::super::{attribute, query};
use super::Reader;
use crate::answer::Answer;
use crate::fault::Fault;

impl Reader<'_> {
    pub(super) fn follow_table(&self, made: &Document, expand: &Expand) -> Result<Option<Value>, Fault> {
        let name = made.get("LogicalName").and_then(Value::as_str).unwrap_or_default();
        let table = self.schema.table(self.ask.workspace, name)?;
        let no_more = |_: &Document, _: &Expand| Ok(None);
        let (found, type_name) = match expand.navigation.as_str() {
            "Attributes" => {
                let follow = |made: &Document, expand: &Expand| self.follow_column(&table, made, expand);
                let found = self.column_documents(&table);
                return query::apply(found, &expand.query, "AttributeMetadata", &follow).map(|all| Some(all.into()));
            }
            "Keys" => (self.key_documents(&table), "EntityKeyMetadata"),
            "OneToManyRelationships" => {
                (self.one_to_many_documents(&table.collections_in)?, "OneToManyRelationshipMetadata")
            }
            "ManyToOneRelationships" => {
                (self.one_to_many_documents(&table.lookups_out)?, "OneToManyRelationshipMetadata")
            }
            "ManyToManyRelationships" => {
                (self.many_to_many_documents(&table.many_to_many), "ManyToManyRelationshipMetadata")
            }
            _ => return Ok(None),
        };
        query::apply(found, &expand.query, type_name, &no_more).map(|all| Some(all.into()))
    }

    pub(super) fn follow_column(
        &self,
        table: &Table,
        made: &Document,
        expand: &Expand,
    ) -> Result<Option<Value>, Fault> {
        if !matches!(expand.navigation.as_str(), "OptionSet" | "GlobalOptionSet") {
            return Ok(None);
        }
        let name = made.get("LogicalName").and_then(Value::as_str).unwrap_or_default();
        let column = table.columns.get(name);
        let found = column.and_then(|column| attribute::choice(table, column, &expand.navigation, self.language));
        match found {
            Some(Value::Object(choice)) => {
                query::one(choice, &expand.query, "OptionSetMetadata", &|_, _| Ok(None)).map(Some)
            }
            _ => Ok(Some(Value::Null)),
        }
    }

    /// Answers all definitions of a set, or how many there are.
    pub(super) fn all(
        &self,
        context: &str,
        type_name: &str,
        found: Vec<Document>,
        rest: &[Segment],
        follow: query::Follow<'_>,
    ) -> Result<Answer, Fault> {
        match rest {
            [] => self.list(context, type_name, found, follow),
            [only] if only.name == "$count" => {
                let filter = self.ask.query()?.filter.clone();
                let counted = query::apply(found, &Query { filter, ..Query::default() }, type_name, follow)?;
                Ok(Answer::of("text/plain", counted.len().to_string()))
            }
            [other, ..] => Err(Fault::segment(&other.name)),
        }
    }

    fn list(
        &self,
        context: &str,
        type_name: &str,
        found: Vec<Document>,
        follow: query::Follow<'_>,
    ) -> Result<Answer, Fault> {
        let wanted = self.ask.query()?;
        let kept = query::apply(found, &Query { top: None, ..wanted.clone() }, type_name, follow)?;
        let total = kept.len();
        let top = wanted.top.map_or(usize::MAX, |top| usize::try_from(top).unwrap_or(usize::MAX));
        let mut body = json!({ "@odata.context": self.context(context, &wanted, "") });
        if wanted.count {
            body["@odata.count"] = total.into();
        }
        body["value"] = self.in_languages(kept.into_iter().take(top).collect::<Vec<_>>().into());
        Ok(Answer::json(&body))
    }

    /// Answers one definition, or one property of it.
    pub(super) fn single(
        &self,
        context: &str,
        type_name: &str,
        made: Document,
        rest: &[Segment],
        follow: query::Follow<'_>,
    ) -> Result<Answer, Fault> {
        let wanted = self.ask.query()?;
        match rest {
            [] => {
                let shown = query::one(made, &wanted, type_name, follow)?;
                let mut body = Document::new();
                body.insert("@odata.context".to_owned(), self.context(context, &wanted, "/$entity").into());
                body.extend(self.in_languages(shown).as_object().cloned().unwrap_or_default());
                Ok(Answer::json(&body))
            }
            [way @ .., raw] if raw.name == "$value" && !way.is_empty() => {
                let value = property(&made, way)?;
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                Ok(Answer::of("text/plain", text))
            }
            way => {
                let value = self.in_languages(property(&made, way)?.clone());
                let path: Vec<_> = way.iter().map(|step| step.name.as_str()).collect();
                Ok(Answer::json(&json!({
                    "@odata.context": format!("{}$metadata#{context}/{}", self.ask.root, path.join("/")),
                    "value": value,
                })))
            }
        }
    }

    /// Leaves of labels those in the languages that the query names: `LabelLanguages=1033,1031`.
    fn in_languages(&self, mut value: Value) -> Value {
        let named = self.ask.options.iter().find(|(name, _)| name == "LabelLanguages");
        let languages: Option<Vec<_>> =
            named.map(|(_, given)| given.split(',').filter_map(|code| code.trim().parse().ok()).collect());
        shape::in_languages(&mut value, languages.as_deref());
        value
    }

    fn context(&self, of: &str, wanted: &Query, end: &str) -> String {
        let select = wanted.select.as_ref().map_or_else(String::new, |names| format!("({})", names.join(",")));
        format!("{}$metadata#{of}{select}{end}", self.ask.root)
    }
}

/// Follows a path of properties into a definition.
fn property<'d>(made: &'d Document, way: &[Segment]) -> Result<&'d Value, Fault> {
    let unknown = |step: &Segment| Fault::segment(&step.name);
    let Some((first, rest)) = way.split_first() else { return Ok(&Value::Null) };
    let first = made.get(&first.name).ok_or_else(|| unknown(first))?;
    rest.iter().try_fold(first, |value, step| value.get(&step.name).ok_or_else(|| unknown(step)))
}
