//! ProvisionLanguage and DeprovisionLanguage: the languages of the environment (L70).

use strata_ops::Request;
use strata_ops::environments::SettingsChange;

use crate::access::Role;
use crate::answer::Answer;
use crate::fault::Fault;
use crate::message::{Call, Kind, Level, Message, Parameter, Shape, required};

const PARAMETERS: &[Parameter] = &[required("Language", Kind::Int32)];

pub(super) static PROVISION: Message = Message {
    name: "ProvisionLanguage",
    level: Level::Later,
    role: Role::Maker,
    parameters: PARAMETERS,
    answer: Shape::Nothing,
    summary: "enables a language: labels in it are seen",
    carry_out: |call| {
        call.carry_out(&provision(call)?)?;
        Ok(Answer::empty())
    },
    request: Some(provision),
};

pub(super) static DEPROVISION: Message = Message {
    name: "DeprovisionLanguage",
    level: Level::Later,
    role: Role::Maker,
    parameters: PARAMETERS,
    answer: Shape::Nothing,
    summary: "disables a language: labels in it are kept and not seen",
    carry_out: |call| {
        call.carry_out(&deprovision(call)?)?;
        Ok(Answer::empty())
    },
    request: Some(deprovision),
};

fn provision(call: &Call<'_>) -> Result<Request, Fault> {
    let language = language(call)?;
    let mut languages = call.ask.environment.settings.languages.clone();
    if !languages.contains(&language) {
        languages.push(language);
    }
    Ok(changed(call, languages))
}

/// The base language is what labels are written in first, and stays.
fn deprovision(call: &Call<'_>) -> Result<Request, Fault> {
    let language = language(call)?;
    let mut languages = call.ask.environment.settings.languages.clone();
    match languages.iter().position(|own| *own == language) {
        None => Err(Fault::payload(format!("parameter 'Language': {language} is not enabled"))),
        Some(0) => Err(Fault::payload(format!("parameter 'Language': {language} is the base language"))),
        Some(at) => {
            languages.remove(at);
            Ok(changed(call, languages))
        }
    }
}

fn language(call: &Call<'_>) -> Result<u32, Fault> {
    let number = call.given.number("Language").unwrap_or_default();
    let language = u32::try_from(number).ok().filter(|language| (1024..=65535).contains(language));
    language
        .ok_or_else(|| Fault::payload(format!("parameter 'Language': an LCID such as 1033 is expected, not {number}")))
}

fn changed(call: &Call<'_>, languages: Vec<u32>) -> Request {
    let change = SettingsChange { languages: Some(languages), ..SettingsChange::default() };
    Request::Settings(change.over(&call.ask.environment.settings))
}
