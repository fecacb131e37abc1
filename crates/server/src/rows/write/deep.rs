//! Rows that are made together: those that lookups lead to first, then the row, then those that go with it (web-api §3).

use std::sync::Arc;

use strata_model::id::Guid;
use strata_odata::path::Segment;
use strata_ops::Whole;
use strata_ops::rows::{Existing, Input, Outcome, RowWrite, pairs};
use strata_ops::schema::Table;

use super::Writer;
use super::body::{Behind, Collection, NewRow};
use crate::answer::Answer;
use crate::ask::Ask;
use crate::fault::Fault;

impl Writer<'_> {
    /// Makes rows with what belongs to them: everything or nothing.
    pub(super) fn make(&self, rows: Vec<NewRow>) -> Result<Vec<Outcome>, Fault> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        if rows.iter().all(NewRow::is_alone) {
            return self.write(self.name(), &creations(rows));
        }
        let whole = Whole::begin(self.ask.workspace.store())?;
        let outcomes = self.make_all(&self.table, rows)?;
        whole.keep()?;
        Ok(outcomes)
    }

    fn make_all(&self, table: &Arc<Table>, rows: Vec<NewRow>) -> Result<Vec<Outcome>, Fault> {
        let (mut own, mut behind) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
        for mut row in rows {
            for (column, target, new) in std::mem::take(&mut row.before) {
                let made = self.make_all(&target, vec![new])?;
                let id = made.first().map(|made| made.id).ok_or_else(nothing)?;
                row.values.push((column, Input::Row { table: target.entry.name.clone(), id }));
            }
            behind.push(std::mem::take(&mut row.behind));
            own.push(row);
        }
        if own.is_empty() {
            return Ok(Vec::new());
        }
        let outcomes = self.write(&table.entry.name, &creations(own))?;
        for (outcome, behind) in outcomes.iter().zip(behind) {
            for behind in behind {
                self.make_behind(table, outcome.id, behind)?;
            }
        }
        Ok(outcomes)
    }

    /// Makes and links the rows that go with one.
    fn make_behind(&self, table: &Table, id: Guid, behind: Behind) -> Result<(), Fault> {
        let Behind { relation, mut new, bound } = behind;
        let target = self.schema.table(self.ask.workspace, relation.target())?;
        match &relation {
            Collection::Many(relation) => {
                let lookup = || (relation.column.clone(), Input::Row { table: table.entry.name.clone(), id });
                new.iter_mut().for_each(|row| row.values.push(lookup()));
                self.make_all(&target, new)?;
                let change = |id| {
                    let values = vec![lookup()];
                    RowWrite::Change { id, values, existing: Existing::Must, version: None }
                };
                let changes: Vec<_> = bound.into_iter().map(change).collect();
                if !changes.is_empty() {
                    self.write(&relation.referencing, &changes)?;
                }
            }
            Collection::Pairs(relation, is_second) => {
                let made = self.make_all(&target, new)?;
                let Ask { workspace, environment, .. } = self.ask;
                for other in made.into_iter().map(|made| made.id).chain(bound) {
                    let ends = if *is_second { (other, id) } else { (id, other) };
                    pairs::link(workspace, environment, relation, ends)?;
                }
            }
        }
        Ok(())
    }

    /// Makes a row that goes with the one that the path names: a POST to a collection.
    pub(super) fn create_beside(&self, navigation: &Segment) -> Result<Answer, Fault> {
        let name = &navigation.name;
        let relation = Collection::of(&self.table, name).ok_or_else(|| Fault::segment(name))?;
        let id = self.id()?;
        self.must_be_there(id)?;
        let target = Writer {
            ask: self.ask,
            schema: self.schema,
            table: self.schema.table(self.ask.workspace, relation.target())?,
        };
        let mut row = target.new_row(&self.ask.json()?)?;
        let whole = Whole::begin(self.ask.workspace.store())?;
        if let Collection::Many(relation) = &relation {
            row.values.push((relation.column.clone(), Input::Row { table: self.name().to_owned(), id }));
        }
        let outcome = target.make(vec![row])?.pop().ok_or_else(nothing)?;
        if let Collection::Pairs(..) = &relation {
            self.make_behind(&self.table, id, Behind { relation, new: Vec::new(), bound: vec![outcome.id] })?;
        }
        whole.keep()?;
        target.written(outcome)
    }
}

fn creations(rows: Vec<NewRow>) -> Vec<RowWrite> {
    rows.into_iter().map(|row| RowWrite::Create { id: None, values: row.values }).collect()
}

fn nothing() -> Fault {
    Fault::payload("nothing was written")
}
