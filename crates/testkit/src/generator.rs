//! Makes solution packages of any size, the same bytes for the same recipe.
//!
//! The shapes and sizes follow real exports: a column takes about 2 KB, a form 5 to 20 KB, 43 components come
//! to one table. Every component draws from dice of its own, thrown from the seed, its kind and its number.
//! Therefore a component that [`Recipe::changed_permille`] selects differs in one line and everything else
//! stays as it is, byte by byte.
//!
//! Not here: small packages that tell a story (`examples/`) and broken ones (each test breaks its own).

mod definitions;
mod members;
mod pen;
mod screens;

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use self::pen::{Dice, Pen};

/// Components that come to one table, the table included.
const COMPONENTS_PER_TABLE: usize = 43;
const FORMS_PER_TABLE: usize = 6;
const VIEWS_PER_TABLE: usize = 4;
const RELATIONSHIPS_PER_TABLE: usize = 2;
const COMPONENTS_PER_FLOW: usize = 25;
const COMPONENTS_PER_WEB_RESOURCE: usize = 5_000;

/// Columns a table has whatever the recipe says: key, name, state and their like.
pub(crate) const COLUMNS_MIN: usize = 10;

/// Unique name of the solution that is generated.
pub const SOLUTION: &str = "Generated";

/// What to generate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe {
    /// How many components the package holds; a package has one table at least, which makes 26.
    pub components: usize,
    /// The solution's version; component definitions do not depend on it.
    pub version: String,
    pub managed: bool,
    /// Decides ids, texts and sizes. Two versions of one solution have the same seed.
    pub seed: u64,
    /// How many in a thousand components differ from what the same recipe gives with 0 here.
    pub changed_permille: u32,
}

/// How many components of each kind a recipe comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    pub tables: usize,
    pub columns: usize,
    pub forms: usize,
    pub views: usize,
    pub relationships: usize,
    pub choices: usize,
    pub flows: usize,
    pub web_resources: usize,
}

/// Kinds of generated components; the number goes into the dice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Table = 1,
    Column,
    Form,
    View,
    Relationship,
    Choice,
    Flow,
    WebResource,
}

impl Recipe {
    /// Returns how many components of each kind the package holds; they add up to [`Recipe::components`].
    pub fn counts(&self) -> Counts {
        let tables = (self.components / COMPONENTS_PER_TABLE).max(1);
        let flows = (self.components / COMPONENTS_PER_FLOW).max(1);
        let web_resources = (self.components / COMPONENTS_PER_WEB_RESOURCE).max(1);
        let (forms, views) = (tables * FORMS_PER_TABLE, tables * VIEWS_PER_TABLE);
        let (relationships, choices) = (tables * RELATIONSHIPS_PER_TABLE, tables);
        let others = tables + forms + views + relationships + choices + flows + web_resources;
        let columns = self.components.saturating_sub(others).max(tables * COLUMNS_MIN);
        Counts { tables, columns, forms, views, relationships, choices, flows, web_resources }
    }

    /// Returns the dice that decide about one component.
    fn dice(&self, kind: Kind, index: usize) -> Dice {
        Dice::new([self.seed, kind as u64, index as u64])
    }

    /// Returns the id of one component.
    fn id(&self, kind: Kind, index: usize) -> String {
        Dice::new([self.seed ^ 0x1d, kind as u64, index as u64]).guid()
    }

    /// Tells whether a component is one of those that `changed_permille` alters.
    fn is_changed(&self, kind: Kind, index: usize) -> bool {
        Dice::new([self.seed ^ 0xc4, kind as u64, index as u64]).below(1000) < self.changed_permille as usize
    }

    /// Returns what a component's changeable line ends in.
    fn revision(&self, kind: Kind, index: usize) -> &'static str {
        if self.is_changed(kind, index) { " (revised)" } else { "" }
    }
}

impl Counts {
    /// Returns the sum.
    pub fn total(&self) -> usize {
        let Self { tables, columns, forms, views, relationships, choices, flows, web_resources } = *self;
        tables + columns + forms + views + relationships + choices + flows + web_resources
    }

    /// Returns how many columns a table has; the first tables take the remainder.
    fn columns_of(&self, table: usize) -> usize {
        self.columns / self.tables + usize::from(table < self.columns % self.tables)
    }

    /// Returns the number of a table's first column among all columns.
    fn first_column_of(&self, table: usize) -> usize {
        table * (self.columns / self.tables) + table.min(self.columns % self.tables)
    }
}

/// Returns the package as the bytes of a zip file.
pub fn package(recipe: &Recipe) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let mut add = |path: &str, bytes: &[u8]| {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(DateTime::default());
        zip.start_file(path, options).expect("paths are unique and short");
        zip.write_all(bytes).expect("memory takes any bytes");
    };
    let counts = recipe.counts();
    add("customizations.xml", customizations(recipe).as_bytes());
    for index in 0..counts.web_resources {
        add(&members::web_resource_path(recipe, index), members::web_resource(recipe, index).as_bytes());
    }
    for index in 0..counts.flows {
        add(&members::flow_path(recipe, index), members::flow(recipe, index).as_bytes());
    }
    add("solution.xml", solution(recipe).as_bytes());
    add("[Content_Types].xml", content_types(recipe).as_bytes());
    zip.finish().expect("memory takes any bytes").into_inner()
}

/// Writes `customizations.xml`, its sections in the order of exports.
fn customizations(recipe: &Recipe) -> String {
    let counts = recipe.counts();
    // About 4.3 KB a component; reserving it spares the copies of a growing buffer.
    let mut pen = Pen::with_capacity(counts.total() * 4_500);
    pen.open("ImportExportXml", "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"");
    pen.open("Entities", "");
    for table in 0..counts.tables {
        definitions::table(&mut pen, recipe, &counts, table);
    }
    pen.close("Entities");
    pen.leaf("Roles", "");
    pen.open("Workflows", "");
    for index in 0..counts.flows {
        definitions::flow(&mut pen, recipe, index);
    }
    pen.close("Workflows");
    pen.leaf("FieldSecurityProfiles", "");
    for section in ["Templates", "EntityMaps"] {
        pen.empty(section, "");
    }
    pen.open("EntityRelationships", "");
    for index in 0..counts.relationships {
        definitions::relationship(&mut pen, recipe, index);
    }
    pen.close("EntityRelationships");
    pen.empty("OrganizationSettings", "");
    pen.open("optionsets", "");
    for index in 0..counts.choices {
        definitions::choice(&mut pen, recipe, index);
    }
    pen.close("optionsets");
    pen.open("WebResources", "");
    for index in 0..counts.web_resources {
        definitions::web_resource(&mut pen, recipe, index);
    }
    pen.close("WebResources");
    for section in ["CustomControls", "EntityDataProviders"] {
        pen.empty(section, "");
    }
    pen.open("Languages", "");
    pen.leaf("Language", "1033");
    pen.close("Languages");
    pen.close("ImportExportXml");
    pen.finish()
}

/// Writes `solution.xml`, with a root for every component that needs one.
fn solution(recipe: &Recipe) -> String {
    let counts = recipe.counts();
    let mut pen = Pen::with_capacity(counts.total() * 8 + 4_096);
    let build =
        "version=\"9.2.25012.140\" SolutionPackageVersion=\"9.2\" languagecode=\"1033\" generatedBy=\"generator\"";
    pen.open("ImportExportXml", &format!("{build} xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\""));
    pen.open("SolutionManifest", "");
    pen.leaf("UniqueName", SOLUTION);
    pen.label("LocalizedNames", "LocalizedName", "Generated");
    pen.empty("Descriptions", "");
    pen.leaf("Version", &recipe.version);
    pen.leaf("Managed", if recipe.managed { "1" } else { "0" });
    pen.open("Publisher", "");
    pen.leaf("UniqueName", "gen");
    pen.label("LocalizedNames", "LocalizedName", "Generator");
    pen.empty("Descriptions", "");
    pen.leaf("CustomizationPrefix", "gen");
    pen.leaf("CustomizationOptionValuePrefix", "30000");
    pen.empty("Addresses", "");
    pen.close("Publisher");
    pen.open("RootComponents", "");
    let mut root = |component_type: u16, identity: String| {
        pen.empty("RootComponent", &format!("type=\"{component_type}\" {identity} behavior=\"0\""));
    };
    for index in 0..counts.tables {
        root(1, format!("schemaName=\"{}\"", definitions::table_name(index)));
    }
    for index in 0..counts.choices {
        root(9, format!("schemaName=\"{}\"", definitions::choice_name(index)));
    }
    for index in 0..counts.flows {
        root(29, format!("id=\"{{{}}}\"", recipe.id(Kind::Flow, index)));
    }
    for index in 0..counts.web_resources {
        root(61, format!("schemaName=\"{}\"", definitions::web_resource_name(index)));
    }
    pen.close("RootComponents");
    pen.empty("MissingDependencies", "");
    pen.close("SolutionManifest");
    pen.close("ImportExportXml");
    pen.finish()
}

/// Writes `[Content_Types].xml`: extensions, and each member that has none.
fn content_types(recipe: &Recipe) -> String {
    let mut text = String::from("\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>");
    text.push_str("<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">");
    for extension in ["xml", "json"] {
        write!(text, "<Default Extension=\"{extension}\" ContentType=\"application/octet-stream\" />")
            .expect("strings take any text");
    }
    for index in 0..recipe.counts().web_resources {
        let path = members::web_resource_path(recipe, index);
        write!(text, "<Override PartName=\"/{path}\" ContentType=\"application/octet-stream\" />")
            .expect("strings take any text");
    }
    text.push_str("</Types>");
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Read as _;

    use zip::ZipArchive;

    use super::*;

    fn recipe(components: usize) -> Recipe {
        Recipe { components, version: "1.0.0.0".to_owned(), managed: true, seed: 4, changed_permille: 0 }
    }

    fn members(bytes: &[u8]) -> BTreeMap<String, String> {
        let mut archive = ZipArchive::new(Cursor::new(bytes)).expect("a zip");
        (0..archive.len())
            .map(|index| {
                let mut member = archive.by_index(index).expect("a member");
                let mut text = String::new();
                member.read_to_string(&mut text).expect("UTF-8");
                (member.name().expect("UTF-8").into_owned(), text)
            })
            .collect()
    }

    fn count(text: &str, pattern: &str) -> usize {
        text.matches(pattern).count()
    }

    #[test]
    fn the_same_recipe_gives_the_same_bytes() {
        assert_eq!(package(&recipe(300)), package(&recipe(300)));
        assert_ne!(package(&recipe(300)), package(&Recipe { seed: 5, ..recipe(300) }));
    }

    #[test]
    fn every_part_is_well_formed() {
        let parts = members(&package(&recipe(500)));
        let xml = parts.iter().filter(|(path, _)| path.ends_with(".xml"));
        assert_eq!(xml.clone().count(), 3);
        for (path, text) in xml {
            assert!(strata_xml::parse(text.as_bytes()).is_ok(), "{path}");
        }
    }

    #[test]
    fn the_package_holds_as_many_components_as_asked() {
        let recipe = recipe(2_000);
        let counts = recipe.counts();
        assert_eq!(counts.total(), 2_000);
        let text = customizations(&recipe);
        assert_eq!(count(&text, "<Entity>"), counts.tables);
        assert_eq!(count(&text, "<attribute PhysicalName="), counts.columns);
        assert_eq!(count(&text, "<systemform>"), counts.forms);
        assert_eq!(count(&text, "<savedquery>"), counts.views);
        assert_eq!(count(&text, "<EntityRelationship Name="), counts.relationships);
        assert_eq!(count(&text, "<optionset Name=\"gen_choice"), counts.choices);
        assert_eq!(count(&text, "<Workflow WorkflowId="), counts.flows);
        assert_eq!(count(&text, "<WebResource>"), counts.web_resources);
    }

    #[test]
    fn size_follows_the_number_of_components() {
        let small = customizations(&recipe(1_000)).len();
        let large = customizations(&recipe(10_000)).len();
        assert!((9 * small..11 * small).contains(&large), "{small} and {large}");
    }

    #[test]
    fn members_are_named_by_their_elements() {
        let parts = members(&package(&recipe(1_000)));
        let text = &parts["customizations.xml"];
        for path in parts.keys().filter(|path| path.contains('/')) {
            assert!(text.contains(&format!(">/{path}<")), "{path}");
        }
    }

    #[test]
    fn a_change_touches_one_line_or_one_member_of_its_component() {
        let before = recipe(5_000);
        let after = Recipe { changed_permille: 100, version: "1.1.0.0".to_owned(), ..before.clone() };
        let (old, new) = (members(&package(&before)), members(&package(&after)));
        assert!(old.keys().eq(new.keys()));
        let (old_text, new_text) = (&old["customizations.xml"], &new["customizations.xml"]);
        assert_eq!(old_text.lines().count(), new_text.lines().count());
        let lines = old_text.lines().zip(new_text.lines()).filter(|(left, right)| left != right).count();
        let files = old.keys().filter(|path| path.contains('/') && old[*path] != new[*path]).count();
        assert!((450..550).contains(&(lines + files)), "{lines} lines and {files} files");
        assert!(files > 0);
    }

    #[test]
    fn a_version_changes_the_manifest_alone() {
        let before = recipe(300);
        let after = Recipe { version: "2.0.0.0".to_owned(), managed: false, ..before.clone() };
        let (old, new) = (members(&package(&before)), members(&package(&after)));
        let changed: Vec<_> = old.keys().filter(|path| old[*path] != new[*path]).collect();
        assert_eq!(changed, ["solution.xml"]);
    }
}
