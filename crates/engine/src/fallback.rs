//! Fallback forms: those that everyone sees who may see no other. Each table keeps at least one of each form type that
//! has them (L48).
//!
//! A form says so in its `DisplayConditions`; one without conditions is open to everyone
//! ([`Rules::form_without_conditions_is_fallback`]). The platform's own forms are not known here, so tables of the
//! System layer are left alone, and assumed tables too.

use std::collections::BTreeSet;

use strata_model::code::ErrorCode;
use strata_model::component::ComponentKey;
use strata_model::environment::{ComponentState, Snapshot};
use strata_model::layer::Layer;
use strata_model::package::{Package, PackagedComponent};
use strata_model::plan::{Finding, FindingKind};
use strata_model::rules::Rules;
use strata_xml::Element;

use crate::active::merged::resolved_definition;
use crate::effect::Lens;
use crate::import::is_assumed_layer;
use crate::{catalogue, names};

/// A table, and a form type of it.
pub(crate) type Place = (ComponentKey, String);

/// Form types that can fall back; the others are shown where something refers to them.
const TYPES: [&str; 4] = ["main", "mainInteractionCentric", "mobile", "quickCreate"];

/// Returns the table and type of a form, where it can be a fallback form of a table that is no system table.
fn place_of(table: Option<ComponentKey>, home: Option<&str>, rules: &Rules) -> Option<Place> {
    let form_type = home?.strip_prefix("forms/").filter(|form_type| TYPES.contains(form_type))?;
    let table = table.filter(|table| table.component_type.is("entity") && !catalogue::contains(table, rules))?;
    Some((table, form_type.to_owned()))
}

/// Returns the place of a form of a package.
pub(crate) fn packaged_place(component: &PackagedComponent, rules: &Rules) -> Option<Place> {
    let is_form = component.key.component_type.is("systemform");
    is_form.then(|| place_of(component.parent.clone(), component.definition.home.as_deref(), rules)).flatten()
}

/// Returns the place of an installed form.
pub(crate) fn installed_place(lens: &Lens<'_>, state: &ComponentState) -> Option<Place> {
    if !state.component.key.component_type.is("systemform") || state.layers.is_empty() {
        return None;
    }
    let homes = state.layers.iter().filter_map(|layer| lens.bodies.definition(&layer.digest)?.home);
    place_of(state.component.parent(), homes.last().as_deref(), lens.rules)
}

/// Returns the tables whose forms must be seen when these components may go.
pub(crate) fn tables<'a>(states: impl Iterator<Item = &'a ComponentState>, rules: &Rules) -> BTreeSet<String> {
    let forms = states.filter(|state| state.component.key.component_type.is("systemform"));
    let tables = forms.filter_map(|state| state.component.parent());
    let custom = tables.filter(|table| table.component_type.is("entity") && !catalogue::contains(table, rules));
    custom.map(|table| table.as_str().to_owned()).collect()
}

/// Returns the places of a package's forms for which it brings no form that is plainly a fallback form.
pub(crate) fn open_places(package: &Package, rules: &Rules) -> BTreeSet<Place> {
    let (mut all, mut plain) = (BTreeSet::new(), BTreeSet::new());
    for component in &package.components {
        let Some(place) = packaged_place(component, rules) else { continue };
        if !plain.contains(&place) && is_plainly_fallback(&package.bytes(&component.definition), rules) {
            plain.insert(place.clone());
        }
        all.insert(place);
    }
    &all - &plain
}

/// Looks at the bytes only: most forms answer the question without being read.
fn is_plainly_fallback(bytes: &[u8], rules: &Rules) -> bool {
    let holds = |text: &str| memchr::memmem::find(bytes, text.as_bytes()).is_some();
    match holds("<DisplayConditions") {
        true => holds("FallbackForm=\"true\""),
        false => rules.form_without_conditions_is_fallback && !holds("solutionaction"),
    }
}

/// Tells whether a form's definition makes it a fallback form.
pub(crate) fn is_fallback(definition: &Element, rules: &Rules) -> bool {
    match definition.descend(&["form", "DisplayConditions"]) {
        Some(conditions) => {
            conditions.attribute("FallbackForm").is_some_and(|value| value.eq_ignore_ascii_case("true"))
        }
        None => rules.form_without_conditions_is_fallback,
    }
}

/// Tells whether a table has a fallback form of a type, counting the published layers that `stays` lets pass.
pub(crate) fn has_fallback(lens: &Lens<'_>, place: &Place, stays: &dyn Fn(&ComponentState, &Layer) -> bool) -> bool {
    lens.snapshot.components.values().any(|state| {
        installed_place(lens, state).as_ref() == Some(place) && {
            let layers = state.published().filter(|layer| stays(state, layer));
            let definition = resolved_definition(layers, lens.rules, lens.bodies);
            definition.is_some_and(|definition| is_fallback(&definition, lens.rules))
        }
    })
}

/// Tells whether a table is known and real: its fallback forms matter.
pub(crate) fn is_real(snapshot: &Snapshot, table: &ComponentKey) -> bool {
    snapshot.components.get(table).is_some_and(|state| !state.layers.iter().all(is_assumed_layer))
}

/// L48: refuses the removal that deletes the last fallback form of a table that stays; `stays` tells which layers are
/// left, `is_real` which tables are more than assumed, `arriving` are the places for which the same operation brings a fallback form.
pub(crate) fn refusals(
    lens: &Lens<'_>,
    deleted: &BTreeSet<ComponentKey>,
    stays: &dyn Fn(&ComponentState, &Layer) -> bool,
    is_real: &dyn Fn(&ComponentKey) -> bool,
    arriving: &BTreeSet<Place>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen = BTreeSet::new();
    for state in deleted.iter().filter_map(|key| lens.snapshot.components.get(key)) {
        let Some(place) = installed_place(lens, state) else { continue };
        let is_lasting = is_real(&place.0) && !deleted.contains(&place.0);
        let was_fallback = resolved_definition(state.published(), lens.rules, lens.bodies)
            .is_some_and(|definition| is_fallback(&definition, lens.rules));
        if !is_lasting || !was_fallback || arriving.contains(&place) || !seen.insert(place.clone()) {
            continue;
        }
        if has_fallback(lens, &place, stays) {
            continue;
        }
        let component = names::installed(lens.snapshot.environment.id, state);
        let described = names::describe(&component, "form");
        let message = format!("{described} is the last {} fallback form of table {}", place.1, place.0.as_str());
        findings.push(
            Finding::error(FindingKind::DeleteBlocked, ErrorCode::FALLBACK_FORM_REQUIRED, "L48", message)
                .about(component)
                .hint(format!("make another {} form of the table a fallback form first", place.1)),
        );
    }
    findings
}
