//! `publisher`: create and list.

use strata_model::code::ErrorCode;
use strata_ops::NewPublisher;
use strata_ops::{OpsError, Request, solutions};

use super::{Context, write};
use crate::args::PublisherCommand;
use crate::failure::{Exit, Failure};
use crate::render::tables;

pub(crate) fn run(context: &Context<'_>, command: &PublisherCommand) -> Result<Exit, Failure> {
    match command {
        PublisherCommand::List => {
            let publishers = solutions::publishers(&context.open()?, context.at())?;
            context.output.answer(&publishers, || tables::publishers(&publishers))?;
            Ok(Exit::Done)
        }
        PublisherCommand::Create { name, prefix, display_name, option_prefix, write } => {
            context.refuse_at("publisher create")?;
            let new = NewPublisher {
                unique_name: name.clone(),
                prefix: prefix.clone(),
                friendly_name: display_name.clone(),
                option_value_prefix: *option_prefix,
                id: None,
                details: Default::default(),
            };
            create(context, new, write.plan)
        }
    }
}

fn create(context: &Context<'_>, new: NewPublisher, plan_only: bool) -> Result<Exit, Failure> {
    let name = new.unique_name.clone();
    let would = format!("would create publisher {name} with prefix {}_", new.prefix.to_lowercase());
    let request = Request::CreatePublisher(new);
    if plan_only {
        return write::show_plan_in_words(context, |_| request, |_| would);
    }
    let (workspace, environment) = context.open_to_write()?;
    write::apply(context, &workspace, &environment, &request)?;
    let publishers = solutions::publishers(&workspace, None)?;
    let created = publishers.iter().find(|publisher| publisher.unique_name.eq_ignore_ascii_case(&name));
    let created = created.ok_or_else(|| OpsError::request(ErrorCode::NOT_FOUND, "the publisher is gone again"))?;
    let said = format!("created publisher {} with prefix {}_", created.unique_name, created.prefix);
    context.output.answer(created, || said)?;
    context.output.hint(&format!("make a solution with `strata solution create --name NAME --publisher {name}`"));
    Ok(Exit::Done)
}
