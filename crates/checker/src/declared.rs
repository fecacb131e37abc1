//! What a package says it needs: the required side of its declared missing dependencies.

use std::collections::{BTreeMap, BTreeSet};

use strata_model::component::{ComponentKey, ComponentRef, ComponentType};
use strata_model::dependency::{DependencySide, MissingDependency};
use strata_model::id::Guid;
use strata_model::package::Manifest;

use crate::context::{Context, Place};
use crate::finding::no_environment;
use crate::tree::Element;

/// The required components of a package, by everything that names them.
#[derive(Debug)]
pub(crate) struct Declared {
    keys: BTreeSet<ComponentKey>,
    /// Folded.
    names: BTreeSet<(ComponentType, String)>,
    ids: BTreeSet<(ComponentType, Guid)>,
}

impl Declared {
    pub(crate) fn of(manifest: &Manifest) -> Self {
        let sides = || manifest.missing_dependencies.iter().map(|missing| &missing.required);
        let of_type = |side: &DependencySide| side.key.component_type.clone();
        Self {
            keys: sides().map(|side| side.key.clone()).collect(),
            names: sides()
                .filter_map(|side| Some((of_type(side), side.schema_name.as_ref()?.to_lowercase())))
                .collect(),
            ids: sides().filter_map(|side| Some((of_type(side), side.id?))).collect(),
        }
    }

    pub(crate) fn has(&self, key: &ComponentKey) -> bool {
        self.keys.contains(key)
    }
}

/// Tells whether the package declares that it needs a component of that type and name, or id.
pub(crate) fn requires(context: &Context<'_>, component_type: &str, name: &str) -> bool {
    let declared = context.declared();
    let key = ComponentKey::new(ComponentType::named(component_type), name);
    let is_meant = |id| declared.ids.contains(&(key.component_type.clone(), id));
    declared.has(&key)
        || declared.names.contains(&(key.component_type.clone(), name.trim().to_lowercase()))
        || Guid::parse(name).is_some_and(is_meant)
}

/// Declared dependencies on one component, and where the manifest first names it.
pub(crate) type Group<'c> = (Vec<&'c MissingDependency>, Option<Place>);

/// Returns the declared dependencies by required component.
pub(crate) fn groups<'c>(context: &'c Context<'_>) -> BTreeMap<&'c ComponentKey, Group<'c>> {
    let mut groups: BTreeMap<_, Group<'c>> = BTreeMap::new();
    for missing in &context.manifest().missing_dependencies {
        groups.entry(&missing.required.key).or_default().0.push(missing);
    }
    let places = places(context);
    for (key, (group, place)) in &mut groups {
        let side = &group[0].required;
        let name = side.schema_name.as_deref().unwrap_or(key.as_str());
        let names = [of_parent(side.parent_schema_name.as_deref(), name), name.to_lowercase(), key.as_str().to_owned()];
        *place = names.iter().find_map(|name| places.get(name)).copied();
    }
    groups
}

/// Where the manifest names required components, by folded name, with the parent's where it has one, and by id.
fn places(context: &Context<'_>) -> BTreeMap<String, Place> {
    let mut places = BTreeMap::new();
    let (Some(file), Some(manifest)) = (context.manifest_file(), context.manifest_element()) else { return places };
    for entry in manifest.child("MissingDependencies").into_iter().flat_map(Element::elements) {
        let Some(required) = entry.child("Required") else { continue };
        let parent = required.attribute("parentSchemaName");
        let names =
            required.attributes().filter(|(name, _)| matches!(*name, "schemaName" | "id") || name.starts_with("id."));
        for (_, name) in names {
            let name = name.trim_matches(['{', '}']);
            for folded in [of_parent(parent.as_deref(), name), name.to_lowercase()] {
                places.entry(folded).or_insert_with(|| file.place(required.offset()));
            }
        }
    }
    places
}

fn of_parent(parent: Option<&str>, name: &str) -> String {
    parent.map(|parent| format!("{parent}.{name}")).unwrap_or_else(|| name.to_owned()).to_lowercase()
}

/// Names the required side of a declaration, parts of tables with their table.
pub(crate) fn reference(missing: &MissingDependency) -> ComponentRef {
    let side = &missing.required;
    let name = match (&side.schema_name, &side.parent_schema_name) {
        (Some(name), Some(parent)) if side.key.parent().is_some() => format!("{parent}.{name}"),
        (Some(name), _) => name.clone(),
        (None, _) => side.key.as_str().to_owned(),
    };
    ComponentRef::new(no_environment(), &side.key, &name, side.id, side.display_name.as_deref())
}

/// Names the required side of a declaration in a message.
pub(crate) fn label(missing: &MissingDependency) -> String {
    let side = &missing.required;
    let label = side.key.component_type.label();
    match (&side.display_name, side.key.guid()) {
        (Some(display), Some(_)) => format!("{label} “{display}”"),
        _ => format!("{label} {}", side.key.as_str()),
    }
}
