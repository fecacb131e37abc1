//! Hierarchies as SQL: rows under a row or above it, found level by level along the index of the lookup that makes them.
//!
//! What was found before is not found again, so that rings come to an end.

use super::query_filter::combined;
use super::query_sql::{Writer, held, id_in};
use crate::StoreError;
use crate::query::{Field, FieldKind, Lineage, Source};

/// Stands for the relation that is gone along; no query numbers so many.
const SOURCE: Source = u32::MAX;

impl Writer<'_> {
    /// Writes a statement that lists the ids of a lineage.
    pub(super) fn lineage(&mut self, lineage: &Lineage) -> Result<String, StoreError> {
        self.place(SOURCE, &lineage.relation)?;
        let lookup = Field { source: SOURCE, column: lineage.column.clone(), kind: FieldKind::Reference };
        let start = self.bind(lineage.id.to_lowercase());
        let (before, step) = match (lineage.goes_up, self.has_index(&lookup)) {
            (true, _) => (String::new(), self.step_up(lineage, &lookup)),
            (false, true) => (String::new(), self.step_down(lineage, &lookup)),
            (false, false) => self.step_down_unaided(lineage, &lookup),
        };
        let others = if lineage.has_self { "" } else { &format!(" WHERE id <> {start}") };
        Ok(format!(
            "WITH RECURSIVE {before}lineage(id) AS (SELECT {start} UNION {step}) SELECT id FROM lineage{others}"
        ))
    }

    fn step_up(&mut self, lineage: &Lineage, lookup: &Field) -> String {
        let mut all = Vec::new();
        let from = self.relation(SOURCE, &lineage.relation, &mut all);
        let above = id_in(&held(lookup));
        let own = self.bind(format!("{}(", lineage.table));
        all.push(format!("r{SOURCE}.id = lineage.id"));
        all.push(format!("instr({}, {own}) = 1", held(lookup)));
        format!("SELECT {above} FROM lineage CROSS JOIN {from} WHERE {}", combined(&all, "AND"))
    }

    fn step_down(&mut self, lineage: &Lineage, lookup: &Field) -> String {
        let place = &self.places[&SOURCE];
        let index = place.shelf.expect("rows with an index lie on a shelf").index();
        let table = place.table.clone();
        let (table, column) = (self.bind(table), self.bind(lookup.column.clone()));
        let value = self.bind(format!("3{}(", lineage.table));
        format!(
            "SELECT i.id FROM lineage CROSS JOIN {index} i WHERE i.environment_id = ?1 AND i.table_name = {table} \
             AND i.column_name = {column} AND i.value = {value} || lineage.id || ')'"
        )
    }

    /// Without an index all rows are read once, and found by what is above them.
    fn step_down_unaided(&mut self, lineage: &Lineage, lookup: &Field) -> (String, String) {
        let mut all = Vec::new();
        let from = self.relation(SOURCE, &lineage.relation, &mut all);
        let own = self.bind(format!("{}(", lineage.table));
        all.push(format!("instr({}, {own}) = 1", held(lookup)));
        let above = id_in(&held(lookup));
        let places = format!(
            "places(id, above) AS MATERIALIZED (SELECT r{SOURCE}.id, {above} FROM {from} WHERE {}), ",
            combined(&all, "AND")
        );
        let step = "SELECT places.id FROM lineage CROSS JOIN places WHERE places.above = lineage.id";
        (places, step.to_owned())
    }
}
