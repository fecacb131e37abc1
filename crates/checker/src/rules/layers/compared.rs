//! STR304 and STR306: what the package would add to, or take from, an environment or an earlier package.

use std::collections::{BTreeMap, BTreeSet};

use strata_engine::catalogue;
use strata_engine::layering::{self, StackedLayer};
use strata_model::component::{ComponentKey, ComponentType};
use strata_model::package::{Package, Presence};
use strata_model::plan::Body;
use strata_model::rules::Rules;

use crate::against::{Against, TargetForm, is_fallback};
use crate::context::{Component, Context};
use crate::finding::Findings;

/// Returns what a stack resolves to, as paths and values.
fn resolved(component_type: &ComponentType, stack: &[StackedLayer]) -> BTreeMap<String, String> {
    let resolved = layering::resolve(component_type, stack, &Rules::OURS);
    resolved.into_iter().map(|(path, leaf)| (path, leaf.value)).collect()
}

pub(super) fn idle_layers(context: &Context<'_>, findings: &mut Findings<'_>) {
    let Some(against) = context.against() else { return };
    for component in context.components().filter(|component| component.presence != Presence::Reference) {
        let packaged = component.packaged();
        let Some(below) = against.below.get(&packaged.key).filter(|below| !below.is_empty()) else { continue };
        let component_type = &packaged.key.component_type;
        let mut stack = below.clone();
        let before = resolved(component_type, &stack);
        stack.push(layer(context, component, against));
        if before == resolved(component_type, &stack) {
            let message =
                format!("{} says nothing that {} does not have below it already", component.label(), against.name);
            findings.on(component, message);
        }
    }
}

fn layer(context: &Context<'_>, component: Component<'_>, against: &Against<'_>) -> StackedLayer {
    let packaged = component.packaged();
    let parts = &context.package().parts;
    let files = packaged.definition.files.iter().map(|file| (parts[*file].path.clone(), parts[*file].digest));
    let body = Body { bytes: component.bytes().into(), home: packaged.definition.home.clone(), files: files.collect() };
    let is_diff = packaged.presence == Presence::Diff;
    StackedLayer::read(&packaged.key.component_type, "package", &body, is_diff, &against.languages)
}

pub(super) fn last_forms(context: &Context<'_>, findings: &mut Findings<'_>) {
    let Some(against) = context.against() else { return };
    let earlier = against.package.map(forms_of).unwrap_or_default();
    let forms: Vec<&TargetForm> = against.forms.iter().chain(&earlier).collect();
    let arriving = forms_of(context.package());
    let tables: BTreeSet<&ComponentKey> = forms.iter().map(|form| &form.table).collect();
    for table in tables.into_iter().filter(|table| is_kept(context, against, table)) {
        // What the package still has of its own forms arrives with it.
        let of_table = |form: &&&TargetForm| form.table == *table && form.form_type == "main";
        let before: Vec<_> = forms.iter().filter(of_table).collect();
        let left: Vec<_> = before.iter().filter(|form| !form.is_ours).map(|form| **form).collect();
        let now: Vec<_> = left
            .into_iter()
            .chain(arriving.iter().filter(|form| form.table == *table && form.form_type == "main"))
            .collect();
        let what = if !before.is_empty() && now.is_empty() {
            "main form"
        } else if before.iter().any(|form| form.is_fallback) && !now.iter().any(|form| form.is_fallback) {
            "main form that everyone may see"
        } else {
            continue;
        };
        let message = format!("with this package table {} loses its last {what}", table.as_str());
        match context.find(table) {
            Some(component) => findings.on(component, message),
            None => findings.about(context.reference(table, table.as_str()), message),
        }
        .path("forms/main");
    }
}

/// Tells whether a table stays, so that its forms matter; those of the system have others that are not known here.
fn is_kept(context: &Context<'_>, against: &Against<'_>, table: &ComponentKey) -> bool {
    if catalogue::contains(table, &Rules::OURS) {
        return false;
    }
    context.find(table).is_some() || (against.package.is_none() && !against.dropped_tables.contains(table))
}

/// Returns the forms of a package.
fn forms_of(package: &Package) -> Vec<TargetForm> {
    let forms = package.components.iter().filter(|component| component.key.component_type.is("systemform"));
    forms
        .filter(|form| form.presence != Presence::Reference)
        .filter_map(|form| {
            let form_type = form.definition.home.as_deref()?.strip_prefix("forms/")?.to_owned();
            let bytes = package.bytes(&form.definition);
            Some(TargetForm {
                form: form.key.clone(),
                table: form.parent.clone()?,
                form_type,
                is_ours: true,
                is_fallback: form.presence == Presence::Diff || is_fallback(&bytes),
            })
        })
        .collect()
}
