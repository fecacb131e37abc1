//! Rows to values and back.

use std::collections::BTreeMap;

use rusqlite::types::{Type, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use serde::de::DeserializeOwned;
use strata_model::component::{Component, ComponentKey, ComponentType};
use strata_model::environment::{Behavior, Environment, Membership, Settings};
use strata_model::id::{ComponentNo, Digest, EnvironmentNo, Guid, Operation, PublisherNo, SolutionNo};
use strata_model::layer::{Layer, LayerState};
use strata_model::publisher::Publisher;
use strata_model::solution::Solution;
use strata_model::version::Version;

use crate::StoreError;

/// `to_op` of rows that still hold.
pub(super) const OPEN: i64 = i64::MAX;
/// A moment at which exactly the open rows hold.
pub(super) const NOW: i64 = i64::MAX - 1;

pub(super) const ENVIRONMENT: &str = "e.environment_id, e.id, e.name, s.json, e.current_op, e.revision \
     FROM environment e JOIN setting s ON s.environment_id = e.environment_id AND s.to_op = 9223372036854775807";
pub(super) const PUBLISHER: &str = "publisher_no, id, unique_name, friendly_name, prefix, option_value_prefix, details";
pub(super) const SOLUTION: &str = "solution_no, id, unique_name, friendly_name, version, is_managed, publisher_no, \
     kind, parent_no, assumed, assumes, residue";
pub(super) const COMPONENT: &str = "component_no, type, key, name, id, category, parent";
pub(super) const ACTIVATION: &str = "component_no";
pub(super) const LAYER: &str = "component_no, solution_no, slot, state, digest, display_name, is_diff, from_op";
pub(super) const MEMBER: &str = "component_no, solution_no, behavior";

/// Says that a stored value is not what its column holds.
pub(super) fn damaged(column: usize, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error.into())
}

pub(super) fn environment(row: &Row<'_>) -> rusqlite::Result<Environment> {
    Ok(Environment {
        no: EnvironmentNo(row.get(0)?),
        id: guid(row, 1)?,
        name: row.get(2)?,
        settings: json(row, 3)?,
        operation: Operation(row.get(4)?),
        revision: Operation(row.get(5)?),
    })
}

pub(super) fn publisher(row: &Row<'_>) -> rusqlite::Result<Publisher> {
    Ok(Publisher {
        no: PublisherNo(row.get(0)?),
        id: guid(row, 1)?,
        unique_name: row.get(2)?,
        friendly_name: row.get(3)?,
        prefix: row.get(4)?,
        option_value_prefix: row.get(5)?,
        details: json(row, 6)?,
    })
}

pub(super) fn solution(row: &Row<'_>) -> rusqlite::Result<Solution> {
    let version: String = row.get(4)?;
    Ok(Solution {
        no: SolutionNo(row.get(0)?),
        id: guid(row, 1)?,
        unique_name: row.get(2)?,
        friendly_name: row.get(3)?,
        version: Version::parse(&version).map_err(|error| damaged(4, error))?,
        is_managed: row.get(5)?,
        publisher: PublisherNo(row.get(6)?),
        kind: word(row, 7)?.ok_or_else(|| damaged(7, "no kind"))?,
        parent: row.get::<_, Option<i64>>(8)?.map(SolutionNo),
        assumed: row.get(9)?,
        assumes: json(row, 10)?,
        residue: row.get::<_, Option<[u8; 32]>>(11)?.map(Digest),
    })
}

/// Component types met so far, by name.
#[derive(Default)]
pub(super) struct TypeNames(BTreeMap<String, ComponentType>);

impl TypeNames {
    pub(super) fn get(&mut self, name: &str) -> ComponentType {
        if let Some(component_type) = self.0.get(name) {
            return component_type.clone();
        }
        let component_type = ComponentType::named(name);
        self.0.insert(name.to_owned(), component_type.clone());
        component_type
    }
}

pub(super) fn component(row: &Row<'_>, types: &mut TypeNames) -> rusqlite::Result<Component> {
    let component_type = types.get(text(row, 1)?);
    Ok(Component {
        no: ComponentNo(row.get(0)?),
        key: ComponentKey::folded(component_type, text(row, 2)?),
        name: row.get(3)?,
        id: guid_or_null(row, 4)?,
        category: row.get(5)?,
        parent: parent_key(row, 6, types)?,
    })
}

/// Reads the key of the component that another one is a part of.
fn parent_key(row: &Row<'_>, column: usize, types: &mut TypeNames) -> rusqlite::Result<Option<ComponentKey>> {
    if row.get_ref(column)? == ValueRef::Null {
        return Ok(None);
    }
    let text = text(row, column)?;
    let (component_type, key) = text.split_once(':').ok_or_else(|| damaged(column, "no component"))?;
    Ok(Some(ComponentKey::folded(types.get(component_type), key)))
}

pub(super) fn layer(row: &Row<'_>) -> rusqlite::Result<Layer> {
    Ok(Layer {
        component: ComponentNo(row.get(0)?),
        solution: SolutionNo(row.get(1)?),
        slot: row.get(2)?,
        state: layer_state(row.get(3)?),
        digest: Digest(row.get(4)?),
        display_name: row.get(5)?,
        is_diff: row.get(6)?,
        from: Operation(row.get(7)?),
    })
}

pub(super) fn member(row: &Row<'_>) -> rusqlite::Result<Membership> {
    let behavior = row.get::<_, Option<u8>>(2)?;
    Ok(Membership {
        component: ComponentNo(row.get(0)?),
        solution: SolutionNo(row.get(1)?),
        behavior: behavior.map(Behavior::try_from).transpose().map_err(|error| damaged(2, error))?,
    })
}

pub(super) fn layer_state(number: i64) -> LayerState {
    if number == 0 { LayerState::Published } else { LayerState::Unpublished }
}

pub(super) fn layer_state_no(state: LayerState) -> i64 {
    match state {
        LayerState::Published => 0,
        LayerState::Unpublished => 1,
    }
}

pub(super) fn text<'r>(row: &'r Row<'_>, column: usize) -> rusqlite::Result<&'r str> {
    row.get_ref(column)?.as_str().map_err(|error| damaged(column, error))
}

pub(super) fn guid(row: &Row<'_>, column: usize) -> rusqlite::Result<Guid> {
    Guid::parse(text(row, column)?).ok_or_else(|| damaged(column, "not a GUID"))
}

pub(super) fn guid_or_null(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Guid>> {
    if row.get_ref(column)? == ValueRef::Null { Ok(None) } else { guid(row, column).map(Some) }
}

pub(super) fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    serde_json::from_str(text(row, column)?).map_err(|error| damaged(column, error))
}

pub(super) fn json_or_null<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<T>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| serde_json::from_str(&text)).transpose().map_err(|error| damaged(column, error))
}

/// Reads an enum that is stored as the word it serialises to.
pub(super) fn word<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<T>> {
    let word: Option<String> = row.get(column)?;
    word.map(|word| serde_json::from_value(word.into())).transpose().map_err(|error| damaged(column, error))
}

/// Returns the word that an enum serialises to.
pub(super) fn word_of(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(_) | Err(_) => unreachable!("enums without fields serialise to words"),
    }
}

pub(super) fn json_of(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plain data with text keys has a JSON form")
}

/// Reads an environment anew by number.
pub(super) fn environment_now(conn: &Connection, no: EnvironmentNo) -> Result<Option<Environment>, StoreError> {
    let sql = format!("SELECT {ENVIRONMENT} WHERE e.environment_id = ?1");
    Ok(conn.prepare_cached(&sql)?.query_row([no.0], environment).optional()?)
}

/// Returns the moment to filter rows by, if the operation has happened and is kept.
pub(super) fn moment(conn: &Connection, of: &Environment, at: Option<Operation>) -> Result<i64, StoreError> {
    let Some(at) = at else { return Ok(NOW) };
    let kept = conn
        .prepare_cached("SELECT oldest_op, current_op FROM environment WHERE environment_id = ?1")?
        .query_row([of.no.0], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (oldest, newest) = kept.ok_or_else(|| StoreError::MissingEnvironment { name: of.name.clone() })?;
    if at.0 < oldest || at.0 > newest {
        return Err(StoreError::MissingOperation {
            environment: of.name.clone(),
            operation: at,
            oldest: Operation(oldest),
            newest: Operation(newest),
        });
    }
    Ok(at.0)
}

pub(super) fn settings(conn: &Connection, no: EnvironmentNo, moment: i64) -> Result<Settings, StoreError> {
    let sql = "SELECT json FROM setting WHERE environment_id = ?1 AND from_op <= ?2 AND ?2 < to_op";
    Ok(conn.prepare_cached(sql)?.query_row(params![no.0, moment], |row| json(row, 0))?)
}

pub(super) fn publishers(conn: &Connection, no: EnvironmentNo, moment: i64) -> Result<Vec<Publisher>, StoreError> {
    let sql = format!(
        "SELECT {PUBLISHER} FROM publisher WHERE environment_id = ?1 AND from_op <= ?2 AND ?2 < to_op \
         ORDER BY publisher_no"
    );
    Ok(conn.prepare_cached(&sql)?.query_map(params![no.0, moment], publisher)?.collect::<Result<_, _>>()?)
}

pub(super) fn solutions(conn: &Connection, no: EnvironmentNo, moment: i64) -> Result<Vec<Solution>, StoreError> {
    let sql = format!(
        "SELECT {SOLUTION} FROM solution WHERE environment_id = ?1 AND from_op <= ?2 AND ?2 < to_op \
         ORDER BY solution_no"
    );
    Ok(conn.prepare_cached(&sql)?.query_map(params![no.0, moment], solution)?.collect::<Result<_, _>>()?)
}
