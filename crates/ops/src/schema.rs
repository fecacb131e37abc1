//! The tables of an environment as the Web API names them: sets, columns, navigations.
//!
//! Loaded for one revision of an environment and asked from many threads; a table's parts are read when somebody asks
//! for them first, and what no operation touched is taken over from an earlier revision. Names of tables and columns are
//! logical names, lower case.

mod changes;
mod known;
mod pairs;
pub(crate) mod read;
pub mod relation;
pub mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use strata_engine::catalogue;
use strata_engine::table::{Definitions, default_set};
use strata_model::component::{ComponentKey, ComponentRef, ComponentType};
use strata_model::environment::{ComponentState, Environment, Footprint};
use strata_model::id::{Guid, Operation};
use strata_model::rules::Rules;
use strata_store::StoreBodies;

pub use changes::{DefinitionChanges, changes_since};
pub use read::Standing;
use relation::{ManyToMany, OneToMany, Relations};
pub use strata_engine::table::{Key, Kind, Leaves};
pub use table::{Column, Labels, Navigation, Table, labels, table_labels};

use crate::{OpsError, Workspace};

/// The tables of an environment at one revision.
#[derive(Debug)]
pub struct Schema {
    environment: Environment,
    names: Arc<Names>,
    tables: Mutex<BTreeMap<String, Arc<Table>>>,
    relations: OnceLock<Arc<Relations>>,
    described: OnceLock<Arc<Vec<u8>>>,
    /// Tables that have been found to hold rows and nothing else, by name, or not to.
    plain: Mutex<BTreeMap<String, bool>>,
}

/// The tables by what they are called.
#[derive(Debug)]
struct Names {
    by_name: BTreeMap<String, Arc<TableEntry>>,
    /// Logical names by the folded names of sets.
    by_set: BTreeMap<String, String>,
}

/// A table by its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableEntry {
    pub name: String,
    pub schema_name: String,
    pub set: String,
    pub metadata_id: Guid,
    pub type_code: i64,
    /// Where it stands as a component of the environment; `None` where only the system layer has it.
    pub standing: Option<Standing>,
    /// Every environment has it.
    pub is_system: bool,
    /// What its definition says, by path as in packages.
    pub definition: Arc<Leaves>,
}

impl TableEntry {
    /// Whether somebody owns its rows.
    pub fn is_owned(&self) -> bool {
        self.definition.get("OwnershipTypeMask").is_none_or(|mask| !matches!(mask.as_str(), "None" | "OrgOwned"))
    }
}

/// A choice that columns share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub name: String,
    pub id: Guid,
    pub standing: Standing,
    /// What its definition says, by path as in packages.
    pub definition: Leaves,
}

/// Returns the name of a table's rows in its schema name's case.
pub fn collection_schema_name(entry: &TableEntry) -> String {
    let plural = default_set(&entry.schema_name);
    if plural.eq_ignore_ascii_case(&entry.set) { plural } else { entry.set.clone() }
}

/// Type codes from here on are those of an environment: first those of system tables that have none of their own.
const OWN_CODES: i64 = 10_000;

/// Then those of the environment's own tables, by number of the component.
const COMPONENT_CODES: i64 = 11_000;

/// The types of the components that tables are made of.
const SHAPING: [&str; 5] = ["entity", "attribute", "entitykey", "optionset", "entityrelationship"];

/// The components of these types that operations touched.
type Touched = BTreeSet<ComponentKey>;

impl Schema {
    /// Reads the names of all tables; of an earlier revision everything is taken over that operations did not touch.
    pub fn load(workspace: &Workspace, environment: &Environment, earlier: Option<&Self>) -> Result<Self, OpsError> {
        let Some(earlier) = earlier.filter(|earlier| earlier.may_lead_to(environment)) else {
            return Self::whole(workspace, environment);
        };
        let types = SHAPING.map(ComponentType::named);
        match workspace.store().layers_touched_since(environment, earlier.revision(), &types)? {
            Some(touched) => earlier.renewed(workspace, environment, &touched),
            None => Self::whole(workspace, environment),
        }
    }

    fn whole(workspace: &Workspace, environment: &Environment) -> Result<Self, OpsError> {
        let types = vec![ComponentType::named("entity")];
        let mut by_name = system_names(environment);
        let footprint = Footprint { types, ..Footprint::default() };
        for entry in own_entries(workspace, environment, &footprint)? {
            by_name.insert(entry.name.clone(), Arc::new(entry));
        }
        Ok(Self::of(environment, Arc::new(Names::of(by_name))))
    }

    fn of(environment: &Environment, names: Arc<Names>) -> Self {
        Self {
            environment: environment.clone(),
            names,
            tables: Mutex::default(),
            relations: OnceLock::new(),
            described: OnceLock::new(),
            plain: Mutex::default(),
        }
    }

    /// Whether a later state can be told from this one and from what was touched since.
    fn may_lead_to(&self, environment: &Environment) -> bool {
        let languages = |environment: &Environment| environment.settings.languages.clone();
        self.environment.no == environment.no
            && self.environment.revision <= environment.revision
            && languages(&self.environment) == languages(environment)
    }

    fn renewed(&self, workspace: &Workspace, environment: &Environment, touched: &Touched) -> Result<Self, OpsError> {
        if touched.is_empty() {
            let same = Self::of(environment, Arc::clone(&self.names));
            self.relations.get().map(|relations| same.relations.set(Arc::clone(relations)));
            self.described.get().map(|described| same.described.set(Arc::clone(described)));
            lock(&same.tables).clone_from(&lock(&self.tables));
            return Ok(same);
        }
        let names = self.names.renewed(workspace, environment, touched)?;
        let new = Self::of(environment, Arc::new(names));
        if let Some(earlier) = self.relations.get() {
            let relations =
                Arc::new(Relations::load(workspace, environment, new.own_tables(), Some((earlier, touched)))?);
            let is_same = |(name, table): &(&String, &Arc<Table>)| {
                let entry = new.names.by_name.get(*name);
                entry.is_some_and(|entry| Arc::ptr_eq(entry, &table.entry))
                    && table.is_untouched(touched)
                    && table.has_relations(&relations)
            };
            let kept = lock(&self.tables);
            let kept = kept.iter().filter(is_same).map(|(name, table)| (name.clone(), Arc::clone(table)));
            lock(&new.tables).extend(kept);
            new.relations.set(relations).ok();
        }
        Ok(new)
    }

    /// Reads those tables that an earlier revision knew and this one does not know yet: the first who ask for them
    /// need not wait.
    pub fn warm(&self, workspace: &Workspace, earlier: &Self) -> Result<(), OpsError> {
        let known: Vec<_> = lock(&earlier.tables).keys().cloned().collect();
        for name in known.iter().filter(|name| self.by_name(name).is_some()) {
            self.table(workspace, name)?;
        }
        Ok(())
    }

    /// The tables of the environment that the system layer lacks, each with whether somebody owns its rows.
    fn own_tables(&self) -> impl Iterator<Item = (&str, bool)> {
        let own = self.names.by_name.values().filter(|entry| !entry.is_system);
        own.map(|entry| (entry.name.as_str(), entry.is_owned()))
    }

    /// Returns the revision it was loaded for.
    pub fn revision(&self) -> Operation {
        self.environment.revision
    }

    /// Finds a table by the name of its set.
    pub fn by_set(&self, set: &str) -> Option<&TableEntry> {
        self.by_name(self.names.by_set.get(&set.to_lowercase())?)
    }

    /// Finds a table by its logical name.
    pub fn by_name(&self, name: &str) -> Option<&TableEntry> {
        self.names.by_name.get(&name.to_lowercase()).map(Arc::as_ref)
    }

    /// Lists the tables by logical name.
    pub fn tables(&self) -> impl Iterator<Item = &TableEntry> {
        self.names.by_name.values().map(Arc::as_ref)
    }

    /// Returns a table with its parts, by its logical name.
    pub fn table(&self, workspace: &Workspace, name: &str) -> Result<Arc<Table>, OpsError> {
        let name = name.trim().to_lowercase();
        if let Some(known) = lock(&self.tables).get(&name) {
            return Ok(Arc::clone(known));
        }
        let definition = read::table(workspace, &self.environment, None, &name)?;
        let relations = self.relations(workspace)?;
        let pairs = || relations.many_to_many.iter().find(|relation| relation.intersect == name);
        let table = match (self.names.by_name.get(&name), definition) {
            (Some(entry), Some(definition)) => {
                Table::new(self.environment.id, Arc::clone(entry), definition, &relations)
            }
            _ => match pairs() {
                Some(relation) => pairs::table(self.environment.id, relation, &relations),
                None => return Err(crate::rows::unknown_table(workspace, &self.environment, None, &name)?),
            },
        };
        let table = Arc::new(table);
        lock(&self.tables).insert(name, Arc::clone(&table));
        Ok(table)
    }

    /// Tells whether the rows of a table are rows and nothing else is to be done to read them.
    pub(crate) fn has_plain_rows(&self, workspace: &Workspace, name: &str) -> Result<bool, OpsError> {
        if let Some(known) = lock(&self.plain).get(name) {
            return Ok(*known);
        }
        let is_plain = crate::sets::is_plain(workspace, &self.environment, name)?;
        lock(&self.plain).insert(name.to_owned(), is_plain);
        Ok(is_plain)
    }

    /// Lists the relationships between one and many by schema name.
    pub fn one_to_many(&self, workspace: &Workspace) -> Result<Vec<Arc<OneToMany>>, OpsError> {
        Ok(self.relations(workspace)?.one_to_many.clone())
    }

    /// Lists the relationships between many and many by schema name.
    pub fn many_to_many(&self, workspace: &Workspace) -> Result<Vec<Arc<ManyToMany>>, OpsError> {
        Ok(self.relations(workspace)?.many_to_many.clone())
    }

    /// Returns the metadata id of a relationship.
    pub fn relationship_id(&self, schema_name: &str) -> Guid {
        let key = relation::relationship_key(schema_name);
        Guid::minted(self.environment.id, key.component_type.name(), key.as_str())
    }

    /// Lists the choices that columns share, by name.
    pub fn choices(&self, workspace: &Workspace) -> Result<Vec<Choice>, OpsError> {
        let store = workspace.store();
        let types = vec![ComponentType::named("optionset")];
        let seen = store.snapshot(&self.environment, None, &Footprint { types, ..Footprint::default() })?;
        let bodies = StoreBodies::new(store);
        let definitions = Definitions { snapshot: &seen, rules: &Rules::OURS, bodies: &bodies };
        let choice = |(key, state): (&ComponentKey, &ComponentState)| {
            let definition = definitions.leaves(key)?;
            let standing = Standing { is_managed: state.managed().next().is_some() };
            let id = Guid::minted(self.environment.id, key.component_type.name(), key.as_str());
            Some(Choice { name: state.component.name.clone(), id, standing, definition })
        };
        let choices = seen.components.iter().filter_map(choice).collect();
        bodies.take_error().map_or(Ok(choices), |error| Err(error.into()))
    }

    /// Returns the description of everything that somebody made of this revision before.
    pub fn described(&self) -> Option<Arc<Vec<u8>>> {
        self.described.get().cloned()
    }

    /// Keeps a description of everything; of several, the first one.
    pub fn describe(&self, description: Vec<u8>) -> Arc<Vec<u8>> {
        Arc::clone(self.described.get_or_init(|| Arc::new(description)))
    }

    fn relations(&self, workspace: &Workspace) -> Result<Arc<Relations>, OpsError> {
        if let Some(known) = self.relations.get() {
            return Ok(Arc::clone(known));
        }
        let relations = Arc::new(Relations::load(workspace, &self.environment, self.own_tables(), None)?);
        Ok(Arc::clone(self.relations.get_or_init(|| relations)))
    }
}

impl Names {
    fn of(by_name: BTreeMap<String, Arc<TableEntry>>) -> Self {
        let by_set = by_name.values().map(|entry| (entry.set.to_lowercase(), entry.name.clone())).collect();
        Self { by_name, by_set }
    }

    /// The names with those of touched tables read anew.
    fn renewed(&self, workspace: &Workspace, environment: &Environment, touched: &Touched) -> Result<Self, OpsError> {
        let keys: Vec<_> = touched.iter().filter(|key| key.component_type.name() == "entity").cloned().collect();
        let mut by_name = self.by_name.clone();
        for key in &keys {
            match system_entry(environment, key.as_str()) {
                Some(entry) => by_name.insert(entry.name.clone(), Arc::new(entry)),
                None => by_name.remove(key.as_str()),
            };
        }
        for entry in own_entries(workspace, environment, &Footprint { keys, ..Footprint::default() })? {
            by_name.insert(entry.name.clone(), Arc::new(entry));
        }
        Ok(Self::of(by_name))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn table_key(name: &str) -> ComponentKey {
    ComponentKey::new(ComponentType::named("entity"), name)
}

/// The tables of the system layer as an environment has them.
fn system_names(environment: &Environment) -> BTreeMap<String, Arc<TableEntry>> {
    let entries = system().keys().filter_map(|name| system_entry(environment, name));
    entries.map(|entry| (entry.name.clone(), Arc::new(entry))).collect()
}

fn system_entry(environment: &Environment, name: &str) -> Option<TableEntry> {
    let system = system().get(name)?;
    let metadata_id = ComponentRef::new(environment.id, &table_key(name), &system.schema_name, None, None).id;
    Some(TableEntry { metadata_id, ..system.clone() })
}

/// Reads the tables of an environment that a footprint names, where they have layers.
fn own_entries(
    workspace: &Workspace,
    environment: &Environment,
    footprint: &Footprint,
) -> Result<Vec<TableEntry>, OpsError> {
    let store = workspace.store();
    let seen = store.snapshot(environment, None, footprint)?;
    let bodies = StoreBodies::new(store);
    let definitions = Definitions { snapshot: &seen, rules: &Rules::OURS, bodies: &bodies };
    let existing = seen.components.iter().filter(|(_, state)| !state.layers.is_empty());
    let entries = existing.filter_map(|(key, state)| {
        let leaves = definitions.leaves(key)?;
        Some(own_entry(environment, state, leaves, system().get(key.as_str())))
    });
    let entries = entries.collect();
    bodies.take_error().map_or(Ok(entries), |error| Err(error.into()))
}

/// The tables of the system layer, the same for all environments but for their metadata ids.
fn system() -> &'static BTreeMap<&'static str, TableEntry> {
    static SYSTEM: OnceLock<BTreeMap<&str, TableEntry>> = OnceLock::new();
    SYSTEM.get_or_init(|| {
        let names = catalogue::table_names().chain(known::own_tables().map(|(name, _)| name));
        let mut next_code = OWN_CODES;
        let mut entries = BTreeMap::new();
        for name in names {
            let definition = known::system_leaves(name).unwrap_or_default();
            let text = |path: &str| definition.get(path).filter(|text| !text.is_empty()).cloned();
            let code = text("ObjectTypeCode").and_then(|code| code.parse().ok());
            let type_code = code.unwrap_or(next_code);
            next_code += i64::from(code.is_none());
            let entry = TableEntry {
                name: name.to_owned(),
                schema_name: text("Name").unwrap_or_else(|| name.to_owned()),
                set: text("EntitySetName").unwrap_or_else(|| default_set(name)),
                metadata_id: Guid::of_environment(name),
                type_code,
                standing: None,
                is_system: true,
                definition: Arc::new(definition),
            };
            entries.insert(name, entry);
        }
        entries
    })
}

fn own_entry(
    environment: &Environment,
    state: &ComponentState,
    leaves: Leaves,
    system: Option<&TableEntry>,
) -> TableEntry {
    let component = &state.component;
    let name = component.key.as_str().to_owned();
    let set = leaves.get("EntitySetName").filter(|set| !set.is_empty()).cloned();
    let metadata_id = ComponentRef::new(environment.id, &component.key, &component.name, component.id, None).id;
    TableEntry {
        set: set.or_else(|| system.map(|system| system.set.clone())).unwrap_or_else(|| default_set(&name)),
        schema_name: system.map_or_else(|| component.name.clone(), |system| system.schema_name.clone()),
        metadata_id,
        type_code: system.map_or(COMPONENT_CODES + component.no.0, |system| system.type_code),
        standing: Some(Standing { is_managed: state.managed().next().is_some() }),
        is_system: system.is_some(),
        definition: Arc::new(leaves),
        name,
    }
}
