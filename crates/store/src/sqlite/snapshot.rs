//! Cuts a snapshot to a footprint (D2).
//!
//! Numbers come first: components of a solution from an index that holds nothing else, components by key from
//! sorted lookups. Rows are then read along the clustered tables in runs of neighbouring numbers, which for a
//! solution that came in one import is one scan.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Row, params};
use strata_model::component::{Component, ComponentKey, ComponentType, Identity, TYPES};
use strata_model::environment::{ComponentState, Environment, Footprint, Snapshot, stack_key};
use strata_model::id::{ComponentNo, EnvironmentNo, Operation, PublisherNo, SolutionNo};
use strata_model::layer::{Layer, LayerState};
use strata_model::solution::Solution;

use super::environment::missing;
use super::names::{self, Index};
use super::rows::{self, ACTIVATION, COMPONENT, LAYER, MEMBER, TypeNames};
use crate::{NamedComponent, StoreError};

/// How many unwanted numbers may lie between two wanted ones of the same run.
const RUN_GAP: i64 = 16;

pub(super) fn snapshot(
    conn: &Connection,
    environment: &Environment,
    at: Option<Operation>,
    footprint: &Footprint,
) -> Result<Snapshot, StoreError> {
    let no = environment.no;
    let mut environment = rows::environment_now(conn, no)?.ok_or_else(|| missing(&environment.name))?;
    let moment = rows::moment(conn, &environment, at)?;
    environment.settings = rows::settings(conn, no, moment)?;
    let solutions = rows::solutions(conn, no, moment)?;
    let mentions = names::find(conn, no, Index::Mention, &footprint.mentioning)?;
    let answers = names::find(conn, no, Index::Answer, &footprint.answering)?;
    let by_name: Vec<i64> = mentions.iter().chain(&answers).map(|row| row.component.0).collect();
    let states = Cut { conn, no, moment }.states(footprint, &by_name, &solutions)?;
    let next = conn
        .prepare_cached(
            "SELECT next_publisher_no, next_solution_no, next_component_no FROM environment WHERE environment_id = ?1",
        )?
        .query_row([no.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(Snapshot {
        environment,
        publishers: rows::publishers(conn, no, moment)?,
        solutions,
        components: states.into_iter().map(|state| (state.component.key.clone(), state)).collect(),
        mentions,
        answers,
        next_publisher: PublisherNo(next.0),
        next_solution: SolutionNo(next.1),
        next_component: ComponentNo(next.2),
    })
}

pub(super) fn component_names(
    conn: &Connection,
    environment: &Environment,
    at: Option<Operation>,
    component_type: &ComponentType,
) -> Result<Vec<NamedComponent>, StoreError> {
    let moment = rows::moment(conn, environment, at)?;
    let solutions = rows::solutions(conn, environment.no, moment)?;
    let cut = Cut { conn, no: environment.no, moment };
    let mut numbers = conn
        .prepare_cached("SELECT component_no FROM component WHERE environment_id = ?1 AND type = ?2 ORDER BY key")?
        .query_map(params![environment.no.0, component_type.name()], |row| row.get(0))?
        .collect::<Result<Vec<_>, _>>()?;
    numbers.sort_unstable();
    let components = cut.components(&runs(&numbers), Some(&numbers))?;
    let mut states = cut.with_rows(components, false, &solutions)?;
    states.retain(|state| !state.layers.is_empty() || !state.members.is_empty());
    states.sort_by(|left, right| left.component.key.cmp(&right.component.key));
    Ok(states.into_iter().map(named).collect())
}

fn named(state: ComponentState) -> NamedComponent {
    let parent = state.component.parent();
    let display_name = state.layers.into_iter().rev().find_map(|layer| layer.display_name);
    NamedComponent { key: state.component.key, name: state.component.name, display_name, parent }
}

/// One environment at one moment.
pub(super) struct Cut<'c> {
    pub(super) conn: &'c Connection,
    pub(super) no: EnvironmentNo,
    pub(super) moment: i64,
}

impl Cut<'_> {
    /// Returns the components of a footprint, and those found by names, in the order of their numbers.
    fn states(
        &self,
        footprint: &Footprint,
        by_name: &[i64],
        solutions: &[Solution],
    ) -> Result<Vec<ComponentState>, StoreError> {
        if footprint.everything {
            let components = self.components(&[(i64::MIN, i64::MAX)], None)?;
            return self.with_rows(components, true, solutions);
        }
        let mut candidates = self.numbers_by_solution(&footprint.solutions)?;
        if footprint.drafts {
            candidates.extend(self.numbers_with_drafts()?);
        }
        let mut named = self.numbers_of_children(&footprint.children_of)?;
        named.extend(self.numbers_of_parts(&footprint.parts_of)?);
        named.extend(self.numbers_of_types(&footprint.types)?);
        named.extend(footprint.numbers.iter().map(|number| number.0));
        named.extend(by_name);
        candidates.extend(&named);
        candidates.sort_unstable();
        candidates.dedup();
        let mut components = self.components(&runs(&candidates), Some(&candidates))?;
        named.extend(self.find_keys(&footprint.keys, &mut components)?);
        named.sort_unstable();

        let mut states = self.with_rows(components, false, solutions)?;
        // The index by solution knows what once was; the rows know what is.
        states.retain(|state| {
            named.binary_search(&state.component.no.0).is_ok()
                || footprint.drafts && state.layers.iter().any(|layer| layer.state == LayerState::Unpublished)
                || state.layers.iter().any(|layer| footprint.solutions.contains(&layer.solution))
                || state.members.iter().any(|member| footprint.solutions.contains(&member.solution))
        });
        Ok(states)
    }

    fn numbers_by_solution(&self, solutions: &[SolutionNo]) -> Result<Vec<i64>, StoreError> {
        let mut numbers = Vec::new();
        for table in ["layer", "member"] {
            let sql = format!(
                "SELECT DISTINCT component_no FROM {table} WHERE environment_id = ?1 AND solution_no = ?2 \
                 ORDER BY component_no"
            );
            let mut statement = self.conn.prepare_cached(&sql)?;
            for solution in solutions {
                for number in statement.query_map([self.no.0, solution.0], |row| row.get(0))? {
                    numbers.push(number?);
                }
            }
        }
        Ok(numbers)
    }

    fn numbers_with_drafts(&self) -> Result<Vec<i64>, StoreError> {
        let sql = "SELECT component_no FROM layer \
             WHERE environment_id = ?1 AND state = 1 AND from_op <= ?2 AND ?2 < to_op";
        let mut statement = self.conn.prepare_cached(sql)?;
        Ok(statement.query_map([self.no.0, self.moment], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }

    /// Finds the parts of tables: by the table's name in their keys, or by the parent they were added with.
    fn numbers_of_children(&self, tables: &[String]) -> Result<Vec<i64>, StoreError> {
        let sql =
            "SELECT component_no FROM component WHERE environment_id = ?1 AND type = ?2 AND key > ?3 AND key < ?4";
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut numbers = Vec::new();
        for row in TYPES.iter().filter(|row| row.identity == Identity::NameInTable) {
            for table in tables {
                // `/` follows `.`, so these are the keys that begin with the table's name and a dot.
                let (from, to) = (format!("{table}."), format!("{table}/"));
                for number in statement.query_map(params![self.no.0, row.name, from, to], |row| row.get(0))? {
                    numbers.push(number?);
                }
            }
        }
        let entity = ComponentType::named("entity");
        let tables: Vec<_> = tables.iter().map(|table| ComponentKey::folded(entity.clone(), table)).collect();
        numbers.extend(self.numbers_of_parts(&tables)?);
        Ok(numbers)
    }

    /// Finds components by the parent they were added with.
    fn numbers_of_parts(&self, parents: &[ComponentKey]) -> Result<Vec<i64>, StoreError> {
        let sql = "SELECT component_no FROM component WHERE environment_id = ?1 AND parent = ?2 AND parent IS NOT NULL";
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut numbers = Vec::new();
        for parent in parents {
            for number in statement.query_map(params![self.no.0, parent.to_string()], |row| row.get(0))? {
                numbers.push(number?);
            }
        }
        Ok(numbers)
    }

    fn numbers_of_types(&self, types: &[ComponentType]) -> Result<Vec<i64>, StoreError> {
        let sql = "SELECT component_no FROM component WHERE environment_id = ?1 AND type = ?2";
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut numbers = Vec::new();
        for component_type in types {
            for number in statement.query_map(params![self.no.0, component_type.name()], |row| row.get(0))? {
                numbers.push(number?);
            }
        }
        Ok(numbers)
    }

    /// Adds the components with those keys to the others and returns the numbers of all that exist.
    fn find_keys(&self, keys: &[ComponentKey], components: &mut Vec<Component>) -> Result<Vec<i64>, StoreError> {
        let known: HashMap<(&str, &str), i64> = components
            .iter()
            .map(|component| ((component.key.component_type.name(), component.key.as_str()), component.no.0))
            .collect();
        let mut numbers = Vec::with_capacity(keys.len());
        let mut unknown: Vec<&ComponentKey> = Vec::new();
        for key in keys {
            match known.get(&(key.component_type.name(), key.as_str())) {
                Some(number) => numbers.push(*number),
                None => unknown.push(key),
            }
        }
        drop(known);
        // Neighbours in the index are asked for one after the other.
        unknown.sort_by_cached_key(|key| (key.component_type.name().to_owned(), key.as_str().to_owned()));
        unknown.dedup();
        let sql = format!("SELECT {COMPONENT} FROM component WHERE environment_id = ?1 AND type = ?2 AND key = ?3");
        let mut statement = self.conn.prepare_cached(&sql)?;
        let mut types = TypeNames::default();
        let mut found = Vec::new();
        for key in unknown {
            let row = statement.query_row(params![self.no.0, key.component_type.name(), key.as_str()], |row| {
                rows::component(row, &mut types)
            });
            if let Some(component) = row.optional()? {
                numbers.push(component.no.0);
                found.push(component);
            }
        }
        if !found.is_empty() {
            components.extend(found);
            components.sort_by_key(|component| component.no);
        }
        Ok(numbers)
    }

    /// Reads components along runs, all of them or those of the (sorted) numbers.
    fn components(&self, runs: &[(i64, i64)], wanted: Option<&[i64]>) -> Result<Vec<Component>, StoreError> {
        let sql = format!(
            "SELECT {COMPONENT} FROM component WHERE environment_id = ?1 AND component_no BETWEEN ?2 AND ?3 \
             ORDER BY component_no"
        );
        let mut statement = self.conn.prepare_cached(&sql)?;
        let mut types = TypeNames::default();
        let mut components = Vec::with_capacity(wanted.map_or(0, <[i64]>::len));
        for &(first, last) in runs {
            let mut found = statement.query([self.no.0, first, last])?;
            while let Some(row) = found.next()? {
                let no = row.get(0)?;
                if wanted.is_none_or(|wanted| wanted.binary_search(&no).is_ok()) {
                    components.push(rows::component(row, &mut types)?);
                }
            }
        }
        Ok(components)
    }

    /// Joins components, sorted by number, with their layers and memberships.
    pub(super) fn with_rows(
        &self,
        components: Vec<Component>,
        all: bool,
        solutions: &[Solution],
    ) -> Result<Vec<ComponentState>, StoreError> {
        let numbers: Vec<i64> = components.iter().map(|component| component.no.0).collect();
        let runs = if all { vec![(i64::MIN, i64::MAX)] } else { runs(&numbers) };
        let mut states: Vec<ComponentState> = components
            .into_iter()
            .map(|component| ComponentState { component, layers: Vec::new(), members: Vec::new(), is_on: false })
            .collect();
        self.join("layer", LAYER, &runs, &mut states, |state, row| {
            state.layers.push(rows::layer(row)?);
            Ok(())
        })?;
        self.join("member", MEMBER, &runs, &mut states, |state, row| {
            state.members.push(rows::member(row)?);
            Ok(())
        })?;
        // Few components can be switched, so few runs are asked for.
        let can_be_on = |state: &&ComponentState| state.component.key.component_type.can_activate();
        let switchable: Vec<i64> = states.iter().filter(can_be_on).map(|state| state.component.no.0).collect();
        let runs = if all { runs } else { self::runs(&switchable) };
        self.join("activation", ACTIVATION, &runs, &mut states, |state, _| {
            state.is_on = true;
            Ok(())
        })?;
        for state in &mut states {
            stack(&mut state.layers, solutions);
        }
        Ok(states)
    }

    /// Walks a table that is clustered by component beside the components.
    fn join(
        &self,
        table: &str,
        columns: &str,
        runs: &[(i64, i64)],
        states: &mut [ComponentState],
        mut add: impl FnMut(&mut ComponentState, &Row<'_>) -> rusqlite::Result<()>,
    ) -> Result<(), StoreError> {
        let sql = format!(
            "SELECT {columns} FROM {table} WHERE environment_id = ?1 AND component_no BETWEEN ?2 AND ?3 \
             AND from_op <= ?4 AND ?4 < to_op ORDER BY component_no"
        );
        let mut statement = self.conn.prepare_cached(&sql)?;
        let mut at = 0;
        for &(first, last) in runs {
            let mut found = statement.query([self.no.0, first, last, self.moment])?;
            while let Some(row) = found.next()? {
                let no: i64 = row.get(0)?;
                while states.get(at).is_some_and(|state| state.component.no.0 < no) {
                    at += 1;
                }
                if let Some(state) = states.get_mut(at).filter(|state| state.component.no.0 == no) {
                    add(state, row)?;
                }
            }
        }
        Ok(())
    }
}

/// Sorts layers bottom to top.
fn stack(layers: &mut [Layer], solutions: &[Solution]) {
    if layers.len() > 1 {
        layers.sort_by_cached_key(|layer| stack_key(solutions, layer));
    }
}

/// Joins sorted numbers to runs.
fn runs(numbers: &[i64]) -> Vec<(i64, i64)> {
    let mut runs: Vec<(i64, i64)> = Vec::new();
    for &number in numbers {
        match runs.last_mut() {
            Some((_, last)) if number - *last <= RUN_GAP => *last = number,
            Some(_) | None => runs.push((number, number)),
        }
    }
    runs
}
