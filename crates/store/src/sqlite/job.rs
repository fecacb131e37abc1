//! What the packages of imports held, for the logs of their jobs (L113).

use std::borrow::Cow;

use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use strata_model::component::{ComponentKey, ComponentType};
use strata_model::environment::Environment;
use strata_model::history::JobComponent;
use strata_model::id::{EnvironmentNo, Guid, Operation};

use super::transaction::Transaction;
use crate::StoreError;

/// Names repeat themselves: more effort than this gains little.
const LEVEL: i32 = 1;

/// A component as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept<'a> {
    #[serde(borrow)]
    t: Cow<'a, str>,
    #[serde(borrow)]
    k: Cow<'a, str>,
    #[serde(borrow)]
    n: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    i: Option<Guid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    d: Option<String>,
}

pub(super) fn insert(
    transaction: &Transaction<'_>,
    no: EnvironmentNo,
    operation: Operation,
    components: &[JobComponent],
) -> Result<(), StoreError> {
    if components.is_empty() {
        return Ok(());
    }
    let kept: Vec<_> = components
        .iter()
        .map(|component| Kept {
            t: component.key.component_type.name().into(),
            k: component.key.as_str().into(),
            n: component.name.as_str().into(),
            i: component.id,
            d: component.display_name.clone(),
        })
        .collect();
    let json = serde_json::to_vec(&kept).map_err(|error| StoreError::Damaged(Box::new(error)))?;
    let packed = zstd::bulk::compress(&json, LEVEL).map_err(|error| StoreError::Damaged(Box::new(error)))?;
    transaction.execute(
        "INSERT INTO job (environment_id, operation, components) VALUES (?1, ?2, ?3)",
        params![no.0, operation.0, packed],
    )?;
    Ok(())
}

pub(super) fn components(
    conn: &Connection,
    of: &Environment,
    operation: Operation,
) -> Result<Vec<JobComponent>, StoreError> {
    let sql = "SELECT components FROM job WHERE environment_id = ?1 AND operation = ?2";
    let packed: Option<Vec<u8>> =
        conn.prepare_cached(sql)?.query_row([of.no.0, operation.0], |row| row.get(0)).optional()?;
    let Some(packed) = packed else { return Ok(Vec::new()) };
    let json = zstd::stream::decode_all(packed.as_slice()).map_err(|error| StoreError::Damaged(Box::new(error)))?;
    let kept: Vec<Kept<'_>> = serde_json::from_slice(&json).map_err(|error| StoreError::Damaged(Box::new(error)))?;
    let component = |kept: Kept<'_>| JobComponent {
        key: ComponentKey::folded(ComponentType::named(&kept.t), &kept.k),
        name: kept.n.into_owned(),
        id: kept.i,
        display_name: kept.d,
    };
    Ok(kept.into_iter().map(component).collect())
}
