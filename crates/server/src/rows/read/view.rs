//! Views that say what is wanted: those of a table, and those that somebody saved (web-api §4).

use serde_json::{Map, Value};
use strata_model::id::Guid;
use strata_odata::query::Query;
use strata_ops::query::fetch::Document;
use strata_ops::sets;

use super::Reading;
use crate::fault::Fault;

impl Reading<'_> {
    /// Returns the document of a view.
    pub(super) fn view(&self, table: &str, id: &str) -> Result<Document, Fault> {
        let Some(id) = Guid::parse(id) else { return Err(Fault::url(format!("`{id}` is no id of a view"))) };
        let asked = self.reader.row(&self.reader.table(table)?, id)?;
        let mut found = None;
        self.reader.each(&asked, &mut |row| {
            found = Some(serde_json::from_str::<Map<String, Value>>(row.json)?);
            Ok(())
        })?;
        let Some(mut values) = found else { return Err(Fault::row(table, &id.to_string())) };
        let text = values.remove("fetchxml").unwrap_or_default();
        let text = sets::content_of(self.ask.workspace, &self.ask.environment, text)?;
        let text = text.as_str().filter(|text| !text.trim().is_empty());
        let text = text.ok_or_else(|| Fault::url(format!("the view {id} holds no query")))?;
        Ok(Document::parse(text)?)
    }
}

/// Refuses options that say what a view or a statement says already.
pub(super) fn refuse_others(query: &Query) -> Result<(), Fault> {
    if query.saved_query.is_none() && query.user_query.is_none() && query.sql.is_none() {
        return Ok(());
    }
    let others = [
        ("$select", query.select.is_some()),
        ("$filter", query.filter.is_some()),
        ("$orderby", !query.order.is_empty()),
        ("$expand", !query.expand.is_empty()),
        ("$apply", !query.apply.is_empty()),
        ("$top", query.top.is_some()),
    ];
    match others.iter().find(|(_, is_given)| *is_given) {
        Some((name, _)) => {
            Err(Fault::url(format!("{name} cannot stand beside a view or a statement, which says what is wanted")))
        }
        None => Ok(()),
    }
}
