//! `component`: list, show, layers, edits of the Active layer.

use strata_model::component::ComponentType;
use strata_model::environment::Environment;
use strata_ops::PropertyEdit;
use strata_ops::by_hand::Switch;
use strata_ops::components::{self, Filter};
use strata_ops::view::ComponentWord;
use strata_ops::{Request, Workspace};

use super::{Context, by_hand, dependencies, write};
use crate::args::{ComponentCommand, LayersArgs};
use crate::failure::{Exit, Failure};
use crate::render::{layers as layers_text, tables};

pub(crate) fn run(context: &Context<'_>, command: &ComponentCommand) -> Result<Exit, Failure> {
    match command {
        ComponentCommand::List { solution_name, component_type, unmanaged_layer, all } => {
            let filter = Filter {
                solution: solution_name.clone(),
                component_type: component_type.as_deref().map(ComponentType::written),
                unmanaged_layer: *unmanaged_layer,
                all: *all,
            };
            let entries = components::list(&context.open()?, context.at(), &filter)?;
            context.output.answer(&entries, || tables::components(&entries))?;
            let guess = filter.component_type.as_ref().filter(|_| entries.is_empty()).and_then(components::close_type);
            guess.iter().for_each(|guess| context.output.hint(guess));
            Ok(Exit::Done)
        }
        ComponentCommand::Show { component, unpublished } => show(context, component, *unpublished),
        ComponentCommand::Layers(args) => layers(context, args),
        ComponentCommand::Set { component, property, solution_name, write } => {
            context.refuse_at("component set")?;
            let (component, edits) = edits(component.as_deref(), property)?;
            let request = |workspace: &Workspace, environment: &Environment| {
                let component = components::find_to_edit(workspace, environment, component)?;
                Ok(Request::Set { component, edits, solution: solution_name.clone() })
            };
            carry_out(context, request, write.plan, write::Care::Plain)
        }
        ComponentCommand::Create(args) => by_hand::create(context, args),
        ComponentCommand::Delete { component, write } => by_hand::delete(context, component, write.plan),
        ComponentCommand::Activate { component, write } => by_hand::switch(context, component, Switch::On, write.plan),
        ComponentCommand::Deactivate { component, write } => {
            by_hand::switch(context, component, Switch::Off, write.plan)
        }
        ComponentCommand::RemoveDependency { component, on, write } => {
            context.refuse_at("component remove-dependency")?;
            let request = |workspace: &Workspace, environment: &Environment| {
                let find = |name: &str| components::find(workspace, environment, None, name);
                let required = on.iter().map(|other| find(other)).collect::<Result<_, _>>()?;
                Ok(Request::RemoveDependency { component: find(component)?, required })
            };
            carry_out(context, request, write.plan, write::Care::Plain)
        }
        ComponentCommand::Dependencies { component, question } => {
            dependencies::of_component(context, component, *question)
        }
        ComponentCommand::RemoveActive { component, write } => {
            context.refuse_at("component remove-active")?;
            let request = |workspace: &Workspace, environment: &Environment| {
                let component = components::find(workspace, environment, None, component)?;
                Ok(Request::RemoveActive { component })
            };
            carry_out(context, request, write.plan, write::Care::Destructive)
        }
    }
}

/// Shows the stack of a component.
pub(crate) fn layers(context: &Context<'_>, args: &LayersArgs) -> Result<Exit, Failure> {
    let view = components::layers(&context.open()?, context.at(), &args.component, args.unpublished)?;
    context.output.answer(&view, || layers_text::text(&view, context.global.verbose))?;
    Ok(Exit::Done)
}

fn show(context: &Context<'_>, component: &str, unpublished: bool) -> Result<Exit, Failure> {
    let detail = components::show(&context.open()?, context.at(), component, unpublished)?;
    context.output.answer(&detail, || layers_text::detail(&detail))?;
    let is_draft_only = detail.state == ComponentWord::Unpublished && detail.properties.is_empty();
    if is_draft_only && !unpublished {
        context
            .output
            .remark("it exists as a draft only: see it with --unpublished, publish it with `strata solution publish`");
    }
    Ok(Exit::Done)
}

pub(super) fn carry_out(
    context: &Context<'_>,
    request: impl FnOnce(&Workspace, &Environment) -> Result<Request, Failure>,
    plan_only: bool,
    care: write::Care,
) -> Result<Exit, Failure> {
    if plan_only {
        return write::open_and_show_plan(context, request);
    }
    let (workspace, environment) = context.open_to_write()?;
    let request = request(&workspace, &environment)?;
    let applied = write::carry_out_and_answer(context, &workspace, &environment, &request, care)?;
    if applied.recorded {
        context.output.hint("take it back with `strata undo`");
    }
    Ok(Exit::Done)
}

/// Splits what `--property` was given; the component may stand behind the last property.
fn edits<'a>(component: Option<&'a str>, properties: &'a [String]) -> Result<(&'a str, Vec<PropertyEdit>), Failure> {
    let (component, properties) = match (component, properties) {
        (Some(component), properties) => (component, properties),
        (None, [properties @ .., last]) if !properties.is_empty() && edit(last).is_none() => {
            (last.as_str(), properties)
        }
        (None, _) => return Err(Failure::usage("a component is needed: TYPE:NAME")),
    };
    let read = |text: &String| {
        edit(text).ok_or_else(|| Failure::usage(format!("`{text}` is no property: PATH=VALUE is expected")))
    };
    Ok((component, properties.iter().map(read).collect::<Result<_, _>>()?))
}

/// Splits `PATH=VALUE` at the first `=` outside brackets.
pub(super) fn edit(text: &str) -> Option<PropertyEdit> {
    let mut depth = 0_i32;
    let at = text.char_indices().find_map(|(at, c)| {
        match c {
            '[' => depth += 1,
            ']' => depth -= 1,
            _ => {}
        }
        (c == '=' && depth <= 0).then_some(at)
    })?;
    let (path, value) = (text[..at].trim(), &text[at + 1..]);
    (!path.is_empty()).then(|| PropertyEdit { path: path.to_owned(), value: value.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_split_at_the_first_equals_sign_outside_brackets() {
        let read = |text| edit(text).map(|edit| (edit.path, edit.value));
        let pair = |path: &str, value: &str| Some((path.to_owned(), value.to_owned()));
        assert_eq!(read("MaxLength=400"), pair("MaxLength", "400"));
        assert_eq!(read("a[k=v]/b@c=x=y"), pair("a[k=v]/b@c", "x=y"));
        assert_eq!(read("Description="), pair("Description", ""));
        assert_eq!(read("=x"), None);
        assert_eq!(read("attribute:a.b"), None);
    }

    #[test]
    fn the_component_may_stand_last() {
        let words = ["MaxLength=4".to_owned(), "attribute:a.b".to_owned()];
        let (component, edits) = edits(None, &words).expect("an edit");
        assert_eq!((component, edits.len()), ("attribute:a.b", 1));
    }
}
