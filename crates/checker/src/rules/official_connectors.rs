//! The official rules for custom connectors, as far as files decide them: definition, parameters, colour, icon.
//!
//! Pixels are not decoded: what the rules say about an icon's background is not looked at.

use serde_json::Value;

use crate::context::{Component, Context, File, Place};
use crate::finding::Findings;
use crate::openapi;
use crate::rule::{Category, Needs, Precision, Rule, Severity};

macro_rules! rule {
    ($id:literal, $severity:ident, $help:literal, $check:ident, $condition:literal, $why:literal, $cure:literal) => {
        Rule {
            id: $id,
            severity: Severity::$severity,
            category: Category::Design,
            component: "custom connector",
            condition: $condition,
            why: $why,
            cure: &[$cure],
            needs: Needs::Package,
            precision: Precision::VeryHigh,
            help: $help,
            check: $check,
        }
    };
}

pub(super) static RULES: &[Rule] = &[
    rule!(
        "connector-validate-brandcolor",
        Medium,
        "https://go.microsoft.com/fwlink/?linkid=2244386",
        brand_colour,
        "The brand colour of a connector is no hexadecimal colour, white (#ffffff), or the default (#007ee5).",
        "The connector cannot be told from others in the designer, and certification refuses it.",
        "Choose a colour of your own on the connector's general page."
    ),
    rule!(
        "connector-validate-connectionparam-isproperjson",
        High,
        "https://go.microsoft.com/fwlink/?linkid=2248011",
        parameters_are_json,
        "The connection parameters of a connector are not JSON.",
        "The connector cannot be imported, or nobody can make a connection for it.",
        "Correct the file, or save the connector's security page again and export."
    ),
    rule!(
        "connector-validate-connectionparameters",
        Medium,
        "https://go.microsoft.com/fwlink/?linkid=2247861",
        parameters_are_well_formed,
        "The connection parameters of a connector are not an object of parameters that each say their type.",
        "The dialog that asks for a connection cannot show the parameter.",
        "Save the connector's security page again and export."
    ),
    rule!(
        "connector-validate-hexadecimalbrandcolor",
        Medium,
        "https://go.microsoft.com/fwlink/?linkid=2244386",
        hexadecimal_colour,
        "The brand colour of a connector is no hexadecimal colour.",
        "The designer cannot show the connector as it was meant.",
        "Write the colour as # and six hexadecimal digits."
    ),
    rule!(
        "connector-validate-iconimage",
        Medium,
        "https://go.microsoft.com/fwlink/?linkid=2244166",
        icon,
        "The icon of a connector is no PNG, 1 MB or larger, not square, or not between 100 and 230 pixels wide (its colours are \
         not looked at).",
        "The designer shows a blurred or empty tile, and certification refuses the connector.",
        "Upload a square PNG of 100 to 230 pixels."
    ),
    rule!(
        "connector-validate-iconsize",
        Medium,
        "https://go.microsoft.com/fwlink/?linkid=2244166",
        icon_size,
        "The icon of a connector is not square, or not between 100 and 230 pixels wide.",
        "The designer shows a blurred or distorted tile.",
        "Upload a square PNG of 100 to 230 pixels."
    ),
    rule!(
        "connector-validate-pngiconimage",
        Medium,
        "https://go.microsoft.com/fwlink/?linkid=2244166",
        icon_is_png,
        "The icon of a connector is no PNG image.",
        "The designer shows an empty tile.",
        "Upload a PNG image."
    ),
    rule!(
        "connector-validate-swagger",
        Medium,
        "https://go.microsoft.com/fwlink/?linkid=2245509",
        definition_is_openapi,
        "The definition of a connector does not follow OpenAPI 2.0: its version, its required members, its paths, operations \
         and parameters.",
        "The connector is refused, or operations are missing in the designer.",
        "Correct the definition in the connector's Swagger editor, which says what is wrong, and export again."
    ),
    rule!(
        "connector-validate-swagger-isproperjson",
        High,
        "https://go.microsoft.com/fwlink/?linkid=2244842",
        definition_is_json,
        "The definition of a connector is not JSON.",
        "The connector cannot be imported.",
        "Correct the file, or save the connector again and export."
    ),
];

const DEFINITION: &str = "openapidefinition";
const PARAMETERS: &str = "connectionparameters";
const ICON: &str = "iconblob";

/// Returns the connectors that have a file of that kind, with the file; an empty file is none.
fn with_file<'c>(context: &'c Context<'_>, kind: &'static str) -> impl Iterator<Item = (Component<'c>, File<'c>)> {
    context.of_type("connector").filter_map(move |connector| {
        let path = connector.tree()?.child_text(kind)?;
        let file = context.file(&path)?;
        (!file.bytes().trim_ascii().is_empty()).then_some((connector, file))
    })
}

fn definition_is_json(context: &Context<'_>, findings: &mut Findings<'_>) {
    is_json(context, findings, DEFINITION, "definition");
}

fn parameters_are_json(context: &Context<'_>, findings: &mut Findings<'_>) {
    is_json(context, findings, PARAMETERS, "file of connection parameters");
}

fn is_json(context: &Context<'_>, findings: &mut Findings<'_>, kind: &'static str, what: &str) {
    for (connector, file) in with_file(context, kind) {
        if file.json().is_none() {
            let (message, place) = fault(file);
            findings
                .on(connector, format!("the {what} of {} is not JSON: {message}", connector.label()))
                .at(place)
                .path(kind);
        }
    }
}

/// Returns why a file is no JSON, and where.
fn fault(file: File<'_>) -> (String, Place) {
    let Some(text) = file.text() else { return ("it is not UTF-8".to_owned(), file.place(0)) };
    let mark = file.bytes().len() - text.len();
    match serde_json::from_str::<Value>(text) {
        Ok(_) => (String::new(), file.place(0)),
        Err(error) => {
            let before: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
            let offset = (before + error.column().saturating_sub(1)).min(text.len());
            let said = error.to_string();
            let message = said.split(" at line ").next().unwrap_or_default().to_owned();
            (message, file.place(mark + offset))
        }
    }
}

fn parameters_are_well_formed(context: &Context<'_>, findings: &mut Findings<'_>) {
    for (connector, file) in with_file(context, PARAMETERS) {
        let Some(json) = file.json() else { continue };
        let label = connector.label();
        let Some(parameters) = json.as_object() else {
            findings.on(connector, format!("the connection parameters of {label} are no object")).at(file.place(0));
            continue;
        };
        for (name, parameter) in parameters {
            let has_type = parameter.get("type").and_then(Value::as_str).is_some_and(|kind| !kind.trim().is_empty());
            if !has_type {
                let pointer = format!("/{}", crate::json::escaped(name));
                let message = format!("connection parameter {name} of {label} does not say its type");
                findings.on(connector, message).at(file.place_in_json(&pointer)).path(pointer);
            }
        }
    }
}

fn definition_is_openapi(context: &Context<'_>, findings: &mut Findings<'_>) {
    for (connector, file) in with_file(context, DEFINITION) {
        for (pointer, fault) in file.json().map(openapi::faults).unwrap_or_default() {
            let message = format!("the definition of {} does not follow OpenAPI 2.0: {fault}", connector.label());
            findings.on(connector, message).at(file.place_in_json(&pointer)).path(pointer);
        }
    }
}

/// Returns the colour that each connector gives, with its place.
fn colours<'c>(context: &'c Context<'_>) -> impl Iterator<Item = (Component<'c>, String, Option<Place>)> {
    context.of_type("connector").filter_map(|connector| {
        let element = connector.tree()?.child("iconbrandcolor")?;
        let colour = element.text().trim().to_lowercase();
        (!colour.is_empty()).then(|| (connector, colour, connector.place_of(element)))
    })
}

fn is_hexadecimal(colour: &str) -> bool {
    let digits = colour.strip_prefix('#').unwrap_or_default();
    matches!(digits.len(), 3 | 6) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn hexadecimal_colour(context: &Context<'_>, findings: &mut Findings<'_>) {
    for (connector, colour, place) in colours(context).filter(|(_, colour, _)| !is_hexadecimal(colour)) {
        let message = format!("the brand colour of {} is {colour}, which is no hexadecimal colour", connector.label());
        findings.on(connector, message).at(place).path("iconbrandcolor");
    }
}

fn brand_colour(context: &Context<'_>, findings: &mut Findings<'_>) {
    for (connector, colour, place) in colours(context) {
        let what = match colour.as_str() {
            "#ffffff" | "#fff" => "white",
            "#007ee5" => "the default",
            other if !is_hexadecimal(other) => "no hexadecimal colour",
            _ => continue,
        };
        let message = format!("the brand colour of {} is {colour}: {what}", connector.label());
        findings.on(connector, message).at(place).path("iconbrandcolor");
    }
}

const ICON_BYTES: usize = 1024 * 1024;
const ICON_PIXELS: std::ops::RangeInclusive<u32> = 100..=230;

/// Returns width and height of a PNG image; `None` for anything else.
fn png_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let header = bytes.strip_prefix(b"\x89PNG\r\n\x1a\n")?.get(4..16)?.strip_prefix(b"IHDR")?;
    let number = |at: usize| Some(u32::from_be_bytes(header.get(at..at + 4)?.try_into().ok()?));
    Some((number(0)?, number(4)?))
}

fn is_fitting(size: (u32, u32)) -> bool {
    size.0 == size.1 && ICON_PIXELS.contains(&size.0)
}

fn icon_is_png(context: &Context<'_>, findings: &mut Findings<'_>) {
    for (connector, file) in with_file(context, ICON).filter(|(_, file)| png_size(file.bytes()).is_none()) {
        findings
            .on(connector, format!("the icon of {} is no PNG image", connector.label()))
            .at(file.place(0))
            .path(ICON);
    }
}

fn icon_size(context: &Context<'_>, findings: &mut Findings<'_>) {
    for (connector, file) in with_file(context, ICON) {
        if let Some((width, height)) = png_size(file.bytes()).filter(|size| !is_fitting(*size)) {
            let message = format!("the icon of {} is {width} × {height} pixels", connector.label());
            findings.on(connector, message).at(file.place(0)).path(ICON);
        }
    }
}

fn icon(context: &Context<'_>, findings: &mut Findings<'_>) {
    for (connector, file) in with_file(context, ICON) {
        let size = png_size(file.bytes());
        let what = match size {
            None => "no PNG image".to_owned(),
            Some(_) if file.bytes().len() >= ICON_BYTES => "1 MB or larger".to_owned(),
            Some(size) if !is_fitting(size) => format!("{} × {} pixels", size.0, size.1),
            Some(_) => continue,
        };
        findings.on(connector, format!("the icon of {} is {what}", connector.label())).at(file.place(0)).path(ICON);
    }
}
