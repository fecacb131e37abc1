//! Components made, deleted and listed by hand (L3, L7, L9, L16–L21, L102).
//!
//! A maker builds an environment without a package: [`create`] writes a new component into Active, [`delete`] takes
//! an unmanaged one away. Which components a solution lists is [`crate::membership`].

mod build;
pub mod column;
pub mod create;
pub mod delete;
mod identity;
mod minimal;
pub(crate) mod money;
pub mod options;
mod platform;
mod table_parts;
mod target;

use strata_model::code::ErrorCode;
use strata_model::environment::Snapshot;
use strata_model::plan::{Finding, FindingKind, Plan};
use strata_model::solution::{RESERVED_NAMES, Solution};

use crate::family::Family;

/// Finds the unmanaged solution that something is done in, or says why nothing can be done there (L4, L16, L56).
pub(crate) fn open_solution<'a>(snapshot: &'a Snapshot, name: &str, plan: &mut Plan) -> Option<&'a Solution> {
    let finding = match snapshot.solution_named(name) {
        _ if RESERVED_NAMES.iter().any(|reserved| reserved.eq_ignore_ascii_case(name)) => {
            let is_default = name.eq_ignore_ascii_case("Default");
            let code = if is_default { ErrorCode::CANNOT_UPDATE_DEFAULT } else { ErrorCode::CANNOT_UPDATE_RESTRICTED };
            let message = format!("`{name}` is a solution of the platform's own");
            Finding::error(FindingKind::Package, code, "L4", message)
                .hint("name an unmanaged solution, see `strata solution list`")
        }
        None => {
            let message = format!("there is no solution named `{name}`");
            Finding::error(FindingKind::Package, ErrorCode::NOT_FOUND, "L17", message)
                .hint("see them with `strata solution list`")
                .hint("make it with `strata solution create --name NAME --publisher PUBLISHER`")
        }
        Some(solution) if solution.is_managed => {
            let message = format!("the managed solution {} cannot be edited", solution.unique_name);
            Finding::error(FindingKind::Package, ErrorCode::CANNOT_UPDATE_MANAGED, "L16", message)
                .hint("name an unmanaged solution; a managed component can be added to one and customized there")
        }
        Some(solution) => {
            let Some(message) = Family::of(snapshot, solution).lock() else { return Some(solution) };
            let name = &solution.unique_name;
            let roll_up = format!("roll them up with `strata solution clone-solution --solution-name {name}`");
            Finding::error(FindingKind::Package, ErrorCode::CANNOT_MODIFY_PATCHED, "L56", message)
                .hint(format!("name the patch instead, or {roll_up}"))
        }
    };
    plan.findings.push(finding);
    None
}

/// L104: what makes new components or changes managed ones is refused where unmanaged customizations are blocked.
pub(crate) fn refuse_blocked(snapshot: &Snapshot, plan: &mut Plan) {
    if snapshot.environment.settings.block_unmanaged {
        let message = "the environment does not allow unmanaged customizations";
        plan.findings.push(
            Finding::error(FindingKind::Blocked, ErrorCode::UNMANAGED_CUSTOMIZATIONS_BLOCKED, "L104", message)
                .hint("allow them with `strata env set --block-unmanaged false`"),
        );
    }
}
