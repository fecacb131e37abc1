//! Workbooks: SpreadsheetML, the XML of Excel 2003, which spreadsheets open. An import log (L113), and texts for
//! translators.

use std::fmt::Write as _;

use crate::translation::sheets;
use crate::view::{ComponentResult, ImportLog, JobResult};

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<?mso-application progid=\"Excel.Sheet\"?>\n\
    <Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\" \
    xmlns:ss=\"urn:schemas-microsoft-com:office:spreadsheet\">\n<Styles><Style ss:ID=\"head\"><Font ss:Bold=\"1\"/></Style>\
    <Style ss:ID=\"failure\"><Interior ss:Color=\"#FFC7CE\" ss:Pattern=\"Solid\"/></Style>\
    <Style ss:ID=\"warning\"><Interior ss:Color=\"#FFEB9C\" ss:Pattern=\"Solid\"/></Style></Styles>\n";

/// Writes the workbook: a sheet about the solution, and one with a row per component.
pub fn write(log: &ImportLog) -> String {
    let mut text = HEAD.to_owned();
    sheet(&mut text, "Solution", &[140, 420], |text| {
        row(text, Some("head"), &["Property", "Value"].map(str::to_owned));
        for (name, value) in solution(log) {
            row(text, None, &[name.to_owned(), value]);
        }
    });
    sheet(&mut text, "Components", &[140, 260, 220, 240, 70, 90, 200, 420], |text| {
        let head = ["Type", "Name", "Display name", "Id", "Result", "Error code", "Error name", "Text"];
        row(text, Some("head"), &head.map(str::to_owned));
        for result in &log.components {
            component(text, result);
        }
    });
    text.push_str("</Workbook>\n");
    text
}

/// Writes the workbook of a solution's texts: what it is of, and a row per label with a column per language.
pub(crate) fn translations(about: &[(&str, String)], languages: &[u32], labels: Vec<Vec<String>>) -> String {
    let mut text = HEAD.to_owned();
    sheet(&mut text, sheets::INFORMATION, &[180, 320], |text| {
        about.iter().for_each(|(name, value)| row(text, None, &[(*name).to_owned(), value.clone()]));
    });
    let head = |names: &[&str]| -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).chain(languages.iter().map(u32::to_string)).collect()
    };
    sheet(&mut text, sheets::STRINGS, &[140, 260], |text| {
        row(text, Some("head"), &head(&[sheets::ENTITY, "Display String Key"]));
    });
    sheet(&mut text, sheets::LABELS, &[140, 240, 180], |text| {
        row(text, Some("head"), &head(&[sheets::ENTITY, sheets::OBJECT, sheets::COLUMN]));
        labels.iter().for_each(|cells| row(text, None, cells));
    });
    text.push_str("</Workbook>\n");
    text
}

fn solution(log: &ImportLog) -> Vec<(&'static str, String)> {
    let word = |text: &Option<String>| text.clone().unwrap_or_default();
    vec![
        ("Solution", word(&log.solution)),
        ("Version", word(&log.version)),
        ("Publisher", word(&log.publisher)),
        ("Managed", if log.is_managed { "yes" } else { "no" }.to_owned()),
        ("Package", word(&log.package_name)),
        ("Import job", log.job.map(|job| job.to_string()).unwrap_or_default()),
        ("Result", log.result.word().to_owned()),
        ("Error code", word(&log.error_code)),
        ("Error name", word(&log.error_name)),
        ("Error text", word(&log.error_text)),
        ("Start (UTC)", log.start_time.clone()),
        ("End (UTC)", log.end_time.clone()),
    ]
}

fn component(text: &mut String, result: &ComponentResult) {
    let style = match result.result {
        Some(JobResult::Failure) => Some("failure"),
        Some(JobResult::Warning) => Some("warning"),
        Some(JobResult::Success) | None => None,
    };
    let word = |text: &Option<String>| text.clone().unwrap_or_default();
    let component = &result.component;
    let cells = [
        component.type_name.clone(),
        component.name.clone(),
        word(&component.display_name),
        component.id.to_string(),
        result.result.map_or("not processed", JobResult::word).to_owned(),
        word(&result.error_code),
        word(&result.error_name),
        word(&result.error_text),
    ];
    row(text, style, &cells);
}

fn sheet(text: &mut String, name: &str, widths: &[u32], rows: impl FnOnce(&mut String)) {
    text.push_str("<Worksheet ss:Name=\"");
    escape(text, name);
    text.push_str("\"><Table>");
    for width in widths {
        // Writing to a text cannot fail.
        write!(text, "<Column ss:Width=\"{width}\"/>").ok();
    }
    text.push('\n');
    rows(text);
    text.push_str("</Table></Worksheet>\n");
}

fn row(text: &mut String, style: Option<&str>, cells: &[String]) {
    text.push_str("<Row>");
    for cell in cells {
        match style {
            Some(style) => write!(text, "<Cell ss:StyleID=\"{style}\">").ok(),
            None => write!(text, "<Cell>").ok(),
        };
        text.push_str("<Data ss:Type=\"String\">");
        escape(text, cell);
        text.push_str("</Data></Cell>");
    }
    text.push_str("</Row>\n");
}

/// Escapes a text; what XML cannot hold at all becomes a question mark.
fn escape(text: &mut String, raw: &str) {
    for c in raw.chars() {
        match c {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            '\t' => text.push('\t'),
            '\n' | '\r' => text.push_str("&#10;"),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => text.push('?'),
            other => text.push(other),
        }
    }
}
