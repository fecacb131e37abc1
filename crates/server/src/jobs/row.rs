//! The rows of jobs: one for the operation, and one for the import job while it runs.
//!
//! State, status and the time of completion change in one write: clients take any of them for the end (web-api §10).

use serde_json::{Value, json};
use strata_model::environment::Environment;
use strata_model::id::Guid;
use strata_ops::organization::Organization;
use strata_ops::system_rows::{self, Record, Values, time};
use strata_ops::{OpsError, Workspace};

use super::NewJob;
use crate::clock::now;

pub(crate) const TABLE: &str = "asyncoperation";
pub(crate) const IMPORT_JOBS: &str = "importjob";

pub(crate) const WAITING: i64 = 0;
pub(crate) const IN_PROGRESS: i64 = 20;
pub(crate) const SUCCEEDED: i64 = 30;
pub(crate) const FAILED: i64 = 31;
pub(crate) const CANCELED: i64 = 32;

/// The state that a status belongs to (web-api §11).
fn state(status: i64) -> i64 {
    match status {
        SUCCEEDED | FAILED | CANCELED => 3,
        IN_PROGRESS => 2,
        _ => 0,
    }
}

/// Why a job failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) code: Option<String>,
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn of(error: &OpsError) -> Self {
        let report = error.report();
        Self { code: report.code, message: report.message }
    }

    /// The code as the platform's rows hold it: a signed number of 32 bits.
    fn number(&self) -> Option<i32> {
        let digits = self.code.as_deref()?.strip_prefix("0x")?;
        u32::from_str_radix(digits, 16).ok().map(|code| i32::from_ne_bytes(code.to_ne_bytes()))
    }
}

/// Writes the row of a job that waits; an import can be read at once, too.
pub(super) fn waiting(
    workspace: &Workspace,
    environment: &Environment,
    id: Guid,
    new: &NewJob,
) -> Result<(), OpsError> {
    forget_old(workspace, &environment.name)?;
    let own = Organization::of(environment);
    let created = time(now());
    let values = values(json!({
        "name": new.name,
        "messagename": new.message,
        "operationtype": new.number,
        "statecode": state(WAITING),
        "statuscode": WAITING,
        "createdon": created,
        "modifiedon": created,
        "createdby": format!("systemuser({})", own.user),
        "modifiedby": format!("systemuser({})", own.user),
        "ownerid": format!("systemuser({})", own.user),
        "owninguser": format!("systemuser({})", own.user),
        "owningbusinessunit": format!("businessunit({})", own.business_unit),
        "dependencytoken": format!("SolutionOperation_{}", own.id),
        "correlationid": new.import_job.or(new.export_job).unwrap_or(id),
        "requestid": id,
        "hostid": system_rows::this_process(),
        "depth": 1,
        "retrycount": 0,
        "iswaitingforevent": false,
        "retainjobhistory": false,
    }));
    system_rows::put(workspace, &environment.name, TABLE, &id.to_string(), &values)?;
    let Some(job) = new.import_job else { return Ok(()) };
    let import = self::values(json!({
        "name": "Customizations",
        "progress": 0,
        "startedon": created,
        "createdon": created,
        "modifiedon": created,
        "createdby": format!("systemuser({})", own.user),
        "modifiedby": format!("systemuser({})", own.user),
        "organizationid": format!("organization({})", own.id),
    }));
    system_rows::put(workspace, &environment.name, IMPORT_JOBS, &job.to_string(), &import)
}

fn values(object: Value) -> Values {
    let Value::Object(object) = object else { return Values::new() };
    object.into_iter().filter(|(_, value)| !value.is_null()).collect()
}

/// Says that a job runs.
pub(super) fn started(workspace: &Workspace, environment: &str, id: Guid) -> Result<(), OpsError> {
    let now = time(now());
    change(workspace, environment, id, |values| {
        set_status(values, IN_PROGRESS);
        values.insert("startedon".to_owned(), now.as_str().into());
        values.insert("modifiedon".to_owned(), now.as_str().into());
    })
}

/// Says how a job ended.
pub(super) fn ended(
    workspace: &Workspace,
    environment: &str,
    id: Guid,
    failure: Option<&Failure>,
    seconds: f64,
) -> Result<(), OpsError> {
    let now = time(now());
    change(workspace, environment, id, |values| {
        complete(values, if failure.is_some() { FAILED } else { SUCCEEDED }, &now);
        values.insert("executiontimespan".to_owned(), seconds.into());
        if let Some(failure) = failure {
            fail(values, failure);
        }
    })
}

/// Says that a job was withdrawn before it began; its import has not been one.
pub(super) fn canceled(
    workspace: &Workspace,
    environment: &str,
    id: Guid,
    import_job: Option<Guid>,
) -> Result<(), OpsError> {
    if let Some(job) = import_job {
        system_rows::remove(workspace, environment, IMPORT_JOBS, &job.to_string())?;
    }
    let now = time(now());
    change(workspace, environment, id, |values| complete(values, CANCELED, &now))
}

pub(super) fn complete(values: &mut Values, status: i64, now: &str) {
    set_status(values, status);
    values.insert("completedon".to_owned(), now.into());
    values.insert("modifiedon".to_owned(), now.into());
}

pub(super) fn fail(values: &mut Values, failure: &Failure) {
    values.insert("message".to_owned(), failure.message.as_str().into());
    values.insert("friendlymessage".to_owned(), failure.message.as_str().into());
    if let Some(number) = failure.number() {
        values.insert("errorcode".to_owned(), number.into());
    }
}

fn set_status(values: &mut Values, status: i64) {
    values.insert("statecode".to_owned(), state(status).into());
    values.insert("statuscode".to_owned(), status.into());
}

fn change(workspace: &Workspace, environment: &str, id: Guid, change: impl Fn(&mut Values)) -> Result<(), OpsError> {
    // A row that somebody has deleted is nobody's to wait for.
    system_rows::change(workspace, environment, TABLE, &id.to_string(), change)?;
    Ok(())
}

/// How long the rows of jobs are kept that have ended, in milliseconds.
const KEPT_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// So many of them go at once.
const GOING_MAX: u64 = 500;

/// Forgets jobs that ended long ago.
pub(super) fn forget_old(workspace: &Workspace, environment: &str) -> Result<(), OpsError> {
    let limit = time(now() - KEPT_MS);
    system_rows::remove_before(workspace, environment, TABLE, ("completedon", &limit), GOING_MAX)
}

/// Returns the operation that an import or an export ran in.
pub(crate) fn operation_of(workspace: &Workspace, environment: &str, job: Guid) -> Result<Option<Record>, OpsError> {
    let value = Value::from(job.to_string());
    let found = system_rows::by(workspace, environment, TABLE, "correlationid", &value)?;
    Ok(found.into_iter().next_back())
}
