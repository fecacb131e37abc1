//! The way back: edits that bring an earlier state again (R12).
//!
//! Only rows that opened or closed since are looked at. What was closed and opened again as it was needs no edit.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row};
use strata_model::environment::{Environment, Membership};
use strata_model::id::{ComponentNo, EnvironmentNo, Operation, PublisherNo, SolutionNo};
use strata_model::layer::{Layer, LayerState};
use strata_model::plan::Edit;
use strata_model::publisher::Publisher;
use strata_model::solution::Solution;

use super::record_close;
use super::rows::{self, ACTIVATION, LAYER, MEMBER, NOW, PUBLISHER, SOLUTION};
use crate::StoreError;

pub(super) fn edits_back_to(
    conn: &Connection,
    environment: &Environment,
    target: Operation,
) -> Result<Vec<Edit>, StoreError> {
    rows::moment(conn, environment, Some(target))?;
    let since = Since { conn, no: environment.no, target };
    let (layers_closed, layers_opened) = since.layers()?;
    let (members_closed, members_opened) = since.members()?;
    let (activations_closed, activations_opened) = since.activations()?;
    let (solutions_closed, solutions_opened) = since.solutions()?;
    let (publishers_closed, publishers_opened) = since.publishers()?;
    let mut edits = Vec::new();
    edits.extend(since.settings()?);
    edits.extend(members_closed.into_iter().map(Edit::MemberClose));
    edits.extend(activations_closed.into_iter().map(Edit::ActivationClose));
    edits.extend(layers_closed.into_iter().map(|layer| Edit::LayerClose {
        component: layer.component,
        solution: layer.solution,
        state: layer.state,
        digest: layer.digest,
    }));
    edits.extend(solutions_closed.into_iter().map(Edit::SolutionClose));
    edits.extend(publishers_closed.into_iter().map(Edit::PublisherClose));
    edits.extend(publishers_opened.into_iter().map(Edit::PublisherOpen));
    edits.extend(solutions_opened.into_iter().map(Edit::SolutionOpen));
    edits.extend(layers_opened.into_iter().map(Edit::LayerOpen));
    edits.extend(members_opened.into_iter().map(Edit::MemberOpen));
    edits.extend(activations_opened.into_iter().map(Edit::ActivationOpen));
    edits.extend(record_close::way_back(conn, environment.no, target)?);
    Ok(edits)
}

struct Since<'c> {
    conn: &'c Connection,
    no: EnvironmentNo,
    target: Operation,
}

/// What is to be closed, and what is to be opened.
type Way<T> = (Vec<T>, Vec<T>);

impl Since<'_> {
    fn settings(&self) -> Result<Option<Edit>, StoreError> {
        let before = rows::settings(self.conn, self.no, NOW)?;
        let after = rows::settings(self.conn, self.no, self.target.0)?;
        Ok((before != after).then_some(Edit::SettingsReplace { before, after }))
    }

    fn publishers(&self) -> Result<Way<Publisher>, StoreError> {
        let key = |publisher: &Publisher| -> PublisherNo { publisher.no };
        self.way("publisher", PUBLISHER, rows::publisher, key, Publisher::eq)
    }

    fn solutions(&self) -> Result<Way<Solution>, StoreError> {
        let key = |solution: &Solution| -> SolutionNo { solution.no };
        // Versions are equal by number, but the text they were written in is part of the state.
        let same = |now: &Solution, then: &Solution| now == then && now.version.as_str() == then.version.as_str();
        self.way("solution", SOLUTION, rows::solution, key, same)
    }

    fn layers(&self) -> Result<Way<Layer>, StoreError> {
        let key =
            |layer: &Layer| -> (ComponentNo, SolutionNo, LayerState) { (layer.component, layer.solution, layer.state) };
        let same = |now: &Layer, then: &Layer| *now == Layer { from: now.from, ..then.clone() };
        self.way("layer", LAYER, rows::layer, key, same)
    }

    fn members(&self) -> Result<Way<Membership>, StoreError> {
        let key = |member: &Membership| -> (ComponentNo, SolutionNo) { (member.component, member.solution) };
        self.way("member", MEMBER, rows::member, key, Membership::eq)
    }

    fn activations(&self) -> Result<Way<ComponentNo>, StoreError> {
        let read = |row: &Row<'_>| Ok(ComponentNo(row.get(0)?));
        self.way("activation", ACTIVATION, read, |component| *component, ComponentNo::eq)
    }

    /// Compares the rows of a table that opened since and still hold with those that held then and do no more.
    fn way<T, K: Ord>(
        &self,
        table: &str,
        columns: &str,
        read: fn(&Row<'_>) -> rusqlite::Result<T>,
        key: impl Fn(&T) -> K,
        same: impl Fn(&T, &T) -> bool,
    ) -> Result<Way<T>, StoreError> {
        let select = format!("SELECT {columns} FROM {table} WHERE environment_id = ?1");
        let opened = format!("{select} AND from_op > ?2 AND to_op = 9223372036854775807");
        let closed = format!("{select} AND to_op > ?2 AND to_op <> 9223372036854775807 AND from_op <= ?2");
        let mut pairs: BTreeMap<K, (Option<T>, Option<T>)> = BTreeMap::new();
        for row in self.conn.prepare_cached(&opened)?.query_map([self.no.0, self.target.0], read)? {
            let row = row?;
            let pair = pairs.entry(key(&row)).or_default();
            pair.0 = Some(row);
        }
        for row in self.conn.prepare_cached(&closed)?.query_map([self.no.0, self.target.0], read)? {
            let row = row?;
            let pair = pairs.entry(key(&row)).or_default();
            pair.1 = Some(row);
        }
        let (mut to_close, mut to_open) = (Vec::new(), Vec::new());
        for (now, then) in pairs.into_values() {
            if !matches!((&now, &then), (Some(now), Some(then)) if same(now, then)) {
                to_close.extend(now);
                to_open.extend(then);
            }
        }
        Ok((to_close, to_open))
    }
}
