//! Unpacking and packing of what no real package holds: odd names, broken trees, files that are missing or too many.

use strata_model::package::Package;
use strata_package::tree::{NamedFile, Newline, Pack, PackError, Tree, Unpack, pack, unpack, unpack_both};
use strata_package::{Limits, ReadPackageError, read, read_parts, write};
use strata_testkit::fidelity::compare;

const UNPACK: Unpack = Unpack { newline: Newline::Lf };
const AS_IT_IS: Pack = Pack { managed: None };

fn limits() -> Limits {
    Limits::default()
}

fn manifest(managed: u8) -> String {
    format!(
        "<ImportExportXml version=\"9.2.1.1\" languagecode=\"1033\"><SolutionManifest><UniqueName>Contoso</UniqueName>\
         <Version>1.0</Version><Managed>{managed}</Managed><Publisher><UniqueName>contoso</UniqueName></Publisher>\
         <RootComponents /></SolutionManifest></ImportExportXml>"
    )
}

fn zip_files(managed: u8, sections: &str, more: &[(&str, &str)]) -> Vec<NamedFile> {
    let document =
        format!("<ImportExportXml>{sections}<Languages><Language>1033</Language></Languages></ImportExportXml>");
    let mut files = vec![
        ("customizations.xml".to_owned(), document.into_bytes()),
        ("solution.xml".to_owned(), manifest(managed).into_bytes()),
    ];
    files.extend(more.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())));
    files
}

fn unpacked(sections: &str, more: &[(&str, &str)]) -> Tree {
    unpack(zip_files(0, sections, more), &UNPACK, &limits()).expect("unpacks")
}

fn zipped(files: &[NamedFile]) -> Package {
    read(write::zip(files), &limits()).expect("a package")
}

fn paths(tree: &Tree) -> Vec<&str> {
    let own = ["Other/Solution.xml", "Other/Customizations.xml"];
    tree.files.iter().map(|(path, _)| path.as_str()).filter(|path| !own.contains(path)).collect()
}

fn text<'t>(tree: &'t Tree, path: &str) -> &'t str {
    let found = tree.files.iter().find(|(other, _)| other == path).unwrap_or_else(|| panic!("no {path}"));
    std::str::from_utf8(&found.1).expect("utf-8")
}

/// Unpacks and packs, and asserts that nothing is lost.
fn there_and_back(sections: &str, more: &[(&str, &str)]) -> Tree {
    let files = zip_files(0, sections, more);
    let tree = unpack(files.clone(), &UNPACK, &limits()).expect("unpacks");
    let packed = pack(tree.files.clone(), &AS_IT_IS, &limits()).expect("packs");
    let fidelity = compare(&zipped(&files), &zipped(&packed.files));
    assert!(fidelity.is_complete(), "{fidelity}");
    tree
}

const ID: [&str; 3] = [
    "{11111111-0000-4000-8000-000000000001}",
    "{11111111-0000-4000-8000-000000000002}",
    "{11111111-0000-4000-8000-000000000003}",
];

fn role(id: usize, name: &str) -> String {
    format!("<Role id=\"{}\" name=\"{name}\"><RolePrivileges /></Role>", ID[id])
}

fn table(name: &str, inside: &str) -> String {
    format!(
        "<Entity><Name>{name}</Name><EntityInfo><entity Name=\"{name}\"><attributes /></entity></EntityInfo>{inside}</Entity>"
    )
}

fn form(id: usize) -> String {
    format!(
        "<systemform><formid>{}</formid><form><tabs><tab id=\"b\" /><tab id=\"a\" /></tabs></form></systemform>",
        ID[id]
    )
}

#[test]
fn every_kind_has_its_place() {
    let resource = format!(
        "<WebResource><WebResourceId>{}</WebResourceId><Name>new_/a/b.js</Name><FileName>/WebResources/new_abjsX</FileName></WebResource>",
        ID[0]
    );
    let forms = format!("<FormXml><forms type=\"main\">{}</forms></FormXml>", form(1));
    let ribbon = "<RibbonDiffXml><CustomActions /></RibbonDiffXml>";
    let relation = "<EntityRelationship Name=\"b_rel\"><EntityRelationshipType>OneToMany</EntityRelationshipType>\
        <ReferencingEntityName>new_T</ReferencingEntityName><ReferencedEntityName>Account</ReferencedEntityName></EntityRelationship>";
    let many = "<EntityRelationship Name=\"A_rel\"><FirstEntityName>new_T</FirstEntityName></EntityRelationship>";
    let sections = format!(
        "<Entities>{}</Entities><Roles>{}</Roles><EntityMaps><EntityMap><EntitySource>a</EntitySource><EntityTarget>b</EntityTarget></EntityMap></EntityMaps>\
         <EntityRelationships>{relation}{many}</EntityRelationships><optionsets><optionset Name=\"new_o\" /></optionsets>\
         <WebResources>{resource}</WebResources><AppModules><AppModule><UniqueName>new_app</UniqueName></AppModule></AppModules>\
         <Novelties note=\"n\"><Novelty id=\"1\" /></Novelties>",
        table("new_T", &format!("{forms}{ribbon}")),
        role(2, "Clerk"),
    );
    let tree = there_and_back(
        &sections,
        &[("WebResources/new_abjsX", "let x;"), ("bots/b/bot.xml", "<bot schemaname=\"b\" />")],
    );
    assert_eq!(
        paths(&tree),
        [
            "AppModules/new_app/AppModule.xml",
            "Entities/new_T/Entity.xml",
            "Entities/new_T/FormXml/main/{11111111-0000-4000-8000-000000000002}.xml",
            "Entities/new_T/RibbonDiff.xml",
            "OptionSets/new_o.xml",
            "Other/EntityMaps.xml",
            "Other/Relationships.xml",
            "Other/Relationships/Account.xml",
            "Other/Relationships/new_T.xml",
            "Roles/Clerk.xml",
            "WebResources/new_/a/b.js",
            "WebResources/new_/a/b.js.data.xml",
            "bots/b/bot.xml",
        ]
    );
    let skeleton = text(&tree, "Other/Customizations.xml");
    assert!(skeleton.contains("  <Novelties note=\"n\">\n    <Novelty id=\"1\" />\n  </Novelties>"), "{skeleton}");
    assert!(skeleton.contains("  <Roles />\n"), "{skeleton}");
    let list = text(&tree, "Other/Relationships.xml");
    assert!(list.find("A_rel") < list.find("b_rel"), "{list}");
    let form = text(&tree, "Entities/new_T/FormXml/main/{11111111-0000-4000-8000-000000000002}.xml");
    assert!(form.starts_with("\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<forms xmlns:xsi="), "{form}");
    assert!(form.find("id=\"b\"") < form.find("id=\"a\""), "tabs keep their order: {form}");
}

#[test]
fn managed_forms_bear_their_kind_in_their_name() {
    let forms = table("new_T", &format!("<FormXml><forms type=\"main\">{}</forms></FormXml>", form(1)));
    let sections = format!("<Entities>{forms}</Entities>");
    let tree = unpack(zip_files(1, &sections, &[]), &UNPACK, &limits()).expect("unpacks");
    let managed = "Entities/new_T/FormXml/main/{11111111-0000-4000-8000-000000000002}_managed.xml";
    assert_eq!(paths(&tree), ["Entities/new_T/Entity.xml", managed]);
    let plain = managed.replace("_managed", "");
    let both =
        unpack_both(zip_files(0, &sections, &[]), zip_files(1, &sections, &[]), &UNPACK, &limits()).expect("unpacks");
    assert_eq!(paths(&both), ["Entities/new_T/Entity.xml", &*plain, managed]);
    assert!(text(&both, "Other/Solution.xml").contains("<Managed>2</Managed>"));
    assert!(both.notes.is_empty(), "{:?}", both.notes);
    for wanted in [false, true] {
        let packed = pack(both.files.clone(), &Pack { managed: Some(wanted) }, &limits()).expect("packs");
        assert_eq!(zipped(&packed.files).is_managed(), wanted);
    }
    let error = pack(tree.files, &Pack { managed: Some(false) }, &limits()).expect_err("packing converts nothing");
    assert_eq!(error, PackError::OtherKind { is_managed: true });
}

#[test]
fn what_only_the_managed_package_says_is_named() {
    let with = format!("<Roles>{}</Roles>", role(0, "Clerk"));
    let without = format!("<Roles>{}</Roles>", role(0, "Boss"));
    let tree = unpack_both(zip_files(0, &without, &[]), zip_files(1, &with, &[]), &UNPACK, &limits()).expect("unpacks");
    assert!(tree.notes.iter().any(|note| note.part == "Roles/Clerk.xml"), "{:?}", tree.notes);
}

#[test]
fn the_order_of_the_package_does_not_reach_the_tree() {
    let roles = [role(0, "Clerk"), role(1, "clerk"), role(2, "Boss")];
    let columns = ["new_B", "new_a", "new_C"].map(|name| format!("<attribute PhysicalName=\"{name}\" />"));
    let sections = |order: [usize; 3]| {
        let own = order.map(|index| columns[index].clone()).concat();
        let table = format!(
            "<Entity><Name>t</Name><EntityInfo><entity Name=\"t\"><attributes>{own}</attributes></entity></EntityInfo></Entity>"
        );
        let references =
            order.map(|index| format!("<connectionreference connectionreferencelogicalname=\"r{index}\" />"));
        format!(
            "<Entities>{table}</Entities><Roles>{}</Roles><connectionreferences>{}</connectionreferences>",
            order.map(|index| roles[index].clone()).concat(),
            references.concat()
        )
    };
    let first = there_and_back(&sections([0, 1, 2]), &[]);
    assert_eq!(first, unpacked(&sections([2, 1, 0]), &[]));
    assert_eq!(first, unpacked(&sections([1, 2, 0]), &[]));
    let roles: Vec<_> = paths(&first).into_iter().filter(|path| path.starts_with("Roles")).collect();
    assert_eq!(
        roles,
        [
            "Roles/Boss.xml",
            "Roles/Clerk-11111111-0000-4000-8000-000000000001.xml",
            "Roles/clerk-11111111-0000-4000-8000-000000000002.xml"
        ]
    );
}

#[test]
fn d13_hostile_names_stay_in_the_folder() {
    let resource = |id: usize, name: &str, file: &str| {
        format!(
            "<WebResource><WebResourceId>{}</WebResourceId><Name>{name}</Name><FileName>/WebResources/{file}</FileName></WebResource>",
            ID[id]
        )
    };
    let sections = format!(
        "<Roles>{}{}</Roles><WebResources>{}{}{}</WebResources>",
        role(0, "../../evil"),
        role(1, "CON"),
        resource(0, "../../../x.js", "a"),
        resource(1, "new_x", "b"),
        resource(2, "new_x/y.data.xml", "c"),
    );
    let files = [("WebResources/a", "1"), ("WebResources/b", "2"), ("WebResources/c", "3")];
    let tree = there_and_back(&sections, &files);
    for path in paths(&tree) {
        assert!(!path.split('/').any(|step| step == ".." || step == "CON.xml"), "{path}");
    }
    assert!(paths(&tree).iter().any(|path| path.starts_with("WebResources/new_x-")), "a file beside the folder new_x");
}

#[test]
fn a_file_where_the_tree_has_its_own_is_refused() {
    for path in ["Roles/x.xml", "Other/Solution.xml", "Connectors/a.json", "Entities/t/Formulas/f.xaml", ".hidden"] {
        let error = unpack(zip_files(0, "", &[(path, "x")]), &UNPACK, &limits()).expect_err(path);
        assert_eq!((error.code.name, error.part.as_deref()), ("UnsafePackage", Some(path)));
    }
}

#[test]
fn a_kind_of_form_that_is_no_folder_stays_with_its_table() {
    let forms = format!(
        "<FormXml><forms type=\"../x\">{}</forms><forms type=\"main\" extra=\"1\">{}</forms></FormXml>",
        form(0),
        form(1)
    );
    let tree = there_and_back(&format!("<Entities>{}</Entities>", table("t", &forms)), &[]);
    let own = text(&tree, "Entities/t/Entity.xml");
    assert!(own.contains("type=\"../x\"") && own.contains("<forms type=\"main\" extra=\"1\"></forms>"), "{own}");
    assert_eq!(paths(&tree).len(), 2);
}

#[test]
fn comments_sections_of_text_and_empty_elements_survive() {
    there_and_back(
        "<!-- before --><Roles><!-- a role --><Role id=\"r\" name=\"R\"><!-- in --><x a='\"'><![CDATA[<y>]]></x> t <z></z></Role>\
         <!-- last --></Roles><Workflows></Workflows><OrganizationSettings> </OrganizationSettings>",
        &[("stray/file.bin", "\u{0}\r\n")],
    );
}

#[test]
fn texts_of_templates_are_documents() {
    let template = format!(
        "<emailtemplate><templateid>{}</templateid><subject>&lt;s&gt;</subject><body></body><title>T</title><languagecode>1033</languagecode></emailtemplate>",
        ID[0]
    );
    let sections = format!("<Templates><EmailTemplates>{template}</EmailTemplates></Templates>");
    let tree = there_and_back(&sections, &[]);
    let document = format!("Templates/EmailDocuments/1033/{}/subject.xsl", ID[0]);
    assert_eq!(paths(&tree), [document.as_str(), "Templates/EmailTemplates.xml"]);
    assert_eq!(text(&tree, &document), "\u{feff}<s>");
}

fn broken(edit: impl Fn(&mut Vec<NamedFile>)) -> ReadPackageError {
    let sections = format!("<Entities>{}</Entities><Roles>{}</Roles>", table("t", ""), role(0, "Clerk"));
    let mut files = unpacked(&sections, &[]).files;
    edit(&mut files);
    match pack(files, &AS_IT_IS, &limits()) {
        Err(PackError::Unreadable(error)) => *error,
        other => panic!("{other:?}"),
    }
}

fn put(files: &mut Vec<NamedFile>, path: &str, text: &str) {
    files.retain(|(other, _)| other != path);
    files.push((path.to_owned(), text.as_bytes().to_vec()));
}

#[test]
fn a_broken_file_is_named_with_its_line() {
    let error = broken(|files| put(files, "Roles/Clerk.xml", "<Role id=\"1\">\n  <x>\n</Role>"));
    assert_eq!((error.part.as_deref(), error.line), (Some("Roles/Clerk.xml"), Some(3)));
    assert!(error.message.contains("</x>"), "{error}");
    let error = broken(|files| put(files, "Roles/Clerk.xml", "\n<Rule />"));
    assert_eq!((error.part.as_deref(), error.line), (Some("Roles/Clerk.xml"), Some(2)));
    assert!(error.message.contains("Role is expected"), "{error}");
    let error = broken(|files| put(files, "Other/Customizations.xml", "<Customizations />"));
    assert!(error.message.contains("ImportExportXml"), "{error}");
}

#[test]
fn two_files_for_one_component_are_both_named() {
    let error = broken(|files| put(files, "Roles/Again.xml", &role(0, "Again")));
    assert_eq!(error.part.as_deref(), Some("Roles/Clerk.xml"));
    assert!(error.message.contains("`Roles/Again.xml`"), "{error}");
    let error = broken(|files| put(files, "Entities/u/Entity.xml", &table("T", "")));
    assert!(error.message.contains("Entities/t/Entity.xml"), "{error}");
}

#[test]
fn a_part_without_its_table_is_an_error() {
    let view = format!("<savedqueries><savedquery><savedqueryid>{}</savedqueryid></savedquery></savedqueries>", ID[0]);
    let error = broken(|files| put(files, "Entities/none/SavedQueries/v.xml", &view));
    assert!(error.message.contains("Entities/none/Entity.xml"), "{error}");
}

#[test]
fn every_missing_file_is_listed() {
    let resource = |id: usize, name: &str| {
        format!(
            "<WebResource><WebResourceId>{}</WebResourceId><Name>{name}</Name><FileName>/WebResources/{name}1</FileName></WebResource>",
            ID[id]
        )
    };
    let sections = format!(
        "<Workflows><Workflow WorkflowId=\"{}\" unmodified=\"1\"><JsonFileName>/Workflows/w.json</JsonFileName></Workflow></Workflows>\
         <WebResources>{}{}</WebResources><Connectors><Connector><name>c</name><openapidefinition>/Connector/c_o.json</openapidefinition></Connector></Connectors>",
        ID[2],
        resource(0, "b"),
        resource(1, "a")
    );
    let files = [("WebResources/a1", "x"), ("WebResources/b1", "x"), ("Connector/c_o.json", "{}")];
    let mut tree = there_and_back(&sections, &files);
    tree.files.retain(|(path, _)| path.ends_with(".xml"));
    let Err(PackError::Missing(missing)) = pack(tree.files, &AS_IT_IS, &limits()) else { panic!("files are missing") };
    let listed: Vec<_> = missing.iter().map(|file| (file.path.as_str(), file.named_by.as_str())).collect();
    assert_eq!(
        listed,
        [
            ("Connectors/c_o.json", "Connectors/c.xml"),
            ("WebResources/a", "WebResources/a.data.xml"),
            ("WebResources/b", "WebResources/b.data.xml"),
        ],
        "a workflow that is there for reference needs no file"
    );
}

#[test]
fn a_file_whose_description_has_gone_is_told() {
    let resource = "<WebResources><WebResource><WebResourceId>{1a2b3c4d-0000-4000-8000-000000000001}</WebResourceId>\
        <Name>a</Name><FileName>/WebResources/a1</FileName></WebResource></WebResources>";
    let mut tree = there_and_back(resource, &[("WebResources/a1", "x")]);
    tree.files.retain(|(path, _)| path != "WebResources/a.data.xml");
    let packed = pack(tree.files, &AS_IT_IS, &limits()).expect("packs");
    let [note] = packed.notes.as_slice() else { panic!("{:?}", packed.notes) };
    assert_eq!(note.part, "WebResources/a");
    assert!(note.message.starts_with("`WebResources/a.data.xml` is missing"), "{}", note.message);
}

#[test]
fn missing_rooms_are_added_and_told() {
    let mut tree = unpacked(&format!("<Entities>{}</Entities>", table("t", "")), &[]);
    put(&mut tree.files, "Roles/Clerk.xml", &role(0, "Clerk"));
    put(&mut tree.files, "Entities/t/FormXml/main/f.xml", &format!("<forms>{}</forms>", form(1)));
    let packed = pack(tree.files, &AS_IT_IS, &limits()).expect("packs");
    let parts: Vec<_> = packed.notes.iter().map(|note| note.part.as_str()).collect();
    assert_eq!(parts, ["Entities/t/Entity.xml", "Other/Customizations.xml"]);
    let package = zipped(&packed.files);
    let kinds: Vec<_> = package.components.iter().map(|one| one.key.component_type.name()).collect();
    assert_eq!(kinds, ["entity", "systemform", "role"]);
    let document = String::from_utf8_lossy(&packed.files[0].1).into_owned();
    assert!(document.find("<Roles>") < document.find("<Languages>"), "{document}");
}

#[test]
fn what_is_not_of_the_solution_is_left_out_and_told() {
    let mut tree = unpacked("", &[]);
    for path in [".gitignore", "Other/notes.txt", "CanvasApps/src/a/App.fx.yaml", "Contoso.cdsproj", "Resources/x.resx"]
    {
        put(&mut tree.files, path, "x");
    }
    put(&mut tree.files, "filteredcomponents.xml", "<Components />");
    let packed = pack(tree.files, &AS_IT_IS, &limits()).expect("packs");
    assert_eq!(packed.notes.len(), 5, "{:?}", packed.notes);
    let names: Vec<_> = packed.files.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(names, ["customizations.xml", "filteredcomponents.xml", "solution.xml"]);
}

#[test]
fn a_folder_of_neither_layout_is_refused() {
    let error = pack(vec![("readme.md".to_owned(), Vec::new())], &AS_IT_IS, &limits()).expect_err("no tree");
    let PackError::Unreadable(error) = error else { panic!("{error:?}") };
    assert!(error.message.contains("Other/Solution.xml"), "{error}");
}

#[test]
fn a_tree_without_declarations_and_with_other_line_ends_packs_the_same() {
    let sections = format!("<Roles>{}</Roles>", role(0, "Clerk"));
    let tree = unpacked(&sections, &[]);
    let bare = tree.files.iter().map(|(path, bytes)| {
        let text = std::str::from_utf8(bytes).expect("utf-8").trim_start_matches('\u{feff}');
        let text = text.strip_prefix("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n").expect("a declaration");
        (path.clone(), format!("{}\r\n", text.replace('\n', "\r\n")).into_bytes())
    });
    let bare = bare.collect();
    let (ours, theirs) = (pack(tree.files, &AS_IT_IS, &limits()), pack(bare, &AS_IT_IS, &limits()));
    assert_eq!(ours, theirs);
}

#[test]
fn d3_a_tree_in_a_project_is_read_as_well() {
    let tree = unpacked(&format!("<Roles>{}</Roles>", role(0, "Clerk")), &[]);
    let mut files: Vec<_> = tree.files.iter().map(|(path, bytes)| (format!("src/{path}"), bytes.clone())).collect();
    files.push(("Contoso.cdsproj".to_owned(), b"<Project />".to_vec()));
    let packed = pack(files.clone(), &AS_IT_IS, &limits()).expect("packs");
    assert_eq!(packed.files, pack(tree.files, &AS_IT_IS, &limits()).expect("packs").files);
    assert!(compare(&zipped(&packed.files), &read_parts(files, &limits()).expect("a tree")).is_complete());
}
