//! A solution's texts for translators, there and back.

use strata_model::environment::Settings;
use strata_model::history::HistoryKind;
use strata_model::id::Guid;
use strata_model::options::ImportOptions;
use strata_ops::jobs::{self, WhichJob};
use strata_ops::view::JobResult;
use strata_ops::{OpsError, PackageSource, PublishScope, Request, components, history, translation};
use strata_package::{Limits, peek_file};
use strata_testkit::zipped::{self, zipped};

use crate::Scratch;

const FORM: &str = "11111111-0000-4000-8000-0000000000f0";
const CELL: &str = "{22222222-0000-4000-8000-0000000000c0}";

fn solution() -> String {
    let label = |text: &str| format!("<label description=\"{text}\" languagecode=\"1033\" />");
    format!(
        "Contoso 1.0.0.0 unmanaged contoso\nentity contoso_order\n\
         attribute contoso_order.contoso_notes <displaynames><displayname description=\"Notes\" languagecode=\"1033\" />\
         </displaynames><MaxLength>100</MaxLength>\n\
         optionset contoso_status <options><option value=\"1\"><labels>{one}</labels></option><option value=\"2\">\
         <labels>{two}</labels></option></options>\n\
         systemform contoso_order {FORM} <form><tabs><tab id=\"{{22222222-0000-4000-8000-0000000000a0}}\">\
         <labels>{tab}</labels><columns><column width=\"100%\"><sections><section \
         id=\"{{22222222-0000-4000-8000-0000000000b0}}\"><labels>{tab}</labels><rows><row><cell id=\"{CELL}\"><labels>{cell}\
         </labels></cell></row></rows></section></sections></column></columns></tab></tabs></form>",
        one = label("Open"),
        two = label("Closed &amp; done"),
        tab = label("General"),
        cell = label("Remarks"),
    )
}

/// An environment in English, German and French with the solution in it.
fn scratch() -> Scratch {
    let scratch = Scratch::new();
    let package = PackageSource::sent("contoso.zip", zipped::package(&solution()));
    scratch.run(&Request::Import { package, options: ImportOptions::pac() }).expect("imported");
    let own = scratch.workspace.environment().expect("an environment").settings;
    scratch.run(&Request::Settings(Settings { languages: vec![1033, 1031, 1036], ..own })).expect("changed");
    scratch.run(&Request::Publish(PublishScope::All)).expect("published");
    scratch
}

fn workbook(scratch: &Scratch) -> String {
    let environment = scratch.workspace.environment().expect("an environment");
    let zip = translation::export(&scratch.workspace, &environment, "Contoso").expect("texts");
    assert!(peek_file(&zip, "[Content_Types].xml", &Limits::default()).is_some());
    let file = peek_file(&zip, "CrmTranslations.xml", &Limits::default()).expect("a workbook");
    String::from_utf8(file).expect("utf-8")
}

/// The cells of the row that has a text.
fn row(workbook: &str, text: &str) -> Vec<String> {
    let row = workbook.lines().find(|line| line.contains(&format!(">{text}<"))).unwrap_or_else(|| panic!("{text}"));
    let cells = row.split("<Data ss:Type=\"String\">").skip(1);
    cells.map(|cell| cell.split("</Data>").next().unwrap_or_default().to_owned()).collect()
}

fn zip(workbook: &str) -> Vec<u8> {
    zipped(&[("[Content_Types].xml", b"<Types />".as_slice()), ("CrmTranslations.xml", workbook.as_bytes())])
}

fn import(scratch: &Scratch, workbook: &str, job: u32) -> Result<Guid, OpsError> {
    let environment = scratch.workspace.environment().expect("an environment");
    let job = Guid::parse(&format!("33333333-0000-4000-8000-{job:012}")).expect("an id");
    let request = translation::request(&scratch.workspace, &environment, &zip(workbook), job)?;
    scratch.run(&request).map(|_| job)
}

/// Gives the row of a text another one, in the column of a language.
fn translated(workbook: &str, text: &str, column: usize, other: &str) -> String {
    let before = row(workbook, text);
    let mut after = before.clone();
    after[3 + column] = other.to_owned();
    let cells = |cells: &[String]| {
        cells.iter().map(|cell| format!("<Cell><Data ss:Type=\"String\">{cell}</Data></Cell>")).collect::<String>()
    };
    workbook.replace(&cells(&before), &cells(&after))
}

fn label(scratch: &Scratch, component: &str, value: &str) -> Option<String> {
    let shown = components::show(&scratch.workspace, None, component, false).expect("shown");
    shown.properties.into_iter().find(|(_, own)| own == value).map(|(path, _)| path)
}

const NOTES: &str = "attribute:contoso_order.contoso_notes";

#[test]
fn w8_labels_go_out_as_rows_and_come_back_as_drafts() {
    let scratch = scratch();
    let before = workbook(&scratch);
    for sheet in ["Information", "Display Strings", "Localized Labels"] {
        assert!(before.contains(&format!("<Worksheet ss:Name=\"{sheet}\">")), "{sheet}");
    }
    let notes = row(&before, "Notes");
    let id = components::show(&scratch.workspace, None, NOTES, false).expect("shown").component.id.to_string();
    assert_eq!(notes, ["contoso_order", id.as_str(), "DisplayName", "Notes", "", ""]);
    assert_eq!(row(&before, "Remarks")[..3], ["contoso_order", CELL.trim_matches(['{', '}']), "DisplayName"]);
    assert_eq!(row(&before, "Open")[0], "OptionSet");
    assert_ne!(row(&before, "Open")[1], row(&before, "Closed &amp; done")[1], "each option bears its own");
    let mut after = translated(&before, "Notes", 1, "Notizen");
    after = translated(&after, "Remarks", 1, "Bemerkungen");
    after = translated(&after, "Closed &amp; done", 2, "Fermé &lt;fini&gt;");
    let job = import(&scratch, &after, 1).expect("imported");
    assert_eq!(label(&scratch, NOTES, "Notizen"), None, "texts are drafts (L49)");
    assert_eq!(row(&workbook(&scratch), "Notes")[4], "Notizen", "which go out again");
    scratch.run(&Request::Publish(PublishScope::All)).expect("published");
    assert_eq!(label(&scratch, NOTES, "Notizen").as_deref(), Some("displaynames/displayname[1031]@description"));
    assert!(label(&scratch, &format!("systemform:{FORM}"), "Bemerkungen").is_some());
    assert!(label(&scratch, "optionset:contoso_status", "Fermé <fini>").is_some());
    assert!(label(&scratch, "optionset:contoso_status", "Closed & done").is_some(), "the source stays");
    let log = jobs::log(&scratch.workspace, None, WhichJob::Id(job)).expect("a log");
    assert_eq!((log.result, log.solution.as_deref()), (JobResult::Success, Some("Contoso")));
    assert!(log.components.iter().all(|component| component.result == Some(JobResult::Success)));
    // One operation, which an undo takes back as a whole.
    let entries = history::list(&scratch.workspace, None).expect("history");
    assert_eq!(entries[1].kind, HistoryKind::ImportTranslation);
    scratch.run(&Request::Undo).expect("undone");
    scratch.run(&Request::Undo).expect("undone");
    assert_eq!(row(&workbook(&scratch), "Notes")[4], "");
}

#[test]
fn l115_a_translation_stands_in_solution_history() {
    let scratch = scratch();
    let after = translated(&workbook(&scratch), "Notes", 1, "Notizen");
    import(&scratch, &after, 1).expect("imported");
    let rows = jobs::solution_history(&scratch.workspace, None).expect("history");
    assert_eq!((rows[0].operation, rows[0].result, rows[0].name.as_deref()), (6, true, Some("Contoso")));
    let again = import(&scratch, &after, 1).expect_err("an id is used once");
    assert_eq!(again.report().code.as_deref(), Some("0x80071152"));
}

#[test]
fn w8_rows_without_a_place_are_warnings_of_the_job() {
    let scratch = scratch();
    let own = workbook(&scratch);
    let id = row(&own, "Notes")[1].clone();
    let strange = own.replace(&id, "99999999-0000-4000-8000-000000000009");
    let strange = translated(&strange, "Open", 1, "Offen");
    let job = import(&scratch, &strange, 1).expect("imported all the same");
    let log = jobs::log(&scratch.workspace, None, WhichJob::Id(job)).expect("a log");
    let warned: Vec<_> =
        log.components.iter().filter(|component| component.result == Some(JobResult::Warning)).collect();
    assert_eq!(warned.len(), 1);
    assert_eq!(warned[0].component.id.to_string(), "99999999-0000-4000-8000-000000000009");
    assert!(warned[0].error_text.as_deref().is_some_and(|text| text.contains("DisplayName")));
    assert_eq!(row(&workbook(&scratch), "Open")[4], "Offen");
}

#[test]
fn l70_the_base_language_and_languages_that_are_not_enabled_are_left_out() {
    let scratch = scratch();
    let own = workbook(&scratch);
    let other = translated(&own, "Notes", 0, "Remarks on the order");
    let other = other.replace(">1036<", ">1034<");
    let other = translated(&other, "Open", 2, "Abierto");
    let job = import(&scratch, &other, 1).expect("imported");
    assert_eq!(row(&workbook(&scratch), "Notes")[3], "Notes");
    let log = jobs::log(&scratch.workspace, None, WhichJob::Id(job)).expect("a log");
    let texts: Vec<_> = log.findings.iter().map(|finding| finding.message.as_str()).collect();
    assert!(texts.iter().any(|text| text.contains("1 other texts in the base language, 1033")), "{texts:?}");
    assert!(texts.iter().any(|text| text.contains("not enabled are left out: 1034")), "{texts:?}");
    assert!(!workbook(&scratch).contains("Abierto"));
}

#[test]
fn w8_what_a_spreadsheet_writes_is_read() {
    let scratch = scratch();
    let own = workbook(&scratch);
    let id = row(&own, "Notes")[1].clone();
    let written = format!(
        "<?xml version=\"1.0\"?><Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\" \
         xmlns:ss=\"urn:schemas-microsoft-com:office:spreadsheet\"><Worksheet ss:Name=\"Localized Labels\"><Table>\
         <Row ss:Index=\"18446744073709551615\"><Cell><Data>Entity name</Data></Cell><Cell><Data>Object ID</Data></Cell><Cell><Data>Object \
         Column Name</Data></Cell><Cell ss:Index=\"5\"><Data ss:Type=\"Number\">1031</Data></Cell></Row>\
         <Row><Cell><Data>CONTOSO_ORDER</Data></Cell><Cell><Data>{{{id}}}</Data></Cell><Cell><Data>displayname</Data></Cell>\
         <Cell ss:Index=\"5\"><ss:Data ss:Type=\"String\"><B>No</B><Font>tizen</Font></ss:Data></Cell><Cell ss:Index=\"18446744073709551615\" /></Row></Table>\
         </Worksheet></Workbook>"
    );
    import(&scratch, &written, 1).expect("imported");
    assert_eq!(row(&workbook(&scratch), "Notes")[4], "Notizen");
}

#[test]
fn w8_files_that_are_no_texts_are_refused_and_change_nothing() {
    let scratch = scratch();
    let environment = scratch.workspace.environment().expect("an environment");
    let job = Guid::parse("33333333-0000-4000-8000-000000000001").expect("an id");
    let own = workbook(&scratch);
    let long = translated(&translated(&own, "Notes", 1, "Notizen"), "Open", 1, &"x".repeat(501));
    let zips: Vec<(Vec<u8>, &str, &str)> = vec![
        (b"no zip".to_vec(), "0x80048061", "a zip with texts is expected"),
        (zipped(&[("CrmTranslations.xml", b"<Workbook />".as_slice())]), "0x80048061", "[Content_Types].xml"),
        (zipped(&[("[Content_Types].xml", b"<Types />".as_slice())]), "0x80048061", "CrmTranslations.xml"),
        (zip("<Workbook"), "0x80044249", "CrmTranslations.xml"),
        (zip("<Book />"), "0x80044249", "a workbook is expected"),
        (zip("<Workbook />"), "0x80044249", "there is no sheet Localized Labels"),
        (zip(&own.replace("Object ID", "Object")), "0x80044249", "there is no column Object ID"),
        (zip(&long), "0x80044249", "501 characters"),
    ];
    for (zip, code, text) in zips {
        let refused = translation::request(&scratch.workspace, &environment, &zip, job).expect_err("refused").report();
        assert_eq!(refused.code.as_deref(), Some(code), "{}", refused.message);
        assert!(refused.message.contains(text), "{}", refused.message);
    }
    assert_eq!(row(&workbook(&scratch), "Notes")[4], "", "all or none");
    let managed = PackageSource::sent("base.zip", zipped::package("Base 1.0.0.0 managed contoso\nentity contoso_x"));
    scratch.run(&Request::Import { package: managed, options: ImportOptions::pac() }).expect("imported");
    for (name, code) in [("Base", Some("0x80048036")), ("Default", Some("0x80071158")), ("Nothing", None)] {
        let environment = scratch.workspace.environment().expect("an environment");
        let refused = translation::export(&scratch.workspace, &environment, name).expect_err("refused").report();
        assert_eq!(refused.code.as_deref(), code, "{}", refused.message);
    }
}
