//! Addresses of rows instead of rows: `$ref` (web-api §3).

use serde_json::json;
use strata_odata::query::Query;
use strata_ops::query::Asked;

use super::render::{Body, Shape};
use super::{Reading, missing};
use crate::answer::Answer;
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
        let (root, set) = (self.ask.root, asked.table.entry.set.clone());
        let mut body = Body::default();
        body.text("{\"@odata.context\":");
        body.json(&format!("{root}$metadata#Collection($ref)"));
        let shape = Shape::of(self, &asked.table, std::iter::empty());
        self.page(asked, query, body, &shape, &mut |found, body| {
            body.text("{\"@odata.id\":");
            body.json(&format!("{root}{set}({})", found.id));
            body.text("}");
            Ok(())
        })
    }
}
