//! What a solution exports: which components, what each says, and what the package needs from elsewhere (L53–L57).
//!
//! An export changes nothing, so it has no plan. It goes in steps, because definitions are many and are read from a store:
//! [`check`] what forbids it, [`contents`] of the components, what these name ([`needs`]), and the [`manifest`]. The bytes
//! are put together by the caller, who knows packages.
//!
//! Only what is published goes out (L54). A component that managed layers define and nobody here has changed is there for
//! reference: a shell in an unmanaged package, left out of a managed one (merge §8).

mod content;
mod difference;
mod label;
pub mod manifest;
pub mod needs;
mod some;
mod state;
mod table;

use std::collections::BTreeSet;

use strata_model::code::ErrorCode;
use strata_model::component::{ComponentKey, ComponentType};
use strata_model::environment::{ComponentState, Footprint, Snapshot};
use strata_model::id::{ComponentNo, Digest, Guid, SolutionNo};
use strata_model::layer::LayerState;
use strata_model::package::Presence;
use strata_model::plan::{Bodies, Body, Finding, FindingKind};
use strata_model::rules::Rules;
use strata_model::solution::{RESERVED_NAMES, Solution};
use strata_model::version::Version;

use crate::effect::Lens;
use crate::family::Family;
use crate::import::is_assumed_layer;
use crate::{desktop_flow, names};
pub(crate) use content::resolve;
pub use some::{Chosen, keep_only};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportOptions {
    pub solution: String,
    pub managed: bool,
    /// The version that the solution gets, in the environment and in the package (L25).
    pub version: Option<Version>,
    /// These of its components alone.
    pub only: Option<Vec<Chosen>>,
}

/// One component that goes out.
#[derive(Debug, Clone)]
pub struct Exported {
    pub key: ComponentKey,
    pub name: String,
    pub id: Option<Guid>,
    pub category: Option<i32>,
    pub parent: Option<ComponentKey>,
    pub presence: Presence,
    pub content: Content,
}

/// What a component says in the package.
#[derive(Debug, Clone)]
pub enum Content {
    /// A definition exactly as it is kept.
    Kept(Digest),
    /// One that layers resolve to, or a difference.
    Made(Body<'static>),
}

/// What goes out.
#[derive(Debug, Clone, Default)]
pub struct Contents {
    /// In key order.
    pub components: Vec<Exported>,
    /// Members of the solution and the tables around them: of these the skeleton may keep what it says for reference.
    pub known: BTreeSet<ComponentKey>,
    pub findings: Vec<Finding>,
}

/// Finds the solution to export, or says why it cannot be (L53, L56).
pub fn check<'s>(headers: &'s Snapshot, options: &ExportOptions) -> Result<&'s Solution, Box<Finding>> {
    let refuse = |code, rule, message: String| Finding::error(FindingKind::Package, code, rule, message);
    let name = &options.solution;
    if let Some(own) = RESERVED_NAMES.iter().find(|own| own.eq_ignore_ascii_case(name)) {
        let code = match (*own, options.managed) {
            ("Default", false) => ErrorCode::EXPORT_DEFAULT,
            ("Default", true) => ErrorCode::EXPORT_DEFAULT_AS_MANAGED,
            _ => ErrorCode::EXPORT_SOLUTION,
        };
        let hint = "make a solution of your own with `strata solution create`, and add what it shall hold";
        return Err(Box::new(refuse(code, "L53", format!("`{own}` is a solution of the platform's own")).hint(hint)));
    }
    let Some(solution) = headers.solution_named(name) else {
        let message = format!("there is no solution named `{name}`");
        return Err(Box::new(
            refuse(ErrorCode::EXPORT_MISSING, "L53", message).hint("see the solutions with `strata solution list`"),
        ));
    };
    let name = &solution.unique_name;
    if solution.is_managed {
        let message = format!("{name} is managed: only unmanaged solutions are exported");
        let hint =
            "export it from the environment where it is unmanaged, or add its components to a solution of your own";
        return Err(Box::new(refuse(ErrorCode::EXPORT_MANAGED, "L53", message).hint(hint)));
    }
    if let Some(message) = Family::of(headers, solution).lock() {
        let hint = format!("roll them up with `strata solution clone-solution --solution-name {name}`, or delete them");
        return Err(Box::new(refuse(ErrorCode::CANNOT_MODIFY_PATCHED, "L56", message).hint(hint)));
    }
    if let Some(version) = options.version.as_ref().filter(|version| **version < solution.version) {
        let message = format!("{version} is lower than the version of {name}, {}", solution.version);
        let finding = Finding::error(FindingKind::Version, ErrorCode::VERSION_NOT_HIGHER, "L25", message);
        return Err(Box::new(finding.hint("an export keeps the version or raises it")));
    }
    Ok(solution)
}

/// Returns what [`contents`] must see; `skeleton` are the components that the solution's skeleton holds for reference.
pub fn footprint(solution: SolutionNo, skeleton: Vec<ComponentKey>) -> Footprint {
    Footprint { solutions: vec![solution], keys: skeleton, ..Footprint::default() }
}

/// Returns what must be seen besides: tables around the members, columns that forms show, binaries of desktop flows.
pub fn more_footprint(seen: &Snapshot, solution: SolutionNo, managed: bool) -> Footprint {
    let members = || members(seen, solution);
    let mut tables: Vec<_> = members().filter_map(|state| state.component.parent()).collect();
    tables.sort_unstable();
    tables.dedup();
    let is_form = |state: &&ComponentState| managed && state.component.key.component_type.is("systemform");
    let mut of_forms: Vec<_> = members().filter(is_form).filter_map(|state| state.component.parent()).collect();
    of_forms.sort_unstable();
    of_forms.dedup();
    let children_of = of_forms.iter().map(|table| table.as_str().to_owned()).collect();
    let flows = members().map(|state| &state.component).filter(|component| component.category == Some(6));
    let parts_of = flows.map(|component| component.key.clone()).collect();
    Footprint { keys: tables, children_of, parts_of, ..Footprint::default() }
}

fn members(seen: &Snapshot, solution: SolutionNo) -> impl Iterator<Item = &ComponentState> {
    seen.components.values().filter(move |state| state.is_member_of(solution))
}

/// Finds what each component of a solution says in a package; `base_language` is the one that labels are compared in,
/// `once_on` are components that have been switched on and off again.
pub fn contents(
    seen: &Snapshot,
    solution: &Solution,
    managed: bool,
    base_language: u32,
    once_on: &BTreeSet<ComponentNo>,
    rules: &Rules,
    bodies: &dyn Bodies,
) -> Contents {
    let lens = Lens::new(seen, rules, bodies);
    let mut contents = Contents::default();
    let mut drafts = Vec::new();
    let labels = label::ColumnLabels::new(seen, base_language);
    for state in members(seen, solution.no) {
        let key = &state.component.key;
        contents.known.insert(key.clone());
        contents.known.extend(state.component.parent().filter(|parent| parent.component_type.is("entity")));
        if state.active(LayerState::Unpublished).is_some() {
            drafts.push(names::installed(seen.environment.id, state));
        }
        let said = content::of(&lens, state, solution.no, managed);
        let said = said.map(|(content, presence)| {
            let content = label::blanked(&lens, state, content, managed, &labels);
            (state::recorded(&lens, state, content, once_on), presence)
        });
        contents.components.extend(said.map(|(content, presence)| exported(state, content, presence)));
        contents.findings.extend(binaries_outside(&lens, state, solution));
    }
    table::add_shells(&lens, solution.no, managed, &mut contents);
    contents.components.sort_by(|left, right| left.key.cmp(&right.key));
    contents.findings.extend(drafts_finding(&solution.unique_name, drafts));
    contents
}

/// Finds what a managed solution says of each component here, as its packages have brought it: nothing that is exported,
/// but what it can be compared by.
pub fn installed(seen: &Snapshot, solution: &Solution, rules: &Rules, bodies: &dyn Bodies) -> Contents {
    let mut contents = Contents::default();
    for state in seen.components.values() {
        let layer = state.layer_of(solution.no).filter(|layer| !is_assumed_layer(layer));
        if layer.is_some() || state.is_member_of(solution.no) {
            contents.known.insert(state.component.key.clone());
        }
        let said = layer.map(|layer| {
            let presence = if layer.is_diff { Presence::Diff } else { Presence::Full };
            exported(state, Content::Kept(layer.digest), presence)
        });
        contents.components.extend(said);
    }
    table::add_shells(&Lens::new(seen, rules, bodies), solution.no, true, &mut contents);
    contents.components.sort_by(|left, right| left.key.cmp(&right.key));
    contents
}

fn exported(state: &ComponentState, content: Content, presence: Presence) -> Exported {
    let component = &state.component;
    Exported {
        key: component.key.clone(),
        name: component.name.clone(),
        id: component.id,
        category: component.category,
        parent: component.parent(),
        presence,
        content,
    }
}

/// How many drafts a warning names.
const NAMED: usize = 5;

/// L54: what is not published stays behind.
fn drafts_finding(solution: &str, drafts: Vec<strata_model::component::ComponentRef>) -> Option<Finding> {
    let label = |draft: &strata_model::component::ComponentRef| {
        names::describe(draft, ComponentType::named(&draft.type_name).label())
    };
    let named: Vec<_> = drafts.iter().take(NAMED).map(label).collect();
    let more = drafts.len().saturating_sub(NAMED);
    let rest = if more == 0 { String::new() } else { format!(" and {more} more") };
    let message = match drafts.len() {
        0 => return None,
        1 => format!("1 component has a draft, which is not exported: {}", named.join(", ")),
        many => format!("{many} components have drafts, which are not exported: {}{rest}", named.join(", ")),
    };
    let hint = format!("publish first with `strata solution publish --solution-name {solution}`");
    Some(Finding::warning(FindingKind::Component, None, "L54", message).related(drafts).hint(hint))
}

/// DF16: a desktop flow whose binaries stay behind does not run where it goes.
fn binaries_outside(lens: &Lens<'_>, state: &ComponentState, solution: &Solution) -> Option<Finding> {
    let key = &state.component.key;
    if !key.component_type.is("workflow") || state.component.category != Some(6) {
        return None;
    }
    let outside = desktop_flow::binaries_outside(lens.snapshot, key, &solution.unique_name, lens.rules, lens.bodies);
    if outside.is_empty() {
        return None;
    }
    let flow = names::installed(lens.snapshot.environment.id, state);
    let described = names::describe(&flow, key.component_type.label());
    let message = format!("{described}: {} of its binaries are not in {}", outside.len(), solution.unique_name);
    let hint = format!(
        "add them with `strata solution add-solution-component -sn {} --component {key} --AddRequiredComponents`",
        solution.unique_name
    );
    Some(Finding::warning(FindingKind::Component, None, "DF16", message).about(flow).related(outside).hint(hint))
}
