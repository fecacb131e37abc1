//! `BulkDelete`: rows that queries find are deleted by a job, which anything else may run beside (web-api §8).

use serde_json::{Value, json};
use strata_ops::bulk_delete::{self, Deleted};
use strata_ops::query::fetch::Document;
use strata_ops::query::{Reader, expression};
use strata_ops::rows::Author;
use strata_ops::schema::Schema;
use strata_ops::{OpsError, system_rows};

use crate::access::Role;
use crate::answer::Answer;
use crate::clock::now;
use crate::fault::Fault;
use crate::jobs::{NewJob, TABLE, Task};
use crate::message::{Call, Kind, Level, Message, Shape, optional, required};

/// `operationtype` of such a job.
pub(crate) const NUMBER: i64 = 13;

/// The clocks of clients and of this server agree so far, in milliseconds.
const SOON: i64 = 5 * 60 * 1000;

pub(super) static BULK_DELETE: Message = Message {
    name: "BulkDelete",
    level: Level::Later,
    role: Role::Maker,
    parameters: &[
        required("QuerySet", Kind::Any),
        optional("JobName", Kind::Text),
        optional("SendEmailNotification", Kind::Boolean),
        optional("ToRecipients", Kind::Any),
        optional("CCRecipients", Kind::Any),
        optional("RecurrencePattern", Kind::Text),
        optional("StartDateTime", Kind::Text),
        optional("SourceImportId", Kind::Guid),
        optional("RunNow", Kind::Boolean),
    ],
    answer: Shape::Properties(&[("JobId", "Edm.Guid")]),
    summary: "deletes the rows that queries find, as a job",
    carry_out,
    request: None,
};

fn carry_out(call: &Call<'_>) -> Result<Answer, Fault> {
    refuse_later(call)?;
    let queries = match call.given.any("QuerySet") {
        Some(Value::Array(queries)) if !queries.is_empty() => queries,
        _ => return Err(Fault::payload("QuerySet lists queries: one at least is expected")),
    };
    let documents = queries.iter().map(expression::document).collect::<Result<Vec<_>, _>>().map_err(unfit)?;
    let schema = call.ask.schema()?;
    let reader = Reader { workspace: call.ask.workspace, environment: &call.ask.environment, schema: &schema };
    documents.iter().try_for_each(|document| bulk_delete::check(&reader, document)).map_err(unfit)?;
    let new = NewJob {
        name: "BulkDelete",
        message: call.message.name,
        number: NUMBER,
        title: "BulkDelete",
        import_job: None,
        export_job: None,
        work: Box::new(move |task| work(task, &documents)),
    };
    let id = call.ask.service.jobs().start(call.ask, new)?;
    if let Some(name) = call.given.text("JobName").filter(|name| !name.is_empty()) {
        system_rows::change(call.ask.workspace, &call.ask.environment.name, TABLE, &id.to_string(), |values| {
            values.insert("name".to_owned(), name.into());
        })?;
    }
    Ok(call.object(json!({ "JobId": id })))
}

/// Jobs begin at once, and once.
fn refuse_later(call: &Call<'_>) -> Result<(), Fault> {
    if call.given.text("RecurrencePattern").is_some_and(|pattern| !pattern.trim().is_empty()) {
        return Err(Fault::not_built("a RecurrencePattern of BulkDelete"));
    }
    let Some(start) = call.given.text("StartDateTime").filter(|start| !start.trim().is_empty()) else { return Ok(()) };
    let from = system_rows::millis(start)
        .ok_or_else(|| Fault::payload(format!("StartDateTime: `{start}` is no time with an offset")))?;
    match from > now() + SOON && !call.given.flag("RunNow") {
        true => Err(Fault::not_built("a StartDateTime of BulkDelete that is to come")),
        false => Ok(()),
    }
}

/// A query that does not fit stands in the body, not in the URL.
fn unfit(error: strata_ops::query::QueryError) -> Fault {
    let mut fault = Fault::from(error);
    if fault.status == 400 {
        fault = Fault::payload(format!("QuerySet: {}", fault.message));
    }
    fault
}

fn work(task: &Task<'_>, documents: &[Document]) -> Result<(), OpsError> {
    let schema = Schema::load(task.workspace, &task.environment, None)?;
    let reader = Reader { workspace: task.workspace, environment: &task.environment, schema: &schema };
    let mut all = Deleted::default();
    for document in documents {
        let deleted = bulk_delete::delete(&reader, document, Author::of(&task.environment))?;
        all.rows += deleted.rows;
        all.kept += deleted.kept;
        all.why = all.why.or(deleted.why);
    }
    system_rows::change(task.workspace, &task.environment.name, TABLE, &task.id.to_string(), |values| {
        values.insert("message".to_owned(), told(&all).into());
    })?;
    Ok(())
}

fn told(deleted: &Deleted) -> String {
    match &deleted.why {
        None => format!("deleted: {}", deleted.rows),
        Some(why) => {
            format!("deleted: {}; not deleted: {}, the first because {}", deleted.rows, deleted.kept, why.message)
        }
    }
}
