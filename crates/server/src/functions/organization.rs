//! Who and what an environment is (web-api §9).

use serde_json::{Map, Value, json};
use strata_ops::organization::Organization;

use crate::access::Role;
use crate::answer::Answer;
use crate::fault::Fault;
use crate::message::{Call, Kind, Level, Message, Shape, optional, required};

pub(super) static WHO_AM_I: Message = Message {
    name: "WhoAmI",
    level: Level::Must,
    role: Role::Reader,
    parameters: &[],
    answer: Shape::Properties(&[
        ("BusinessUnitId", "Edm.Guid"),
        ("UserId", "Edm.Guid"),
        ("OrganizationId", "Edm.Guid"),
    ]),
    summary: "names the user, the business unit and the organization",
    carry_out: |call| {
        let own = Organization::of(&call.ask.environment);
        let ids = json!({ "BusinessUnitId": own.business_unit, "UserId": own.user, "OrganizationId": own.id });
        Ok(call.object(ids))
    },
    request: None,
};

pub(super) static RETRIEVE_VERSION: Message = Message {
    name: "RetrieveVersion",
    level: Level::Must,
    role: Role::Reader,
    parameters: &[],
    answer: Shape::Properties(&[("Version", "Edm.String")]),
    summary: "says the platform version of the environment",
    carry_out: |call| Ok(call.object(json!({ "Version": version(call) }))),
    request: None,
};

pub(super) static RETRIEVE_CURRENT_ORGANIZATION: Message = Message {
    name: "RetrieveCurrentOrganization",
    level: Level::Later,
    role: Role::Reader,
    parameters: &[optional("AccessType", Kind::Any)],
    answer: Shape::Properties(&[("Detail", "mscrm.OrganizationDetail")]),
    summary: "describes the organization, with the address that the request used",
    carry_out: current_organization,
    request: None,
};

pub(super) static RETRIEVE_ORGANIZATION_INFO: Message = Message {
    name: "RetrieveOrganizationInfo",
    level: Level::Later,
    role: Role::Reader,
    parameters: &[],
    answer: Shape::Properties(&[("organizationInfo", "mscrm.OrganizationInfo")]),
    summary: "says that the environment is for developing, and lists its solutions",
    carry_out: organization_info,
    request: None,
};

pub(super) static RETRIEVE_PROVISIONED_LANGUAGES: Message = Message {
    name: "RetrieveProvisionedLanguages",
    level: Level::Later,
    role: Role::Reader,
    parameters: &[],
    answer: Shape::Properties(&[("RetrieveProvisionedLanguages", "Collection(Edm.Int32)")]),
    summary: "lists the languages that are enabled",
    carry_out: |call| Ok(call.object(json!({ "RetrieveProvisionedLanguages": languages(call) }))),
    request: None,
};

pub(super) static RETRIEVE_AVAILABLE_LANGUAGES: Message = Message {
    name: "RetrieveAvailableLanguages",
    level: Level::Later,
    role: Role::Reader,
    parameters: &[],
    answer: Shape::Properties(&[("LocaleIds", "Collection(Edm.Int32)")]),
    summary: "lists the languages that are enabled",
    carry_out: |call| Ok(call.object(json!({ "LocaleIds": languages(call) }))),
    request: None,
};

pub(super) static RETRIEVE_INSTALLED_LANGUAGE_PACKS: Message = Message {
    name: "RetrieveInstalledLanguagePacks",
    level: Level::Later,
    role: Role::Reader,
    parameters: &[],
    answer: Shape::Properties(&[("RetrieveInstalledLanguagePacks", "Collection(Edm.Int32)")]),
    summary: "lists the languages that are enabled",
    carry_out: |call| Ok(call.object(json!({ "RetrieveInstalledLanguagePacks": languages(call) }))),
    request: None,
};

pub(super) static RETRIEVE_DEPROVISIONED_LANGUAGES: Message = Message {
    name: "RetrieveDeprovisionedLanguages",
    level: Level::Later,
    role: Role::Reader,
    parameters: &[],
    answer: Shape::Properties(&[("RetrieveDeprovisionedLanguages", "Collection(Edm.Int32)")]),
    summary: "lists none: a language is enabled, or it is not there",
    carry_out: |call| Ok(call.object(json!({ "RetrieveDeprovisionedLanguages": [] }))),
    request: None,
};

pub(super) static RETRIEVE_INSTALLED_LANGUAGE_PACK_VERSION: Message = Message {
    name: "RetrieveInstalledLanguagePackVersion",
    level: Level::Later,
    role: Role::Reader,
    parameters: &[required("Language", Kind::Int32)],
    answer: Shape::Properties(&[("PackVersion", "Edm.String")]),
    summary: "says the platform version of a language that is enabled",
    carry_out: pack_version,
    request: None,
};

pub(super) static RETRIEVE_PROVISIONED_LANGUAGE_PACK_VERSION: Message = Message {
    name: "RetrieveProvisionedLanguagePackVersion",
    level: Level::Later,
    role: Role::Reader,
    parameters: &[required("Language", Kind::Int32)],
    answer: Shape::Properties(&[("PackVersion", "Edm.String")]),
    summary: "says the platform version of a language that is enabled",
    carry_out: pack_version,
    request: None,
};

pub(super) static RETRIEVE_TIMESTAMP: Message = Message {
    name: "RetrieveTimestamp",
    level: Level::Later,
    role: Role::Reader,
    parameters: &[],
    answer: Shape::Properties(&[("Timestamp", "Edm.String")]),
    summary: "gives a text that is another one after each operation: what is kept of definitions holds as long as it does",
    carry_out: |call| {
        let environment = &call.ask.environment;
        Ok(call.object(json!({ "Timestamp": format!("{}!{}", environment.revision, environment.operation) })))
    },
    request: None,
};

pub(super) static RETRIEVE_TOTAL_RECORD_COUNT: Message = Message {
    name: "RetrieveTotalRecordCount",
    level: Level::Later,
    role: Role::Reader,
    parameters: &[required("EntityNames", Kind::Texts)],
    answer: Shape::Properties(&[("EntityRecordCountCollection", "mscrm.EntityRecordCountCollection")]),
    summary: "counts the rows of tables",
    carry_out: total_record_count,
    request: None,
};

fn version(call: &Call<'_>) -> String {
    call.ask.environment.settings.platform_version.to_string()
}

fn languages<'a>(call: &'a Call<'_>) -> &'a [u32] {
    &call.ask.environment.settings.languages
}

fn pack_version(call: &Call<'_>) -> Result<Answer, Fault> {
    let language = call.given.number("Language").unwrap_or_default();
    match languages(call).iter().any(|own| i64::from(*own) == i64::from(language)) {
        true => Ok(call.object(json!({ "PackVersion": version(call) }))),
        false => Err(Fault::payload(format!("parameter 'Language': {language} is not enabled"))),
    }
}

fn current_organization(call: &Call<'_>) -> Result<Answer, Fault> {
    let environment = &call.ask.environment;
    let own = Organization::of(environment);
    let root = call.ask.root;
    let host = root.split("api/data/").next().unwrap_or(root);
    let endpoints = json!({ "Count": 1, "IsReadOnly": false, "Keys": ["WebApplication"], "Values": [host] });
    Ok(call.object(json!({ "Detail": {
        "OrganizationId": own.id,
        "EnvironmentId": environment.id,
        "FriendlyName": environment.settings.display_name,
        "OrganizationVersion": version(call),
        "UniqueName": environment.name,
        "UrlName": environment.name,
        "State": "Enabled",
        "Endpoints": endpoints,
    }})))
}

fn organization_info(call: &Call<'_>) -> Result<Answer, Fault> {
    let solutions = strata_ops::solutions::list(call.ask.workspace, None, false)?;
    let solution = |entry: strata_ops::view::SolutionEntry| {
        json!({
            "Id": entry.id,
            "FriendlyName": entry.friendly_name,
            "SolutionUniqueName": entry.unique_name,
            "VersionNumber": entry.version,
            "PublisherUniqueName": entry.publisher,
        })
    };
    let solutions: Vec<_> = solutions.into_iter().map(solution).collect();
    Ok(call.object(json!({ "organizationInfo": { "InstanceType": "Developer", "Solutions": solutions } })))
}

fn total_record_count(call: &Call<'_>) -> Result<Answer, Fault> {
    let schema = call.ask.schema()?;
    let (mut keys, mut values) = (Vec::new(), Vec::new());
    for name in call.given.texts("EntityNames") {
        let table = schema
            .by_name(name)
            .ok_or_else(|| Fault::payload(format!("parameter 'EntityNames': there is no table {name}")))?;
        values.push(
            call.ask
                .workspace
                .store()
                .record_count(&call.ask.environment, None, &table.name)
                .map_err(strata_ops::OpsError::from)?,
        );
        keys.push(table.name.clone());
    }
    let counts = Map::from_iter([
        ("Count".to_owned(), Value::from(keys.len())),
        ("IsReadOnly".to_owned(), false.into()),
        ("Keys".to_owned(), keys.into()),
        ("Values".to_owned(), values.into()),
    ]);
    Ok(call.object(json!({ "EntityRecordCountCollection": counts })))
}
