//! Where a label is, as the rows of a workbook name it.

use strata_engine::active::labels::Label;
use strata_model::component::Component;
use strata_model::id::Guid;

use crate::sets::types;

/// What bears a label, and which of its texts it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// The table that the label belongs to; of what belongs to none, the type.
    entity: String,
    pub(super) object: Guid,
    column: String,
}

impl Place {
    /// Names the place of a component's label. An option, and what has an id of its own within a form, bears its labels
    /// itself.
    pub(super) fn of(component: &Component, id: Guid, label: &Label) -> Self {
        let component_type = &component.key.component_type;
        let table = component.parent().filter(|parent| parent.component_type.is("entity"));
        let entity = match (component_type.is("entity"), &table) {
            (true, _) => component.key.as_str().to_owned(),
            (false, Some(table)) => table.as_str().to_owned(),
            (false, None) => types::layer_name(component_type).to_owned(),
        };
        let object = bearer(id, &label.path).unwrap_or(id);
        Self { entity, object, column: column(component_type.name(), label, object != id) }
    }

    /// The cells in front of the texts.
    pub(super) fn cells(&self) -> Vec<String> {
        vec![self.entity.clone(), self.object.to_string(), self.column.clone()]
    }

    /// The folded name of the label at what bears it.
    pub(super) fn column(&self) -> String {
        self.column.to_lowercase()
    }

    /// Returns another place for a label that has the same one as one before it.
    pub(super) fn told_apart(self, id: Guid, label: &Label) -> Self {
        Self { object: Guid::minted(id, "label", &label.path), ..self }
    }
}

/// The part of a component that bears a label: the innermost that has an id or a value.
fn bearer(id: Guid, path: &str) -> Option<Guid> {
    let inner = path.rsplit('/').find_map(|step| step.strip_suffix(']')?.split_once('['))?;
    let (element, key) = inner;
    Some(Guid::parse(key).unwrap_or_else(|| Guid::minted(id, element, key)))
}

fn column(type_name: &str, label: &Label, is_inner: bool) -> String {
    let mut steps = label.path.rsplit('/');
    let element = steps.next().unwrap_or_default();
    let around = steps.next().unwrap_or(element);
    let is_definition = matches!(type_name, "entity" | "attribute" | "optionset" | "entityrelationship" | "entitykey");
    let name = match around.split('[').next().unwrap_or(around) {
        "LocalizedNames" if is_definition => "LocalizedName",
        "LocalizedCollectionNames" => "LocalizedCollectionName",
        "LocalizedNames" => "name",
        "Descriptions" if is_definition || is_inner => "Description",
        "Descriptions" => "description",
        "displaynames" | "labels" => "DisplayName",
        _ => element,
    };
    name.to_owned()
}
