//! What makers do to components one at a time: create, delete, list in a solution, switch on and off.

use std::fs;
use std::path::Path;

use strata_model::component::ComponentType;
use strata_model::environment::{Behavior, Environment};
use strata_ops::by_hand::{Addition, ByHand, NewComponent, Switch, find_to_list};
use strata_ops::view::PlanView;
use strata_ops::{OpsError, Request, Workspace, components};

use super::component::{carry_out, edit};
use super::{Context, write};
use crate::args::{AddArgs, CreateArgs, ListedArgs};
use crate::failure::{Exit, Failure};
use crate::render::style::clean;

pub(crate) fn create(context: &Context<'_>, args: &CreateArgs) -> Result<Exit, Failure> {
    context.refuse_at("component create")?;
    let (type_name, name) = args
        .component
        .split_once(':')
        .filter(|(_, name)| !name.trim().is_empty())
        .ok_or_else(|| Failure::usage(format!("`{}` is no component: TYPE:NAME is expected", args.component)))?;
    let properties = args.property.iter().map(|text| {
        edit(text).ok_or_else(|| Failure::usage(format!("`{text}` is no property: PATH=VALUE is expected")))
    });
    let content = args.content.as_deref().map(read).transpose()?;
    let new = NewComponent {
        component_type: ComponentType::written(type_name),
        name: name.trim().to_owned(),
        table: args.table.clone(),
        display_name: args.display_name.clone(),
        definition: args.definition.as_deref().map(read).transpose()?,
        properties: properties.collect::<Result<_, _>>()?,
        options: args.option.clone(),
        solution: args.solution_name.clone(),
        content: content.as_deref().map(strata_model::id::Digest::of),
    };
    let request = Request::ByHand(ByHand::Create { new: Box::new(new), content });
    carry_out(context, |_, _| Ok(request), args.write.plan, write::Care::Plain)
}

pub(crate) fn delete(context: &Context<'_>, component: &str, plan_only: bool) -> Result<Exit, Failure> {
    context.refuse_at("component delete")?;
    let request = |workspace: &Workspace, environment: &Environment| {
        let component = components::find(workspace, environment, None, component)?;
        Ok(Request::ByHand(ByHand::Delete { component }))
    };
    carry_out(context, request, plan_only, write::Care::Destructive)
}

pub(crate) fn switch(context: &Context<'_>, component: &str, switch: Switch, plan_only: bool) -> Result<Exit, Failure> {
    let (command, word) = match switch {
        Switch::On => ("component activate", "on"),
        Switch::Off => ("component deactivate", "off"),
    };
    context.refuse_at(command)?;
    let request = |workspace: &Workspace, environment: &Environment| {
        let component = components::find(workspace, environment, None, component)?;
        Ok(Request::ByHand(ByHand::Switch { component, switch }))
    };
    let words = Words {
        would: format!("would switch {} {word}", clean(component)),
        did: format!("switched {} {word}", clean(component)),
        nothing: format!("{} is {word} already", clean(component)),
    };
    carry_out_in_words(context, request, plan_only, &words)
}

pub(crate) fn add(context: &Context<'_>, args: &AddArgs) -> Result<Exit, Failure> {
    context.refuse_at("solution add-solution-component")?;
    let listed = &args.listed;
    let behavior = args.behavior.map(Behavior::try_from).transpose();
    let behavior = behavior.map_err(|error| Failure::usage(error.to_string()))?;
    let addition = Addition {
        solution: listed.solution_name.clone(),
        behavior,
        required_components: args.add_required_components,
    };
    let request = |workspace: &Workspace, environment: &Environment| {
        let component = find_to_list(workspace, environment, &listed.text())?;
        Ok(Request::ByHand(ByHand::Add { component, addition }))
    };
    let (component, solution) = (clean(&listed.text()), clean(&listed.solution_name));
    let words = Words {
        would: format!("would add {component} to {solution}"),
        did: format!("added {component} to {solution}"),
        nothing: format!("{component} is in {solution} already"),
    };
    carry_out_in_words(context, request, listed.write.plan, &words)
}

pub(crate) fn remove(context: &Context<'_>, listed: &ListedArgs) -> Result<Exit, Failure> {
    context.refuse_at("solution remove-solution-component")?;
    let request = |workspace: &Workspace, environment: &Environment| {
        let component = find_to_list(workspace, environment, &listed.text())?;
        Ok(Request::ByHand(ByHand::Remove { component, solution: listed.solution_name.clone() }))
    };
    let (component, solution) = (clean(&listed.text()), clean(&listed.solution_name));
    let words = Words {
        would: format!("would remove {component} from {solution}; the component stays"),
        did: format!("removed {component} from {solution}; the component is still there"),
        nothing: String::new(),
    };
    carry_out_in_words(context, request, listed.write.plan, &words)
}

/// What is said of an operation that changes no layer.
struct Words {
    would: String,
    did: String,
    nothing: String,
}

fn carry_out_in_words(
    context: &Context<'_>,
    request: impl FnOnce(&Workspace, &Environment) -> Result<Request, Failure>,
    plan_only: bool,
    words: &Words,
) -> Result<Exit, Failure> {
    if plan_only {
        let (workspace, environment) = context.open_to_plan()?;
        let prepared = write::plan(context, &workspace, &environment, &request(&workspace, &environment)?)?;
        if prepared.plan.is_refused() {
            return write::answer_plan(context, &environment, &prepared);
        }
        let said = if prepared.plan.has_changes() { &words.would } else { &words.nothing };
        // What comes along and why is a part of the answer here, and remarked on stderr once it is done.
        let said =
            || prepared.plan.findings.iter().fold(said.clone(), |text, f| format!("{text}\n  {}", clean(&f.message)));
        context.output.answer(&PlanView::of(&prepared.plan, context.global.verbose), said)?;
        return Ok(Exit::Done);
    }
    let (workspace, environment) = context.open_to_write()?;
    let applied = write::apply(context, &workspace, &environment, &request(&workspace, &environment)?)?;
    let mut view = PlanView::of(&applied.plan, context.global.verbose);
    view.applied_as = applied.recorded.then_some(applied.operation);
    let said = if applied.recorded { &words.did } else { &words.nothing };
    context.output.answer(&view, || said.clone())?;
    write::remarks(context, &applied);
    if applied.recorded {
        context.output.hint("take it back with `strata undo`");
    }
    Ok(Exit::Done)
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let unreadable = |source| OpsError::Unreadable { path: path.to_owned(), source };
    Ok(fs::read(path).map_err(unreadable)?)
}
