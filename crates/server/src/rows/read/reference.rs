//! Addresses of rows instead of rows: `$ref` (web-api §3).

use serde_json::json;
use strata_odata::query::Query;
use strata_ops::query::Asked;

use super::{ROWS_MAX, Reading, missing};
use crate::answer::{Answer, JSON};
use crate::fault::Fault;

impl Reading<'_> {
    /// Answers the address of a row.
    pub(super) fn address(&self, asked: &Asked, shown: &str) -> Result<Answer, Fault> {
        let Some(id) = self.id_of(asked)? else { return Err(missing(shown)) };
        let root = self.ask.root;
        let url = format!("{root}{}({id})", asked.table.entry.set);
        Ok(Answer::json(&json!({ "@odata.context": format!("{root}$metadata#$ref"), "@odata.id": url })))
    }

    /// Answers a page of the addresses of rows.
    pub(super) fn addresses(&self, asked: Asked, query: &Query) -> Result<Answer, Fault> {
        let size = match query.top {
            Some(top) => top.min(ROWS_MAX),
            None => self.ask.prefer().page_size().unwrap_or(ROWS_MAX),
        };
        let mut body = super::render::Body::default();
        let root = self.ask.root;
        body.text("{\"@odata.context\":");
        body.json(&format!("{root}$metadata#Collection($ref)"));
        let total = query.count.then(|| self.reader.count(&asked, ROWS_MAX + 1)).transpose()?;
        self.totals(total, &mut body);
        body.text(",\"value\":[");
        let set = asked.table.entry.set.clone();
        let table = std::sync::Arc::clone(&asked.table);
        let page = asked.page(size, query.skip_token.as_deref());
        let mut is_first = true;
        let next = self.reader.each(&page, &mut |found| {
            body.text(if is_first { "{\"@odata.id\":" } else { ",{\"@odata.id\":" });
            is_first = false;
            body.json(&format!("{root}{set}({})", found.id));
            body.text("}");
            Ok(())
        })?;
        body.text("]");
        if let Some(next) = next.filter(|_| query.top.is_none()) {
            body.text(",\"@odata.nextLink\":");
            body.json(&self.next_link(&next));
        }
        body.text("}");
        let shape = super::render::Shape::of(self, &table, std::iter::empty());
        Ok(self.applied_preferences(Answer::of(JSON, body.filled(self, &shape)?.bytes)))
    }
}
