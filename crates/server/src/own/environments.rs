//! Environments: list, show, create, copy, delete, and their settings.

use serde_json::Value;
use strata_model::environment::DesktopFlowSchema;
use strata_model::version::Version;
use strata_ops::Request;
use strata_ops::environments::{self, SettingsChange};

use super::{applied, shape, shapes};
use crate::access::Role;
use crate::fault::Fault;
use crate::message::{Call, Kind, Level, Message, Parameter, Shape, optional, required};

const DISPLAY_NAME: Parameter = optional("DisplayName", Kind::Text);
const PLATFORM_VERSION: Parameter = optional("PlatformVersion", Kind::Text);
const SCHEMA: Parameter = optional("DesktopFlowSchema", Kind::Text);
const BLOCK_UNMANAGED: Parameter = optional("BlockUnmanaged", Kind::Boolean);
const LANGUAGES: Parameter = optional("Languages", Kind::Any);

pub(super) static ENVIRONMENTS: Message = Message {
    name: "strata.Environments",
    level: Level::Own,
    role: Role::Reader,
    parameters: &[],
    answer: Shape::OpenList,
    summary: "lists the environments of the store",
    carry_out: |call| Ok(shapes(call, &environments::list(call.ask.workspace)?)),
    request: None,
};

pub(super) static ENVIRONMENT: Message = Message {
    name: "strata.Environment",
    level: Level::Own,
    role: Role::Reader,
    parameters: &[],
    answer: Shape::Open,
    summary: "shows this environment and its settings",
    carry_out: |call| Ok(shape(call, &environments::show(call.ask.workspace)?)),
    request: None,
};

pub(super) static CREATE: Message = Message {
    name: "strata.CreateEnvironment",
    level: Level::Own,
    role: Role::Maker,
    parameters: &[required("Name", Kind::Text), DISPLAY_NAME, PLATFORM_VERSION, SCHEMA, BLOCK_UNMANAGED, LANGUAGES],
    answer: Shape::Open,
    summary: "creates an environment",
    carry_out: |call| {
        Ok(shape(call, &environments::create(call.ask.workspace, call.given.name("Name"), &change(call)?)?))
    },
    request: None,
};

pub(super) static COPY: Message = Message {
    name: "strata.CopyEnvironment",
    level: Level::Own,
    role: Role::Maker,
    parameters: &[required("From", Kind::Text), required("To", Kind::Text)],
    answer: Shape::Open,
    summary: "copies an environment with its history",
    carry_out: |call| {
        let (from, to) = (call.given.name("From"), call.given.name("To"));
        let copied = environments::copy(call.ask.workspace, from, to)?;
        call.ask.service.jobs().end_copied(&copied.name)?;
        Ok(shape(call, &copied))
    },
    request: None,
};

pub(super) static DELETE: Message = Message {
    name: "strata.DeleteEnvironment",
    level: Level::Own,
    role: Role::Admin,
    parameters: &[required("Name", Kind::Text)],
    answer: Shape::Open,
    summary: "deletes an environment with its history; nothing brings it back",
    carry_out: |call| {
        let environment = call.ask.workspace.environment_named(call.given.name("Name"))?;
        let _turn = call.ask.service.jobs().exclude(&environment.name, "DeleteEnvironment")?;
        Ok(shape(call, &environments::delete(call.ask.workspace, &environment.name)?))
    },
    request: None,
};

pub(super) static CHANGE_SETTINGS: Message = Message {
    name: "strata.ChangeSettings",
    level: Level::Own,
    role: Role::Maker,
    parameters: &[DISPLAY_NAME, PLATFORM_VERSION, SCHEMA, BLOCK_UNMANAGED, LANGUAGES],
    answer: Shape::Open,
    summary: "changes settings of this environment; an undo brings them back",
    carry_out: |call| Ok(applied(call, &call.carry_out(&settings(call)?)?)),
    request: Some(settings),
};

fn settings(call: &Call<'_>) -> Result<Request, Fault> {
    Ok(Request::Settings(change(call)?.over(&call.ask.environment.settings)))
}

fn change(call: &Call<'_>) -> Result<SettingsChange, Fault> {
    let given = &call.given;
    let version =
        |text| Version::parse(text).map_err(|error| Fault::payload(format!("parameter 'PlatformVersion': {error}")));
    let schema = match given.text("DesktopFlowSchema") {
        None => None,
        Some("v1") => Some(DesktopFlowSchema::V1),
        Some("v2") => Some(DesktopFlowSchema::V2),
        Some(other) => {
            return Err(Fault::payload(format!("parameter 'DesktopFlowSchema': v1 or v2 is expected, not {other}")));
        }
    };
    Ok(SettingsChange {
        display_name: given.text("DisplayName").map(str::to_owned),
        platform_version: given.text("PlatformVersion").map(version).transpose()?,
        desktop_flow_schema: schema,
        block_unmanaged: given.has("BlockUnmanaged").then(|| given.flag("BlockUnmanaged")),
        languages: given.any("Languages").map(languages).transpose()?,
    })
}

fn languages(value: &Value) -> Result<Vec<u32>, Fault> {
    let number = |value: &Value| value.as_u64().and_then(|number| u32::try_from(number).ok());
    let list = value.as_array().and_then(|list| list.iter().map(number).collect::<Option<Vec<_>>>());
    list.filter(|list| !list.is_empty())
        .ok_or_else(|| Fault::payload("parameter 'Languages': a list of LCIDs is expected, [1033] for example"))
}
