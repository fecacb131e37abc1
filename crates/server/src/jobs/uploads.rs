//! Packages that were staged, and packages that exports made: a row and its bytes, until a day has gone by.

use serde_json::{Value, json};
use strata_model::environment::Environment;
use strata_model::id::Guid;
use strata_ops::organization::Organization;
use strata_ops::system_rows::{self, Values, time};
use strata_ops::{OpsError, Workspace};

use crate::clock::now;

pub(crate) const STAGED: &str = "stagesolutionupload";
pub(crate) const EXPORTED: &str = "exportsolutionupload";

/// How long they are kept, in milliseconds.
const KEPT_MS: i64 = 24 * 60 * 60 * 1000;

/// Keeps a package, made by an operation or sent; what is older than a day goes.
pub(crate) fn keep(
    workspace: &Workspace,
    environment: &Environment,
    table: &str,
    id: Guid,
    operation: Option<Guid>,
    solution: &str,
    bytes: &[u8],
) -> Result<(), OpsError> {
    forget_old(workspace, environment)?;
    let own = Organization::of(environment);
    let created = time(now());
    let file = format!("{solution}.zip");
    let mut values = json!({
        "name": solution,
        "solutionuniquename": solution,
        "solutionfilename": file,
        "solutionfile_name": file,
        "statecode": 0,
        "statuscode": 1,
        "createdon": created,
        "modifiedon": created,
        "ownerid": format!("systemuser({})", own.user),
    });
    if let Some(operation) = operation {
        values["asyncoperationid"] = format!("asyncoperation({operation})").into();
    }
    workspace.store().blob_put(environment, &id.to_string(), bytes)?;
    system_rows::put(workspace, &environment.name, table, &id.to_string(), &row(values))
}

fn row(values: Value) -> Values {
    let Value::Object(values) = values else { return Values::new() };
    values.into_iter().collect()
}

/// Returns the bytes of an upload.
pub(crate) fn bytes(workspace: &Workspace, environment: &Environment, id: Guid) -> Result<Option<Vec<u8>>, OpsError> {
    Ok(workspace.store().blob_get(environment, &id.to_string())?)
}

/// Forgets what is older than a day.
pub(crate) fn forget_old(workspace: &Workspace, environment: &Environment) -> Result<(), OpsError> {
    let limit = time(now() - KEPT_MS);
    for table in [STAGED, EXPORTED] {
        for record in system_rows::all(workspace, &environment.name, table)? {
            let is_old =
                record.values.get("createdon").and_then(Value::as_str).is_none_or(|created| created < limit.as_str());
            if is_old {
                workspace.store().blob_delete(environment, &record.id)?;
                system_rows::remove(workspace, &environment.name, table, &record.id)?;
            }
        }
    }
    Ok(())
}
