//! A table with everything that clients ask of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use strata_engine::table::{Key, Kind, Leaves};
use strata_model::component::{ComponentKey, ComponentType};
use strata_model::id::Guid;

use super::TableEntry;
use super::read::{Definition, Standing};
use super::relation::{ManyToMany, OneToMany, Relations};

/// Texts by language.
pub type Labels = BTreeMap<u32, String>;

/// A table of an environment.
#[derive(Debug)]
pub struct Table {
    pub entry: Arc<TableEntry>,
    pub metadata_id: Guid,
    pub type_code: i64,
    pub primary_id: String,
    pub primary_name: Option<String>,
    /// By name.
    pub columns: BTreeMap<String, Column>,
    pub keys: Vec<Key>,
    /// Relationships whose lookup the table holds.
    pub lookups_out: Vec<Arc<OneToMany>>,
    /// Relationships whose lookups other tables hold.
    pub collections_in: Vec<Arc<OneToMany>>,
    pub many_to_many: Vec<Arc<ManyToMany>>,
    pub labels: TableLabels,
    /// Columns that the catalogue does not list are taken for texts (R7).
    pub is_open: bool,
    environment: Guid,
    definition: Definition,
}

/// What a table is called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableLabels {
    pub name: Labels,
    pub collection: Labels,
    pub description: Labels,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    pub name: String,
    pub schema_name: String,
    pub kind: Kind,
    /// The platform sets it, nobody else.
    pub is_read_only: bool,
    pub label: Labels,
    pub description: Labels,
    /// Of a choice: the labels of its options by number.
    pub option_labels: BTreeMap<i64, Labels>,
    /// `none`, `recommended`, `required`, `systemrequired`.
    pub required: String,
    /// The type as packages write it: `nvarchar`, `primarykey`.
    pub type_word: String,
    /// Of a lookup: each table it may refer to, with the navigation property that leads there.
    pub navigations: Vec<Navigation>,
}

/// A way from a row to the row that a lookup names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Navigation {
    pub name: String,
    pub target: String,
}

impl Table {
    pub(super) fn new(
        environment: Guid,
        entry: Arc<TableEntry>,
        definition: Definition,
        relations: &Relations,
    ) -> Self {
        let name = entry.name.clone();
        let lookups_out = relations.out_of(&name).to_vec();
        let rows = &definition.table;
        let column = |(column, leaves): (&String, &Leaves)| {
            let known = &rows.columns[column];
            let made = Column::new(column, leaves, known, &definition.choices, &lookups_out);
            (column.clone(), made)
        };
        let mut columns: BTreeMap<_, _> = definition.columns.iter().map(column).collect();
        columns.entry(rows.primary_id.clone()).or_insert_with(|| {
            let leaves = [("Type".to_owned(), "primarykey".to_owned())].into();
            Column::new(&rows.primary_id, &leaves, &rows.columns[&rows.primary_id], &BTreeMap::new(), &[])
        });
        let own = &definition.own;
        let labels = table_labels(own);
        Self {
            metadata_id: entry.metadata_id,
            type_code: entry.type_code,
            primary_id: rows.primary_id.clone(),
            primary_name: rows.primary_name.clone(),
            columns,
            keys: rows.keys.clone(),
            collections_in: relations.leading_to(&name).to_vec(),
            many_to_many: relations.many_of(&name).to_vec(),
            lookups_out,
            labels,
            is_open: rows.is_open,
            entry,
            environment,
            definition,
        }
    }

    /// Tells whether none of the components is one that the table is made of.
    pub(super) fn is_untouched(&self, touched: &BTreeSet<ComponentKey>) -> bool {
        let is_part = |key: &&ComponentKey| match key.component_type.name() {
            "attribute" | "entitykey" => key.table() == Some(self.entry.name.as_str()),
            "optionset" => self
                .definition
                .columns
                .values()
                .any(|leaves| leaves.get("OptionSetName").is_some_and(|name| name.to_lowercase() == key.as_str())),
            // The others count as entries and relations do.
            _ => false,
        };
        !touched.iter().any(|key| is_part(&key))
    }

    /// Tells whether these are the relationships that it has.
    pub(super) fn has_relations(&self, relations: &Relations) -> bool {
        fn same<T>(own: &[Arc<T>], other: &[Arc<T>]) -> bool {
            own.len() == other.len() && own.iter().zip(other).all(|(own, other)| Arc::ptr_eq(own, other))
        }
        let name = self.entry.name.as_str();
        same(&self.lookups_out, relations.out_of(name))
            && same(&self.collections_in, relations.leading_to(name))
            && same(&self.many_to_many, relations.many_of(name))
    }

    /// Returns the metadata id of a column.
    pub fn column_id(&self, column: &str) -> Guid {
        Guid::minted(self.environment, "attribute", &format!("{}.{column}", self.entry.name))
    }

    /// Returns the metadata id of a key.
    pub fn key_id(&self, key: &str) -> Guid {
        Guid::minted(self.environment, "entitykey", &format!("{}.{key}", self.entry.name))
    }

    /// Returns what the table's own definition says, by path as in packages.
    pub fn definition(&self) -> &Leaves {
        &self.definition.own
    }

    /// Returns what the definition of a column says.
    pub fn column_definition(&self, column: &str) -> Option<&Leaves> {
        self.definition.columns.get(column)
    }

    /// Returns what the definition of a key says.
    pub fn key_definition(&self, key: &str) -> Option<&Leaves> {
        self.definition.keys.get(key)
    }

    /// Returns what a shared choice says that a column names.
    pub fn choice_definition(&self, choice: &str) -> Option<&Leaves> {
        self.definition.choices.get(&choice.to_lowercase())
    }

    /// Returns the metadata id of a choice, shared or of one column.
    pub fn choice_id(&self, choice: &str) -> Guid {
        Guid::minted(self.environment, "optionset", &choice.to_lowercase())
    }

    /// Tells how a shared choice stands in the environment.
    pub fn choice_standing(&self, choice: &str) -> Option<Standing> {
        self.definition.components.get(&ComponentKey::new(ComponentType::named("optionset"), choice)).copied()
    }

    /// Tells how a column stands in the environment; `None` where only the system layer has it.
    pub fn standing(&self, column: &str) -> Option<Standing> {
        let name = format!("{}.{column}", self.entry.name);
        self.definition.components.get(&ComponentKey::folded(ComponentType::named("attribute"), &name)).copied()
    }

    /// Finds the lookup that a navigation property belongs to.
    pub fn navigation(&self, name: &str) -> Option<(&Column, &Navigation)> {
        self.columns.values().find_map(|column| {
            let found = column.navigations.iter().find(|navigation| navigation.name == name);
            found.map(|navigation| (column, navigation))
        })
    }
}

impl Column {
    fn new(
        name: &str,
        leaves: &Leaves,
        known: &strata_engine::table::Column,
        choices: &BTreeMap<String, Leaves>,
        lookups: &[Arc<OneToMany>],
    ) -> Self {
        let text = |path: &str| leaves.get(path).map(String::as_str);
        let mut option_labels = option_labels(leaves, "optionset/");
        if let Some(shared) = text("OptionSetName").and_then(|shared| choices.get(&shared.to_lowercase())) {
            option_labels.extend(self::option_labels(shared, ""));
        }
        let mut kind = known.kind.clone();
        let own: Vec<_> = lookups.iter().filter(|relation| relation.column == name).collect();
        if let Kind::Lookup { targets } = &mut kind
            && targets.is_empty()
        {
            targets.extend(own.iter().map(|relation| relation.referenced.clone()));
        }
        let schema_name = text("@PhysicalName").unwrap_or(name).to_owned();
        let mut column = Self {
            name: name.to_owned(),
            schema_name,
            is_read_only: known.is_read_only,
            label: labels(leaves, "displaynames/displayname["),
            description: labels(leaves, "Descriptions/Description["),
            option_labels,
            required: text("RequiredLevel").unwrap_or("none").to_owned(),
            type_word: text("Type").unwrap_or("").to_owned(),
            navigations: Vec::new(),
            kind,
        };
        column.navigations = column.find_navigations(&own);
        column
    }

    fn find_navigations(&self, own: &[&Arc<OneToMany>]) -> Vec<Navigation> {
        let Kind::Lookup { targets } = &self.kind else { return Vec::new() };
        let navigation = |target: &String| {
            let related = own.iter().find(|relation| relation.referenced == *target);
            let name = match related {
                Some(relation) => relation.lookup_navigation.clone(),
                None => self.navigation_name(target, targets.len()),
            };
            Navigation { name, target: target.clone() }
        };
        targets.iter().map(navigation).collect()
    }

    fn navigation_name(&self, target: &str, targets: usize) -> String {
        let base = super::relation::navigation_base(&self.name, &self.schema_name);
        if targets > 1 && self.type_word != "owner" { format!("{base}_{target}") } else { base.to_owned() }
    }
}

/// Returns what a table is called, as its definition says.
pub fn table_labels(own: &Leaves) -> TableLabels {
    TableLabels {
        name: labels(own, "LocalizedNames/LocalizedName["),
        collection: labels(own, "LocalizedCollectionNames/LocalizedCollectionName["),
        description: labels(own, "Descriptions/Description["),
    }
}

/// Returns the texts below a path that ends with `[`, by the language behind it.
pub fn labels(leaves: &Leaves, path: &str) -> Labels {
    let below = leaves.range(path.to_owned()..).take_while(|(own, _)| own.starts_with(path));
    let texts = below.filter_map(|(own, text)| {
        let language = own[path.len()..].strip_suffix("]@description")?.parse().ok()?;
        (!text.is_empty()).then(|| (language, text.clone()))
    });
    texts.collect()
}

/// Returns the labels of options by number.
fn option_labels(leaves: &Leaves, prefix: &str) -> BTreeMap<i64, Labels> {
    let listed = ["options/option[", "states/state[", "statuses/status["];
    let mut found = BTreeMap::new();
    for start in listed {
        let start = format!("{prefix}{start}");
        let below = leaves.range(start.clone()..).take_while(|(path, _)| path.starts_with(&start));
        for (path, value) in below {
            let Some(element) = path.strip_suffix("@value") else { continue };
            if let Ok(number) = value.parse() {
                found.insert(number, labels(leaves, &format!("{element}/labels/label[")));
            }
        }
    }
    found
}
