//! What imports and exports can be asked for beside the package (web-api §8).

use serde_json::{Value, json};

use crate::actions::{JOB, ORDERS, code, id_of, import, message};
use crate::packages::package;
use crate::service::Scratch;

fn ordered(file: &str, job: usize, order: Value) -> Value {
    let mut body = import(file, &format!("22222222-0000-4000-8000-{job:012}"));
    body["LayerDesiredOrder"] = order;
    body
}

#[test]
fn l109_an_order_of_layers_is_refused_with_the_code_of_what_stands_against_it() {
    let scratch = Scratch::new();
    scratch.done("ImportSolution", &import(&package("Base 1.0.0.0 managed contoso\nentity contoso_order"), JOB));
    let other = package("Foreign 1.0.0.0 managed fabrikam\nentity fabrikam_order");
    scratch.done("ImportSolution", &import(&other, "11111111-0000-4000-8000-000000000002"));
    let mut staged =
        import(&package("Base 2.0.0.0 managed contoso\nentity contoso_order"), "11111111-0000-4000-8000-000000000003");
    let new = package("Contoso 1.0.0.0 managed contoso\nentity contoso_order");
    let patch = package("Base_Patch_1 1.0.1.0 managed contoso\npatch-of Base 1.0.0.0\nentity contoso_order");
    let beside = |kind: Value, name: &str| json!({ "Type": kind, "Solutions": [{ "Name": name }] });
    let cases = [
        (&patch, beside(json!("Below"), "Base"), "0x8004F052"),
        (&new, beside(json!("Base"), "Base"), "0x8004F054"),
        (&new, beside(json!(2), "Base"), "0x8004F054"),
        (&new, beside(json!("Beside"), "Base"), "0x8004F050"),
        (&new, json!({ "Type": "Above", "Solutions": ["Base"] }), "0x8004F050"),
        (&new, json!({ "Type": "Above", "Solutions": "Base" }), "0x8004F050"),
        (&new, beside(json!("Above"), "Foreign"), "0x8004F048"),
        (&new, beside(json!("Below"), "Base"), "0x8004F065"),
        (&new, beside(json!(1), "Nobody"), "0x8004F065"),
    ];
    for (job, (file, order, expected)) in cases.into_iter().enumerate() {
        let (status, answer) = scratch.act("ImportSolution", &ordered(file, job, order.clone()));
        assert_eq!((status, code(&answer)), (400, expected), "{order}: {answer}");
        assert_eq!(scratch.get("solutions(uniquename='Contoso')").status, 404);
    }
    staged["HoldingSolution"] = true.into();
    scratch.done("ImportSolution", &staged);
    let (_, answer) = scratch.act("ImportSolution", &ordered(&new, 99, beside(json!("Above"), "Base")));
    assert_eq!(code(&answer), "0x8004F047", "Base waits for its upgrade: {answer}");
}

#[test]
fn w8_imports_as_a_template_are_left_out() {
    let scratch = Scratch::new();
    for (parameter, value) in
        [("IsTemplateMode", json!(true)), ("TemplateSuffix", json!("_x")), ("TemplateDisplayNamePrefix", json!("x"))]
    {
        let mut template = import(&package(ORDERS), JOB);
        template[parameter] = value;
        let (status, answer) = scratch.act("ImportSolution", &template);
        assert_eq!(status, 501);
        assert!(message(&answer).contains(&format!("'{parameter}'")), "{answer}");
    }
    let mut plain = import(&package(ORDERS), JOB);
    plain["IsTemplateMode"] = false.into();
    scratch.done("ImportSolution", &plain);
}

const TWO: &str = "Contoso 1.0.0.0 unmanaged contoso\nentity contoso_order\n\
    attribute contoso_order.contoso_notes <MaxLength>100</MaxLength>\n\
    attribute contoso_order.contoso_state <OptionSetName>contoso_status</OptionSetName>\n\
    optionset contoso_status <options><option value=\"1\" /></options>\n\
    entity contoso_extra\nattribute contoso_extra.contoso_text <MaxLength>100</MaxLength>";

/// Exports some components of [`TWO`].
fn some(scratch: &Scratch, components: &[(&str, i32, bool)]) -> String {
    let listed: Vec<_> = components
        .iter()
        .map(|(name, number, required)| {
            json!({ "ComponentId": id_of(scratch, name), "ComponentType": number, "AddRequiredComponents": required })
        })
        .collect();
    let body = json!({
        "SolutionName": "Contoso", "Managed": false, "ExportComponentsParams": { "ExportComponentsList": listed },
    });
    scratch.done("ExportSolution", &body)["ExportSolutionFile"].as_str().expect("a package").to_owned()
}

fn is_there(scratch: &Scratch, name: &str) -> bool {
    scratch.get(&format!("strata.Layers(Component='{name}')")).status == 200
}

#[test]
fn w8_an_export_is_limited_to_the_components_that_are_listed() {
    let scratch = Scratch::new();
    scratch.done("ImportSolution", &import(&package(TWO), JOB));
    scratch.done("PublishAllXml", &json!({}));
    // A table comes with its parts, and what they require is declared missing.
    let table = some(&scratch, &[("entity:contoso_order", 1, false)]);
    let other = Scratch::new();
    let (status, answer) = other.act("ImportSolution", &import(&table, JOB));
    assert_eq!((status, code(&answer)), (400, "0x8004801D"), "{answer}");
    assert!(message(&answer).contains("contoso_status"), "{answer}");
    // What is required comes along where that is asked for.
    let table = some(&scratch, &[("entity:contoso_order", 1, true)]);
    let other = Scratch::new();
    other.done("ImportSolution", &import(&table, JOB));
    assert!(is_there(&other, "attribute:contoso_order.contoso_notes") && is_there(&other, "optionset:contoso_status"));
    assert!(!is_there(&other, "entity:contoso_extra"));
    // A column goes out alone, in a table that is named for its sake.
    let column = some(&scratch, &[("attribute:contoso_order.contoso_notes", 2, false)]);
    let (_, answer) = Scratch::new().act("ImportSolution", &import(&column, JOB));
    assert!(message(&answer).contains("contoso_order"), "the table is nowhere: {answer}");
    other.done("ImportSolution", &import(&column, "11111111-0000-4000-8000-000000000002"));
    // Nothing of the solution has changed.
    assert!(is_there(&scratch, "entity:contoso_extra"));
    let whole = scratch.done("ExportSolution", &json!({ "SolutionName": "Contoso", "Managed": false }));
    let other = Scratch::new();
    other.done("ImportSolution", &import(whole["ExportSolutionFile"].as_str().expect("a package"), JOB));
    assert!(is_there(&other, "attribute:contoso_extra.contoso_text"));
}

#[test]
fn w8_a_limit_of_an_export_that_names_nothing_of_the_solution_is_refused() {
    let scratch = Scratch::new();
    scratch.done("ImportSolution", &import(&package(TWO), JOB));
    scratch.done("PublishAllXml", &json!({}));
    let strange = package("Strange 1.0.0.0 unmanaged contoso\nentity contoso_strange");
    scratch.done("ImportSolution", &import(&strange, "11111111-0000-4000-8000-000000000002"));
    let export = |params: Value| {
        let body = json!({ "SolutionName": "Contoso", "Managed": false, "ExportComponentsParams": params });
        scratch.act("ExportSolution", &body)
    };
    let strange = id_of(&scratch, "entity:contoso_strange");
    for (params, expected) in [
        (json!({ "ExportComponentsList": [{ "ComponentId": strange, "ComponentType": 1 }] }), "is not in Contoso"),
        (json!({ "ExportComponentsList": [] }), "no component is named"),
        (json!({ "ExportComponentsList": [{ "ComponentType": 1 }] }), "position 1 lacks 'ComponentId'"),
        (json!({ "ComponentIds": [] }), "no property ComponentIds"),
        (json!({}), "a list is expected for ExportComponentsList"),
    ] {
        let (status, answer) = export(params);
        assert_eq!(status, 400);
        assert!(message(&answer).contains(expected), "{answer}");
    }
}
