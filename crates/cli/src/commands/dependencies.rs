//! `component dependencies` and `solution dependencies`: who needs whom.

use strata_ops::dependencies::{self, OfComponent, OfSolution};

use super::Context;
use crate::args::{ComponentQuestion, SolutionQuestion};
use crate::failure::{Exit, Failure};
use crate::render::dependencies as text;

pub(super) fn of_component(
    context: &Context<'_>,
    component: &str,
    question: ComponentQuestion,
) -> Result<Exit, Failure> {
    let question = match question {
        ComponentQuestion { required: true, .. } => OfComponent::Required,
        ComponentQuestion { dependent: true, .. } => OfComponent::Dependent,
        // One of the three is there, or the command line is refused.
        ComponentQuestion { .. } => OfComponent::Delete,
    };
    let entries = dependencies::of_component(&context.open()?, context.at(), component, question)?;
    context.output.answer(&entries, || text::of_component(component, question, &entries))?;
    if question == OfComponent::Delete && !entries.is_empty() {
        let plan = format!("strata component delete {component} --plan");
        context.output.hint(&format!("see what deleting it would come to, and the way out, with `{plan}`"));
    }
    Ok(Exit::Done)
}

pub(super) fn of_solution(context: &Context<'_>, name: &str, question: SolutionQuestion) -> Result<Exit, Failure> {
    let question = if question.missing { OfSolution::Missing } else { OfSolution::Uninstall };
    let entries = dependencies::of_solution(&context.open()?, context.at(), name, question)?;
    context.output.answer(&entries, || text::of_solution(name, question, &entries))?;
    if question == OfSolution::Uninstall {
        // Layers of other publishers stand against it without any dependency (DP19).
        let plan = format!("strata solution delete --solution-name {name} --plan");
        context.output.hint(&format!("see what uninstalling it would come to, and the way out, with `{plan}`"));
    }
    Ok(Exit::Done)
}
