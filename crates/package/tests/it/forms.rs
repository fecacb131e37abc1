//! The forms in which components stand in a package, on small documents.

use strata_model::package::{Package, Presence};
use strata_package::{Limits, read};

use crate::package_of;

fn components(customizations: &str, more: &[(&str, &[u8])]) -> Package {
    read(package_of(customizations, more), &Limits::default()).expect("a package")
}

fn keys(package: &Package) -> Vec<String> {
    package.components.iter().map(|component| component.key.to_string()).collect()
}

const TABLE: &str = "<ImportExportXml>\r\n  <Entities>\r\n    <Entity>\r\n      <Name LocalizedName=\"Order\">Contoso_Order</Name>\r\n      \
    <EntityInfo>\r\n        <entity Name=\"Contoso_Order\">\r\n          <IsAuditEnabled>1</IsAuditEnabled>\r\n          <attributes>\r\n            \
    <attribute PhysicalName=\"Contoso_A\">\r\n              <LogicalName>contoso_a</LogicalName>\r\n              <displaynames>\
    <displayname description=\"A column\" languagecode=\"1033\" /></displaynames>\r\n            </attribute>\r\n            \
    <attribute PhysicalName=\"Contoso_B\"><LogicalName>contoso_b</LogicalName></attribute>\r\n          </attributes>\r\n        \
    </entity>\r\n      </EntityInfo>\r\n      <FormXml>\r\n        <forms type=\"main\"><systemform>\
    <formid>{11111111-0000-4000-8000-00000000000A}</formid><form><tab solutionaction=\"Added\" /></form></systemform></forms>\r\n      </FormXml>\r\n      \
    <RibbonDiffXml><CustomActions /></RibbonDiffXml>\r\n    </Entity>\r\n  </Entities>\r\n</ImportExportXml>";

#[test]
fn d3_a_table_is_its_own_bytes_without_its_columns_and_forms() {
    let package = components(TABLE, &[]);
    assert_eq!(
        keys(&package),
        [
            "entity:contoso_order",
            "attribute:contoso_order.contoso_a",
            "attribute:contoso_order.contoso_b",
            "systemform:11111111-0000-4000-8000-00000000000a",
        ]
    );
    let table = &package.components[0];
    let text = String::from_utf8(package.bytes(&table.definition).into_owned()).expect("utf-8");
    assert!(text.contains("<attributes></attributes>"), "{text}");
    assert!(!text.contains("FormXml") && !text.contains("RibbonDiffXml"), "{text}");
    assert_eq!(table.display_name.as_deref(), Some("Order"));
    assert_eq!(package.components[1].display_name.as_deref(), Some("A column"));
    assert_eq!(package.components[1].name, "Contoso_Order.contoso_a");
    let form = &package.components[3];
    assert_eq!((form.presence, form.definition.home.as_deref()), (Presence::Diff, Some("forms/main")));
}

#[test]
fn d3_another_column_does_not_change_the_table() {
    let more = TABLE.replace(
        "</attributes>",
        "  <attribute PhysicalName=\"Contoso_C\"><LogicalName>contoso_c</LogicalName></attribute>\r\n          </attributes>",
    );
    assert_eq!(components(TABLE, &[]).components[0].digest, components(&more, &[]).components[0].digest);
}

#[test]
fn l43_unmodified_definitions_and_bare_tables_are_references() {
    let package = components(
        "<ImportExportXml><Entities><Entity><Name>Account</Name><SavedQueries><savedqueries><savedquery unmodified=\"1\">\
         <savedqueryid>{11111111-0000-4000-8000-00000000000B}</savedqueryid></savedquery></savedqueries></SavedQueries></Entity>\
         <Entity><Name>Contact</Name><EntityInfo><entity Name=\"Contact\"><attributes><attribute PhysicalName=\"contoso_X\">\
         <LogicalName>contoso_x</LogicalName></attribute></attributes></entity></EntityInfo></Entity></Entities></ImportExportXml>",
        &[],
    );
    let presence: Vec<_> = package.components.iter().map(|c| (c.key.to_string(), c.presence)).collect();
    assert_eq!(
        presence,
        [
            ("entity:account".to_owned(), Presence::Reference),
            ("entity:contact".to_owned(), Presence::Reference),
            ("attribute:contact.contoso_x".to_owned(), Presence::Full),
            ("savedquery:11111111-0000-4000-8000-00000000000b".to_owned(), Presence::Reference),
        ]
    );
}

#[test]
fn unknown_sections_and_row_folders_are_generic_components() {
    let package = components(
        "<ImportExportXml><RoutingRules><RoutingRule RoutingRuleId=\"{11111111-0000-4000-8000-00000000000C}\" Name=\"R\" />\
         </RoutingRules><Gadgets><Gadget UniqueName=\"contoso_g\"><x>1</x></Gadget><Gadget><y>2</y></Gadget></Gadgets></ImportExportXml>",
        &[
            ("widgets/contoso_w/widget.xml", b"<widget uniquename=\"contoso_w\"><name>W</name></widget>"),
            ("widgets/contoso_w/parts/one/part.xml", b"<part uniquename=\"one\" />"),
            ("widgets/contoso_w/data/content.bin", b"bytes"),
            ("Assets/widget_partset.xml", b"<widget_partset><widget_part a.x=\"1\" b.y=\"2\" /></widget_partset>"),
            ("filteredcomponents.xml", b"<Components />"),
        ],
    );
    assert_eq!(
        keys(&package),
        [
            "routingrule:11111111-0000-4000-8000-00000000000c",
            "gadget:contoso_g",
            "gadget:gadgets/gadget#2",
            "part:one",
            "widget:contoso_w",
            "widget_part:1~2",
        ]
    );
    let widget = package.components.iter().find(|component| component.name == "contoso_w").expect("the row");
    assert_eq!(widget.definition.files.len(), 1);
    let part = package.components.iter().find(|component| component.name == "one").expect("the child row");
    assert_eq!(part.parent.as_ref(), Some(&widget.key));
    let stray = package.residue.files.iter().any(|file| package.parts[*file].path == "filteredcomponents.xml");
    assert!(stray);
}

#[test]
fn member_files_belong_to_their_component() {
    let package = components(
        "<ImportExportXml><Workflows><Workflow WorkflowId=\"{11111111-0000-4000-8000-00000000000D}\" Name=\"Flow\">\
         <JsonFileName>/Workflows/Flow-1.json</JsonFileName><Category>5</Category></Workflow></Workflows>\
         <CustomControls><CustomControl><Name>contoso_C</Name><FileName>/Controls/contoso_C/ControlManifest.xml</FileName>\
         </CustomControl></CustomControls></ImportExportXml>",
        &[
            ("Workflows\\Flow-1.json", b"{}"),
            ("Controls/contoso_C/ControlManifest.xml", b"<manifest />"),
            ("Controls/contoso_C/bundle.js", b"1"),
        ],
    );
    let files = |index: usize| package.components[index].definition.files.len();
    assert_eq!((files(0), files(1)), (1, 2));
    assert_eq!(package.components[0].category, Some(5));
    assert_eq!(package.components[0].display_name.as_deref(), Some("Flow"));
}

#[test]
fn l58_a_cabinet_is_the_same_package() {
    use std::io::Write as _;
    let mut builder = cab::CabinetBuilder::new();
    let folder = builder.add_folder(cab::CompressionType::MsZip);
    for name in ["solution.xml", "customizations.xml", "[Content_Types].xml"] {
        folder.add_file(name);
    }
    let mut writer = builder.build(std::io::Cursor::new(Vec::new())).expect("memory");
    while let Some(mut file) = writer.next_file().expect("memory") {
        let content = match file.file_name() {
            "solution.xml" => crate::SOLUTION,
            "customizations.xml" => TABLE,
            _ => crate::CONTENT_TYPES,
        };
        file.write_all(content.as_bytes()).expect("memory");
    }
    let bytes = writer.finish().expect("memory").into_inner();
    let cabinet = read(bytes, &Limits::default()).expect("a package");
    assert_eq!(keys(&cabinet), keys(&components(TABLE, &[])));
    assert_eq!(cabinet.container, strata_model::package::Container::Cab);
}

#[test]
fn two_definitions_of_one_component_are_refused() {
    let twice = "<ImportExportXml><optionsets><optionset Name=\"a\"><x>1</x></optionset><optionset Name=\"A\"><x>2</x></optionset>\
        </optionsets></ImportExportXml>";
    let error = read(package_of(twice, &[]), &Limits::default()).expect_err("two");
    assert_eq!(error.code.hex, Some("0x80072016"));
    let same =
        "<ImportExportXml><optionsets><optionset Name=\"a\" /><optionset Name=\"a\" /></optionsets></ImportExportXml>";
    let package = read(package_of(same, &[]), &Limits::default()).expect("tolerated");
    assert_eq!((package.components.len(), package.notes.len()), (1, 1));
}

const VALUES: &str = "environmentvariabledefinitions/contoso_Url/environmentvariablevalues.json";
const VARIABLE: (&str, &[u8]) = (
    "environmentvariabledefinitions/contoso_Url/environmentvariabledefinition.xml",
    b"<environmentvariabledefinition schemaname=\"contoso_Url\"><type>100000000</type></environmentvariabledefinition>",
);

#[test]
fn l117_a_value_is_named_by_its_definition_even_where_that_is_elsewhere() {
    let value = br#"{"environmentvariablevalues":{"environmentvariablevalue":{"value":"x"}}}"#;
    let empty = "<ImportExportXml />";
    let both = ["environmentvariabledefinition:contoso_url", "environmentvariablevalue:contoso_url"];
    assert_eq!(keys(&components(empty, &[VARIABLE, (VALUES, value)])), both);
    assert_eq!(keys(&components(empty, &[(VALUES, value)])), both[1..]);
}

#[test]
fn l117_a_variable_has_at_most_one_value() {
    let two = br#"{"environmentvariablevalues":{"environmentvariablevalue":[{"value":"x"},{"value":"y"}]}}"#;
    let error = read(package_of("<ImportExportXml />", &[VARIABLE, (VALUES, two)]), &Limits::default());
    let error = error.expect_err("two values");
    assert_eq!(error.code.name, "DuplicateCustomComponentInstance");
    assert_eq!(error.part.as_deref(), Some(VALUES));
}

#[test]
fn df4_df5_a_binary_names_its_flow_and_its_file() {
    let row = "<desktopflowbinary desktopflowbinaryid=\"22222222-0000-4000-8000-000000000001\">\
        <data mimetype=\"application/json\">ManifestFile_other.json</data><name>Manifest</name>\
        <process><workflowid>{11111111-0000-4000-8000-00000000000F}</workflowid></process>\
        <reference>flow.manifest</reference><type>ManifestFile</type></desktopflowbinary>";
    let folder = "desktopflowbinaries/22222222-0000-4000-8000-000000000001";
    let data = format!("{folder}/data/ManifestFile_other.json");
    let package = components(
        "<ImportExportXml><Workflows></Workflows></ImportExportXml>",
        &[(&format!("{folder}/desktopflowbinary.xml"), row.as_bytes()), (&data, b"{}")],
    );
    let [binary] = package.components.as_slice() else { panic!("{:?}", keys(&package)) };
    let parent = binary.parent.as_ref().map(ToString::to_string);
    assert_eq!(parent.as_deref(), Some("workflow:11111111-0000-4000-8000-00000000000f"));
    assert_eq!(binary.id.map(|id| id.to_string()).as_deref(), Some("22222222-0000-4000-8000-000000000001"));
    let files: Vec<_> = binary.definition.files.iter().map(|file| package.parts[*file].path.as_str()).collect();
    assert_eq!(files, [data.as_str()]);
}
