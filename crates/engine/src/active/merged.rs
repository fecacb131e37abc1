//! Edits of forms, site maps, apps and ribbons: Active holds the difference to what the managed layers resolve to, so
//! that their updates stay visible wherever it says nothing (merge §6, L45).

use strata_model::component::ComponentKey;
use strata_model::id::SolutionNo;
use strata_model::layer::Layer;
use strata_model::plan::{Bodies, Body, Plan};
use strata_model::rules::Rules;
use strata_xml::Element;

use super::path::{split_attribute, split_steps};
use super::whole;
use super::{Content, PropertyEdit, Target, unknown_property};
use crate::definition;
use crate::effect::Lens;
use crate::merge::{self, ActiveContent, EditPath, active_content};

impl Target<'_> {
    /// Returns what Active holds after the edits.
    pub(super) fn edit_merged(&self, lens: &Lens<'_>, edits: &[PropertyEdit], plan: &mut Plan) -> Option<Content> {
        let layers = self.makers_view();
        let mut wanted = definition_of(lens, &layers).unwrap_or_else(|| Element::new(root_name(self.key)));
        for edit in edits {
            if whole::replace(&[], &mut wanted, &edit.path, &edit.value) == Some(true) {
                continue;
            }
            let (elements, attribute) = match split_attribute(&edit.path) {
                Some((elements, attribute)) => (elements, Some(attribute)),
                None => (edit.path.as_str(), None),
            };
            let steps = split_steps(elements);
            let Some(edited) = merge::edit(&wanted, EditPath { steps: &steps, attribute }, &edit.value) else {
                plan.findings.push(unknown_property(self.key, &edit.path));
                return None;
            };
            if edited.is_new {
                plan.findings.push(self.unmentioned(lens, &edit.path));
            }
            wanted = edited.tree;
        }
        let managed: Vec<_> = layers.into_iter().filter(|layer| layer.solution != SolutionNo::ACTIVE).collect();
        Some(content(active_content(definition_of(lens, &managed).as_ref(), wanted), self.home(lens)))
    }

    /// Where the definition lives, when the type does not say.
    pub(super) fn home(&self, lens: &Lens<'_>) -> Option<String> {
        let layers = self.state.into_iter().flat_map(|state| &state.layers);
        layers.filter_map(|layer| lens.bodies.definition(&layer.digest)?.home).last()
    }
}

/// Returns what layers of a merged type resolve to, labels of every language included; `None` where they say nothing.
pub(crate) fn definition_of(lens: &Lens<'_>, layers: &[&Layer]) -> Option<Element> {
    resolved_definition(layers.iter().copied(), lens.rules, lens.bodies)
}

/// Returns what layers of a merged type resolve to.
pub(crate) fn resolved_definition<'l>(
    layers: impl Iterator<Item = &'l Layer>,
    rules: &Rules,
    bodies: &dyn Bodies,
) -> Option<Element> {
    let read = |layer: &Layer| Some((definition::tree(&bodies.definition(&layer.digest)?.bytes)?, layer.is_diff));
    let trees: Vec<_> = layers.filter_map(read).collect();
    let layers = trees.iter().map(|(tree, is_diff)| (tree, *is_diff));
    merge::merge(layers, rules.collisions_to_conflicts_tab).definition()
}

/// Makes a layer's content of what Active must hold.
pub(crate) fn content(active: ActiveContent, home: Option<String>) -> Content {
    let body = |tree: &Element| Body { bytes: strata_xml::write(tree).into(), home, files: Vec::new() };
    match active {
        ActiveContent::Full(tree) => Content { body: Some(body(&tree)), is_diff: false },
        ActiveContent::Difference(tree) => Content { body: Some(body(&tree)), is_diff: true },
        ActiveContent::Nothing => Content { body: None, is_diff: true },
    }
}

/// The body of a draft that takes everything unmanaged back: a difference that says nothing.
pub(crate) fn empty_body(key: &ComponentKey) -> Body<'static> {
    Body { bytes: strata_xml::write(&Element::new(root_name(key))).into(), ..Body::default() }
}

fn root_name(key: &ComponentKey) -> &'static str {
    match key.component_type.name() {
        "sitemap" => "SiteMap",
        "appmodule" => "AppModule",
        "ribboncustomization" => "RibbonDiffXml",
        _ => "systemform",
    }
}
