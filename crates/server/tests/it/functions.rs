//! Functions (web-api §9).

use serde_json::{Value, json};

use crate::actions::{id_of, import};
use crate::packages::{example, package};
use crate::service::Scratch;

const JOB: &str = "11111111-0000-4000-8000-000000000001";

fn scratch() -> Scratch {
    let scratch = Scratch::new();
    scratch.done("ImportSolution", &import(&example("contoso-core-1.0"), JOB));
    scratch.done("ImportSolution", &import(&example("contoso-sales-1.0"), "11111111-0000-4000-8000-000000000002"));
    scratch
}

#[test]
fn w9_functions_without_parameters_are_asked_bare_or_with_parentheses() {
    let scratch = Scratch::new();
    let own = scratch.ask("WhoAmI");
    for url in ["WhoAmI()", "Microsoft.Dynamics.CRM.WhoAmI()"] {
        assert_eq!(scratch.ask(url), own);
    }
    assert!(["BusinessUnitId", "UserId", "OrganizationId"].iter().all(|name| own[name].is_string()), "{own}");
    let version = scratch.ask("RetrieveVersion()")["Version"].as_str().expect("a version").to_owned();
    assert!(version.starts_with("9.2."), "{version}");
    let (status, _) = scratch.act("WhoAmI", &json!({}));
    assert_eq!(status, 405);
}

#[test]
fn w9_parameters_stand_inline_or_behind_aliases() {
    let scratch = scratch();
    let inline = scratch.ask("RetrieveDependenciesForUninstall(SolutionUniqueName='ContosoCore')");
    let alias = scratch.ask("RetrieveDependenciesForUninstall(SolutionUniqueName=@p1)?@p1='ContosoCore'");
    let encoded = scratch.ask("RetrieveDependenciesForUninstall(SolutionUniqueName=%40p1)?%40p1=%27ContosoCore%27");
    assert_eq!((&inline, &inline), (&alias, &encoded));
    let id = id_of(&scratch, "entity:contoso_order");
    let bare = scratch.ask(&format!("RetrieveDependentComponents(ObjectId={id},ComponentType=1)"));
    let quoted = scratch.ask(&format!("RetrieveDependentComponents(ObjectId=@a,ComponentType=@b)?@a='{id}'&@b=1"));
    assert_eq!(bare, quoted);
    for (url, expected) in [
        ("RetrieveDependentComponents(ObjectId=12,ComponentType=1)".to_owned(), "'ObjectId': a GUID is expected"),
        (format!("RetrieveDependentComponents(ObjectId={id})"), "'ComponentType' is required and missing"),
        (
            format!("RetrieveDependentComponents(ObjectId={id},Other=1)"),
            "'Other' in the request payload is not a valid parameter",
        ),
        ("RetrieveDependenciesForUninstall(SolutionUniqueName=@p1)".to_owned(), "there is no query option @p1"),
        ("RetrieveDependenciesForUninstall('ContosoCore')".to_owned(), "have names"),
    ] {
        let answer = scratch.get(&url);
        let text = String::from_utf8(answer.body).expect("text");
        assert_eq!(answer.status, 400, "{url}: {text}");
        assert!(text.contains(expected), "{url}: {text}");
    }
}

#[test]
fn w9_dp32_rows_of_dependencies_have_the_platforms_columns() {
    let scratch = scratch();
    let rows = scratch.ask("RetrieveDependenciesForUninstall(SolutionUniqueName='ContosoCore')");
    let rows = rows["value"].as_array().expect("rows");
    assert!(!rows.is_empty(), "sales needs core");
    for row in rows {
        assert!(row["requiredcomponentobjectid"].is_string() && row["dependentcomponentobjectid"].is_string(), "{row}");
        assert!(row["requiredcomponenttype"].is_i64() && row["dependentcomponenttype"].is_i64(), "{row}");
        assert!(matches!(row["dependencytype"].as_i64(), Some(1 | 2 | 4)), "{row}");
        assert!(row["requiredcomponentbasesolutionid"].is_string(), "{row}");
        assert_eq!((row.get("dependencyid"), row.get("requiredcomponentintroducedversion")), (None, None));
    }
    let table = id_of(&scratch, "entity:contoso_order");
    let dependents = scratch.ask(&format!("RetrieveDependentComponents(ObjectId={table},ComponentType=1)"));
    let parts = dependents["value"].as_array().expect("rows").iter().filter(|row| row["dependencytype"] == 1).count();
    assert!(parts > 0, "a table's columns are among them (DP29)");
    let column = id_of(&scratch, "attribute:contoso_order.contoso_notes");
    let required = scratch.ask(&format!("RetrieveRequiredComponents(ObjectId={column},ComponentType=2)"));
    let own_table = required["value"]
        .as_array()
        .expect("rows")
        .iter()
        .find(|row| row["requiredcomponentobjectid"] == table.as_str());
    assert_eq!(own_table.map(|row| &row["dependentcomponentparentid"]), Some(&json!(table)));
    let (status, answer) = scratch.as_role(
        strata_server::access::Role::Reader,
        None,
        strata_server::ask::Verb::Get,
        "RetrieveDependenciesForUninstall(SolutionUniqueName='Nobody')",
        &Value::Null,
    );
    assert!(status >= 400, "{answer}");
}

#[test]
fn w9_missing_components_of_a_package_in_the_url() {
    let scratch = Scratch::new();
    let file = package(
        "Sales 1.0.0.0 managed contoso\nneeds attribute:contoso_order.contoso_x from Core 1.0.0.0\nentity contoso_offer",
    );
    let encoded = file.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    for url in [
        format!("RetrieveMissingComponents(CustomizationFile=@f)?@f='{encoded}'"),
        format!("RetrieveMissingComponents(CustomizationFile=@f)?@f=binary'{encoded}'"),
        format!("RetrieveMissingComponents(CustomizationFile=binary'{encoded}')"),
    ] {
        let missing = scratch.ask(&url);
        let first = &missing["MissingComponents"][0]["RequiredComponent"];
        assert_eq!((&first["Type"], &first["SchemaName"]), (&json!(2), &json!("contoso_x")), "{missing}");
        assert_eq!(first["ParentSchemaName"], "contoso_order");
        assert_eq!(first["Solution"], "Core (1.0.0.0)");
    }
}

#[test]
fn l113_the_log_of_an_import_is_a_workbook() {
    let scratch = scratch();
    let log = scratch.ask(&format!("RetrieveFormattedImportJobResults(ImportJobId={JOB})"));
    let text = log["FormattedResults"].as_str().expect("a workbook");
    assert!(text.starts_with("<?xml") && text.contains("Workbook") && text.contains("ContosoCore"), "{text}");
    let result = scratch.ask(&format!("RetrieveSolutionImportResult(ImportJobId={JOB})"));
    let result = &result["SolutionOperationResult"];
    assert_eq!((&result["Type"], &result["ActionLink"]["Target"]), (&json!("Import"), &Value::Null));
    assert_eq!(result["FormattedResults"].as_str(), Some(text));
}

#[test]
fn w9_what_an_environment_is() {
    let scratch = scratch();
    let table = id_of(&scratch, "entity:contoso_order");
    let url = format!("IsComponentCustomizable(ComponentId={table},ComponentType=1)");
    assert!(scratch.ask(&url)["IsComponentCustomizable"].is_boolean());
    let detail =
        scratch.ask("RetrieveCurrentOrganization(AccessType=Microsoft.Dynamics.CRM.EndpointAccessType'Default')");
    assert_eq!(detail["Detail"]["OrganizationId"], scratch.ask("WhoAmI")["OrganizationId"]);
    assert_eq!(detail["Detail"]["Endpoints"]["Values"][0], "http://localhost/");
    let solutions = scratch.ask("RetrieveOrganizationInfo()")["organizationInfo"]["Solutions"].clone();
    assert_eq!(solutions.as_array().map(Vec::len), Some(2));
    assert_eq!(scratch.ask("RetrieveProvisionedLanguages()")["RetrieveProvisionedLanguages"], json!([1033]));
    assert_eq!(scratch.ask("RetrieveAvailableLanguages()")["LocaleIds"], json!([1033]));
    let counts = scratch.ask("RetrieveTotalRecordCount(EntityNames=['contoso_order','account'])");
    let counts = &counts["EntityRecordCountCollection"];
    assert_eq!((&counts["Keys"], &counts["Values"]), (&json!(["contoso_order", "account"]), &json!([0, 0])));
}

#[test]
fn w9_dp32_dependencies_come_with_the_names_of_both_sides() {
    let scratch = scratch();
    let infos = |url: &str| {
        let collection = scratch.ask(url)["DependencyMetadataCollection"].clone();
        collection["DependencyMetadataInfoCollection"].as_array().expect("a list").clone()
    };
    let core = scratch.ask("solutions?$filter=uniquename eq 'ContosoCore'&$select=solutionid");
    let core = core["value"][0]["solutionid"].as_str().expect("an id").to_owned();
    let blocking = infos(&format!("RetrieveDependenciesForUninstallWithMetadata(SolutionId={core})"));
    let plain = scratch.ask("RetrieveDependenciesForUninstall(SolutionUniqueName='ContosoCore')");
    let plain = plain["value"].as_array().expect("a list");
    assert!(!blocking.is_empty());
    assert_eq!(blocking.len(), plain.len());
    for (with, without) in blocking.iter().zip(plain) {
        for name in
            ["requiredcomponentobjectid", "dependentcomponentobjectid", "dependencytype", "requiredcomponenttype"]
        {
            assert_eq!(with[name], without[name]);
        }
        assert_eq!(with["requiredcomponentbasesolutionuniquename"], "ContosoCore");
        assert!(with["dependencytypename"] == "Published" || with["dependencytypename"] == "Solution Internal");
    }
    assert!(blocking.iter().any(|info| info["dependentcomponentbasesolutionuniquename"] == "ContosoSales"));
    let notes = id_of(&scratch, "attribute:contoso_order.contoso_notes");
    let required = infos(&format!("RetrieveRequiredComponentsWithMetadata(ObjectId={notes},ComponentType=2)"));
    let table = required.iter().find(|info| info["requiredcomponentname"] == "contoso_order").expect("its table");
    assert_eq!(
        (
            &table["dependentcomponentname"],
            &table["dependentcomponenttypename"],
            &table["dependentcomponententitylogicalname"]
        ),
        (&json!("contoso_notes"), &json!("column"), &json!("attribute"))
    );
    assert_eq!(table["dependentcomponentparentid"], table["requiredcomponentobjectid"]);
    assert_eq!(table["dependentcomponentparentdisplayname"], table["requiredcomponentdisplayname"]);
    assert!(table["requiredcomponentbasesolutionversion"].is_string() && table["dependencyid"].is_string());
    let order = id_of(&scratch, "entity:contoso_order");
    for name in ["RetrieveDependentComponentsWithMetadata", "RetrieveDependenciesForDeleteWithMetadata"] {
        assert!(!infos(&format!("{name}(ObjectId={order},ComponentType=1)")).is_empty(), "{name}");
    }
    let unknown = "RetrieveDependenciesForUninstallWithMetadata(SolutionId=11111111-0000-4000-8000-000000000009)";
    assert_eq!(scratch.get(unknown).status, 404);
}
