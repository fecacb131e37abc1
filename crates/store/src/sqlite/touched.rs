//! What operations since a moment touched: what shows components elsewhere is brought up to date from it.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension};
use strata_model::component::{ComponentKey, ComponentType};
use strata_model::environment::Environment;
use strata_model::id::{ComponentNo, EnvironmentNo, Operation};

use super::environment::missing;
use super::rows::TypeNames;
use crate::StoreError;

/// Layers, memberships and activations that were opened or closed; each query but the last walks an index.
const TOUCHES: [&str; 5] = [
    "SELECT component_no FROM layer WHERE environment_id = ?1 AND from_op > ?2",
    "SELECT component_no FROM layer WHERE environment_id = ?1 AND to_op > ?2 AND to_op <> 9223372036854775807",
    "SELECT component_no FROM member WHERE environment_id = ?1 AND from_op > ?2",
    "SELECT component_no FROM member WHERE environment_id = ?1 AND to_op > ?2 AND to_op <> 9223372036854775807",
    "SELECT component_no FROM activation WHERE environment_id = ?1 \
     AND (from_op > ?2 OR (to_op > ?2 AND to_op <> 9223372036854775807))",
];

/// Lists the components that were touched after an operation; `None` where a prune has taken the answer away.
pub(super) fn since(
    conn: &Connection,
    of: &Environment,
    since: Operation,
) -> Result<Option<BTreeSet<ComponentNo>>, StoreError> {
    if is_pruned(conn, of, since)? {
        return Ok(None);
    }
    let mut touched = BTreeSet::new();
    for sql in TOUCHES {
        let mut statement = conn.prepare_cached(sql)?;
        for number in statement.query_map([of.no.0, since.0], |row| row.get(0))? {
            touched.insert(ComponentNo(number?));
        }
    }
    Ok(Some(touched))
}

/// Lists the components of some types whose layers were touched after an operation, as above.
pub(super) fn layers_since(
    conn: &Connection,
    of: &Environment,
    since: Operation,
    types: &[ComponentType],
) -> Result<Option<BTreeSet<ComponentKey>>, StoreError> {
    if is_pruned(conn, of, since)? {
        return Ok(None);
    }
    let mut touched = BTreeSet::new();
    for layers in &TOUCHES[..2] {
        // The touched layers are walked, and each component is looked up.
        let sql = format!(
            "SELECT DISTINCT component.type, component.key FROM ({layers}) AS touched CROSS JOIN component \
             ON component.environment_id = ?1 AND component.component_no = touched.component_no"
        );
        let mut statement = conn.prepare_cached(&sql)?;
        let mut rows = statement.query([of.no.0, since.0])?;
        while let Some(row) = rows.next()? {
            let type_name = super::rows::text(row, 0)?;
            if let Some(component_type) = types.iter().find(|known| known.name() == type_name) {
                touched.insert(ComponentKey::folded(component_type.clone(), super::rows::text(row, 1)?));
            }
        }
    }
    Ok(Some(touched))
}

/// Tells whether what was between an operation and now is no longer known.
fn is_pruned(conn: &Connection, of: &Environment, since: Operation) -> Result<bool, StoreError> {
    let oldest = conn
        .prepare_cached("SELECT oldest_op FROM environment WHERE environment_id = ?1")?
        .query_row([of.no.0], |row| row.get::<_, i64>(0))
        .optional()?
        .ok_or_else(|| missing(&of.name))?;
    Ok(since.0 < oldest)
}

/// Lists the types that components of an environment have ever had, by name: one look into the index for each.
pub(super) fn types(conn: &Connection, no: EnvironmentNo) -> Result<Vec<ComponentType>, StoreError> {
    let sql = "WITH RECURSIVE known(type) AS ( \
         SELECT MIN(type) FROM component WHERE environment_id = ?1 \
         UNION ALL \
         SELECT (SELECT MIN(type) FROM component WHERE environment_id = ?1 AND type > known.type) \
         FROM known WHERE known.type IS NOT NULL) \
         SELECT type FROM known WHERE type IS NOT NULL";
    let mut names = TypeNames::default();
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query([no.0])?;
    let mut types = Vec::new();
    while let Some(row) = rows.next()? {
        types.push(names.get(super::rows::text(row, 0)?));
    }
    Ok(types)
}
