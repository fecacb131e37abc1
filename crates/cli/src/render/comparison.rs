//! Update, upgrade and stage of one package side by side.

use comfy_table::Cell;
use strata_model::plan::{Action, OperationKind, Severity};
use strata_ops::view::{Comparison, PlanOutcome, PlanView};

use super::style::{BOLD, DIM, GREEN, RED, YELLOW, clean, component, line};
use super::tables::{laid_out, table};

/// More forced deletions than this are counted.
const LISTED_MAX: usize = 20;

pub(crate) fn text(comparison: &Comparison) -> String {
    let views = [&comparison.update, &comparison.upgrade, &comparison.stage];
    let mut text = String::new();
    if let Some(solution) = &comparison.upgrade.solution {
        let versions = [&solution.from, &solution.to].into_iter().flatten().map(|version| clean(version));
        let versions = versions.collect::<Vec<_>>().join(" → ");
        line!(text, "{BOLD}{}{BOLD:#} {versions}", clean(&solution.unique_name));
        line!(text);
    }
    let mut rows = table(&["", "update", "upgrade", "stage"]);
    let mut row = |name: &str, cell: &dyn Fn(&PlanView) -> String| {
        let cells = views.iter().map(|view| Cell::new(cell(view)));
        rows.add_row([Cell::new(name)].into_iter().chain(cells).collect::<Vec<_>>());
    };
    row("outcome", &outcome);
    row("created", &|view| view.summary.create.to_string());
    row("modified", &|view| view.summary.modify.to_string());
    row("of them masked", &|view| view.summary.masked.to_string());
    row("deleted", &|view| view.summary.delete.to_string());
    row("detached", &|view| view.summary.detach.to_string());
    row("unchanged", &|view| view.summary.unchanged.to_string());
    row("rows lost", &|view| view.summary.rows_lost.to_string());
    text.push_str(&laid_out(rows));
    line!(text);
    line!(text);
    verdict(&mut text, comparison);
    for (name, view) in ["update", "upgrade", "stage"].into_iter().zip(views) {
        let errors = view.findings.iter().filter(|finding| finding.severity == Severity::Error);
        for error in errors {
            line!(text, "{RED}{name}: {}{RED:#} {DIM}(rule {}){DIM:#}", clean(&error.message), error.rule);
        }
    }
    text
}

fn outcome(view: &PlanView) -> String {
    match view.outcome {
        PlanOutcome::Succeed => "succeeds".to_owned(),
        PlanOutcome::Fail => {
            let first = view.findings.iter().find(|finding| finding.severity == Severity::Error);
            let name = first.and_then(|finding| finding.name.as_deref()).unwrap_or("refused");
            format!("fails: {name}")
        }
    }
}

fn verdict(text: &mut String, comparison: &Comparison) {
    if comparison.upgrade.operation == OperationKind::New {
        line!(text, "Not installed yet: update and upgrade both install it, and there is nothing to stage over.");
        return;
    }
    // An upgrade that is refused deletes nothing, and says nothing about what an update would leave behind.
    if comparison.upgrade.outcome == PlanOutcome::Fail {
        return;
    }
    if comparison.additive {
        line!(text, "{GREEN}Purely additive:{GREEN:#} an update gives the same result as the upgrade, and is faster.");
        return;
    }
    let goes = comparison.upgrade.changes.iter().filter(|c| matches!(c.action, Action::Delete | Action::Detach));
    let goes: Vec<_> = goes.collect();
    line!(text, "{YELLOW}Not additive:{YELLOW:#} only the upgrade removes what the new version dropped.");
    for change in goes.iter().take(LISTED_MAX) {
        let (style, sign) = super::plan::sign(change.action);
        line!(text, "  {style}{sign}{style:#} {}", component(&change.component));
    }
    if goes.len() > LISTED_MAX {
        line!(text, "  {DIM}… and {} more{DIM:#}", goes.len() - LISTED_MAX);
    }
}
