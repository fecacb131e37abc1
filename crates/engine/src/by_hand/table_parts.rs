//! New tables get what the platform gives every table, behind all that somebody gives them by himself.

use strata_model::component::ComponentKey;
use strata_model::id::{Digest, Guid};
use strata_xml::Element;

use super::create::Creation;
use super::platform::{self, NewTable, Ownership, Part, PrimaryName};
use super::target::Target;
use super::{build::Labels, identity};
use crate::table::default_set;

/// One component that is made.
pub(super) struct Made {
    pub(super) key: ComponentKey,
    pub(super) name: String,
    pub(super) id: Option<Guid>,
    pub(super) tree: Element,
    pub(super) display_name: Option<String>,
    pub(super) parent: Option<ComponentKey>,
    pub(super) home: Option<String>,
    pub(super) files: Vec<(String, Digest)>,
}

impl Creation<'_> {
    /// Notes a new table, or the column that says what its rows are called.
    pub(super) fn note_table(&mut self, target: &Target, tree: &Element) {
        if target.key.component_type.is("entity") {
            let table = self.new_table(target, tree);
            self.tables.push(table);
        } else if target.key.component_type.is("attribute")
            && let Some(table) = &target.table
        {
            self.note_primary_name(table, &target.schema_name, tree);
        }
    }

    /// Notes a column of a new table, where its rows are called by it.
    pub(super) fn note_primary_name(&mut self, table: &ComponentKey, column: &str, tree: &Element) {
        let mask = tree.child_text("DisplayMask").unwrap_or_default();
        let table = self.tables.iter_mut().find(|own| own.name == table.as_str());
        if let Some(table) = table.filter(|_| mask.split('|').any(|word| word == "PrimaryName")) {
            table.primary_name =
                PrimaryName { name: column.to_lowercase(), labels: read_labels(tree.child("displaynames")) };
        }
    }

    fn new_table(&self, target: &Target, tree: &Element) -> NewTable {
        let nothing = Element::new("entity");
        let own = tree.descend(&["EntityInfo", "entity"]).unwrap_or(&nothing);
        let language = self.language();
        let name = target.key.as_str();
        let label = identity::display_name(tree, language).unwrap_or_else(|| target.display_name.clone());
        let said = read_labels(own.child("LocalizedCollectionNames"));
        let collection = said.get(&language).or_else(|| said.values().next()).filter(|text| !text.is_empty());
        NewTable {
            environment: self.lens.snapshot.environment.id,
            name: name.to_owned(),
            schema_name: target.schema_name.clone(),
            set: own.child_text("EntitySetName").unwrap_or_else(|| default_set(name)),
            collection: collection.unwrap_or(&label).clone(),
            label,
            primary_name: PrimaryName::default(),
            ownership: Ownership::of(own.child_text("OwnershipTypeMask").as_deref()),
            language,
        }
    }

    /// Makes what the platform gives the new tables, as far as nobody else has.
    pub(super) fn make_platform_parts(&mut self) {
        if self.plan.is_refused() {
            return;
        }
        for table in std::mem::take(&mut self.tables) {
            let owner = ComponentKey::folded(strata_model::component::ComponentType::named("entity"), &table.name);
            // Forms and views show what a row is called.
            let is_named = !table.primary_name.name.is_empty();
            for part in platform::parts(&table) {
                if (part.id.is_none() || is_named) && !self.exists(&part.key) {
                    self.make_part(&owner, part);
                }
            }
        }
    }

    fn make_part(&mut self, table: &ComponentKey, part: Part) {
        let Part { key, name, id, tree, home } = part;
        // The key of a column says its table.
        let parent = key.table().is_none().then(|| table.clone());
        self.add_part(Made { id, parent, home, ..Made::part(key, name, tree, self.language()) });
    }
}

impl Made {
    /// Makes a part that is known by its name.
    pub(super) fn part(key: ComponentKey, name: String, tree: Element, language: u32) -> Self {
        let display_name = identity::display_name(&tree, language).or_else(|| Some(name.clone()));
        Self { key, name, id: None, tree, display_name, parent: None, home: None, files: Vec::new() }
    }
}

/// Reads the labels of a container, by language.
pub(super) fn read_labels(container: Option<&Element>) -> Labels {
    let labels = container.into_iter().flat_map(Element::elements);
    let label =
        |own: &Element| Some((own.attribute("languagecode")?.parse().ok()?, own.attribute("description")?.to_owned()));
    labels.filter_map(label).collect()
}
