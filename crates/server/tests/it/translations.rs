//! Texts for translators (web-api §8).

use serde_json::json;

use crate::actions::{JOB, code, id_of, import};
use crate::packages::package;
use crate::service::Scratch;

const LABELLED: &str = "Contoso 1.0.0.0 unmanaged contoso\nentity contoso_order\n\
    attribute contoso_order.contoso_notes <displaynames><displayname description=\"Notes\" languagecode=\"1033\" />\
    </displaynames><MaxLength>100</MaxLength>";

#[test]
fn w8_texts_are_exported_translated_and_imported_with_a_job() {
    let scratch = Scratch::new();
    scratch.done("ImportSolution", &import(&package(LABELLED), JOB));
    scratch.done("strata.ChangeSettings", &json!({ "Languages": [1033, 1031] }));
    scratch.done("PublishAllXml", &json!({}));
    let exported = scratch.done("ExportTranslation", &json!({ "SolutionName": "Contoso" }));
    let file = exported["ExportTranslationFile"].as_str().expect("a file").to_owned();
    assert!(file.starts_with("UEs"), "a zip, as Base64");
    // What was exported says nothing new.
    let job = "11111111-0000-4000-8000-000000000002";
    let unchanged = json!({ "TranslationFile": file, "ImportJobId": job });
    let plan = scratch.done(
        "strata.Plan",
        &json!({
            "Operation": "ImportTranslation", "TranslationFile": file, "ImportJobId": job,
        }),
    );
    assert_eq!(
        (&plan["operation"], &plan["outcome"], &plan["changes"]),
        (&json!("set"), &json!("succeed"), &json!([]))
    );
    assert_eq!(scratch.act("ImportTranslation", &unchanged).0, 204);
    assert_eq!(scratch.ask(&format!("importjobs({job})"))["solutionname"], "Contoso");
    assert_eq!(code(&scratch.act("ImportTranslation", &unchanged).1), "0x80071152", "an id is used once (L113)");
    // One that was translated does.
    let notes = id_of(&scratch, "attribute:contoso_order.contoso_notes");
    let cell = |text: &str| format!("<Cell><Data ss:Type=\"String\">{text}</Data></Cell>");
    let row = |cells: [&str; 5]| format!("<Row>{}</Row>", cells.map(cell).concat());
    let workbook = format!(
        "<Workbook xmlns:ss=\"urn:schemas-microsoft-com:office:spreadsheet\"><Worksheet ss:Name=\"Localized Labels\">\
         <Table>{}{}</Table></Worksheet></Workbook>",
        row(["Entity name", "Object ID", "Object Column Name", "1033", "1031"]),
        row(["contoso_order", &notes, "DisplayName", "Notes", "Notizen"]),
    );
    let zip = strata_testkit::zipped::zipped(&[
        ("[Content_Types].xml", b"<Types />".as_slice()),
        ("CrmTranslations.xml", workbook.as_bytes()),
    ]);
    let job = "11111111-0000-4000-8000-000000000003";
    let translated = json!({ "TranslationFile": strata_ops::base64::encode(&zip), "ImportJobId": job });
    assert_eq!(scratch.act("ImportTranslation", &translated).0, 204);
    let result = scratch.ask(&format!("RetrieveSolutionImportResult(ImportJobId={job})"));
    assert_eq!(result["SolutionOperationResult"]["Status"], "Passed");
    let history = scratch.ask("msdyn_solutionhistories?$filter=msdyn_operation eq 6");
    assert_eq!(history["value"].as_array().map(Vec::len), Some(2));
    scratch.done("PublishAllXml", &json!({}));
    let label = scratch.ask("EntityDefinitions(LogicalName='contoso_order')/Attributes(LogicalName='contoso_notes')");
    let labels = label["DisplayName"]["LocalizedLabels"].as_array().expect("labels").clone();
    assert!(labels.iter().any(|label| label["Label"] == "Notizen" && label["LanguageCode"] == 1031), "{labels:?}");
    let (status, answer) =
        scratch.act("ImportTranslation", &json!({ "TranslationFile": "UEsDBA==", "ImportJobId": JOB }));
    assert_eq!((status, code(&answer)), (400, "0x80048061"));
    let (status, answer) = scratch.act("ExportTranslation", &json!({ "SolutionName": "Nothing" }));
    assert_eq!(status, 404, "{answer}");
}
