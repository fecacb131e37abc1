//! Answers of definitions: a list or one of them, with what the query has it bring along.

use serde_json::{Value, json};
use strata_odata::path::Segment;
use strata_odata::query::{Expand, Query};
use strata_ops::schema::Table;

use super::super::shape::Document;
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

    pub(super) fn list(
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
        body["value"] = kept.into_iter().take(top).collect::<Vec<_>>().into();
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
                body.extend(shown.as_object().cloned().unwrap_or_default());
                Ok(Answer::json(&body))
            }
            [property] => {
                let value = made.get(&property.name).ok_or_else(|| Fault::segment(&property.name))?;
                Ok(Answer::json(&json!({
                    "@odata.context": format!("{}$metadata#{context}/{}", self.ask.root, property.name),
                    "value": value,
                })))
            }
            [property, raw] if raw.name == "$value" => {
                let value = made.get(&property.name).ok_or_else(|| Fault::segment(&property.name))?;
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                Ok(Answer::of("text/plain", text))
            }
            [.., last] => Err(Fault::segment(&last.name)),
        }
    }

    fn context(&self, of: &str, wanted: &Query, end: &str) -> String {
        let select = wanted.select.as_ref().map_or_else(String::new, |names| format!("({})", names.join(",")));
        format!("{}$metadata#{of}{select}{end}", self.ask.root)
    }
}
