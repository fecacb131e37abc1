//! The workbook of texts as it is read: SpreadsheetML, which spreadsheets write with cells left out.

use std::collections::BTreeMap;

use strata_model::code::ErrorCode;
use strata_model::id::Guid;
use strata_xml::{Element, Node};

use crate::OpsError;

pub(crate) const INFORMATION: &str = "Information";
pub(crate) const STRINGS: &str = "Display Strings";
pub(crate) const LABELS: &str = "Localized Labels";
pub(crate) const ENTITY: &str = "Entity name";
pub(crate) const OBJECT: &str = "Object ID";
pub(crate) const COLUMN: &str = "Object Column Name";

/// What a workbook says.
#[derive(Debug)]
pub(super) struct Sheets {
    pub(super) solution: Option<String>,
    pub(super) languages: Vec<u32>,
    pub(super) labels: Vec<Row>,
    /// How many rows the sheet of display strings has.
    pub(super) strings: usize,
}

/// A label's row.
#[derive(Debug)]
pub(super) struct Row {
    /// In its sheet, from 1.
    pub(super) number: usize,
    pub(super) entity: String,
    /// As it is written, and read where it is a GUID.
    pub(super) object_text: String,
    pub(super) object: Option<Guid>,
    pub(super) column: String,
    pub(super) texts: BTreeMap<u32, String>,
}

impl Sheets {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, OpsError> {
        let root = strata_xml::parse(bytes).map_err(|error| invalid(format!("CrmTranslations.xml: {error}")))?;
        if local(&root) != "Workbook" {
            return Err(invalid(format!("CrmTranslations.xml: a workbook is expected, not <{}>", root.name)));
        }
        let labels = sheet(&root, LABELS).ok_or_else(|| invalid(format!("there is no sheet {LABELS}")))?;
        let information = sheet(&root, INFORMATION).unwrap_or_default();
        let named = |(_, cells): &&(usize, Vec<String>)| {
            cells.first().is_some_and(|name| name.to_lowercase().trim_end_matches(':') == "solution name")
        };
        let solution = information.iter().find(named).and_then(|(_, cells)| cells.get(1)).cloned();
        let strings = sheet(&root, STRINGS).map_or(0, |rows| rows.len().saturating_sub(1));
        let (languages, labels) = read_labels(labels)?;
        Ok(Self { solution: solution.filter(|name| !name.is_empty()), languages, labels, strings })
    }
}

fn read_labels(rows: Vec<(usize, Vec<String>)>) -> Result<(Vec<u32>, Vec<Row>), OpsError> {
    let mut rows = rows.into_iter();
    let (_, head) = rows.next().ok_or_else(|| invalid(format!("sheet {LABELS} has no row with the columns' names")))?;
    let place = |wanted: &str| {
        let found = head.iter().position(|name| name.trim().eq_ignore_ascii_case(wanted));
        found.ok_or_else(|| invalid(format!("sheet {LABELS}: there is no column {wanted}")))
    };
    let (entity, object, column) = (place(ENTITY)?, place(OBJECT)?, place(COLUMN)?);
    let languages: Vec<(usize, u32)> =
        head.iter().enumerate().filter_map(|(at, name)| Some((at, name.trim().parse().ok()?))).collect();
    let row = |(number, cells): (usize, Vec<String>)| {
        let cell = |at: usize| cells.get(at).map(|cell| cell.trim().to_owned()).unwrap_or_default();
        let texts = languages.iter().map(|(at, language)| (*language, cells.get(*at).cloned().unwrap_or_default()));
        let object_text = cell(object);
        Row {
            number,
            entity: cell(entity),
            object: Guid::parse(&object_text),
            object_text,
            column: cell(column),
            texts: texts.collect(),
        }
    };
    let is_used = |(_, cells): &(usize, Vec<String>)| cells.iter().any(|cell| !cell.trim().is_empty());
    let labels = rows.filter(is_used).map(row).collect();
    Ok((languages.into_iter().map(|(_, language)| language).collect(), labels))
}

fn invalid(message: String) -> OpsError {
    OpsError::request(ErrorCode::INVALID_TRANSLATIONS_FILE, message)
}

fn local(element: &Element) -> &str {
    element.name.rsplit(':').next().unwrap_or(&element.name)
}

/// An attribute of the workbook's namespace, whatever its prefix.
fn attribute<'a>(element: &'a Element, name: &str) -> Option<&'a str> {
    let is_it = |key: &str| key.rsplit(':').next() == Some(name);
    element.attributes.iter().find(|(key, _)| is_it(key)).map(|(_, value)| value.as_str())
}

/// Returns the rows of a sheet, each with its number.
fn sheet(root: &Element, name: &str) -> Option<Vec<(usize, Vec<String>)>> {
    let is_it = |sheet: &&Element| local(sheet) == "Worksheet" && attribute(sheet, "Name") == Some(name);
    let table = root.elements().find(is_it)?.elements().find(|element| local(element) == "Table")?;
    let mut rows = Vec::new();
    let mut number = 0_usize;
    for row in table.elements().filter(|element| local(element) == "Row") {
        number = index(row).unwrap_or_else(|| number.saturating_add(1));
        rows.push((number, cells(row)));
    }
    Some(rows)
}

/// More columns than a workbook may have make no cells.
const COLUMNS_MAX: usize = 16_384;

fn cells(row: &Element) -> Vec<String> {
    let mut cells = Vec::new();
    for cell in row.elements().filter(|element| local(element) == "Cell") {
        let at = index(cell).map_or(cells.len(), |index| index.saturating_sub(1));
        if at >= COLUMNS_MAX {
            break;
        }
        cells.resize(cells.len().max(at + 1), String::new());
        let data = cell.elements().find(|element| local(element) == "Data");
        cells[at] = data.map(text).unwrap_or_default();
    }
    cells
}

/// A row or a cell says where it is when others before it are left out.
fn index(element: &Element) -> Option<usize> {
    attribute(element, "Index")?.parse().ok()
}

/// The text of a cell, that of formatted pieces in it too.
fn text(data: &Element) -> String {
    let piece = |node: &Node| match node {
        Node::Text(text) => text.clone(),
        Node::Element(element) => text(element),
        Node::Comment(_) => String::new(),
    };
    data.children.iter().map(piece).collect()
}
