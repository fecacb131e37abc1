//! Rules of import, removal, publishing and edits, shown on fixtures of a few lines. Tests bear rule ids.

mod assume;
mod by_hand;
mod callers;
mod choices;
mod compare;
mod create;
mod dependencies;
mod dependency_questions;
mod desktop_flows;
mod drafts;
mod export;
mod fallback;
mod flow_saves;
mod import_managed;
mod import_unmanaged;
mod laws;
mod loss;
mod managed_properties;
mod merge_laws;
mod merged;
mod mixed_laws;
mod needs;
mod overwrite;
mod patches;
mod recipes;
mod references;
mod references_of_code;
mod references_removed;
mod refusals;
mod switching;
mod three_way;
mod uninstall;
mod upgrade;
mod variables;

use strata_model::plan::Plan;

/// The first error as `code name rule`, where the operation is refused.
fn refusal(plan: &Plan) -> String {
    let error = plan.first_error().expect("a refusal");
    let code = error.code.as_deref().unwrap_or("-");
    format!("{code} {} {}", error.name.as_deref().unwrap_or_default(), error.rule)
}

/// The value of a property among the lines of `Simulated::resolved`.
fn value_of<'a>(resolved: &'a [String], path: &str) -> Option<&'a str> {
    resolved.iter().find_map(|line| line.strip_prefix(path)?.strip_prefix('=')?.split(" by ").next())
}

/// Each change as `action key layer effect`, unchanged ones left out.
fn changes(plan: &Plan) -> Vec<String> {
    plan.changes
        .iter()
        .filter(|change| change.action != strata_model::plan::Action::Unchanged)
        .map(|change| {
            let action = format!("{:?}", change.action).to_lowercase();
            let effect = format!("{:?}", change.effect).to_lowercase();
            format!("{action} {}:{} {} {effect}", change.component.type_name, change.component.name, change.layer)
        })
        .collect()
}
