//! Labels of cells that a managed package leaves blank: those that are the column's own (package-format §6).

use std::collections::BTreeMap;

use strata_model::component::ComponentKey;
use strata_model::environment::{ComponentState, Snapshot};
use strata_model::layer::LayerState;
use strata_model::plan::Body;
use strata_xml::{Element, Node};

use super::Content;
use crate::definition;
use crate::effect::Lens;

/// What columns are called in the base language, by their folded `table.column`.
pub(super) struct ColumnLabels<'s> {
    labels: BTreeMap<&'s str, &'s str>,
    language: String,
}

impl<'s> ColumnLabels<'s> {
    pub(super) fn new(seen: &'s Snapshot, language: u32) -> Self {
        let columns = seen.components.values().filter(|state| state.component.key.component_type.is("attribute"));
        let label = |state: &'s ComponentState| {
            let published = state.layers.iter().filter(|layer| layer.state == LayerState::Published);
            let label = published.rev().find_map(|layer| layer.display_name.as_deref())?;
            Some((state.component.key.as_str(), label))
        };
        Self { labels: columns.filter_map(label).collect(), language: language.to_string() }
    }

    fn of(&self, table: &ComponentKey, column: &str) -> Option<&'s str> {
        self.labels.get(format!("{}.{}", table.as_str(), column.to_lowercase()).as_str()).copied()
    }
}

/// Returns a form of a managed package with the labels blank that are the columns' own; anything else as it is.
pub(super) fn blanked(
    lens: &Lens<'_>,
    state: &ComponentState,
    content: Content,
    managed: bool,
    labels: &ColumnLabels<'_>,
) -> Content {
    let component = &state.component;
    let table = component.parent().filter(|_| managed && component.key.component_type.is("systemform"));
    let Some(table) = table else { return content };
    let body = match &content {
        Content::Kept(digest) => lens.bodies.definition(digest),
        Content::Made(body) => Some(body.clone()),
    };
    let Some(body) = body else { return content };
    let Some(mut tree) = definition::tree(&body.bytes) else { return content };
    if !blank(&mut tree, &table, labels) {
        return content;
    }
    Content::Made(Body { bytes: strata_xml::write(&tree).into(), home: body.home.clone(), files: body.files.clone() })
}

/// Blanks the cells below an element; tells whether there were any.
fn blank(element: &mut Element, table: &ComponentKey, labels: &ColumnLabels<'_>) -> bool {
    if element.name != "cell" {
        let blanked = element.elements_mut().filter_map(|child| blank(child, table, labels).then_some(()));
        return blanked.count() > 0;
    }
    let column = element.child("control").and_then(|control| control.attribute("datafieldname"));
    let Some(own) = column.and_then(|column| labels.of(table, column)) else { return false };
    let Some(cell_labels) = element.child_mut("labels") else { return false };
    let is_base = |label: &&Element| label.attribute("languagecode") == Some(&labels.language);
    let Some(base) = cell_labels.elements().find(is_base).filter(|label| label.attribute("description") == Some(own))
    else {
        return false;
    };
    let mut base = base.clone();
    base.set_attribute("description", "");
    cell_labels.children = vec![Node::Element(base)];
    true
}
