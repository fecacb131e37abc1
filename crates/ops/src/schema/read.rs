//! Reads a table's definitions: its own, those of its columns and of its keys.

use std::collections::BTreeMap;

use strata_engine::table::{self, Column, Definitions, Kind, Leaves, Table};
use strata_model::component::{ComponentKey, ComponentType};
use strata_model::environment::{Environment, Snapshot};
use strata_model::id::Operation;
use strata_model::rules::Rules;
use strata_store::StoreBodies;

use super::known;
use crate::{OpsError, Workspace};

/// A table as its definitions say, at one moment.
#[derive(Debug)]
pub(crate) struct Definition {
    /// As rows see it.
    pub(crate) table: Table,
    /// What its own definition says.
    pub(crate) own: Leaves,
    /// What the definitions of its columns say, by name.
    pub(crate) columns: BTreeMap<String, Leaves>,
    /// What the definitions of its keys say, by name.
    pub(crate) keys: BTreeMap<String, Leaves>,
    /// What the shared choices that its columns name say, by folded name.
    pub(crate) choices: BTreeMap<String, Leaves>,
    /// Which of these are components of the environment: those have layers.
    pub(crate) components: BTreeMap<ComponentKey, Standing>,
}

/// Where a component of the environment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub is_managed: bool,
}

/// Columns that only tables whose rows somebody owns have.
const OWNERSHIP: [&str; 4] = ["ownerid", "owningbusinessunit", "owningteam", "owninguser"];

/// Reads a table by its logical or schema name, if the environment has it.
pub(crate) fn table(
    workspace: &Workspace,
    environment: &Environment,
    at: Option<Operation>,
    name: &str,
) -> Result<Option<Definition>, OpsError> {
    let store = workspace.store();
    let bodies = StoreBodies::new(store);
    let mut footprint = table::footprint(name);
    let mut seen = store.snapshot(environment, at, &footprint)?;
    let definitions = Definitions { snapshot: &seen, rules: &Rules::OURS, bodies: &bodies };
    let shared = definitions.shared_choices(&name.trim().to_lowercase());
    if !shared.is_empty() {
        footprint.keys.extend(shared.iter().cloned());
        seen = store.snapshot(environment, at, &footprint)?;
    }
    let definitions = Definitions { snapshot: &seen, rules: &Rules::OURS, bodies: &bodies };
    let found = read(&definitions, name, &shared);
    bodies.take_error().map_or(Ok(found), |error| Err(error.into()))
}

fn read(definitions: &Definitions<'_>, name: &str, shared: &[ComponentKey]) -> Option<Definition> {
    let name = name.trim().to_lowercase();
    let key = ComponentKey::new(ComponentType::named("entity"), &name);
    let own = definitions.leaves(&key).or_else(|| known::system_leaves(&name))?;
    let mut columns = definitions.columns(&name);
    add_known(definitions, &name, &mut columns);
    let is_own = |column: &str| definitions.snapshot.components.contains_key(&column_key(&name, column));
    let is_owned = own.get("OwnershipTypeMask").is_none_or(|mask| !matches!(mask.as_str(), "None" | "OrgOwned"));
    columns.retain(|column, _| is_owned || !OWNERSHIP.contains(&column.as_str()) || is_own(column));
    let table = match definitions.table(&name) {
        Some(table) => table,
        None => unlisted(&name),
    };
    let table = with_columns(definitions, table, &own, &columns);
    let choices = shared.iter().filter_map(|key| Some((key.as_str().to_owned(), definitions.leaves(key)?)));
    Some(Definition {
        choices: choices.collect(),
        keys: definitions.children(&name, "entitykey"),
        components: standing(definitions.snapshot),
        table,
        own,
        columns,
    })
}

fn column_key(table: &str, column: &str) -> ComponentKey {
    ComponentKey::folded(ComponentType::named("attribute"), &format!("{table}.{column}"))
}

/// What the list knows goes over the catalogue and under the components of the environment.
fn add_known(definitions: &Definitions<'_>, table: &str, columns: &mut BTreeMap<String, Leaves>) {
    for (column, known) in known::table(table).into_iter().flat_map(|known| &known.columns) {
        let has_layers = |state: &strata_model::environment::ComponentState| !state.layers.is_empty();
        let is_own = definitions.snapshot.components.get(&column_key(table, column)).is_some_and(has_layers);
        let leaves = columns.entry(column.clone()).or_default();
        let said = std::mem::take(leaves);
        let (mut below, above) = if is_own { (known.clone(), said) } else { (said, known.clone()) };
        below.extend(above);
        *leaves = below;
    }
}

/// A table that only the list of known sets has.
fn unlisted(name: &str) -> Table {
    Table {
        name: name.to_owned(),
        primary_id: format!("{name}id"),
        primary_name: None,
        columns: BTreeMap::new(),
        keys: Vec::new(),
        is_open: false,
    }
}

/// Gives a table the columns as they are known now, kept in step with its keys.
fn with_columns(
    definitions: &Definitions<'_>,
    mut table: Table,
    own: &Leaves,
    columns: &BTreeMap<String, Leaves>,
) -> Table {
    let listed = |path: &str| own.get(path).filter(|name| columns.contains_key(*name)).cloned();
    if let Some(primary_id) = listed("PrimaryIdAttribute") {
        table.primary_id = primary_id;
    }
    table.primary_name = table.primary_name.or_else(|| listed("PrimaryNameAttribute"));
    let is_known = |name: &String| columns.contains_key(name);
    table.keys.retain(|key| key.columns.iter().all(is_known));
    table.columns.retain(|name, _| columns.contains_key(name) || *name == table.primary_id);
    for (name, leaves) in columns {
        let refused = |path: &str| leaves.get(path).is_some_and(|flag| flag == "0");
        let is_set_by_nobody = refused("ValidForCreateApi") && refused("ValidForUpdateApi");
        let kind = definitions.kind(leaves);
        let known = table.columns.entry(name.clone()).or_insert_with(|| Column {
            name: name.clone(),
            kind: Kind::Text { length_max: None },
            is_read_only: false,
        });
        known.kind = if *name == table.primary_id { Kind::Id } else { kind };
        known.is_read_only |= is_set_by_nobody && known::table(&table.name).is_some();
    }
    table
}

fn standing(snapshot: &Snapshot) -> BTreeMap<ComponentKey, Standing> {
    let existing = snapshot.components.iter().filter(|(_, state)| !state.layers.is_empty());
    existing.map(|(key, state)| (key.clone(), Standing { is_managed: state.managed().next().is_some() })).collect()
}
