//! The parameters that imports have in common: the package, the options, the settings (web-api §8, §8.2).

use serde_json::{Map, Value};
use strata_model::code::ErrorCode;
use strata_model::deployment_settings::{ConnectionSetting, DeploymentSettings, SettingsFile, VariableSetting};
use strata_model::id::{Digest, Guid};
use strata_model::options::{Caller, ImportAction, ImportOptions, LayerOrder, LayerPlace};
use strata_ops::{OpsError, PackageSource, Request};

use crate::fault::{Fault, NO_CODE};
use crate::given::Given;
use crate::jobs::uploads;
use crate::message::{Call, Kind, Parameter, optional, required};

/// What every import takes; whether the first four have to be there differs.
macro_rules! import_parameters {
    ($needs:ident $(, $more:expr)*) => {
        &[
            required("OverwriteUnmanagedCustomizations", Kind::Boolean),
            required("PublishWorkflows", Kind::Boolean),
            $needs("CustomizationFile", Kind::Binary),
            $needs("ImportJobId", Kind::Guid),
            optional("ConvertToManaged", Kind::Boolean),
            optional("SkipProductUpdateDependencies", Kind::Boolean),
            optional("SkipQueueRibbonJob", Kind::Boolean),
            optional("AsyncRibbonProcessing", Kind::Boolean),
            optional("ComponentParameters", Kind::Rows),
            optional("SolutionParameters", Kind::Object("SolutionParameters")),
            optional("IsTemplateMode", Kind::Boolean),
            optional("TemplateSuffix", Kind::Text),
            optional("TemplateDisplayNamePrefix", Kind::Text),
            $($more,)*
        ]
    };
}
const HOLDING: Parameter = optional("HoldingSolution", Kind::Boolean);
const ORDER: Parameter = optional("LayerDesiredOrder", Kind::Object("LayerDesiredOrder"));

pub(super) const OF_IMPORT: &[Parameter] = import_parameters!(required, HOLDING, ORDER);
pub(super) const OF_IMPORT_ASYNC: &[Parameter] = import_parameters!(optional, HOLDING, ORDER);
pub(super) const OF_UPGRADE: &[Parameter] = import_parameters!(required);
pub(super) const OF_UPGRADE_ASYNC: &[Parameter] = import_parameters!(optional);

/// Neither a package nor the id of a staged one (L95).
const FILE_MISSING: &str = "0x8004F066";

/// Reads what is to be imported, and how.
pub(super) fn request(call: &Call<'_>, action: Option<ImportAction>) -> Result<Request, Fault> {
    let package = package(call)?;
    refuse_templates(call)?;
    let given = &call.given;
    let api = Caller::named("api").unwrap_or(Caller::default_one());
    let settings = settings(given.rows("ComponentParameters"))?;
    let options = ImportOptions {
        action: action.or_else(|| given.flag("HoldingSolution").then_some(ImportAction::Stage)),
        overwrite_unmanaged_customizations: given.flag("OverwriteUnmanagedCustomizations"),
        publish_workflows: given.flag("PublishWorkflows"),
        convert_to_managed: given.flag("ConvertToManaged"),
        skip_product_update_dependencies: given.flag("SkipProductUpdateDependencies"),
        settings,
        layer_order: layer_order(given)?,
        job: given.guid("ImportJobId"),
        ..ImportOptions::of(api)
    };
    Ok(Request::Import { package, options })
}

/// Returns the package: in the request, or staged before.
fn package(call: &Call<'_>) -> Result<PackageSource, Fault> {
    if let Some(bytes) = call.given.bytes("CustomizationFile") {
        return Ok(PackageSource::sent("CustomizationFile", bytes));
    }
    let staged = call.given.object("SolutionParameters").and_then(|object| object.get("StageSolutionUploadId"));
    let Some(staged) = staged.filter(|value| !value.is_null()) else {
        return Err(Fault::new(400, FILE_MISSING, "CustomizationFile is missing, and so is a StageSolutionUploadId"));
    };
    let id = staged.as_str().and_then(Guid::parse).ok_or_else(|| {
        Fault::payload("parameter 'SolutionParameters': a GUID is expected for StageSolutionUploadId".to_owned())
    })?;
    match uploads::bytes(call.ask.workspace, &call.ask.environment, id)? {
        Some(bytes) => Ok(PackageSource::sent("CustomizationFile", bytes)),
        None => Err(Fault::row(uploads::STAGED, &id.to_string())),
    }
}

/// Imports as a template: nobody says what the platform makes of them, but that their solutions bear a suffix.
fn refuse_templates(call: &Call<'_>) -> Result<(), Fault> {
    let given = &call.given;
    let asked = ["TemplateSuffix", "TemplateDisplayNamePrefix"].into_iter().find(|name| given.has(name));
    match asked.or(given.flag("IsTemplateMode").then_some("IsTemplateMode")) {
        Some(parameter) => Err(Fault::not_built(&format!(
            "parameter '{parameter}' of {}, whose effect no public document describes,",
            call.message.name
        ))),
        None => Ok(()),
    }
}

/// Reads the place beside other solutions that is wished for; whether it is given is a rule (L109).
fn layer_order(given: &Given) -> Result<Option<Box<LayerOrder>>, Fault> {
    let Some(order) = given.object("LayerDesiredOrder") else { return Ok(None) };
    let invalid = |message: String| {
        Fault::from(OpsError::request(
            ErrorCode::LAYER_ORDER_INVALID,
            format!("parameter 'LayerDesiredOrder': {message}"),
        ))
    };
    let place = order.get("Type").and_then(place);
    let place = place.ok_or_else(|| invalid("Type is expected to be Below, Above or Base".to_owned()))?;
    let solutions = match order.get("Solutions") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(solutions)) => solutions
            .iter()
            .zip(1..)
            .map(|(solution, position)| {
                let name = solution.get("Name").and_then(Value::as_str).map(str::to_owned);
                name.ok_or_else(|| invalid(format!("the solution at position {position} lacks Name")))
            })
            .collect::<Result<_, _>>()?,
        Some(_) => return Err(invalid("a list is expected for Solutions".to_owned())),
    };
    Ok(Some(Box::new(LayerOrder { place, solutions })))
}

/// A member of the platform's enumeration, by word or by number.
fn place(value: &Value) -> Option<LayerPlace> {
    let is_it = |(number, (_, word)): &(usize, &(LayerPlace, &str))| match value {
        Value::String(text) => text.eq_ignore_ascii_case(word),
        other => other.as_u64() == Some(*number as u64),
    };
    LayerPlace::ALL.iter().enumerate().find(is_it).map(|(_, (place, _))| *place)
}

/// Reads rows of ComponentParameters as deployment settings.
fn settings(rows: &[Map<String, Value>]) -> Result<Option<Box<SettingsFile>>, Fault> {
    if rows.is_empty() {
        return Ok(None);
    }
    let mut settings = DeploymentSettings::default();
    for (row, position) in rows.iter().zip(1..) {
        let text = |name: &str| row.get(name).and_then(Value::as_str).map(str::to_owned);
        let required = |name: &str| {
            text(name).ok_or_else(|| {
                Fault::payload(format!(
                    "parameter 'ComponentParameters': the row at position {position} lacks '{name}'"
                ))
            })
        };
        let kind = required("@odata.type")?;
        match kind.rsplit('.').next() {
            Some("environmentvariablevalue") => settings.environment_variables.push(VariableSetting {
                schema_name: required("schemaname")?,
                value: text("value").unwrap_or_default(),
            }),
            Some("connectionreference") => settings.connection_references.push(ConnectionSetting {
                logical_name: required("connectionreferencelogicalname")?,
                connection_id: text("connectionid").unwrap_or_default(),
                connector_id: text("connectorid").unwrap_or_default(),
            }),
            _ => {
                let message = format!(
                    "parameter 'ComponentParameters': the row at position {position} is of {kind}, and only \
                     environmentvariablevalue and connectionreference are known"
                );
                return Err(Fault::new(400, NO_CODE, message));
            }
        }
    }
    let digest = Digest::of(&serde_json::to_vec(rows).unwrap_or_default());
    Ok(Some(Box::new(SettingsFile { path: "ComponentParameters".to_owned(), digest, settings })))
}
