//! The forms of a new table: the main one, the card and the quick view, all of them called *Information*.

use strata_model::id::Guid;
use strata_xml::Element;

use super::{NewTable, Part, by_id};
use crate::by_hand::build::{Labels, element, in_language, labels, text};

const TEXT: &str = "{4273EDBD-AC1D-40d3-9FB2-095C621B552D}";
const LOOKUP: &str = "{270BD3DB-D9AF-4782-9025-509E298DEC0A}";
const STATUS: &str = "{5D68B988-0661-4db2-BC3E-17598AD3BE6C}";

/// Makes the forms.
pub(super) fn all(table: &NewTable) -> Vec<Part> {
    let started = |kind: &str| Form { table, id: table.id("systemform", kind) };
    let (main, quick, card) = (started("main"), started("quick"), started("card"));
    vec![
        main.part("main", main.plain("General", "General"), Some("A form for this entity.")),
        quick.part("quick", quick.plain("", "GENERAL"), None),
        card.part("card", card.card(), Some("A card form for this entity.")),
    ]
}

/// A form in the making.
struct Form<'a> {
    table: &'a NewTable,
    id: Guid,
}

impl Form<'_> {
    fn part(&self, kind: &str, tabs: Element, description: Option<&str>) -> Part {
        by_id("systemform", self.id, self.definition(tabs, description), Some(&format!("forms/{kind}")))
    }

    fn definition(&self, tabs: Element, description: Option<&str>) -> Element {
        let mut children = vec![
            text("formid", &format!("{{{}}}", self.id)),
            text("IntroducedVersion", "1.0"),
            text("FormPresentation", "1"),
            text("FormActivationState", "1"),
            element("form", &[], vec![tabs]),
            text("IsCustomizable", "1"),
            text("CanBeDeleted", "1"),
            labels("LocalizedNames", "LocalizedName", &self.words("Information")),
        ];
        children.extend(description.map(|said| labels("Descriptions", "Description", &self.words(said))));
        element("systemform", &[], children)
    }

    /// One section with the name and the owner.
    fn plain(&self, tab: &str, section: &str) -> Element {
        let mut rows = vec![self.row(vec![self.cell("name", &[], self.name(), self.name_control(&[]))])];
        if self.table.is_owned() {
            let owner = self.cell("owner", &[], &self.words("Owner"), Some(control("ownerid", LOOKUP, &[])));
            rows.push(self.row(vec![owner]));
        }
        let own = [("showlabel", "false"), ("showbar", "false"), ("IsUserDefined", "0")];
        let section = self.section("section", &own, section, Some(rows));
        self.tabs(&[("verticallayout", "true"), ("IsUserDefined", "1")], tab, vec![column("100%", vec![section])])
    }

    /// A strip beside a header, details and a footer.
    fn card(&self) -> Element {
        const ENABLED: &[(&str, &str)] = &[("disabled", "false")];
        let cell = |part: &str, words: &str, shown: Option<Element>| {
            self.cell(part, &[("showlabel", "true"), ("locklevel", "0")], &self.words(words), shown)
        };
        let status = cell("status", "Status Reason", Some(control("statuscode", STATUS, ENABLED)));
        let header = vec![status, cell("header2", "", None), cell("header3", "", None)];
        let name =
            self.cell("name", &[("showlabel", "true"), ("locklevel", "0")], self.name(), self.name_control(ENABLED));
        let owner = match self.table.is_owned() {
            true => cell("owner", "Owner", Some(control("ownerid", LOOKUP, ENABLED))),
            false => cell("owner", "", None),
        };
        let created = cell("created", "Created On", Some(control("createdon", LOOKUP, ENABLED)));
        let footer = vec![owner, created, cell("footer3", "", None), cell("footer4", "", None)];
        let section = |name: &str, columns: &str, words: &str, cells: Option<Vec<Element>>| {
            let own = [
                ("name", name),
                ("showlabel", "false"),
                ("showbar", "false"),
                ("columns", columns),
                ("IsUserDefined", "0"),
            ];
            self.section(name, &own, words, cells.map(|cells| vec![self.row(cells)]))
        };
        let strip = section("ColorStrip", "1", "ColorStrip", None);
        let main = vec![
            section("CardHeader", "111", "Header", Some(header)),
            section("CardDetails", "1", "Details", Some(vec![name])),
            section("CardFooter", "1111", "Footer", Some(footer)),
        ];
        let columns = vec![column("25%", vec![strip]), column("75%", main)];
        self.tabs(&[("name", "general"), ("verticallayout", "true"), ("IsUserDefined", "0")], "", columns)
    }

    fn tabs(&self, own: &[(&str, &str)], words: &str, columns: Vec<Element>) -> Element {
        let children = vec![self.labels(&self.words(words)), element("columns", &[], columns)];
        element("tabs", &[], vec![self.with_id("tab", "tab", own, children)])
    }

    fn section(&self, part: &str, own: &[(&str, &str)], words: &str, rows: Option<Vec<Element>>) -> Element {
        let mut children = vec![self.labels(&self.words(words))];
        children.extend(rows.map(|rows| element("rows", &[], rows)));
        self.with_id("section", part, own, children)
    }

    fn row(&self, cells: Vec<Element>) -> Element {
        element("row", &[], cells)
    }

    fn cell(&self, part: &str, own: &[(&str, &str)], words: &Labels, shown: Option<Element>) -> Element {
        let mut children = vec![self.labels(words)];
        children.extend(shown);
        self.with_id("cell", &format!("cell.{part}"), own, children)
    }

    fn with_id(&self, name: &str, part: &str, own: &[(&str, &str)], children: Vec<Element>) -> Element {
        let mut made = element(name, own, children);
        made.set_attribute("id", &format!("{{{}}}", Guid::minted(self.id, "formpart", part)));
        made
    }

    fn name(&self) -> &Labels {
        &self.table.primary_name.labels
    }

    fn name_control(&self, own: &[(&str, &str)]) -> Option<Element> {
        Some(control(&self.table.primary_name.name, TEXT, own))
    }

    fn words(&self, text: &str) -> Labels {
        in_language(self.table.language, text)
    }

    fn labels(&self, words: &Labels) -> Element {
        labels("labels", "label", words)
    }
}

fn column(width: &str, sections: Vec<Element>) -> Element {
    element("column", &[("width", width)], vec![element("sections", &[], sections)])
}

fn control(column: &str, class: &str, own: &[(&str, &str)]) -> Element {
    let mut made = element("control", &[("id", column), ("classid", class), ("datafieldname", column)], Vec::new());
    own.iter().for_each(|(name, value)| made.set_attribute(name, value));
    made
}
