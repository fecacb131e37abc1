//! What the platform gives every new table: columns, the relationships behind them, forms and views.
//!
//! Names, ids and shapes follow what packages hold of tables that nobody has changed since. Parts that somebody gives a
//! table by himself are not made again.

mod column;
mod form;
mod relationship;
mod view;

use strata_model::component::{ComponentKey, ComponentType};
use strata_model::id::Guid;
use strata_xml::Element;

use super::build::Labels;

/// A table whose parts are made.
#[derive(Debug, Clone)]
pub(super) struct NewTable {
    pub(super) environment: Guid,
    /// Folded.
    pub(super) name: String,
    pub(super) schema_name: String,
    pub(super) set: String,
    pub(super) label: String,
    pub(super) collection: String,
    pub(super) primary_name: PrimaryName,
    pub(super) ownership: Ownership,
    /// The language of the platform's own words.
    pub(super) language: u32,
}

/// The column that says what a row is called.
#[derive(Debug, Clone, Default)]
pub(super) struct PrimaryName {
    /// Folded.
    pub(super) name: String,
    pub(super) labels: Labels,
}

/// Whose the rows of a table are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ownership {
    User,
    Organization,
}

impl Ownership {
    /// Reads the mask of a table's definition.
    pub(super) fn of(mask: Option<&str>) -> Self {
        match mask {
            Some("OrgOwned" | "OrganizationOwned" | "None") => Self::Organization,
            Some(_) | None => Self::User,
        }
    }
}

/// A part of a new table.
pub(super) struct Part {
    pub(super) key: ComponentKey,
    /// In its own case.
    pub(super) name: String,
    pub(super) id: Option<Guid>,
    pub(super) tree: Element,
    pub(super) home: Option<String>,
}

/// Makes the parts of a new table.
pub(super) fn parts(table: &NewTable) -> Vec<Part> {
    let mut all = column::all(table);
    all.extend(relationship::all(table));
    all.extend(form::all(table));
    all.extend(view::all(table));
    all
}

/// The keys of all parts that a table of this name may get: planning must see what was there before.
pub(super) fn keys(environment: Guid, table: &str) -> Vec<ComponentKey> {
    let name = table.to_lowercase();
    let mut keys = Vec::new();
    for ownership in [Ownership::User, Ownership::Organization] {
        let table = NewTable {
            environment,
            name: name.clone(),
            schema_name: table.to_owned(),
            set: String::new(),
            label: String::new(),
            collection: String::new(),
            primary_name: PrimaryName::default(),
            ownership,
            language: 1033,
        };
        keys.extend(parts(&table).into_iter().map(|part| part.key));
    }
    keys
}

/// Makes a part that is known by an id.
fn by_id(component_type: &str, id: Guid, tree: Element, home: Option<&str>) -> Part {
    Part {
        key: ComponentKey::new(ComponentType::named(component_type), &id.to_string()),
        name: id.to_string(),
        id: Some(id),
        tree,
        home: home.map(str::to_owned),
    }
}

impl NewTable {
    /// Mints the id of a form or a view of the table, another one than of what a maker calls the same.
    fn id(&self, component_type: &str, which: &str) -> Guid {
        Guid::minted(self.environment, &format!("platform.{component_type}"), &format!("{}.{which}", self.name))
    }

    fn key_column(&self) -> String {
        format!("{}id", self.name)
    }

    fn is_owned(&self) -> bool {
        self.ownership == Ownership::User
    }
}
