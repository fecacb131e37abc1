//! `row`: rows of tables.

use serde_json::json;
use strata_ops::rows::{self, RowAction, RowChanges, RowRequest};

use super::Context;
use crate::args::RowCommand;
use crate::failure::{Exit, Failure};
use crate::output::is_interactive;
use crate::render::rows as text;

pub(crate) fn run(context: &Context<'_>, command: &RowCommand) -> Result<Exit, Failure> {
    match command {
        RowCommand::List { table, filter } => {
            let found = rows::list(&context.open()?, context.at(), &table.name, filter.as_deref())?;
            context.output.answer(&found, || text::list(&found))?;
        }
        RowCommand::Get { table, id } => {
            let row = rows::get(&context.open()?, context.at(), &table.name, id)?;
            context.output.answer(&row, || text::card(&row))?;
        }
        RowCommand::Count { table, filter } => {
            let count = rows::count(&context.open()?, context.at(), &table.name, filter.as_deref())?;
            context.output.answer(&json!({ "count": count }), || count.to_string())?;
        }
        RowCommand::Create { table, values, write } => {
            let values = pairs(&values.set)?;
            change(context, RowRequest::Create { table: table.name.clone(), values }, write.plan)?;
        }
        RowCommand::Update { table, id, values, write } => {
            let values = pairs(&values.set)?;
            change(context, RowRequest::Update { table: table.name.clone(), id: id.clone(), values }, write.plan)?;
        }
        RowCommand::Delete { table, id, write } => {
            change(context, RowRequest::Delete { table: table.name.clone(), id: id.clone() }, write.plan)?;
        }
        RowCommand::Import { table, csv, write } => {
            change(context, RowRequest::Import { table: table.name.clone(), path: csv.clone() }, write.plan)?;
        }
    }
    Ok(Exit::Done)
}

fn change(context: &Context<'_>, request: RowRequest, plan_only: bool) -> Result<(), Failure> {
    context.refuse_at("row")?;
    if plan_only {
        let (workspace, environment) = context.open_to_plan()?;
        let changes = rows::plan(&workspace, &environment, &request)?;
        return context.output.answer(&changes, || text::changes(&changes, true));
    }
    let (workspace, environment) = context.open_to_write()?;
    let is_asked = matches!(request, RowRequest::Delete { .. }) && !context.global.yes && is_interactive();
    if is_asked {
        let changes = rows::plan(&workspace, &environment, &request)?;
        context.output.talk(text::changes(&changes, true).trim_end());
        // Nothing undoes an edit of a row.
        if !context.output.ask("Go ahead? It cannot be undone.") {
            return Err(Failure::Declined);
        }
    }
    let changes = rows::carry_out(&workspace, &environment, &request)?;
    context.output.answer(&answer(&changes), || text::changes(&changes, false))
}

/// The shape of what a change answers: the id of a single row, the number of several (spec R20).
fn answer(changes: &RowChanges) -> serde_json::Value {
    match (changes.action, changes.ids.as_slice()) {
        (RowAction::Create | RowAction::Update | RowAction::Delete, [id]) => json!({ "id": id }),
        (_, ids) => json!({ "count": changes.count, "ids": ids }),
    }
}

/// Splits what `--set` was given.
fn pairs(words: &[String]) -> Result<Vec<(String, String)>, Failure> {
    let pair = |word: &String| {
        let (column, value) = word.split_once('=').filter(|(column, _)| !column.trim().is_empty())?;
        Some((column.to_owned(), value.to_owned()))
    };
    let split = words.iter().map(|word| pair(word).ok_or_else(|| format!("`{word}` is no COLUMN=VALUE")));
    split.collect::<Result<_, _>>().map_err(Failure::usage)
}
