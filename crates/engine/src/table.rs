//! What a table is for its rows: its columns with their types, its id, its primary name, its alternate keys (D8).
//!
//! All of it comes from resolved definitions, so what a holding solution brings is a column like any other as soon as
//! it is staged (L41). Published layers count; a component that nobody has published yet counts as its draft says.

use std::collections::{BTreeMap, BTreeSet};

use strata_model::component::{ComponentKey, ComponentType};
use strata_model::environment::{ComponentState, Footprint, Snapshot};
use strata_model::layer::Layer;
use strata_model::plan::{Bodies, Body};
use strata_model::rules::Rules;

use crate::layering::{self, StackedLayer};
use crate::loss::table_key;
use crate::{catalogue, definition};

/// A table as its rows see it; names are logical names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub name: String,
    /// The column that holds the ids of rows.
    pub primary_id: String,
    pub primary_name: Option<String>,
    /// By name.
    pub columns: BTreeMap<String, Column>,
    pub keys: Vec<Key>,
    /// Columns that the catalogue does not list are taken for texts (R7).
    pub is_open: bool,
}

/// A column as values see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub kind: Kind,
    /// The platform sets it, nobody else.
    pub is_read_only: bool,
}

/// What values of a column are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    Text {
        length_max: Option<usize>,
    },
    Integer {
        min: i64,
        max: i64,
    },
    /// Decimals, floats and money; limits as they are written in definitions.
    Decimal {
        min: Option<String>,
        max: Option<String>,
        places: Option<usize>,
    },
    Boolean,
    /// One of the options; any number where the options are not known.
    Choice {
        options: Options,
    },
    /// Several of the options.
    Choices {
        options: Options,
    },
    DateTime {
        is_date_only: bool,
    },
    Id,
    /// A row of one of these tables; of any table where they are not known.
    Lookup {
        targets: Vec<String>,
    },
    /// Files, images and what else is no value of a row here; the type's name.
    Unsupported(String),
}

/// Options by number, each with what it belongs to: of a status reason its status.
pub type Options = BTreeMap<i64, Option<i64>>;

/// An alternate key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    pub name: String,
    pub columns: Vec<String>,
}

/// Columns that the platform sets, whatever definitions say.
const READ_ONLY: &[&str] = &[
    "createdby",
    "createdon",
    "createdonbehalfby",
    "modifiedby",
    "modifiedon",
    "modifiedonbehalfby",
    "owningbusinessunit",
    "owningteam",
    "owninguser",
    "versionnumber",
];

/// Definitions as they resolve, at one moment.
#[derive(Clone, Copy)]
pub struct Definitions<'a> {
    pub snapshot: &'a Snapshot,
    pub rules: &'a Rules,
    pub bodies: &'a dyn Bodies,
}

/// What a definition says, by path.
pub type Leaves = BTreeMap<String, String>;

/// Returns what must be seen of an environment to know a table: the table, its columns and its keys.
pub fn footprint(table: &str) -> Footprint {
    let key = table_key(table);
    Footprint { children_of: vec![key.as_str().to_owned()], keys: vec![key], ..Footprint::default() }
}

impl Definitions<'_> {
    /// Returns the choices that columns of a table share with others: they must be seen too.
    pub fn shared_choices(&self, table: &str) -> Vec<ComponentKey> {
        let columns = self.children(table, "attribute");
        let names: BTreeSet<_> =
            columns.into_values().filter_map(|mut leaves| leaves.remove("OptionSetName")).collect();
        names.into_iter().map(|name| ComponentKey::new(ComponentType::named("optionset"), &name)).collect()
    }

    /// Returns a table, if the environment has it.
    pub fn table(&self, table: &str) -> Option<Table> {
        let key = table_key(table);
        let name = key.as_str();
        self.leaves(&key)?;
        let definitions = self.columns(name);
        let mut columns = BTreeMap::new();
        let (mut primary_id, mut primary_name) = (format!("{name}id"), None);
        for (column, leaves) in definitions {
            let is_primary_name = leaves.get("DisplayMask").is_some_and(|mask| mask.contains("PrimaryName"));
            if leaves.get("Type").is_some_and(|kind| kind == "primarykey") {
                primary_id.clone_from(&column);
            }
            if is_primary_name {
                primary_name = Some(column.clone());
            }
            let kind = self.kind(&leaves);
            let is_computed = matches!(leaves.get("SourceType").map(String::as_str), Some("1" | "2"));
            let is_read_only = is_computed || READ_ONLY.contains(&column.as_str());
            columns.insert(column.clone(), Column { name: column, kind, is_read_only });
        }
        let system = self.leaves(&key)?;
        if let Some(own) = system.get("PrimaryNameAttribute").filter(|own| columns.contains_key(*own)) {
            primary_name.get_or_insert_with(|| own.clone());
        }
        columns.entry(primary_id.clone()).or_insert_with(|| Column {
            name: primary_id.clone(),
            kind: Kind::Id,
            is_read_only: false,
        });
        let is_system = catalogue::contains(&key, self.rules);
        Some(Table {
            name: name.to_owned(),
            primary_id,
            primary_name,
            keys: self.keys(name, &columns),
            columns,
            is_open: is_system && !catalogue::lists_columns(name) && self.rules.unlisted_system_columns_present,
        })
    }

    /// Returns the tables whose rows lookups of a table refer to, by column, as the relationships in sight say.
    pub fn targets(&self, table: &str) -> BTreeMap<String, Vec<String>> {
        let mut targets: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let is_relationship = |key: &&ComponentKey| key.component_type.is("entityrelationship");
        for key in self.snapshot.components.keys().filter(is_relationship) {
            let Some(leaves) = self.leaves(key) else { continue };
            let named = |path: &str| leaves.get(path).map(|name| name.to_lowercase());
            let (from, column, to) =
                (named("ReferencingEntityName"), named("ReferencingAttributeName"), named("ReferencedEntityName"));
            if let (Some(column), Some(to)) = (column.filter(|_| from.as_deref() == Some(table)), to) {
                targets.entry(column).or_default().push(to);
            }
        }
        targets
    }

    /// Returns the definitions of a table's columns by name: those that every such table has, and over them those of
    /// its components.
    pub fn columns(&self, table: &str) -> BTreeMap<String, Leaves> {
        let mut columns: BTreeMap<_, _> = catalogue::columns_of(table)
            .into_iter()
            .map(|system| {
                let name = system.key.as_str().split_once('.').map_or("", |(_, name)| name).to_owned();
                (name, plain(&system.key.component_type, &system.definition))
            })
            .collect();
        columns.extend(self.children(table, "attribute"));
        columns
    }

    fn keys(&self, table: &str, columns: &BTreeMap<String, Column>) -> Vec<Key> {
        let keys = self.children(table, "entitykey").into_iter().map(|(name, leaves)| {
            let is_column = |(path, _): &(&String, &String)| path.starts_with("EntityKeyAttributes/AttributeName");
            let columns = leaves.iter().filter(is_column).map(|(_, column)| column.to_lowercase()).collect();
            Key { name, columns }
        });
        keys.filter(|key| !key.columns.is_empty() && key.columns.iter().all(|name| columns.contains_key(name)))
            .collect()
    }

    /// Returns the resolved columns or keys of a table, by name.
    pub fn children(&self, table: &str, component_type: &str) -> BTreeMap<String, Leaves> {
        let is_child = |key: &&ComponentKey| key.component_type.is(component_type) && key.table() == Some(table);
        let keys = self.snapshot.components.keys().filter(is_child);
        keys.filter_map(|key| {
            let (_, name) = key.as_str().split_once('.')?;
            Some((name.to_owned(), self.leaves(key)?))
        })
        .collect()
    }

    /// Returns what the values of a column are.
    pub fn kind(&self, leaves: &Leaves) -> Kind {
        let number = |path: &str| leaves.get(path).and_then(|text| text.trim().parse::<i64>().ok());
        let text = |path: &str| leaves.get(path).cloned();
        let length = |path: &str| leaves.get(path).and_then(|text| text.trim().parse().ok());
        match leaves.get("Type").map_or("", String::as_str) {
            "nvarchar" | "ntext" | "EntityName" => Kind::Text { length_max: length("MaxLength") },
            "int" => Kind::Integer {
                min: number("MinValue").unwrap_or(i32::MIN.into()),
                max: number("MaxValue").unwrap_or(i32::MAX.into()),
            },
            "bigint" => Kind::Integer { min: i64::MIN, max: i64::MAX },
            "decimal" | "money" | "float" => {
                Kind::Decimal { min: text("MinValue"), max: text("MaxValue"), places: length("Accuracy") }
            }
            "bit" => Kind::Boolean,
            "picklist" | "state" | "status" => Kind::Choice { options: self.options(leaves) },
            "multiselectpicklist" => Kind::Choices { options: self.options(leaves) },
            "datetime" => Kind::DateTime { is_date_only: is_date_only(leaves) },
            "uniqueidentifier" | "primarykey" => Kind::Id,
            "lookup" => Kind::Lookup { targets: lookup_types(leaves) },
            "customer" => Kind::Lookup { targets: vec!["account".to_owned(), "contact".to_owned()] },
            "owner" => Kind::Lookup { targets: vec!["systemuser".to_owned(), "team".to_owned()] },
            "" => Kind::Text { length_max: None },
            other => Kind::Unsupported(other.to_owned()),
        }
    }

    /// The options of a column, its own or those of the shared choice it names.
    fn options(&self, leaves: &Leaves) -> Options {
        let mut options = options_below(leaves, "optionset/");
        if let Some(name) = leaves.get("OptionSetName") {
            let key = ComponentKey::new(ComponentType::named("optionset"), name);
            options.extend(self.leaves(&key).map(|leaves| options_below(&leaves, "")).unwrap_or_default());
        }
        options
    }

    /// Returns the resolved definition of a component, if it exists; `options@order` says in which order options stand
    /// that are not in that of their numbers.
    pub fn leaves(&self, key: &ComponentKey) -> Option<Leaves> {
        let system = catalogue::component(key, self.rules);
        let state = self.snapshot.components.get(key).filter(|state| !state.layers.is_empty());
        if system.is_none() && state.is_none() {
            return None;
        }
        let languages = &self.snapshot.environment.settings.languages;
        let read = |name: &str, body: &Body<'_>, is_diff| {
            StackedLayer::read(&key.component_type, name, body, is_diff, languages)
        };
        let system = system.map(|system| {
            let body = Body { bytes: system.definition.into(), ..Body::default() };
            read("System", &body, false)
        });
        let layers = state.into_iter().flat_map(counting).map(|layer| {
            let body = self.bodies.definition(&layer.digest).unwrap_or_default();
            read(&layer.solution.to_string(), &body, layer.is_diff)
        });
        let stack: Vec<_> = system.into_iter().chain(layers).collect();
        let resolved = layering::resolve(&key.component_type, &stack, self.rules);
        let order = layering::order_of_options(&stack, &resolved);
        Some(resolved.into_iter().map(|(path, leaf)| (path, leaf.value)).chain(order).collect())
    }
}

/// Returns the name of the set of a table that names none: its plural, as the platform forms it.
pub fn default_set(table: &str) -> String {
    let ends = |endings: &[&str]| endings.iter().any(|ending| table.ends_with(ending));
    let stem = table.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'i', 'o', 'u']));
    match stem {
        Some(stem) => format!("{stem}ies"),
        None if ends(&["s", "x", "z", "ch", "sh"]) => format!("{table}es"),
        None => format!("{table}s"),
    }
}

/// Tells whether values of a time column are dates alone: how they are shown says so only where their behaviour does not.
fn is_date_only(leaves: &Leaves) -> bool {
    match leaves.get("Behavior").map(String::as_str) {
        Some(behavior) => behavior == "2",
        None => leaves.get("Format").is_some_and(|format| format == "date"),
    }
}

/// The published layers; drafts where there are no others.
fn counting(state: &ComponentState) -> Vec<&Layer> {
    let published: Vec<_> = state.published().collect();
    if published.is_empty() { state.layers.iter().collect() } else { published }
}

fn plain(component_type: &ComponentType, bytes: &[u8]) -> Leaves {
    let body = Body { bytes: bytes.into(), ..Body::default() };
    definition::leaves(component_type, &body).into_iter().map(|leaf| (leaf.path, leaf.value)).collect()
}

/// Options, statuses and status reasons: each is an element with a `value`, reasons with the `state` they belong to.
fn options_below(leaves: &Leaves, prefix: &str) -> Options {
    let listed = ["options/option[", "states/state[", "statuses/status["];
    let elements = leaves.iter().filter_map(|(path, value)| {
        let rest = path.strip_prefix(prefix)?;
        let element = rest.strip_suffix("@value").filter(|_| listed.iter().any(|start| rest.starts_with(start)))?;
        let state = leaves.get(&format!("{prefix}{element}@state")).and_then(|state| state.parse().ok());
        Some((value.parse().ok()?, state))
    });
    elements.collect()
}

/// The tables that a definition lists for a lookup: names, or the type codes of system tables.
fn lookup_types(leaves: &Leaves) -> Vec<String> {
    let is_type = |path: &str| path.starts_with("LookupTypes/LookupType") && !path.contains('@');
    let listed = leaves.iter().filter(|(path, _)| is_type(path)).map(|(_, value)| value.trim().to_lowercase());
    let named = listed.filter_map(|name| match name.parse::<u32>() {
        Ok(_) => catalogue::table_of_code(&name).map(str::to_owned),
        Err(_) => Some(name),
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t9_a_time_that_is_shown_as_a_date_is_a_time() {
        let column = |said: &[(&str, &str)]| -> Leaves {
            said.iter().map(|(path, value)| ((*path).to_owned(), (*value).to_owned())).collect()
        };
        assert!(!is_date_only(&column(&[("Format", "date"), ("Behavior", "1")])));
        assert!(is_date_only(&column(&[("Format", "date"), ("Behavior", "2")])));
        assert!(is_date_only(&column(&[("Format", "date")])));
        assert!(!is_date_only(&column(&[("Format", "datetime")])));
    }
}
