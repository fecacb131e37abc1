//! The way of every command that writes: plan, ask where it destroys, carry out, answer.

use strata_model::environment::Environment;
use strata_ops::view::PlanView;
use strata_ops::{Applied, Prepared, Request, Workspace, carry_out, prepare};

use super::Context;
use crate::failure::{Exit, Failure};
use crate::output::is_interactive;
use crate::progress::Progress;
use crate::render::plan::{PlanText, Tense};

/// How an operation is announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Care {
    Plain,
    /// People are shown the plan and asked first.
    Destructive,
}

/// Plans a request and answers with the plan.
pub(crate) fn show_plan(
    context: &Context<'_>,
    workspace: &Workspace,
    environment: &Environment,
    request: &Request,
) -> Result<Exit, Failure> {
    let prepared = plan(context, workspace, environment, request)?;
    answer_plan(context, environment, &prepared)
}

/// Answers with a plan.
pub(crate) fn answer_plan(
    context: &Context<'_>,
    environment: &Environment,
    prepared: &Prepared,
) -> Result<Exit, Failure> {
    let view = PlanView::of(&prepared.plan, context.global.verbose);
    context.output.answer(&view, || text(context, environment, &prepared.plan, &view, Tense::Would))?;
    Ok(Exit::Done)
}

/// Plans a request, with progress.
pub(crate) fn plan(
    context: &Context<'_>,
    workspace: &Workspace,
    environment: &Environment,
    request: &Request,
) -> Result<Prepared, Failure> {
    let progress = Progress::start(context.output.shows_progress());
    Ok(prepare(workspace, environment, request, &|phase, done, total| progress.report(phase, done, total))?)
}

/// Carries a request out and answers with what it did.
pub(crate) fn carry_out_and_answer(
    context: &Context<'_>,
    workspace: &Workspace,
    environment: &Environment,
    request: &Request,
    care: Care,
) -> Result<Applied, Failure> {
    let is_asked = care == Care::Destructive && !context.global.yes && is_interactive();
    if is_asked {
        let prepared = plan(context, workspace, environment, request)?;
        // A refusal is carried out too: it stands in history.
        if !prepared.plan.is_refused() {
            let view = PlanView::of(&prepared.plan, context.global.verbose);
            context.output.talk(text(context, environment, &prepared.plan, &view, Tense::Would).trim_end());
            if !context.output.ask("Go ahead?") {
                return Err(Failure::Declined);
            }
        }
    }
    let applied = apply(context, workspace, environment, request)?;
    answer_applied(context, environment, &applied, is_asked)?;
    Ok(applied)
}

/// Carries a request out, with progress.
pub(crate) fn apply(
    context: &Context<'_>,
    workspace: &Workspace,
    environment: &Environment,
    request: &Request,
) -> Result<Applied, Failure> {
    let progress = Progress::start(context.output.shows_progress());
    Ok(carry_out(workspace, environment, request, &|phase, done, total| progress.report(phase, done, total))?)
}

/// Answers with what an operation did; in brief when its plan has been shown just before.
pub(crate) fn answer_applied(
    context: &Context<'_>,
    environment: &Environment,
    applied: &Applied,
    is_brief: bool,
) -> Result<(), Failure> {
    let mut view = PlanView::of(&applied.plan, context.global.verbose);
    view.job = applied.job;
    view.applied_as = applied.recorded.then_some(applied.operation);
    let tense = if is_brief { Tense::DidInBrief } else { Tense::Did };
    context.output.answer(&view, || text(context, environment, &applied.plan, &view, tense))
}

/// Says on stderr what the rules remarked, where the answer is no plan.
pub(crate) fn remarks(context: &Context<'_>, applied: &Applied) {
    for finding in applied.plan.findings.iter().filter(|_| applied.recorded) {
        context.output.remark(&finding.message);
    }
}

pub(crate) fn text(
    context: &Context<'_>,
    environment: &Environment,
    plan: &strata_model::plan::Plan,
    view: &PlanView,
    tense: Tense,
) -> String {
    let verbose = context.global.verbose;
    let has_edits = plan.has_changes();
    PlanText { view, environment: &environment.name, tense, has_edits, verbose }.to_string()
}

/// Plans a request that concerns no component, and says in words what it would do.
pub(crate) fn show_plan_in_words(
    context: &Context<'_>,
    request: impl FnOnce(&Environment) -> Request,
    words: impl FnOnce(&Environment) -> String,
) -> Result<Exit, Failure> {
    let (workspace, environment) = context.open_to_plan()?;
    let prepared = plan(context, &workspace, &environment, &request(&environment))?;
    if prepared.plan.is_refused() || !prepared.plan.has_changes() {
        return answer_plan(context, &environment, &prepared);
    }
    context.output.answer(&PlanView::of(&prepared.plan, context.global.verbose), || words(&environment))?;
    Ok(Exit::Done)
}

/// Opens what a request is planned in, and answers with its plan.
pub(crate) fn open_and_show_plan(
    context: &Context<'_>,
    request: impl FnOnce(&Workspace, &Environment) -> Result<Request, Failure>,
) -> Result<Exit, Failure> {
    let (workspace, environment) = context.open_to_plan()?;
    let request = request(&workspace, &environment)?;
    show_plan(context, &workspace, &environment, &request)
}
