//! Tables of which only parts go out: their names, and that they are there for reference (package-format §2.3).

use std::collections::BTreeSet;

use strata_model::component::ComponentKey;
use strata_model::environment::{Behavior, ComponentState};
use strata_model::id::SolutionNo;
use strata_model::layer::LayerState;
use strata_model::package::Presence;
use strata_model::plan::Body;
use strata_xml::{Element, Node};

use super::{Content, Contents, Exported};
use crate::catalogue;
use crate::effect::Lens;

/// Adds the tables that members are parts of, and the listed ones that have nothing to say themselves.
pub(super) fn add_shells(lens: &Lens<'_>, solution: SolutionNo, managed: bool, contents: &mut Contents) {
    let whole: BTreeSet<&ComponentKey> = contents.components.iter().map(|component| &component.key).collect();
    let has_columns = |table: &ComponentKey| {
        let is_its = |component: &&Exported| component.parent.as_ref() == Some(table);
        let in_definition = |name: &str| matches!(name, "attribute" | "entitykey");
        let parts = contents.components.iter().filter(is_its);
        parts.into_iter().any(|component| in_definition(component.key.component_type.name()))
    };
    let parents = contents.components.iter().filter_map(|component| component.parent.clone());
    let with_parts: BTreeSet<ComponentKey> = parents.filter(|parent| parent.component_type.is("entity")).collect();
    let listed = contents.known.iter().filter(|key| key.component_type.is("entity"));
    let listed =
        listed.filter(|key| lens.snapshot.components.get(*key).is_some_and(|state| state.is_member_of(solution)));
    let tables: BTreeSet<ComponentKey> = with_parts.iter().chain(listed).cloned().collect();
    let mut shells = Vec::new();
    for table in tables.iter().filter(|table| !whole.contains(table)) {
        let behavior = behavior(lens.snapshot.components.get(table), solution);
        let is_unmodified =
            !managed && matches!(behavior, Some(Behavior::IncludeSubcomponents | Behavior::DoNotIncludeSubcomponents));
        // A managed package has no place for a table of which nothing goes out.
        if managed && !with_parts.contains(table) {
            continue;
        }
        shells.push(shell(lens, table, is_unmodified, has_columns(table)));
    }
    contents.components.extend(shells);
}

fn behavior(state: Option<&ComponentState>, solution: SolutionNo) -> Option<Behavior> {
    state?.members.iter().find(|member| member.solution == solution)?.behavior
}

fn shell(lens: &Lens<'_>, table: &ComponentKey, is_unmodified: bool, has_columns: bool) -> Exported {
    let state = lens.snapshot.components.get(table);
    let system = catalogue::component(table, lens.rules);
    let published = state.into_iter().flat_map(|state| state.layers.iter().rev());
    let mut published = published.filter(|layer| layer.state == LayerState::Published);
    let own_label = published.find_map(|layer| layer.display_name.clone());
    let label = own_label.or_else(|| system.as_ref()?.display_name.clone()).unwrap_or_default();
    let name = system.map(|system| system.name).or_else(|| Some(state?.component.name.clone()));
    let name = name.unwrap_or_else(|| table.as_str().to_owned());
    let mut root = Element::new("Entity");
    let named = root.child_or_new("Name");
    named.set_attribute("LocalizedName", &label);
    named.set_attribute("OriginalName", "");
    named.set_text(&name);
    if is_unmodified || has_columns {
        let mut own = Element::new("entity");
        own.set_attribute("Name", &name);
        if is_unmodified {
            own.set_attribute("unmodified", "1");
        }
        own.children.push(Node::Element(Element::new("attributes")));
        root.child_or_new("EntityInfo").children.push(Node::Element(own));
    }
    let body = Body { bytes: strata_xml::write(&root).into(), ..Body::default() };
    Exported {
        key: table.clone(),
        name,
        id: state.and_then(|state| state.component.id),
        category: None,
        parent: None,
        presence: Presence::Reference,
        content: Content::Made(body),
    }
}
