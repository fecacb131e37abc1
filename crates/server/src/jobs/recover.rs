//! What an earlier server left behind: jobs that it could not end, and uploads that nobody has fetched.

use serde_json::Value;
use strata_model::id::Guid;
use strata_ops::jobs::{WhichJob, log};
use strata_ops::system_rows::{Record, Values};
use strata_ops::view::JobResult;
use strata_ops::{Location, OpsError, Workspace, system_rows};

use super::row::{self, FAILED, Failure, IMPORT_JOBS, SUCCEEDED, TABLE};
use super::{running, uploads};
use crate::clock::now;

/// Looks through all environments.
pub(super) fn recover(location: &Location) -> Result<(), OpsError> {
    let workspace = Workspace::open(location)?;
    for environment in workspace.store().environments()? {
        let ended = end_jobs(location, &environment.name);
        let forgotten = |()| {
            row::forget_old(&workspace, &environment.name)?;
            uploads::forget_old(&workspace, &environment)
        };
        match ended.and_then(forgotten) {
            // Somebody else works in it just now, a command line for example: nothing here is worth waiting for.
            Err(error) if error.exit_code() == 5 => {
                tracing::warn!(environment = environment.name, %error, "not recovered")
            }
            other => other?,
        }
    }
    Ok(())
}

/// Says of the jobs of an environment that nobody carries out that they have failed.
pub(super) fn end_jobs(location: &Location, environment: &str) -> Result<(), OpsError> {
    let at = Location { environment: Some(environment.to_owned()), ..location.clone() };
    let workspace = &Workspace::open(&at)?;
    let now = system_rows::time(now());
    let cut_off = Failure {
        code: None,
        message: "the server was stopped while the operation waited or ran; what it had not finished did not happen"
            .to_owned(),
    };
    for state in [0, 2] {
        for record in system_rows::by(workspace, environment, TABLE, "statecode", &state.into())? {
            if is_of_another(&record) {
                continue;
            }
            let known = ended(workspace, &record);
            system_rows::change(workspace, environment, TABLE, &record.id, |values| match &known {
                Some(None) => row::complete(values, SUCCEEDED, &now),
                Some(Some(failure)) => failed(values, failure, &now),
                None => failed(values, &cut_off, &now),
            })?;
        }
    }
    // An import that came to its end before the server did is in history; one that was cut off keeps its progress.
    for record in system_rows::all(workspace, environment, IMPORT_JOBS)? {
        if Guid::parse(&record.id).is_some_and(|job| running::is_in_history(workspace, job)) {
            system_rows::remove(workspace, environment, IMPORT_JOBS, &record.id)?;
        } else if !record.values.contains_key("completedon") {
            system_rows::change(workspace, environment, IMPORT_JOBS, &record.id, |values| {
                values.insert("completedon".to_owned(), now.as_str().into());
                values.insert("modifiedon".to_owned(), now.as_str().into());
                values.insert("data".to_owned(), data(values.get("progress"), &cut_off.message).into());
            })?;
        }
    }
    Ok(())
}

/// Tells whether another server on the same store has that job.
fn is_of_another(record: &Record) -> bool {
    record.values.get("hostid").and_then(Value::as_str).is_some_and(system_rows::is_another)
}

/// How an import ended whose end the server had not written down: history has it, and why it failed.
fn ended(workspace: &Workspace, record: &Record) -> Option<Option<Failure>> {
    let job = record.values.get("correlationid").and_then(Value::as_str).and_then(Guid::parse)?;
    let log = log(workspace, None, WhichJob::Id(job)).ok()?;
    Some((log.result == JobResult::Failure).then(|| Failure {
        code: log.error_code,
        message: log.error_text.unwrap_or_else(|| "the import failed".to_owned()),
    }))
}

fn failed(values: &mut Values, failure: &Failure, now: &str) {
    row::complete(values, FAILED, now);
    row::fail(values, failure);
}

/// The data of an import that was cut off: no component was reached.
fn data(progress: Option<&Value>, message: &str) -> String {
    let progress = progress.map(ToString::to_string).unwrap_or_default();
    format!(
        "<importexportxml progress=\"{progress}\" processed=\"false\" completed=\"true\" succeeded=\"false\">\
         <solutionManifests><solutionManifest><result result=\"failure\" errortext=\"{message}\" />\
         </solutionManifest></solutionManifests></importexportxml>"
    )
}
