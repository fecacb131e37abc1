//! The tables of an environment as the Web API names them: sets, columns, navigations.
//!
//! Loaded for one revision of an environment and asked from many threads; a table's parts are read when somebody asks
//! for them first. Names of tables and columns are logical names, lower case.

use std::collections::BTreeMap;

use strata_engine::catalogue;
use strata_model::component::{ComponentKey, ComponentType};
use strata_model::environment::Environment;
use strata_model::id::Operation;
use strata_model::rules::Rules;

use crate::{OpsError, Workspace};

/// The tables of an environment at one revision.
#[derive(Debug)]
pub struct Schema {
    revision: Operation,
    by_name: BTreeMap<String, TableEntry>,
    /// Logical names by the folded names of sets.
    by_set: BTreeMap<String, String>,
}

/// A table by its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableEntry {
    pub name: String,
    pub schema_name: String,
    pub set: String,
}

impl Schema {
    /// Reads the names of all tables.
    pub fn load(workspace: &Workspace, environment: &Environment) -> Result<Self, OpsError> {
        let mut by_name = BTreeMap::new();
        for name in catalogue::table_names() {
            let key = ComponentKey::new(ComponentType::named("entity"), name);
            let schema_name =
                catalogue::component(&key, &Rules::OURS).map_or_else(|| name.to_owned(), |system| system.name);
            let set = catalogue::entity_set(name).map_or_else(|| format!("{name}s"), str::to_owned);
            by_name.insert(name.to_owned(), TableEntry { name: name.to_owned(), schema_name, set });
        }
        let own = workspace.store().component_names(environment, None, &ComponentType::named("entity"))?;
        for table in own {
            let name = table.key.as_str().to_owned();
            let set = format!("{name}s");
            by_name.entry(name.clone()).or_insert_with(|| TableEntry { name, schema_name: table.name, set });
        }
        let by_set = by_name.values().map(|entry| (entry.set.to_lowercase(), entry.name.clone())).collect();
        Ok(Self { revision: environment.revision, by_name, by_set })
    }

    /// Returns the revision it was loaded for.
    pub fn revision(&self) -> Operation {
        self.revision
    }

    /// Finds a table by the name of its set.
    pub fn by_set(&self, set: &str) -> Option<&TableEntry> {
        self.by_name.get(self.by_set.get(&set.to_lowercase())?)
    }

    /// Finds a table by its logical name.
    pub fn by_name(&self, name: &str) -> Option<&TableEntry> {
        self.by_name.get(&name.to_lowercase())
    }

    /// Lists the tables by logical name.
    pub fn tables(&self) -> impl Iterator<Item = &TableEntry> {
        self.by_name.values()
    }
}
