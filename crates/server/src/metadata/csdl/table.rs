//! A table as an entity type and its set.

use std::collections::BTreeSet;

use strata_ops::schema::relation::OneToMany;
use strata_ops::schema::{Column, Kind, Schema, Table};

use super::xml::Writer;

/// A table with the navigations that go both ways.
pub(super) struct Described<'a> {
    table: &'a Table,
    properties: Vec<(String, &'static str)>,
    navigations: Vec<Navigation>,
}

/// A way from a row to others.
struct Navigation {
    name: String,
    target: String,
    /// The set where it ends.
    set: String,
    is_collection: bool,
    partner: Option<String>,
    /// Of a lookup: its property, and the id that it holds.
    constraint: Option<(String, String)>,
}

impl<'a> Described<'a> {
    pub(super) fn new(table: &'a Table, schema: &Schema) -> Self {
        let mut names = BTreeSet::new();
        let properties: Vec<_> = table
            .columns
            .values()
            .filter_map(|column| Some((property_name(column), edm_type(column)?)))
            .filter(|(name, _)| is_name(name) && names.insert(name.clone()))
            .collect();
        let mut made = Self { table, properties, navigations: Vec::new() };
        made.add_lookups(schema, &mut names);
        made.add_collections(schema, &mut names);
        made
    }

    fn add_lookups(&mut self, schema: &Schema, names: &mut BTreeSet<String>) {
        let table = self.table;
        for relation in &table.lookups_out {
            let has_column = table.columns.contains_key(&relation.column);
            let Some(target) = schema.by_name(&relation.referenced).filter(|_| has_column) else { continue };
            let navigation = Navigation {
                name: relation.lookup_navigation.clone(),
                target: target.name.clone(),
                set: target.set.clone(),
                is_collection: false,
                partner: is_name(&relation.collection_navigation).then(|| relation.collection_navigation.clone()),
                constraint: Some((format!("_{}_value", relation.column), primary_id(schema, relation))),
            };
            self.add(navigation, names);
        }
        for column in table.columns.values() {
            for way in &column.navigations {
                let Some(target) = schema.by_name(&way.target) else { continue };
                let navigation = Navigation {
                    name: way.name.clone(),
                    target: target.name.clone(),
                    set: target.set.clone(),
                    is_collection: false,
                    partner: None,
                    constraint: None,
                };
                self.add(navigation, names);
            }
        }
    }

    fn add_collections(&mut self, schema: &Schema, names: &mut BTreeSet<String>) {
        let table = self.table;
        for relation in &table.collections_in {
            let Some(target) = schema.by_name(&relation.referencing) else { continue };
            let navigation = Navigation {
                name: relation.collection_navigation.clone(),
                target: target.name.clone(),
                set: target.set.clone(),
                is_collection: true,
                partner: is_name(&relation.lookup_navigation).then(|| relation.lookup_navigation.clone()),
                constraint: None,
            };
            self.add(navigation, names);
        }
        for relation in &table.many_to_many {
            for (own, other) in [(&relation.first, &relation.second), (&relation.second, &relation.first)] {
                let Some(target) = schema.by_name(&other.table).filter(|_| own.table == table.entry.name) else {
                    continue;
                };
                let navigation = Navigation {
                    name: own.navigation.clone(),
                    target: target.name.clone(),
                    set: target.set.clone(),
                    is_collection: true,
                    partner: is_name(&other.navigation).then(|| other.navigation.clone()),
                    constraint: None,
                };
                self.add(navigation, names);
            }
        }
    }

    /// A name stands for one thing only.
    fn add(&mut self, navigation: Navigation, names: &mut BTreeSet<String>) {
        if is_name(&navigation.name) && names.insert(navigation.name.clone()) {
            self.navigations.push(navigation);
        }
    }

    pub(super) fn entity_type(&self, writer: &mut Writer) {
        let id = &self.table.primary_id;
        writer.open("EntityType", &[("Name", &self.table.entry.name), ("BaseType", "mscrm.crmbaseentity")]);
        writer.open("Key", &[]);
        writer.empty("PropertyRef", &[("Name", id)]);
        writer.close("Key");
        for (name, kind) in &self.properties {
            writer.property(name, kind, name != id);
        }
        for navigation in &self.navigations {
            navigation.write(writer);
        }
        writer.close("EntityType");
    }

    pub(super) fn entity_set(&self, writer: &mut Writer) {
        let kind = format!("{}.{}", super::NAMESPACE, self.table.entry.name);
        writer.open("EntitySet", &[("Name", &self.table.entry.set), ("EntityType", &kind)]);
        for navigation in &self.navigations {
            writer.empty("NavigationPropertyBinding", &[("Path", &navigation.name), ("Target", &navigation.set)]);
        }
        writer.close("EntitySet");
    }
}

impl Navigation {
    fn write(&self, writer: &mut Writer) {
        let target = format!("mscrm.{}", self.target);
        let kind = if self.is_collection { format!("Collection({target})") } else { target };
        let mut attributes = vec![("Name", self.name.as_str()), ("Type", kind.as_str())];
        if let Some(partner) = &self.partner {
            attributes.push(("Partner", partner));
        }
        match &self.constraint {
            Some((property, id)) => {
                writer.open("NavigationProperty", &attributes);
                writer.empty("ReferentialConstraint", &[("Property", property), ("ReferencedProperty", id)]);
                writer.close("NavigationProperty");
            }
            None => writer.empty("NavigationProperty", &attributes),
        }
    }
}

/// The id of the table that a lookup leads to.
fn primary_id(schema: &Schema, relation: &OneToMany) -> String {
    let listed = schema.by_name(&relation.referenced).and_then(|entry| entry.definition.get("PrimaryIdAttribute"));
    listed.filter(|name| !name.is_empty()).cloned().unwrap_or_else(|| format!("{}id", relation.referenced))
}

/// Lookups are read by the id that they hold.
fn property_name(column: &Column) -> String {
    match column.kind {
        Kind::Lookup { .. } => format!("_{}_value", column.name),
        _ => column.name.clone(),
    }
}

/// Returns the type of a column's values; what is no value of a row has none.
fn edm_type(column: &Column) -> Option<&'static str> {
    Some(match &column.kind {
        Kind::Text { .. } | Kind::Choices { .. } => "Edm.String",
        Kind::Integer { .. } if column.type_word == "bigint" => "Edm.Int64",
        Kind::Integer { .. } | Kind::Choice { .. } => "Edm.Int32",
        Kind::Decimal { .. } if column.type_word == "float" => "Edm.Double",
        Kind::Decimal { .. } => "Edm.Decimal",
        Kind::Boolean => "Edm.Boolean",
        Kind::DateTime { is_date_only: true } => "Edm.Date",
        Kind::DateTime { is_date_only: false } => "Edm.DateTimeOffset",
        Kind::Id | Kind::Lookup { .. } => "Edm.Guid",
        Kind::Unsupported(kind) => match kind.to_lowercase().as_str() {
            "managedproperty" => "mscrm.BooleanManagedProperty",
            "image" => "Edm.Binary",
            "file" => "Edm.Guid",
            _ => return None,
        },
    })
}

/// Names of packages may be anything; those of OData are identifiers.
pub(super) fn is_name(name: &str) -> bool {
    let starts = name.chars().next().is_some_and(|first| first.is_alphabetic() || first == '_');
    starts && name.chars().all(|letter| letter.is_alphanumeric() || letter == '_') && name.len() <= 128
}
