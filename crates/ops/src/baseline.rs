//! Baselines: states of an environment that test suites come back to, rows and history included.
//!
//! A baseline is a copy of the environment under the name `ENVIRONMENT.baseline.NAME`, to be seen and deleted like any
//! other. Going back takes the copy's place in one transaction: ids are those of the environment's name, so clients
//! find again what they knew.

use strata_model::code::ErrorCode;
use strata_model::environment::Environment;
use strata_store::{Held, Whole};

use crate::names::did_you_mean;
use crate::workspace::now;
use crate::{OpsError, Workspace, environments};

const MARK: &str = ".baseline.";

/// Remembers an environment as it is; a baseline of that name is replaced.
pub fn save(workspace: &Workspace, environment: &Environment, name: &str) -> Result<(), OpsError> {
    let copy = environment_of(environment, name)?;
    environments::check_name(&copy)?;
    whole(workspace, environment, "SaveBaseline", &|| {
        if let Some(before) = workspace.store().environment(&copy)? {
            workspace.store().environment_delete(before.no)?;
        }
        workspace.store().environment_copy(environment.no, &copy)?;
        Ok(())
    })
}

/// Lists the baselines of an environment by name.
pub fn list(workspace: &Workspace, environment: &Environment) -> Result<Vec<String>, OpsError> {
    let start = format!("{}{MARK}", environment.name.to_lowercase());
    let names = workspace.store().environments()?.into_iter().map(|environment| environment.name);
    Ok(names.filter_map(|name| name.to_lowercase().strip_prefix(&start).map(str::to_owned)).collect())
}

/// Brings an environment to the state of a baseline.
pub fn reset(workspace: &Workspace, environment: &Environment, name: &str) -> Result<(), OpsError> {
    let copy = environment_of(environment, name)?;
    let Some(baseline) = workspace.store().environment(&copy)? else {
        let known = list(workspace, environment)?;
        let error = OpsError::request(ErrorCode::NOT_FOUND, format!("there is no baseline `{name}`"));
        return Err(match did_you_mean(name, known.iter().map(String::as_str)) {
            Some(guess) => error.hint(guess),
            None => error.hint("save one first"),
        });
    };
    whole(workspace, environment, "ResetToBaseline", &|| {
        let is_selected =
            workspace.store().selected()?.is_some_and(|name| name.eq_ignore_ascii_case(&environment.name));
        workspace.store().environment_delete(environment.no)?;
        workspace.store().environment_copy(baseline.no, &environment.name)?;
        if is_selected {
            workspace.store().select(&environment.name)?;
        }
        Ok(())
    })
}

fn environment_of(environment: &Environment, name: &str) -> Result<String, OpsError> {
    match environment.name.contains(MARK) {
        true => {
            let message = format!("{} is a baseline itself", environment.name);
            Err(OpsError::request(ErrorCode::INVALID_ENVIRONMENT_NAME, message))
        }
        false => Ok(format!("{}{MARK}{name}", environment.name)),
    }
}

/// Does all of it or nothing, while no operation runs in the environment.
fn whole(
    workspace: &Workspace,
    environment: &Environment,
    title: &'static str,
    work: &dyn Fn() -> Result<(), OpsError>,
) -> Result<(), OpsError> {
    let lease = Held::take(workspace.store(), environment, title, now()).map_err(|error| match error {
        strata_store::StoreError::Busy { operation, .. } => OpsError::Concurrent { asked: title, running: operation },
        other => other.into(),
    })?;
    let all = Whole::begin(workspace.store())?;
    work()?;
    all.keep()?;
    drop(lease);
    Ok(())
}
