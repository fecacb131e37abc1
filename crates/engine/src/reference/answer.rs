//! The names by which others may mean a component, beside its key.

use strata_model::component::{ComponentKey, ComponentType};
use strata_model::reference::Target;

use super::Definition;
use super::name::{is_standard_relationship, types};
use super::sink::column_key;
use super::text::text;
use crate::catalogue;

/// Returns the targets that a definition's component answers to, beside its key.
pub fn answers(definition: &Definition<'_>) -> Vec<Target> {
    let mut targets = Vec::new();
    let key = definition.key;
    if let Some(id) = definition.id.filter(|id| key.guid() != Some(*id)) {
        targets.push(Target::Component(ComponentKey::new(key.component_type.clone(), &id.to_string())));
    }
    let bytes = &definition.body.bytes;
    match key.component_type.name() {
        "entity" => {
            let set = text(bytes, "EntitySetName").map(|(_, name)| name.trim().to_lowercase());
            targets.extend(set.map(Target::EntitySet));
        }
        "attribute" => targets.extend(primary(key, bytes)),
        "entityrelationship" => targets.extend(lookup(key, bytes)),
        _ => {}
    }
    targets
}

/// A column that is its table's primary id or primary name says so.
fn primary(column: &ComponentKey, bytes: &[u8]) -> Option<Target> {
    let is_id = || text(bytes, "Type").is_some_and(|(_, text)| text.trim().eq_ignore_ascii_case("primarykey"));
    let is_name = || {
        let mask = text(bytes, "DisplayMask").map(|(_, mask)| mask);
        mask.is_some_and(|mask| mask.split('|').any(|word| word.trim().eq_ignore_ascii_case("PrimaryName")))
    };
    if is_name() || is_id() { column.parent().map(Target::PrimaryColumns) } else { None }
}

fn lookup(relationship: &ComponentKey, bytes: &[u8]) -> Option<Target> {
    if is_standard_relationship(relationship.as_str()) {
        return None;
    }
    let (_, column) = text(bytes, "ReferencingAttributeName")?;
    let (_, table) = text(bytes, "ReferencingEntityName")?;
    column_key(&table, &column).map(Target::LookupRelationship)
}

/// Tells whether definitions of a type may hold names of their component, so that they need to be read for them.
pub fn has_answers(component_type: &ComponentType) -> bool {
    matches!(component_type.name(), "entity" | "attribute" | "entityrelationship")
}

/// Returns the components of the system layer that answer to a target in another way than by their key.
pub fn of_system(target: &Target) -> Vec<ComponentKey> {
    match target {
        // A key is its own answer, see `catalogue::contains`.
        Target::Component(_) => Vec::new(),
        Target::EntitySet(name) => {
            let table = catalogue::table_of_set(name);
            table.map(|table| ComponentKey::folded(types().table.clone(), table)).into_iter().collect()
        }
        Target::PrimaryColumns(table) => {
            let (id, name) = catalogue::primary_columns(table.as_str()).unwrap_or_default();
            [id, name].into_iter().filter_map(|column| column_key(table.as_str(), column)).collect()
        }
        // The catalogue knows no relationships.
        Target::LookupRelationship(_) => Vec::new(),
    }
}

/// Returns every name that a component of the system layer answers to, its key first; of other components the key
/// alone.
pub fn names_of_system(key: &ComponentKey) -> Vec<Target> {
    let mut names = vec![Target::Component(key.clone())];
    let set = catalogue::entity_set(key.as_str()).filter(|_| key.component_type == types().table);
    names.extend(set.map(|set| Target::EntitySet(set.to_lowercase())));
    if let Some(table) = key.parent().filter(|_| key.component_type == types().column) {
        let column = key.as_str().split_once('.').map_or("", |(_, column)| column);
        let (id, name) = catalogue::primary_columns(table.as_str()).unwrap_or_default();
        names.extend([id, name].contains(&column).then_some(Target::PrimaryColumns(table)));
    }
    names
}

/// Returns the system tables that a lookup of the system layer leads to.
pub fn system_lookup(column: &ComponentKey) -> Vec<ComponentKey> {
    let Some((table, column)) = column.as_str().split_once('.') else { return Vec::new() };
    let targets = catalogue::lookup_targets(table, column);
    targets.map(|table| ComponentKey::new(ComponentType::named("entity"), table)).collect()
}
