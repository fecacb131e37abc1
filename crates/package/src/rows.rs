//! Rows of solution-aware tables: `<entity set>/<key>/<table>.xml` and the files beside it (package-format §4.2).
//!
//! No table needs to be known: the root element's name is the table, its attributes are the key.

use std::collections::{BTreeMap, BTreeSet};

use strata_model::code::ErrorCode;
use strata_model::component::{ComponentKey, ComponentType};
use strata_model::id::Guid;
use strata_model::package::{Definition, PackagedComponent, Presence, Slice};
use strata_xml::Element;

use crate::customizations_xml::{Root, scan};
use crate::inventory::{Inventory, Surroundings, UNHASHED};
use crate::{Limits, ReadPackageError};

/// Folders whose files belong to components of `customizations.xml`.
const MEMBER_FOLDERS: [&str; 9] = [
    "workflows",
    "webresources",
    "pluginassemblies",
    "canvasapps",
    "formulas",
    "reports",
    "connector",
    "controls",
    "templates",
];

/// Rows by the folder that is their own.
#[derive(Default)]
struct Rows {
    by_folder: BTreeMap<String, usize>,
    keys: BTreeSet<(String, String)>,
}

impl Rows {
    /// Returns the component whose folder holds the path most closely.
    fn around(&self, path: &str) -> Option<usize> {
        let mut folder = path;
        while let Some((outer, _)) = folder.rsplit_once('/') {
            if let Some(component) = self.by_folder.get(outer) {
                return Some(*component);
            }
            folder = outer;
        }
        None
    }
}

/// Adds the rows of every row folder; `skip` names parts that are something else.
pub(crate) fn add(
    inventory: &mut Inventory,
    skip: &dyn Fn(&str) -> bool,
    limits: &Limits,
) -> Result<(), ReadPackageError> {
    let mut rows = Rows::default();
    let mut rest = Vec::new();
    let mut order: Vec<usize> = (0..inventory.parts.len()).filter(|part| !inventory.is_owned(*part)).collect();
    // Parents before children.
    order.sort_by_key(|part| inventory.parts[*part].path.matches('/').count());
    for part in order {
        let path = inventory.parts[part].path.clone();
        let Some((top, _)) = path.split_once('/') else { continue };
        if MEMBER_FOLDERS.contains(&top.to_lowercase().as_str()) || skip(&path) {
            continue;
        }
        if top.eq_ignore_ascii_case("Assets") && path.to_lowercase().ends_with(".xml") {
            add_pairs(inventory, part, limits)?;
        } else if !add_row(inventory, part, &path, &mut rows)? {
            rest.push((part, path));
        }
    }
    for (part, path) in rest {
        if path.ends_with("/environmentvariablevalues.json") && add_value(inventory, part, &path, &rows)? {
            continue;
        }
        if let Some(component) = rows.around(&path) {
            inventory.components[component].definition.files.push(part);
            inventory.own(part);
        }
    }
    for component in rows.by_folder.values() {
        let parts = &inventory.parts;
        inventory.components[*component].definition.files.sort_by(|l, r| parts[*l].path.cmp(&parts[*r].path));
    }
    Ok(())
}

/// Adds a row when the part is one: its name is its root element's.
fn add_row(inventory: &mut Inventory, part: usize, path: &str, rows: &mut Rows) -> Result<bool, ReadPackageError> {
    let Some((folder, file)) = path.rsplit_once('/') else { return Ok(false) };
    let Some(stem) = file.strip_suffix(".xml").filter(|_| folder.contains('/')) else { return Ok(false) };
    let bytes = &inventory.parts[part].bytes;
    let root =
        strata_xml::parse(bytes).map_err(|error| ReadPackageError::xml(path, bytes, error.offset, &error.message))?;
    if !root.name.eq_ignore_ascii_case(stem) {
        return Ok(false);
    }
    let folder = folder.to_owned();
    let parent_key = rows.around(&folder).map(|component| inventory.components[component].key.clone());
    let own_name = row_name(&root).unwrap_or_else(|| path.to_owned());
    let component_type = ComponentType::named(&root.name);
    let bare = ComponentKey::new(component_type.clone(), &own_name);
    // Parameters of different APIs share names: such a key needs its parent's.
    let needs_parent = component_type.name().starts_with("customapire")
        || rows.keys.contains(&(bare.component_type.name().to_owned(), bare.as_str().to_owned()));
    let name = match &parent_key {
        Some(parent) if needs_parent && Guid::parse(&own_name).is_none() => format!("{}.{own_name}", parent.as_str()),
        Some(_) | None => own_name,
    };
    let id_name = format!("{}id", root.name);
    let id = root.attribute(&id_name).map(str::to_owned).or_else(|| root.child_text(&id_name));
    inventory.own(part);
    inventory.claimed.push((part, 0..inventory.parts[part].bytes.len()));
    rows.by_folder.insert(folder, inventory.components.len());
    rows.keys.insert((bare.component_type.name().to_owned(), bare.as_str().to_owned()));
    inventory.components.push(PackagedComponent {
        key: ComponentKey::new(component_type, &name),
        id: id.as_deref().and_then(Guid::parse),
        display_name: row_label(&root),
        name,
        parent: parent_key.or_else(|| flow_of_binary(&root)),
        category: None,
        presence: Presence::Full,
        definition: Definition {
            slices: vec![Slice { part, range: 0..inventory.parts[part].bytes.len() }],
            home: Some(path.to_owned()),
            files: Vec::new(),
        },
        digest: UNHASHED,
    });
    Ok(true)
}

/// A binary of a desktop flow belongs to that flow (DF5), although its folder stands beside.
fn flow_of_binary(root: &Element) -> Option<ComponentKey> {
    if !root.name.eq_ignore_ascii_case("desktopflowbinary") {
        return None;
    }
    let id = Guid::parse(&root.child("process")?.child_text("workflowid")?)?;
    Some(ComponentKey::new(ComponentType::named("workflow"), &id.to_string()))
}

/// The key of a row: the attributes of its root element, joined.
fn row_name(root: &Element) -> Option<String> {
    let is_key = |name: &str| !name.starts_with("xmlns") && !name.starts_with("xsi:");
    let keys: Vec<_> =
        root.attributes.iter().filter(|(name, _)| is_key(name)).map(|(_, value)| value.as_str()).collect();
    (!keys.is_empty()).then(|| keys.join("."))
}

fn row_label(root: &Element) -> Option<String> {
    let labelled = ["displayname", "friendlyname"]
        .iter()
        .find_map(|name| root.child(name)?.attribute("default").filter(|text| !text.is_empty()).map(str::to_owned));
    labelled.or_else(|| ["displayname", "name", "friendlyname"].iter().find_map(|name| root.child_text(name)))
}

/// `environmentvariablevalues.json` is the value of the definition beside it; a package may bring a value whose
/// definition is elsewhere, and then the folder names it (L117).
fn add_value(inventory: &mut Inventory, part: usize, path: &str, rows: &Rows) -> Result<bool, ReadPackageError> {
    let Some((folder, _)) = path.rsplit_once('/') else { return Ok(false) };
    let owner = rows.by_folder.get(folder).map(|component| &inventory.components[*component]);
    let (name, parent, display_name) = match (owner, folder.rsplit_once('/')) {
        (Some(owner), _) => (owner.name.clone(), Some(owner.key.clone()), owner.display_name.clone()),
        (None, Some((top, name))) if top.eq_ignore_ascii_case("environmentvariabledefinitions") => {
            (name.to_owned(), None, None)
        }
        (None, _) => return Ok(false),
    };
    let json: Option<serde_json::Value> = serde_json::from_slice(&inventory.parts[part].bytes).ok();
    let value = json.as_ref().and_then(|json| json.get("environmentvariablevalues")?.get("environmentvariablevalue"));
    if value.and_then(serde_json::Value::as_array).is_some_and(|values| values.len() > 1) {
        let message = format!("environment variable {name} has more than one value");
        let code = ErrorCode::DUPLICATE_CUSTOM_COMPONENT_INSTANCE;
        return Err(ReadPackageError::new(code, message).in_part(path));
    }
    let id = value.and_then(|value| value.get("@environmentvariablevalueid")?.as_str().and_then(Guid::parse));
    let length = inventory.parts[part].bytes.len();
    inventory.own(part);
    inventory.claimed.push((part, 0..length));
    inventory.components.push(PackagedComponent {
        key: ComponentKey::new(ComponentType::named("environmentvariablevalue"), &name),
        name,
        id,
        parent,
        display_name,
        category: None,
        presence: Presence::Full,
        definition: Definition {
            slices: vec![Slice { part, range: 0..length }],
            home: Some(path.to_owned()),
            files: Vec::new(),
        },
        digest: UNHASHED,
    });
    Ok(true)
}

/// `Assets/*.xml`: many-to-many rows, one component each, keyed by both ends.
fn add_pairs(inventory: &mut Inventory, part: usize, limits: &Limits) -> Result<(), ReadPackageError> {
    let path = inventory.parts[part].path.clone();
    let mut found = scan(&path, &inventory.parts[part].bytes, Root::Container(""), 0, limits, None)?;
    for item in &mut found.items {
        let ends: Vec<_> = item.attributes.iter().map(|(_, value)| value.as_str()).collect();
        item.attributes = vec![("UniqueName".to_owned(), ends.join("~"))];
    }
    let around = Surroundings { home: Some(path), ..Surroundings::default() };
    inventory.add_scan(part, found, &around);
    inventory.own(part);
    Ok(())
}
