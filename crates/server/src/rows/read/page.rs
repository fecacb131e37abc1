//! Lists: a page of rows, the link to the next one, numbers of rows.

use std::sync::Arc;

use serde_json::Value;
use strata_odata::query::Query;
use strata_odata::url::encoded;
use strata_ops::StoreError;
use strata_ops::query::related::split_reference;
use strata_ops::query::{Answered, Asked, FigureColumn, Found, Kind};
use strata_ops::schema::Table;

use super::annotate::{self, FORMATTED};
use super::render::{Body, Shape};
use super::{ROWS_MAX, Reading, path_text};
use crate::answer::{Answer, JSON};
use crate::fault::Fault;

impl Reading<'_> {
    /// Answers a page of rows.
    pub(super) fn list(&self, asked: Asked, query: &Query) -> Result<Answer, Fault> {
        let shape = Shape::new(self, &asked.table, query)?;
        let body = self.beginning(&asked.table, &shape.context(query));
        self.page(asked, query, body, &shape, &mut |found, body| shape.row(found, body, true))
    }

    /// Answers a page of what is written for each row, behind the beginning of a body.
    pub(super) fn page(
        &self,
        asked: Asked,
        query: &Query,
        mut body: Body,
        shape: &Shape,
        write: &mut dyn FnMut(&Found<'_>, &mut Body) -> Result<(), StoreError>,
    ) -> Result<Answer, Fault> {
        let size = match query.top {
            Some(top) => top.min(ROWS_MAX),
            None => self.ask.prefer().page_size().unwrap_or(ROWS_MAX),
        };
        let total = query.count.then(|| self.reader.count(&asked, ROWS_MAX + 1)).transpose()?;
        self.totals(total, &mut body);
        body.text(",\"value\":[");
        let page = asked.page(size, query.skip_token.as_deref());
        let mut is_first = true;
        let next = self.reader.each(&page, &mut |found| {
            body.text(if is_first { "" } else { "," });
            is_first = false;
            write(&found, &mut body)
        })?;
        body.text("]");
        if let Some(next) = next.filter(|_| query.top.is_none()) {
            body.text(",\"@odata.nextLink\":");
            body.json(&self.next_link(&next));
        }
        body.text("}");
        let body = body.filled(self, shape)?;
        Ok(self.applied_preferences(Answer::of(JSON, body.bytes)))
    }

    /// Writes the context of a list.
    pub(super) fn beginning(&self, table: &Table, context: &str) -> Body {
        let mut body = Body::default();
        body.text("{\"@odata.context\":");
        body.json(&format!("{}$metadata#{}{context}", self.ask.root, table.entry.set));
        body
    }

    /// Writes how many rows there are, as far as that is told.
    pub(super) fn totals(&self, total: Option<u64>, body: &mut Body) {
        let known = total.map(|total| total.min(ROWS_MAX));
        if let Some(known) = known {
            body.text(",\"@odata.count\":");
            body.number(known.cast_signed());
        }
        if self.notes.totals {
            body.text(",\"@Microsoft.Dynamics.CRM.totalrecordcount\":");
            body.number(known.map_or(-1, u64::cast_signed));
        }
        if self.notes.limit_exceeded {
            let exceeded = total.is_some_and(|total| total > ROWS_MAX);
            body.text(",\"@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded\":");
            body.text(if exceeded { "true" } else { "false" });
        }
        if self.notes.metadata_version {
            body.text(",\"@Microsoft.Dynamics.CRM.globalmetadataversion\":");
            body.json(&self.ask.environment.revision.0.to_string());
        }
    }

    /// The request itself, going on where the page ended.
    pub(super) fn next_link(&self, next: &str) -> String {
        let options = self.ask.options.iter().filter(|(name, _)| name != "$skiptoken");
        let mut all: Vec<_> = options.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        all.push(format!("$skiptoken={}", encoded(next)));
        format!("{}{}?{}", self.ask.root, path_text(&self.ask.path), all.join("&"))
    }

    /// Answers how many rows there are.
    pub(super) fn number(&self, asked: &Asked) -> Result<Answer, Fault> {
        let count = self.reader.count(asked, ROWS_MAX)?;
        Ok(Answer::of("text/plain", count.to_string()))
    }

    /// Answers figures that `$apply` asks for.
    pub(super) fn applied(&self, table: &Arc<Table>, query: &Query) -> Result<Answer, Fault> {
        let limit = query.top.unwrap_or(ROWS_MAX).min(ROWS_MAX);
        let answered = self.reader.apply(table, query, limit)?;
        self.figures(table, &answered)
    }

    pub(super) fn figures(&self, table: &Table, answered: &Answered) -> Result<Answer, Fault> {
        let mut body = self.beginning(table, "");
        body.text(",\"value\":[");
        for (at, row) in answered.rows.iter().enumerate() {
            body.text(if at == 0 { "{" } else { ",{" });
            for (at, (column, value)) in answered.columns.iter().zip(row).enumerate() {
                body.text(if at == 0 { "" } else { "," });
                self.figure(column, value, &mut body);
            }
            body.text("}");
        }
        body.text("]}");
        let shape = Shape::of(self, &self.reader.table(&table.entry.name)?, std::iter::empty());
        Ok(self.applied_preferences(Answer::of(JSON, body.filled(self, &shape)?.bytes)))
    }

    fn figure(&self, column: &FigureColumn, value: &Value, body: &mut Body) {
        let known = column.of.as_ref().and_then(|(table, name)| table.columns.get(name));
        let kind = known.map(|known| &known.kind);
        body.json(&column.name);
        body.text(":");
        match (kind, value) {
            (Some(Kind::Lookup { .. }), Value::String(text)) => {
                body.json(split_reference(text).map_or(text, |(_, id)| id));
            }
            (Some(Kind::Choices { .. }), Value::Array(chosen)) => {
                let chosen: Vec<_> = chosen.iter().map(Value::to_string).collect();
                body.json(&chosen.join(","));
            }
            (_, value) => body.text(&value.to_string()),
        }
        if let Some(kind) = kind.filter(|_| self.notes.formatted) {
            let language = self.ask.environment.settings.languages.first().copied().unwrap_or(1033);
            if let Some(text) = annotate::formatted(known, kind, value, language) {
                body.annotation(&column.name, FORMATTED, &text);
            }
        }
    }
}
