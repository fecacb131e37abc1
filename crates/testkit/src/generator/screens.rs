//! What tables are seen through: forms and views, which name columns, scripts, relationships and each other.

use std::ops::Range;

use super::definitions::{INTRODUCED_VERSION, Use, column_type, relationship_name, table_name, web_resource_name};
use super::pen::{Dice, Pen};
use super::{FORMS_PER_TABLE, Kind, RELATIONSHIPS_PER_TABLE, Recipe, VIEWS_PER_TABLE};

/// Writes a table's forms, grouped by type.
pub(super) fn forms(pen: &mut Pen, recipe: &Recipe, table: usize, uses: &[Use]) {
    const GROUPS: [(&str, usize); 4] = [("main", 3), ("quick", 1), ("quickCreate", 1), ("card", 1)];
    let mut index = table * FORMS_PER_TABLE;
    pen.open("FormXml", "");
    for (form_type, count) in GROUPS {
        pen.open("forms", &format!("type=\"{form_type}\""));
        for _ in 0..count {
            form(pen, recipe, table, index, uses, form_type == "main");
            index += 1;
        }
        pen.close("forms");
    }
    pen.close("FormXml");
    debug_assert_eq!(index, (table + 1) * FORMS_PER_TABLE, "the groups come to the number of forms");
}

fn form(pen: &mut Pen, recipe: &Recipe, table: usize, index: usize, uses: &[Use], is_main: bool) {
    let mut dice = recipe.dice(Kind::Form, index);
    pen.open("systemform", "");
    pen.leaf("formid", &format!("{{{}}}", recipe.id(Kind::Form, index)));
    pen.leaves(&[("IntroducedVersion", INTRODUCED_VERSION), ("FormPresentation", "1"), ("FormActivationState", "1")]);
    pen.open("form", "");
    pen.open("tabs", "");
    // Cells, at half a kilobyte each, make the size.
    let (cells, tabs) = (dice.between(7, 37), dice.between(1, 4));
    for tab in 0..tabs {
        pen.open("tab", &format!("verticallayout=\"true\" id=\"{{{}}}\" IsUserDefined=\"1\"", dice.guid()));
        let title = dice.words(2);
        let revision = if tab == 0 { recipe.revision(Kind::Form, index) } else { "" };
        pen.label("labels", "label", &format!("{title}{revision}"));
        pen.open("columns", "");
        pen.open("column", "width=\"100%\"");
        pen.open("sections", "");
        section(pen, &mut dice, table, uses, cells * tab / tabs..cells * (tab + 1) / tabs);
        if is_main && tab == 0 && table + 1 < recipe.counts().tables {
            sub_grid(pen, recipe, &mut dice, table + 1);
        }
        pen.close("sections");
        pen.close("column");
        pen.close("columns");
        pen.close("tab");
    }
    pen.close("tabs");
    if is_main {
        scripts(pen, recipe, &mut dice);
    }
    pen.empty("controlDescriptions", "");
    pen.close("form");
    pen.leaves(&[("IsCustomizable", "1"), ("CanBeDeleted", "1")]);
    let title = dice.words(2);
    pen.label("LocalizedNames", "LocalizedName", &title);
    pen.label("Descriptions", "Description", "Generated");
    pen.close("systemform");
}

/// Writes a section with those cells, numbered through the form.
fn section(pen: &mut Pen, dice: &mut Dice, table: usize, uses: &[Use], cells: Range<usize>) {
    pen.open("section", &format!("showlabel=\"false\" showbar=\"false\" id=\"{{{}}}\"", dice.guid()));
    let title = dice.words(2);
    pen.label("labels", "label", &title);
    pen.open("rows", "");
    for cell in cells {
        let usage = uses[dice.below(uses.len())];
        let column = usage.physical_name(table).to_lowercase();
        pen.open("row", "");
        pen.open("cell", &format!("id=\"{{{}}}\" showlabel=\"true\" locklevel=\"0\"", dice.guid()));
        let title = dice.words(2);
        pen.label("labels", "label", &title);
        let class = match column_type(usage) {
            "lookup" | "owner" => "270BD3DB-D9AF-4782-9025-509E298DEC0A",
            "picklist" | "state" | "status" | "bit" => "3EF39988-22BB-4F0B-BBBE-64B5A3748AEE",
            _ => "4273EDBD-AC1D-40D3-9FB2-095C621B552D",
        };
        let control = format!("id=\"{column}_{cell}\" classid=\"{{{class}}}\" datafieldname=\"{column}\"");
        pen.empty("control", &format!("{control} disabled=\"false\""));
        pen.close("cell");
        pen.close("row");
    }
    pen.close("rows");
    pen.close("section");
}

/// Writes a section with a list of the rows of a table that looks up to the form's.
fn sub_grid(pen: &mut Pen, recipe: &Recipe, dice: &mut Dice, child: usize) {
    pen.open("section", &format!("showlabel=\"false\" showbar=\"false\" id=\"{{{}}}\"", dice.guid()));
    let title = dice.words(2);
    pen.label("labels", "label", &title);
    pen.open("rows", "");
    pen.open("row", "");
    pen.open("cell", &format!("id=\"{{{}}}\" showlabel=\"true\" locklevel=\"0\"", dice.guid()));
    pen.label("labels", "label", &title);
    pen.open(
        "control",
        "id=\"Subgrid\" classid=\"{E7A81278-8635-4D9E-8D4D-59480B391C5B}\" indicationOfSubgrid=\"true\"",
    );
    pen.open("parameters", "");
    let view = recipe.id(Kind::View, child * VIEWS_PER_TABLE);
    pen.leaf("ViewId", &format!("{{{}}}", view.to_uppercase()));
    pen.leaves(&[
        ("TargetEntityType", &table_name(child)),
        ("AutoExpand", "Fixed"),
        ("RelationshipName", &relationship_name(child * RELATIONSHIPS_PER_TABLE)),
    ]);
    pen.close("parameters");
    pen.close("control");
    pen.close("cell");
    pen.close("row");
    pen.close("rows");
    pen.close("section");
}

/// Writes what a form runs: one of the solution's scripts, when it opens.
fn scripts(pen: &mut Pen, recipe: &Recipe, dice: &mut Dice) {
    let library = web_resource_name(dice.below(recipe.counts().web_resources));
    pen.open("events", "");
    pen.open("event", "name=\"onload\" application=\"false\" active=\"false\"");
    pen.open("Handlers", "");
    let handler = format!("functionName=\"check0\" libraryName=\"{library}\" handlerUniqueId=\"{{{}}}\"", dice.guid());
    pen.empty("Handler", &format!("{handler} enabled=\"true\" parameters=\"\" passExecutionContext=\"true\""));
    pen.close("Handlers");
    pen.close("event");
    pen.close("events");
    pen.open("formLibraries", "");
    pen.empty("Library", &format!("name=\"{library}\" libraryUniqueId=\"{{{}}}\"", dice.guid()));
    pen.close("formLibraries");
}

/// Writes a view; it shows some of the table's columns, a column once only.
pub(super) fn view(pen: &mut Pen, recipe: &Recipe, table: usize, index: usize, uses: &[Use]) {
    let mut dice = recipe.dice(Kind::View, index);
    let key = format!("{}id", table_name(table));
    // A column once only, whatever the dice say.
    let mut shown = vec![Use::Name];
    for _ in 0..dice.between(3, 9) {
        let usage = uses[dice.below(uses.len())];
        if usage != Use::Key && !shown.contains(&usage) {
            shown.push(usage);
        }
    }
    let names: Vec<_> = shown.iter().map(|usage| usage.physical_name(table).to_lowercase()).collect();
    pen.open("savedquery", "");
    pen.leaves(&[
        ("IsCustomizable", "1"),
        ("CanBeDeleted", "1"),
        ("isquickfindquery", "0"),
        ("isprivate", "0"),
        ("isdefault", if index.is_multiple_of(VIEWS_PER_TABLE) { "1" } else { "0" }),
        ("savedqueryid", &format!("{{{}}}", recipe.id(Kind::View, index))),
    ]);
    pen.open("layoutxml", "");
    pen.open("grid", "name=\"resultset\" jump=\"gen_name\" select=\"1\" icon=\"1\" preview=\"1\"");
    pen.open("row", &format!("name=\"result\" id=\"{key}\""));
    for (number, name) in names.iter().enumerate() {
        let width = if number == 0 && recipe.is_changed(Kind::View, index) { 301 } else { 150 };
        pen.empty("cell", &format!("name=\"{name}\" width=\"{width}\""));
    }
    // Half the views show the name of the row that is looked up to.
    let above = table.checked_sub(1).filter(|_| index.is_multiple_of(2)).map(table_name);
    if above.is_some() {
        pen.empty("cell", "name=\"above.gen_name\" width=\"150\"");
    }
    pen.close("row");
    pen.close("grid");
    pen.close("layoutxml");
    pen.leaf("querytype", "0");
    pen.open("fetchxml", "");
    pen.open("fetch", "version=\"1.0\" mapping=\"logical\"");
    pen.open("entity", &format!("name=\"{}\"", table_name(table)));
    for name in names.iter().chain([&key]) {
        pen.empty("attribute", &format!("name=\"{name}\""));
    }
    pen.empty("order", "attribute=\"gen_name\" descending=\"false\"");
    pen.open("filter", "type=\"and\"");
    pen.empty("condition", "attribute=\"statecode\" operator=\"eq\" value=\"0\"");
    pen.close("filter");
    if let Some(above) = above {
        let join =
            format!("name=\"{above}\" from=\"{above}id\" to=\"gen_parent0\" link-type=\"outer\" alias=\"above\"");
        pen.open("link-entity", &join);
        pen.empty("attribute", "name=\"gen_name\"");
        pen.close("link-entity");
    }
    pen.close("entity");
    pen.close("fetch");
    pen.close("fetchxml");
    pen.leaf("IntroducedVersion", INTRODUCED_VERSION);
    let title = dice.words(3);
    pen.label("LocalizedNames", "LocalizedName", &title);
    pen.close("savedquery");
}
