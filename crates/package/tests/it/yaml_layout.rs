//! The layout of YAML trees: where things lie, what a list selects, what is said when something is wrong.

use strata_package::yaml::{Detected, PackOptions, Packed, detect, pack, unpack};
use strata_package::{Limits, ReadPackageError};
use strata_testkit::corpus::Corpus;
use strata_testkit::fidelity::compare;

use crate::yaml_corpus::{Files, files_of, packed, reread, unpacked};

const MANIFEST: &str = "<ImportExportXml version=\"9.2.1.2\" SolutionPackageVersion=\"9.2\" languagecode=\"1033\" \
    generatedBy=\"CrmLive\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><SolutionManifest>\
    <UniqueName>Contoso</UniqueName><LocalizedNames><LocalizedName description=\"Contoso\" languagecode=\"1033\" /></LocalizedNames>\
    <Descriptions /><Version>1.0</Version><Managed>0</Managed><Publisher><UniqueName>contoso</UniqueName>\
    <EMailAddress xsi:nil=\"true\"></EMailAddress><CustomizationPrefix>new</CustomizationPrefix></Publisher><RootComponents>\
    <RootComponent type=\"1\" schemaName=\"new_t\" behavior=\"0\" /><RootComponent type=\"9\" schemaName=\"new_o\" behavior=\"0\" />\
    </RootComponents><MissingDependencies /></SolutionManifest></ImportExportXml>";

const FORM: &str = "{11111111-0000-4000-8000-00000000000a}";

fn document() -> String {
    format!(
        "<ImportExportXml xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><Entities><Entity><Name LocalizedName=\"T\" \
         OriginalName=\"T\">new_T</Name><EntityInfo><entity Name=\"new_T\"><LocalizedNames><LocalizedName description=\"T\" \
         languagecode=\"1033\" /></LocalizedNames><attributes><attribute PhysicalName=\"new_A\"><Type>int</Type><Name>new_a</Name>\
         <LogicalName>new_a</LogicalName><FormulaDefinitionFileName>/Formulas/new_t-new_a.xaml</FormulaDefinitionFileName></attribute>\
         <attribute PhysicalName=\"new_B_managed\"><Type>int</Type><Name>new_b_managed</Name></attribute></attributes><EntityKeys>\
         <EntityKey Name=\"new_k\"><LogicalName>new_k</LogicalName></EntityKey></EntityKeys><EntitySetName>new_ts</EntitySetName>\
         </entity></EntityInfo><FormXml><forms type=\"quick\"><systemform><formid>{{11111111-0000-4000-8000-00000000000b}}</formid>\
         <form /></systemform></forms><forms type=\"quickCreate\"><systemform><formid>{FORM}</formid><form><tabs><tab id=\"1\" />\
         </tabs></form></systemform></forms></FormXml><SavedQueries><savedqueries><savedquery>\
         <savedqueryid>{{11111111-0000-4000-8000-00000000000c}}</savedqueryid><fetchxml><fetch><entity name=\"new_t\">\
         <attribute name=\"a\" /><order attribute=\"a\" /><attribute name=\"b\" /></entity></fetch></fetchxml></savedquery></savedqueries>\
         </SavedQueries><RibbonDiffXml><CustomActions /></RibbonDiffXml></Entity></Entities>\
         <Roles><Role id=\"{{11111111-0000-4000-8000-000000000001}}\" name=\"Reader\" />\
         <Role id=\"{{21111111-0000-4000-8000-000000000002}}\" name=\"reader\" /><Role id=\"{{31111111-0000-4000-8000-000000000003}}\" name=\"a/b: c?\" />\
         </Roles><Workflows><Workflow WorkflowId=\"{{11111111-0000-4000-8000-0000000000f1}}\" Name=\"Flow\">\
         <JsonFileName>/Workflows/Flow-11111111-0000-4000-8000-0000000000F1.json</JsonFileName><Category>5</Category></Workflow></Workflows>\
         <Templates><EmailTemplates><emailtemplate><templateid>{{11111111-0000-4000-8000-0000000000e1}}</templateid><subject></subject>\
         </emailtemplate></EmailTemplates></Templates><EntityMaps /><EntityRelationships />\
         <optionsets><optionset Name=\"new_o\"><options /></optionset></optionsets><WebResources><WebResource>\
         <WebResourceId>{{11111111-0000-4000-8000-0000000000d1}}</WebResourceId><Name>new_/x.js</Name>\
         <FileName>/WebResources/new_xjs11111111-0000-4000-8000-0000000000D1</FileName></WebResource></WebResources>\
         <connectionreferences><connectionreference connectionreferencelogicalname=\"new_c\"><connectorid>/providers/x</connectorid>\
         </connectionreference></connectionreferences><Novelties hint=\"h\"><Novelty id=\"1\" /></Novelties></ImportExportXml>"
    )
}

pub(crate) fn files() -> Files {
    [
        ("solution.xml", MANIFEST),
        ("customizations.xml", &document()),
        ("Formulas/new_t-new_a.xaml", "<x />"),
        ("Workflows/Flow-11111111-0000-4000-8000-0000000000F1.json", "{}"),
        ("WebResources/new_xjs11111111-0000-4000-8000-0000000000D1", "let x;"),
        ("environmentvariabledefinitions/new_v/environmentvariabledefinition.xml", "<environmentvariabledefinition />"),
        ("environmentvariabledefinitions/new_v/environmentvariablevalues.json", "{}"),
        ("Assets/new_pair.xml", "<x />"),
        ("Oddities/a%b.txt", "odd"),
        ("filteredcomponents.xml", "<Components />"),
    ]
    .map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()))
    .to_vec()
}

fn tree() -> Files {
    unpacked(&files())
}

pub(crate) fn text<'f>(files: &'f Files, path: &str) -> &'f str {
    let found = files.iter().find(|(other, _)| other == path);
    let (_, bytes) =
        found.unwrap_or_else(|| panic!("no {path} in {:#?}", files.iter().map(|(p, _)| p).collect::<Vec<_>>()));
    std::str::from_utf8(bytes).expect("a text")
}

pub(crate) fn with(mut files: Files, path: &str, change: impl Fn(&str) -> String) -> Files {
    let (_, bytes) = files.iter_mut().find(|(other, _)| other == path).unwrap_or_else(|| panic!("no {path}"));
    *bytes = change(std::str::from_utf8(bytes).expect("a text")).into_bytes();
    files
}

pub(crate) fn without(mut files: Files, path: &str) -> Files {
    let before = files.len();
    files.retain(|(other, _)| other != path && !other.starts_with(&format!("{path}/")));
    assert!(files.len() < before, "no {path}");
    files
}

fn try_pack(files: &Files) -> Result<Packed, ReadPackageError> {
    pack(files, &PackOptions::default(), &Limits::default())
}

fn refusal(files: &Files) -> String {
    try_pack(files).expect_err("refused").to_string()
}

#[test]
fn everything_lies_where_the_layout_says() {
    let tree = tree();
    let paths: Vec<_> = tree.iter().map(|(path, _)| path.as_str()).collect();
    let expected = [
        "assets/new_pair.xml",
        "entities/new_t/attributes/new_a.yml",
        "entities/new_t/attributes/new_b_managed.yml",
        "entities/new_t/entity.yml",
        "entities/new_t/entitykeys/new_k.yml",
        "entities/new_t/formulas/new_t-new_a.xaml",
        "entities/new_t/formxml/quick/11111111-0000-4000-8000-00000000000b/systemform.yml",
        "entities/new_t/formxml/quickCreate/11111111-0000-4000-8000-00000000000a/systemform.yml",
        "entities/new_t/ribbondiffs/ribbondiff.yml",
        "entities/new_t/savedqueries/11111111-0000-4000-8000-00000000000c/savedquery.yml",
        "environmentvariabledefinitions/new_v/environmentvariabledefinition.xml",
        "environmentvariabledefinitions/new_v/environmentvariablevalues.json",
        "modernflows/Flow-11111111-0000-4000-8000-0000000000F1.json",
        "modernflows/Flow-11111111-0000-4000-8000-0000000000F1.json.data.yml",
        "oddities/a%25b.txt",
        "optionsets/new_o/optionset.yml",
        "other/connectionreferences.yml",
        "other/novelties.yml",
        "publishers/contoso/publisher.yml",
        "roles/Reader~11111111/role.yml",
        "roles/a%2Fb%3A c%3F/role.yml",
        "roles/reader~21111111/role.yml",
        "solutions/Contoso/filteredcomponents.xml",
        "solutions/Contoso/missingdependencies.yml",
        "solutions/Contoso/packaging.yml",
        "solutions/Contoso/rootcomponents.yml",
        "solutions/Contoso/solution.yml",
        "solutions/Contoso/solutioncomponents.yml",
        "templates/emailtemplates/11111111-0000-4000-8000-0000000000e1/emailtemplate.yml",
        "webresources/11111111-0000-4000-8000-0000000000d1/new_xjs11111111-0000-4000-8000-0000000000D1.js",
        "webresources/11111111-0000-4000-8000-0000000000d1/webresource.yml",
    ];
    assert_eq!(paths, expected);
    assert_eq!(
        text(&tree, "entities/new_t/entity.yml"),
        "Entity:\n  Name:\n    '@LocalizedName': T\n    '@OriginalName': T\n    '#text': new_T\n  EntityInfo:\n    entity:\n      \
         '@Name': new_T\n      LocalizedNames:\n        LocalizedName:\n          '@description': T\n          \
         '@languagecode': '1033'\n      EntitySetName: new_ts\n"
    );
    let manifest = text(&tree, "solutions/Contoso/solution.yml");
    assert!(
        manifest.contains("    Managed: '0'\n    Publisher:\n      UniqueName: contoso\n")
            && !manifest.contains("Root")
    );
    assert!(
        text(&tree, "publishers/contoso/publisher.yml")
            .contains("  EMailAddress:\n    '@xsi:nil': 'true'\n    '@xmlns:xsi': http")
    );
    let list = text(&tree, "solutions/Contoso/solutioncomponents.yml");
    assert!(list.starts_with(
        "SolutionComponents:\n  Component:\n  - '@path': /assets/new_pair.xml\n  - '@path': /entities/new_t\n"
    ));
}

#[test]
fn a_made_package_comes_back_and_its_tree_too() {
    let packed = packed(&tree());
    let fidelity = compare(&reread(&files()), &reread(&packed.files));
    assert!(fidelity.is_complete(), "{fidelity}");
    assert!(unpacked(&packed.files) == tree());
    let mut names: Vec<_> = packed.files.iter().map(|(path, _)| path.clone()).collect();
    let mut before: Vec<_> = files().into_iter().map(|(path, _)| path).collect();
    names.sort();
    before.sort();
    assert_eq!(names, before);
    assert!(text(&packed.files, "customizations.xml") == document(), "the bytes differ");
}

#[test]
fn quick_create_forms_are_not_quick_forms() {
    let packed = packed(&tree());
    let document = text(&packed.files, "customizations.xml").to_owned();
    assert_eq!(document.matches(FORM).count(), 1);
    assert!(document.contains(&format!("<forms type=\"quickCreate\"><systemform><formid>{FORM}")));
}

#[test]
fn a_folder_brings_all_of_a_kind_unless_items_are_listed() {
    let list =
        "SolutionComponents:\n- Path: entities\\new_t\n- Path: entities/new_t/attributes/new_a.yml\n- Path: roles\n";
    let tree = with(tree(), "solutions/Contoso/solutioncomponents.yml", |_| list.to_owned());
    let packed = try_pack(&tree).expect("packed");
    let document = text(&packed.files, "customizations.xml");
    assert!(document.contains("new_A") && !document.contains("new_B_managed"), "only the listed column");
    assert!(document.contains(FORM) && document.contains("new_k"), "every form and key");
    assert_eq!(document.matches("<Role ").count(), 3);
    assert!(!document.contains("<Novelty"));
    // The root that the list forgot, and what nobody lists.
    assert_eq!(packed.missing.len(), 1, "{:?}", packed.missing);
    let missing = packed.missing[0].to_string();
    assert!(missing.starts_with("optionsets/new_o/optionset.yml: the root component new_o of type 9"), "{missing}");
    let orphan = |path: &str| {
        packed
            .notes
            .iter()
            .any(|note| note.part.starts_with(path) && note.message == "no solution lists it, not packed")
    };
    assert!(
        orphan("other/novelties.yml")
            && orphan("entities/new_t/attributes/new_b_managed.yml")
            && orphan("assets/new_pair.xml")
    );
    assert!(!orphan("solutions"), "{:?}", packed.notes);
}

#[test]
fn what_is_listed_or_described_and_not_there_is_named() {
    let tree =
        without(without(tree(), "roles/reader~21111111"), "modernflows/Flow-11111111-0000-4000-8000-0000000000F1.json");
    let tree = without(
        tree,
        "webresources/11111111-0000-4000-8000-0000000000d1/new_xjs11111111-0000-4000-8000-0000000000D1.js",
    );
    let missing = try_pack(&tree).expect("packed").missing;
    let all = missing.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    assert!(all.contains("solutioncomponents.yml, line") && all.contains("/roles/reader~21111111 is listed"), "{all}");
    assert!(
        all.contains("0F1.json.data.yml: describes modernflows/Flow-11111111-0000-4000-8000-0000000000F1.json, which"),
        "{all}"
    );
    assert!(
        all.contains("webresource.yml: describes webresources/") && all.contains("0000D1.js, which is not there"),
        "{all}"
    );
}

#[test]
fn names_are_read_liberally() {
    let renamed = tree().into_iter().map(|(path, bytes)| {
        let path = path
            .replace("attributes/new_a.yml", "Attributes/new_a.yaml")
            .replace("entities/new_t/entity.yml", "entities/new_t/Entity.yml")
            .replace("formxml", "FormXml")
            .replace("savedqueries", "SavedQueries")
            .replace("environmentvariablevalues", "environment_variable_values");
        (path, bytes)
    });
    let renamed: Files = renamed.collect();
    let renamed =
        with(renamed, "solutions/Contoso/solutioncomponents.yml", |list| list.replace("new_a.yml", "new_a.yaml"));
    let fidelity = compare(&reread(&files()), &reread(&packed(&renamed).files));
    assert!(fidelity.is_complete(), "{fidelity}");
}

#[test]
fn canvas_apps_are_read_in_all_their_shapes() {
    let canvas = "<CanvasApps><CanvasApp><Name>new_app</Name><DocumentUri>/CanvasApps/new_app_DocumentUri.msapp</DocumentUri>\
        <BackgroundImageUri>/CanvasApps/new_app_BackgroundImageUri</BackgroundImageUri></CanvasApp></CanvasApps>";
    let mut files = with(files(), "customizations.xml", |text| {
        text.replace("<connectionreferences>", &format!("{canvas}<connectionreferences>"))
    });
    files.push(("CanvasApps/new_app_DocumentUri.msapp".to_owned(), b"PK app".to_vec()));
    files.push(("CanvasApps/new_app_BackgroundImageUri".to_owned(), b"image".to_vec()));
    let tree = unpacked(&files);
    text(&tree, "canvasapps/new_app.meta.yml");
    assert!(compare(&reread(&files), &reread(&packed(&tree).files)).is_complete());
    // In a folder of its own, as documents have it.
    let moved = |from: &str, to: &str| -> Files {
        let list = with(tree.clone(), "solutions/Contoso/solutioncomponents.yml", |text| {
            text.replace(&format!("/{from}\n"), "/canvasapps\n")
        });
        list.into_iter().map(|(path, bytes)| (if path == from { to.to_owned() } else { path }, bytes)).collect()
    };
    let app = "canvasapps/new_app_DocumentUri.msapp";
    let own = packed(&moved(app, "canvasapps/new_app/new_app_DocumentUri.msapp"));
    assert_eq!(text(&own.files, "CanvasApps/new_app_DocumentUri.msapp"), "PK app");
    // Exploded.
    let exploded = packed(&moved(app, "canvasapps/new_app_DocumentUri/Src/App.pa.yaml"));
    let (_, zip) = exploded.files.iter().find(|(path, _)| path.ends_with(".msapp")).expect("the app");
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(zip)).expect("a zip");
    assert_eq!(archive.len(), 1);
    let name = archive.by_index(0).expect("a file").name().expect("a name").into_owned();
    assert_eq!(name, "Src/App.pa.yaml");
    assert_eq!(exploded.notes, []);
}

#[test]
fn forms_and_roles_may_stay_xml() {
    let path = "roles/a%2Fb%3A c%3F/role.yml";
    let xml =
        "\u{feff}<?xml version=\"1.0\"?>\n<Role id=\"{31111111-0000-4000-8000-000000000003}\" name=\"a/b: c?\" />\n";
    let mut tree = without(tree(), path);
    tree.push((path.replace(".yml", ".xml"), xml.as_bytes().to_vec()));
    let fidelity = compare(&reread(&files()), &reread(&packed(&tree).files));
    assert!(fidelity.is_complete(), "{fidelity}");
}

#[test]
fn a_path_that_says_another_name_is_an_error_naming_both() {
    for (path, from, to) in [
        ("optionsets/new_o/optionset.yml", "new_o", "new_other"),
        ("entities/new_t/attributes/new_a.yml", "LogicalName: new_a", "LogicalName: new_z"),
        ("entities/new_t/entity.yml", "'#text': new_T", "'#text': new_U"),
        ("roles/a%2Fb%3A c%3F/role.yml", "c?", "d?"),
    ] {
        let error = refusal(&with(tree(), path, |text| text.replace(from, to)));
        assert!(error.starts_with(&format!("part `{path}`, line 1")) && error.contains("the path says"), "{error}");
    }
    let form = "entities/new_t/formxml/quickCreate/11111111-0000-4000-8000-00000000000a/systemform.yml";
    assert!(refusal(&with(tree(), form, |text| text.replace("00000a}", "00000f}"))).contains("the content says"));
}

#[test]
fn two_files_for_one_component_are_an_error_naming_both() {
    let path = "entities/new_t/formxml/quick/11111111-0000-4000-8000-00000000000b/systemform.yml";
    let mut tree = tree();
    let copy = text(&tree, path).as_bytes().to_vec();
    tree.push((path.replace("11111111-0000-4000-8000-00000000000b", "copy"), copy));
    let tree = with(tree, "solutions/Contoso/solutioncomponents.yml", |list| {
        list.replace(
            "/entities/new_t/formxml/quick/11111111-0000-4000-8000-00000000000b",
            "/entities/new_t/formxml/quick",
        )
        .replace("  - '@path': /entities/new_t/formxml/quickCreate/11111111-0000-4000-8000-00000000000a\n", "")
    });
    let error = refusal(&tree);
    assert!(error.contains("the same component has another file") && error.contains("/copy/"), "{error}");
}

#[test]
fn wrong_elements_and_broken_files_are_refused_where_they_stand() {
    let change = |path: &str, text: &str| refusal(&with(tree(), path, |_| text.to_owned()));
    let error = change("optionsets/new_o/optionset.yml", "\n\nRole:\n  '@name': x\n");
    assert!(
        error.starts_with("part `optionsets/new_o/optionset.yml`, line 3")
            && error.contains("`Role` stands where optionset is expected"),
        "{error}"
    );
    let error = change("entities/new_t/entity.yml", "Entity:\n  Name: new_T\n  EntityInfo: [\n");
    assert!(error.starts_with("part `entities/new_t/entity.yml`, line"), "{error}");
    let error =
        change("solutions/Contoso/solution.yml", "ImportExportXml:\n  SolutionManifest:\n    UniqueName: Other\n");
    assert!(error.contains("the UniqueName Contoso, as the folder says"), "{error}");
    let error = change(
        "solutions/Contoso/solutioncomponents.yml",
        "SolutionComponents:\n  Component:\n  - '@path': /../secret\n",
    );
    assert!(
        error.starts_with("part `solutions/Contoso/solutioncomponents.yml`, line 3") && error.contains("leads out"),
        "{error}"
    );
    let error = refusal(&without(tree(), "entities/new_t/entity.yml"));
    assert!(error.contains("entities/new_t/entity.yml is not"), "{error}");
}

#[test]
fn managed_differences_have_twins() {
    let change = |text: &str, form: &str| {
        let form = format!("<form{form}><tabs><tab id=\"1\" />");
        text.replace("<form><tabs><tab id=\"1\" />", &form)
    };
    let managed = with(files(), "solution.xml", |text| text.replace("<Managed>0", "<Managed>1"));
    let managed = with(managed, "customizations.xml", |text| change(text, " solutionaction=\"Modified\""));
    let managed_tree = unpacked(&managed);
    let twin = "entities/new_t/formxml/quickCreate/11111111-0000-4000-8000-00000000000a/systemform_managed.yml";
    assert!(text(&managed_tree, twin).contains("solutionaction"));
    assert!(compare(&reread(&managed), &reread(&packed(&managed_tree).files)).is_complete());
    // Beside the plain one: each kind of package takes its own.
    let mut both = tree();
    both.push((twin.to_owned(), text(&managed_tree, twin).as_bytes().to_vec()));
    assert!(!text(&packed(&both).files, "customizations.xml").contains("solutionaction"));
    let options = PackOptions { managed: Some(true), ..PackOptions::default() };
    let packed = pack(&both, &options, &Limits::default()).expect("packed");
    assert!(text(&packed.files, "customizations.xml").contains("solutionaction"));
    assert!(text(&packed.files, "solution.xml").contains("<Managed>1</Managed>"));
}

#[test]
fn segmented_tables_ship_what_their_root_says() {
    let columns_only = |behavior: &str, path: &str| {
        let roots = format!("'@schemaName': new_t\n    '@behavior': '{behavior}'");
        let tree = with(tree(), "solutions/Contoso/rootcomponents.yml", |text| {
            text.replace("'@schemaName': new_t\n    '@behavior': '0'", &roots)
        });
        let tree = with(tree, "solutions/Contoso/solutioncomponents.yml", |text| text.replace(path, ""));
        text(&try_pack(&tree).expect("packed").files, "customizations.xml").to_owned()
    };
    let shell = columns_only("2", "nothing");
    assert!(shell.contains("<entity Name=\"new_T\"><attributes>") && !shell.contains("EntitySetName"), "{shell}");
    assert!(columns_only("1", "nothing").contains("EntitySetName"));
    assert!(!columns_only("1", "  - '@path': /entities/new_t\n").contains("EntitySetName"));
    assert!(columns_only("0", "  - '@path': /entities/new_t\n").contains("EntitySetName"));
}

#[test]
fn the_layout_is_recognised_by_its_manifests() {
    let yaml = |paths: &[&str]| detect(paths.iter().copied());
    let one = |prefix: &str, name: &str| Detected::Yaml { prefix: prefix.to_owned(), solutions: vec![name.to_owned()] };
    assert_eq!(yaml(&["solutions/A/solution.yml", "Other/Solution.xml"]), one("", "A"));
    assert_eq!(yaml(&["src/solutions/A/Solution.yml"]), one("src/", "A"));
    assert_eq!(yaml(&["Other/Solution.xml"]), Detected::No);
    assert_eq!(yaml(&["solutions/A/notes.yml"]), Detected::No);
    assert!(
        matches!(yaml(&["rootcomponents.yml"]), Detected::Misplaced(message) if message.contains("solutions/<UniqueName>/"))
    );
    assert!(
        matches!(yaml(&["native/x/solutions/A/solution.yml"]), Detected::Misplaced(message) if message.contains("`native/x`"))
    );
}

#[test]
fn several_solutions_share_a_tree() {
    let second = |text: &str| text.replace("<UniqueName>Contoso</UniqueName>", "<UniqueName>Second</UniqueName>");
    let mut tree = tree();
    let other = unpack(&with(files(), "solution.xml", second), &Limits::default()).expect("unpacked");
    tree.extend(other.into_iter().filter(|(path, _)| path.starts_with("solutions/")));
    let tree = with(tree, "solutions/Second/solutioncomponents.yml", |_| {
        "SolutionComponents:\n  Component:\n    '@path': /optionsets/new_o\n".to_owned()
    });
    let error = try_pack(&tree).expect_err("which one");
    assert!(error.to_string().contains("several solutions: Contoso, Second"), "{error}");
    assert_eq!(error.hint.as_deref(), Some("name one with --solution-name"));
    let named = |name: &str| PackOptions { solution: Some(name.to_owned()), managed: None };
    let packed = pack(&tree, &named("second"), &Limits::default()).expect("packed");
    let document = text(&packed.files, "customizations.xml");
    assert!(document.contains("new_o") && !document.contains("<Role "), "{document}");
    let missing: Vec<_> = packed.missing.iter().map(|missing| missing.file.as_str()).collect();
    assert_eq!(missing, ["entities/new_t/entity.yml"], "the second solution's root of a table that it does not list");
    // What another solution lists is no orphan.
    assert_eq!(packed.notes, []);
    let whole = pack(&tree, &named("Contoso"), &Limits::default()).expect("packed");
    assert!(compare(&reread(&files()), &reread(&whole.files)).is_complete());
    let error = pack(&tree, &named("Third"), &Limits::default()).expect_err("no such solution");
    assert!(error.to_string().contains("no solution Third, but Contoso, Second"), "{error}");
}

/// A scalar as its text, whatever its style.
fn image(files: &Files) -> Vec<(String, String)> {
    let limits = Limits::default();
    let yaml = files.iter().filter(|(path, _)| path.ends_with(".yml"));
    yaml.map(|(path, bytes)| {
        let xml = strata_package::yaml::to_xml(path, bytes, &[], strata_package::yaml::Newline::None, &limits);
        (path.clone(), xml.unwrap_or_else(|error| panic!("{error}")))
    })
    .collect()
}

#[test]
fn a_foreign_tree_read_and_written_anew_changes_quoting_only() {
    let Some(corpus) = Corpus::find() else { return };
    for tree in corpus.yaml_trees() {
        let packed = packed(&tree.files);
        let package = reread(&packed.files);
        assert!(package.components.len() > 50, "{}: {} components", tree.path, package.components.len());
        assert_eq!(packed.notes, []);
        let mut written = unpacked(&files_of(&package));
        written.retain(|(path, _)| !path.ends_with("/packaging.yml"));
        let (mut before, mut after) = (image(&tree.files), image(&written));
        before.sort();
        after.sort();
        assert_eq!(before, after, "{}", tree.path);
        let quoted = |files: &Files| files.iter().filter(|(path, _)| path.ends_with("entity.yml")).count();
        assert_eq!(quoted(&tree.files), quoted(&written));
    }
}
