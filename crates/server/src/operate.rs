//! Operations for those who test with the server: baselines, and faults on demand (`strata.*`, admins only).

use serde::Deserialize;
use serde_json::{Value, json};
use strata_ops::baseline;

use crate::access::Role;
use crate::answer::Answer;
use crate::ask::Ask;
use crate::fault::{Fault, NO_PRIVILEGE};
use crate::message::Handler;
use crate::trouble::Trouble;

/// What each of them is called, wants and does, for `$metadata` and the documentation.
pub(crate) const OPERATIONS: &[(&str, &[&str], Handler)] = &[
    ("strata.SaveBaseline", &["Name"], save_baseline),
    ("strata.ResetToBaseline", &["Name"], reset_to_baseline),
    ("strata.SetFault", &["Operation", "Kind", "Times", "Milliseconds", "RetryAfter", "Code", "Message"], set_fault),
    ("strata.ClearFaults", &[], clear_faults),
];

/// Finds one by its name.
pub(crate) fn find(name: &str) -> Option<Handler> {
    OPERATIONS.iter().find(|(own, _, _)| *own == name).map(|(_, _, handler)| *handler)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Named {
    name: String,
}

fn save_baseline(ask: &Ask<'_>) -> Result<Answer, Fault> {
    admins_only(ask)?;
    let Named { name } = parameters(ask)?;
    baseline::save(ask.workspace, &ask.environment, &name)?;
    Ok(Answer::empty())
}

fn reset_to_baseline(ask: &Ask<'_>) -> Result<Answer, Fault> {
    admins_only(ask)?;
    let Named { name } = parameters(ask)?;
    baseline::reset(ask.workspace, &ask.environment, &name)?;
    Ok(Answer::empty())
}

fn set_fault(ask: &Ask<'_>) -> Result<Answer, Fault> {
    admins_only(ask)?;
    let trouble: Trouble = parameters(ask)?;
    trouble.check().map_err(Fault::payload)?;
    ask.service.troubles().add(trouble);
    Ok(Answer::empty())
}

fn clear_faults(ask: &Ask<'_>) -> Result<Answer, Fault> {
    admins_only(ask)?;
    let left = ask.service.troubles().clear();
    Ok(Answer::json(&json!({ "Cleared": left })))
}

fn admins_only(ask: &Ask<'_>) -> Result<(), Fault> {
    match ask.caller.role {
        Role::Admin => Ok(()),
        Role::Reader | Role::Maker => {
            Err(Fault::new(403, NO_PRIVILEGE, format!("{} is no admin of this server", ask.caller.name)))
        }
    }
}

fn parameters<T: for<'de> Deserialize<'de>>(ask: &Ask<'_>) -> Result<T, Fault> {
    serde_json::from_value(Value::Object(ask.json()?)).map_err(|error| Fault::payload(error.to_string()))
}
