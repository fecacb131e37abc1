//! Writing the sets that show solutions, publishers and components (web-api §2, §11).

use serde_json::{Value, json};
use strata_ops::solutions;
use strata_ops::view::{ComponentDetail, SolutionEntry};
use strata_server::ask::Verb;

use crate::service::Scratch;
use crate::writes::{create, refused, send, text};

const NONE: &[(&str, &str)] = &[];
const IN_SOLUTION: &[(&str, &str)] = &[("MSCRM.SolutionUniqueName", "ContosoCore")];

fn publisher(scratch: &Scratch) -> String {
    let body = json!({
        "uniquename": "contoso", "friendlyname": "Contoso", "customizationprefix": "contoso",
        "customizationoptionvalueprefix": 71234, "description": "Makers", "address1_city": "Ulm",
    });
    create(scratch, "publishers", NONE, &body)
}

fn solution(scratch: &Scratch) -> (String, String) {
    let publisher = publisher(scratch);
    let body = json!({
        "uniquename": "ContosoCore", "friendlyname": "Core", "version": "1.0.0.0", "description": "The core",
        "publisherid@odata.bind": format!("/publishers({publisher})"),
    });
    (create(scratch, "solutions", NONE, &body), publisher)
}

fn solutions(scratch: &Scratch) -> Vec<SolutionEntry> {
    let workspace = scratch.service.workspace(None).expect("a connection");
    solutions::list(&workspace, None, false).expect("the list")
}

fn component(scratch: &Scratch, name: &str) -> Option<ComponentDetail> {
    let workspace = scratch.service.workspace(None).expect("a connection");
    strata_ops::components::show(&workspace, None, name, true).ok()
}

fn patch(scratch: &Scratch, url: &str, body: &Value) -> strata_server::answer::Answer {
    send(scratch, Verb::Patch, url, NONE, body)
}

#[test]
fn w11_solutions_and_publishers_are_made_changed_and_deleted() {
    let scratch = Scratch::new();
    let (solution, publisher) = solution(&scratch);
    let [entry] = solutions(&scratch).try_into().expect("one solution");
    assert_eq!((entry.id.to_string(), entry.friendly_name.as_str()), (solution.clone(), "Core"));
    let url = format!("solutions({solution})");
    let change = json!({ "version": "1.2.0.0", "friendlyname": "The Core", "description": "Changed" });
    assert_eq!(patch(&scratch, &url, &change).status, 204);
    let [entry] = solutions(&scratch).try_into().expect("one solution");
    assert_eq!((entry.version.as_str(), entry.friendly_name.as_str()), ("1.2.0.0", "The Core"));
    let by_name =
        send(&scratch, Verb::Patch, "solutions(uniquename='contosocore')", NONE, &json!({ "version": "1.3" }));
    assert_eq!(by_name.status, 204, "{}", text(&by_name));
    refused(&patch(&scratch, &url, &json!({ "version": "x" })), 400, "0x8004F01E", "x");
    refused(&patch(&scratch, &url, &json!({ "nothing_here": 1 })), 400, "0x80048d19", "nothing_here");
    refused(&patch(&scratch, &url, &json!({ "uniquename": "Other" })), 400, "0x80048d19", "uniquename");
    let in_use = send(&scratch, Verb::Delete, &format!("publishers({publisher})"), NONE, &Value::Null);
    refused(&in_use, 405, "0x80040227", "ContosoCore");
    let renamed = patch(&scratch, &format!("publishers({publisher})"), &json!({ "friendlyname": "Contoso Ltd" }));
    assert_eq!(renamed.status, 204);
    assert_eq!(send(&scratch, Verb::Delete, &url, NONE, &Value::Null).status, 204);
    assert!(solutions(&scratch).is_empty());
    refused(&send(&scratch, Verb::Delete, &url, NONE, &Value::Null), 404, "0x80040217", &solution);
    let gone = send(&scratch, Verb::Delete, &format!("publishers({publisher})"), NONE, &Value::Null);
    assert_eq!(gone.status, 204, "{}", text(&gone));
}

#[test]
fn w11_a_solution_needs_its_name_its_version_and_a_publisher() {
    let scratch = Scratch::new();
    let publisher = publisher(&scratch);
    let bound = format!("/publishers({publisher})");
    let whole = json!({ "uniquename": "A", "friendlyname": "A", "version": "1.0", "publisherid@odata.bind": bound });
    for missing in ["uniquename", "version", "publisherid@odata.bind"] {
        let mut body = whole.clone();
        body.as_object_mut().expect("an object").remove(missing);
        let column = missing.trim_end_matches("@odata.bind");
        refused(&send(&scratch, Verb::Post, "solutions", NONE, &body), 400, "0x80048d19", column);
    }
    let mut wrong = whole.clone();
    wrong["uniquename"] = json!("1A");
    refused(&send(&scratch, Verb::Post, "solutions", NONE, &wrong), 400, "0x8004F002", "1A");
    let id = "1a2b3c4d-0000-4000-8000-00000000abcd";
    let mut own = whole;
    own["solutionid"] = json!(id);
    assert_eq!(create(&scratch, "solutions", NONE, &own), id);
    let twice = send(&scratch, Verb::Post, "solutions", NONE, &own);
    assert_eq!(twice.status, 400, "{}", text(&twice));
    assert_eq!(solutions(&scratch).len(), 1);
}

#[test]
fn w11_a_new_row_of_a_component_table_is_a_component_of_the_solution() {
    let scratch = Scratch::new();
    solution(&scratch);
    let variable =
        json!({ "schemaname": "contoso_Url", "displayname": "Url", "type": 100000000, "defaultvalue": "http" });
    let variable = create(&scratch, "environmentvariabledefinitions", IN_SOLUTION, &variable);
    let made = component(&scratch, "environmentvariabledefinition:contoso_url").expect("the variable");
    assert_eq!((made.component.id.to_string(), &made.solutions), (variable.clone(), &vec!["ContosoCore".to_owned()]));
    assert_eq!(made.properties["defaultvalue"], "http");
    let value = json!({
        "value": "https://contoso.example",
        "EnvironmentVariableDefinitionId@odata.bind": format!("/environmentvariabledefinitions({variable})"),
    });
    let value = create(&scratch, "environmentvariablevalues", IN_SOLUTION, &value);
    let url = format!("environmentvariablevalues({value})");
    assert_eq!(patch(&scratch, &url, &json!({ "value": "https://other.example" })).status, 204);
    let set = component(&scratch, "environmentvariablevalue:contoso_url").expect("the value");
    assert_eq!(set.properties["value"], "https://other.example");
    let reference = json!({
        "connectionreferencelogicalname": "contoso_sql", "connectionreferencedisplayname": "SQL",
        "connectorid": "/providers/Microsoft.PowerApps/apis/shared_sql",
    });
    let reference = create(&scratch, "connectionreferences", IN_SOLUTION, &reference);
    let url = format!("connectionreferences({reference})");
    let connected = patch(&scratch, &url, &json!({ "connectionid": "abc", "connectionreferencedisplayname": "SQL 2" }));
    assert_eq!(connected.status, 204, "{}", text(&connected));
    let shown = component(&scratch, "connectionreference:contoso_sql").expect("the reference");
    assert_eq!(shown.properties["connectionid"], "abc");
    assert_eq!(shown.properties["connectionreferencedisplayname"], "SQL 2");
    assert_eq!(send(&scratch, Verb::Delete, &url, NONE, &Value::Null).status, 204);
    assert!(component(&scratch, "connectionreference:contoso_sql").is_none());
}

#[test]
fn w11_a_web_resource_has_content() {
    let scratch = Scratch::new();
    solution(&scratch);
    let body =
        json!({ "name": "contoso_app.js", "displayname": "App", "webresourcetype": 3, "content": "YWxlcnQoMSk=" });
    let id = create(&scratch, "webresourceset", IN_SOLUTION, &body);
    let first = component(&scratch, "webresource:contoso_app.js").expect("the resource");
    assert_eq!(first.properties["WebResourceType"], "3");
    let url = format!("webresourceset({id})");
    let changed = patch(&scratch, &url, &json!({ "content": "YWxlcnQoMik=", "description": "Two" }));
    assert_eq!(changed.status, 204, "{}", text(&changed));
    let second = component(&scratch, "webresource:contoso_app.js").expect("the resource");
    assert_ne!(first.properties["file"], second.properties["file"]);
    assert_eq!(second.properties["Description"], "Two");
    refused(&patch(&scratch, &url, &json!({ "content": "?" })), 400, "0x80048d19", "content");
}

#[test]
fn w11_a_flow_is_switched_on_and_off_by_its_state() {
    let scratch = Scratch::new();
    solution(&scratch);
    let body = json!({
        "name": "Nightly", "category": 5, "type": 1, "primaryentity": "none",
        "clientdata": "{\"properties\":{\"definition\":{}},\"schemaVersion\":\"1.0.0.0\"}",
    });
    let id = create(&scratch, "workflows", IN_SOLUTION, &body);
    let url = format!("workflows({id})");
    let is_on = || component(&scratch, &format!("workflow:{id}")).expect("the flow").active;
    assert_eq!(is_on(), Some(false));
    assert_eq!(patch(&scratch, &url, &json!({ "statecode": 1, "statuscode": 2 })).status, 204);
    assert_eq!(is_on(), Some(true));
    assert_eq!(patch(&scratch, &url, &json!({ "statecode": 0, "name": "Daily" })).status, 204);
    let shown = component(&scratch, &format!("workflow:{id}")).expect("the flow");
    assert_eq!((shown.active, shown.properties["@Name"].as_str()), (Some(false), "Daily"));
    refused(&patch(&scratch, &url, &json!({ "statecode": 9 })), 400, "0x80048d19", "statecode");
}

#[test]
fn w11_views_and_forms_hold_xml() {
    let scratch = Scratch::new();
    solution(&scratch);
    let fetch = "<fetch version=\"1.0\"><entity name=\"account\"><attribute name=\"name\"/></entity></fetch>";
    let layout = "<grid name=\"resultset\"><row name=\"result\" id=\"accountid\"><cell name=\"name\"/></row></grid>";
    let body = json!({
        "name": "Some", "returnedtypecode": "account", "querytype": 0, "fetchxml": fetch, "layoutxml": layout,
    });
    let view = create(&scratch, "savedqueries", IN_SOLUTION, &body);
    let shown = component(&scratch, &format!("savedquery:{view}")).expect("the view");
    assert!(shown.properties.iter().any(|(path, value)| path.starts_with("fetchxml/") && value == "name"));
    let other = fetch.replace("\"name\"/>", "\"telephone1\"/>");
    let changed = patch(&scratch, &format!("savedqueries({view})"), &json!({ "fetchxml": other, "name": "Others" }));
    assert_eq!(changed.status, 204, "{}", text(&changed));
    let shown = component(&scratch, &format!("savedquery:{view}")).expect("the view");
    assert!(shown.properties.iter().any(|(path, value)| path.starts_with("fetchxml/") && value == "telephone1"));
    assert!(!shown.properties.iter().any(|(path, value)| path.starts_with("fetchxml/") && value == "name"));
    assert!(shown.properties.values().any(|value| value == "Others"));
    let form = "<form><tabs><tab name=\"own\" id=\"{1a2b3c4d-0000-4000-8000-00000000abc1}\"/></tabs></form>";
    let body = json!({ "name": "Form", "objecttypecode": "account", "type": 2, "formxml": form });
    let made = create(&scratch, "systemforms", IN_SOLUTION, &body);
    let shown = component(&scratch, &format!("systemform:{made}")).expect("the form");
    assert!(shown.properties.values().any(|value| value == "own"), "{:?}", shown.properties);
}

#[test]
fn w2_an_unknown_solution_is_refused_and_nothing_is_written() {
    let scratch = Scratch::new();
    solution(&scratch);
    let body = json!({ "schemaname": "contoso_A", "displayname": "A", "type": 100000000 });
    let headers: &[(&str, &str)] = &[("MSCRM.SolutionUniqueName", "Nothing")];
    let answer = send(&scratch, Verb::Post, "environmentvariabledefinitions", headers, &body);
    assert!((400..500).contains(&answer.status), "{}", text(&answer));
    assert!(component(&scratch, "environmentvariabledefinition:contoso_a").is_none());
    let synonym: &[(&str, &str)] = &[("MSCRM.SolutionName", "ContosoCore")];
    create(&scratch, "environmentvariabledefinitions", synonym, &body);
    let unknown = json!({ "schemaname": "contoso_B", "type": 100000000, "nothing_here": 1 });
    let answer = send(&scratch, Verb::Post, "environmentvariabledefinitions", IN_SOLUTION, &unknown);
    refused(&answer, 400, "0x80048d19", "nothing_here");
    assert!(component(&scratch, "environmentvariabledefinition:contoso_b").is_none());
}

#[test]
fn w3_many_components_are_made_or_none() {
    let scratch = Scratch::new();
    solution(&scratch);
    let url = "environmentvariabledefinitions/Microsoft.Dynamics.CRM.CreateMultiple";
    let target = |name: &str| json!({ "schemaname": name, "displayname": name, "type": 100000000 });
    let both = |first: &str, second: &str| json!({ "Targets": [target(first), target(second)] });
    let twice = send(&scratch, Verb::Post, url, IN_SOLUTION, &both("contoso_A", "contoso_A"));
    assert!((400..500).contains(&twice.status), "{}", text(&twice));
    assert!(component(&scratch, "environmentvariabledefinition:contoso_a").is_none());
    assert_eq!(send(&scratch, Verb::Post, url, IN_SOLUTION, &both("contoso_A", "contoso_B")).status, 200);
    assert!(component(&scratch, "environmentvariabledefinition:contoso_b").is_some());
}

fn read(scratch: &Scratch, url: &str) -> Value {
    let answer = scratch.get(url);
    assert_eq!(answer.status, 200, "{url}: {}", text(&answer));
    serde_json::from_slice(&answer.body).expect("JSON")
}

const REPRESENTATION: (&str, &str) = ("Prefer", "return=representation");

#[test]
fn w11_a_write_is_seen_by_the_next_read() {
    let scratch = Scratch::new();
    let (solution, publisher) = solution(&scratch);
    let url = "solutions?$filter=uniquename eq 'contosocore'&$select=friendlyname,description&$expand=publisherid($select=customizationprefix,address1_city)";
    let found = read(&scratch, url);
    let row = &found["value"][0];
    assert_eq!((&row["solutionid"], &row["description"]), (&json!(solution), &json!("The core")));
    assert_eq!(row["publisherid"]["customizationprefix"], "contoso");
    assert_eq!(row["publisherid"]["address1_city"], "Ulm");
    let changed = send(
        &scratch,
        Verb::Patch,
        &format!("solutions({solution})?$select=version,description"),
        &[REPRESENTATION],
        &json!({ "version": "2.0.0.0", "description": "Two" }),
    );
    assert_eq!(changed.status, 200, "{}", text(&changed));
    let row: Value = serde_json::from_slice(&changed.body).expect("a row");
    assert_eq!((&row["version"], &row["description"]), (&json!("2.0.0.0"), &json!("Two")));
    let tag = row["@odata.etag"].as_str().expect("a tag").to_owned();
    assert_eq!(patch(&scratch, &format!("publishers({publisher})"), &json!({ "address1_city": "Bonn" })).status, 204);
    assert_eq!(read(&scratch, &format!("publishers({publisher})"))["address1_city"], "Bonn");
    assert_eq!(patch(&scratch, &format!("solutions({solution})"), &json!({ "version": "3.0" })).status, 204);
    let stale: &[(&str, &str)] = &[("If-Match", &tag)];
    let answer = send(&scratch, Verb::Patch, &format!("solutions({solution})"), stale, &json!({ "version": "4.0" }));
    refused(&answer, 412, "0x80060882", "version");
    let body = json!({ "schemaname": "contoso_A", "displayname": "A", "type": 100000000, "defaultvalue": "1" });
    let headers = [REPRESENTATION, IN_SOLUTION[0]];
    let made =
        send(&scratch, Verb::Post, "environmentvariabledefinitions?$select=schemaname,defaultvalue", &headers, &body);
    assert_eq!(made.status, 201, "{}", text(&made));
    let row: Value = serde_json::from_slice(&made.body).expect("a row");
    assert_eq!((&row["schemaname"], &row["defaultvalue"]), (&json!("contoso_A"), &json!("1")));
    let id = row["environmentvariabledefinitionid"].as_str().expect("an id").to_owned();
    let members =
        read(&scratch, &format!("solutioncomponents?$filter=_solutionid_value eq {solution} and objectid eq {id}"));
    assert_eq!(members["value"][0]["componenttype"], 380);
    let by_key = "environmentvariabledefinitions(schemaname='contoso_A')";
    assert_eq!(patch(&scratch, by_key, &json!({ "defaultvalue": "2" })).status, 204);
    assert_eq!(read(&scratch, by_key)["defaultvalue"], "2");
    assert_eq!(send(&scratch, Verb::Delete, by_key, NONE, &Value::Null).status, 204);
    assert_eq!(scratch.get(by_key).status, 404);
    let left = read(&scratch, &format!("solutioncomponents?$filter=_solutionid_value eq {solution}"));
    assert_eq!(left["value"], json!([]));
}

#[test]
fn w11_a_managed_solution_is_uninstalled_and_not_edited() {
    let scratch = Scratch::new();
    let import = |name: &str| {
        let workspace = scratch.service.workspace(None).expect("a connection");
        let environment = workspace.environment().expect("the environment");
        let package = strata_testkit::examples::path(name).as_path().into();
        let options = strata_model::options::ImportOptions::pac();
        let request = strata_ops::Request::Import { package, options };
        strata_ops::carry_out(&workspace, &environment, &request, &strata_ops::silent).expect("an import");
    };
    import("contoso-core-1.0");
    import("contoso-sales-1.0");
    let core = read(&scratch, "solutions(uniquename='ContosoCore')");
    assert_eq!(core["ismanaged"], true);
    let url = format!("solutions({})", core["solutionid"].as_str().expect("an id"));
    refused(&patch(&scratch, &url, &json!({ "version": "9.0" })), 400, "0x8004F024", "managed");
    let before = read(&scratch, "solutions?$count=true")["@odata.count"].clone();
    let held = send(&scratch, Verb::Delete, &url, NONE, &Value::Null);
    assert_eq!(held.status, 400, "{}", text(&held));
    assert_eq!(read(&scratch, "solutions?$count=true")["@odata.count"], before);
    for name in ["ContosoSales", "ContosoCore"] {
        let answer = send(&scratch, Verb::Delete, &format!("solutions(uniquename='{name}')"), NONE, &Value::Null);
        assert_eq!(answer.status, 204, "{}", text(&answer));
    }
    let own = read(&scratch, "solutions?$filter=isvisible eq true and uniquename ne 'Default'");
    assert_eq!(own["value"], json!([]));
    let default = read(&scratch, "solutions(uniquename='Default')");
    let url = format!("solutions({})", default["solutionid"].as_str().expect("an id"));
    refused(&patch(&scratch, &url, &json!({ "version": "9.0" })), 400, "0x8004F009", "Default");
    refused(&send(&scratch, Verb::Delete, &url, NONE, &Value::Null), 400, "0x8004F005", "Default");
}

pub(crate) fn with_table() -> Scratch {
    let scratch = Scratch::new();
    solution(&scratch);
    let label = |text: &str| json!({ "LocalizedLabels": [{ "Label": text, "LanguageCode": 1033 }] });
    let table = json!({
        "SchemaName": "contoso_Part", "DisplayName": label("Part"), "DisplayCollectionName": label("Parts"),
        "OwnershipType": "UserOwned", "HasActivities": false, "HasNotes": false, "IsActivity": false,
        "Attributes": [{
            "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata", "SchemaName": "contoso_Code",
            "DisplayName": label("Code"), "MaxLength": 100, "IsPrimaryName": true,
        }],
    });
    create(&scratch, "EntityDefinitions", IN_SOLUTION, &table);
    let key =
        json!({ "SchemaName": "contoso_ByCode", "KeyAttributes": ["contoso_code"], "DisplayName": label("By code") });
    let made = send(&scratch, Verb::Post, "EntityDefinitions(LogicalName='contoso_part')/Keys", IN_SOLUTION, &key);
    assert!(made.status < 300, "{}", text(&made));
    let many = json!({
        "@odata.type": "Microsoft.Dynamics.CRM.ManyToManyRelationshipMetadata", "SchemaName": "contoso_part_account",
        "Entity1LogicalName": "contoso_part", "Entity2LogicalName": "account", "IntersectEntityName": "contoso_part_account",
    });
    let made = send(&scratch, Verb::Post, "RelationshipDefinitions", IN_SOLUTION, &many);
    assert!(made.status < 300, "{}", text(&made));
    scratch
}

#[test]
fn w3_rows_are_written_by_alternate_key() {
    let scratch = with_table();
    let url = "contoso_parts(contoso_code='it''s 1')";
    let first = patch(&scratch, url, &json!({}));
    assert_eq!(first.status, 204, "{}", text(&first));
    assert_eq!(read(&scratch, url)["contoso_code"], "it's 1");
    refused(
        &send(&scratch, Verb::Post, "contoso_parts", NONE, &json!({ "contoso_code": "IT'S 1" })),
        412,
        "0x80060892",
        "contoso_code",
    );
    let must: &[(&str, &str)] = &[("If-Match", "*")];
    refused(&send(&scratch, Verb::Patch, "contoso_parts(contoso_code='2')", must, &json!({})), 404, "0x80040217", "2");
    assert_eq!(patch(&scratch, url, &json!({ "contoso_code": "3" })).status, 204);
    assert_eq!(scratch.get(url).status, 404);
    assert_eq!(send(&scratch, Verb::Delete, "contoso_parts(contoso_code='3')", NONE, &Value::Null).status, 204);
    refused(&send(&scratch, Verb::Delete, url, NONE, &Value::Null), 404, "0x80040217", "it's 1");
    let no_key = patch(&scratch, "contoso_parts(importsequencenumber=1)", &json!({}));
    assert_eq!(no_key.status, 400, "{}", text(&no_key));
}

#[test]
fn w3_many_are_linked_with_many() {
    let scratch = with_table();
    let part = create(&scratch, "contoso_parts", NONE, &json!({ "contoso_code": "1" }));
    let account = create(&scratch, "accounts", NONE, &json!({ "name": "A" }));
    let url = format!("contoso_parts({part})/contoso_part_account");
    let reference = json!({ "@odata.id": format!("accounts({account})") });
    let linked = send(&scratch, Verb::Post, &format!("{url}/$ref"), NONE, &reference);
    assert_eq!(linked.status, 204, "{}", text(&linked));
    assert_eq!(read(&scratch, &format!("{url}?$select=name"))["value"][0]["name"], "A");
    let twice = send(&scratch, Verb::Post, &format!("{url}/$ref"), NONE, &reference);
    assert_eq!(twice.status, 412, "{}", text(&twice));
    let unlinked = send(&scratch, Verb::Delete, &format!("{url}({account})/$ref"), NONE, &Value::Null);
    assert_eq!(unlinked.status, 204, "{}", text(&unlinked));
    assert_eq!(read(&scratch, &url)["value"], json!([]));
}
