//! One column of a row, as JSON or as it is.

use serde_json::{Map, Value, json};
use strata_odata::path::Segment;
use strata_ops::query::related::split_reference;
use strata_ops::query::{Asked, Kind, column_of, unknown_property};
use strata_ops::sets;

use super::{Reading, missing};
use crate::answer::Answer;
use crate::fault::Fault;

impl Reading<'_> {
    /// Answers one column of a row.
    pub(super) fn property(
        &self,
        asked: &Asked,
        next: &Segment,
        rest: &[Segment],
        shown: &str,
    ) -> Result<Answer, Fault> {
        let is_raw = match rest {
            [] => false,
            [value] if value.name == "$value" => true,
            [other, ..] => return Err(Fault::segment(&other.name)),
        };
        let Ok((column, kind)) = column_of(&asked.table, &next.name) else {
            let message = unknown_property(&asked.table, &next.name).to_string();
            let mut fault = Fault::segment(&next.name);
            fault.message = format!("{} {message}", fault.message);
            return Err(fault);
        };
        let mut found = None;
        self.reader.each(asked, &mut |row| {
            let mut values: Map<String, Value> = serde_json::from_str(row.json)?;
            found = Some(match column.as_str() {
                "versionnumber" => row.version.into(),
                _ if column == asked.table.primary_id => row.id.into(),
                _ => values.remove(&column).unwrap_or_default(),
            });
            Ok(())
        })?;
        let value = found.ok_or_else(|| missing(shown))?;
        let value = sets::content_of(self.ask.workspace, &self.ask.environment, value)?;
        let value = match (&kind, &value) {
            (Kind::Lookup { .. }, Value::String(text)) => split_reference(text).map_or("", |(_, id)| id).into(),
            (Kind::Choices { .. }, Value::Array(chosen)) => {
                chosen.iter().map(Value::to_string).collect::<Vec<_>>().join(",").into()
            }
            _ => value,
        };
        if value.is_null() {
            return Ok(Answer::empty());
        }
        if is_raw {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            return Ok(Answer::of("text/plain", text));
        }
        let context = format!("{}$metadata#{shown}/{}", self.ask.root, next.name);
        Ok(Answer::json(&json!({ "@odata.context": context, "value": value })))
    }
}
