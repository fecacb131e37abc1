//! Folders of unpacked solutions on disk: what is written, what is left alone, what is refused.

use std::fs;
use std::path::{Path, PathBuf};

use strata_ops::trees::{Layout, PackRequest, PackageType, SingleComponent, UnpackRequest, pack, unpack};
use strata_ops::{OpsError, read_package, silent};
use strata_testkit::fidelity::compare;
use strata_testkit::zipped;

struct Desk {
    folder: tempfile::TempDir,
}

const CORE: &str = "Core 1.0.0.0 unmanaged contoso
    entity contoso_order
    systemform contoso_order 11111111-0000-4000-8000-000000000001 <form><tabs /></form>
    optionset contoso_status <options><option value=\"1\" /></options>";

impl Desk {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a scratch folder") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn package(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, zipped::package(text)).expect("a zip");
        path
    }

    fn unpack(&self, zip: &str) -> UnpackRequest {
        UnpackRequest::new(self.path(zip), self.path("tree"))
    }

    fn pack(&self, zip: &str) -> PackRequest {
        PackRequest::new(self.path("tree"), self.path(zip))
    }

    /// Names of what lies beside the tree: nothing may be left over.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).expect("the folder");
        let mut names: Vec<_> =
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

fn code(error: &OpsError) -> (u8, String) {
    (error.exit_code(), error.report().name)
}

fn same(left: &Path, right: &Path) {
    let (left, right) = (read_package(left).expect("a package"), read_package(right).expect("a package"));
    let fidelity = compare(&left, &right);
    assert!(fidelity.is_complete(), "{fidelity}");
}

#[test]
fn a_tree_is_written_once_and_then_only_what_differs() {
    let desk = Desk::new();
    let zip = desk.package("core.zip", CORE);
    let first = unpack(&UnpackRequest { verify: true, ..desk.unpack("core.zip") }, &silent).expect("unpacks");
    assert!(first.written && first.verified.is_some_and(|leaves| leaves > 10));
    assert_eq!((first.changes.created.len(), first.changes.unchanged), (5, 0), "{:?}", first.changes);
    let again = unpack(&desk.unpack("core.zip"), &silent).expect("unpacks");
    assert_eq!((again.changes.created.len(), again.changes.changed.len(), again.changes.unchanged), (0, 0, 5));
    fs::write(desk.path("tree/OptionSets/contoso_status.xml"), "<optionset />").expect("writable");
    let dry = unpack(&UnpackRequest { dry_run: true, ..desk.unpack("core.zip") }, &silent).expect("unpacks");
    assert_eq!(
        (dry.written, dry.changes.changed.as_slice()),
        (false, &["OptionSets/contoso_status.xml".to_owned()][..])
    );
    assert_eq!(fs::read(desk.path("tree/OptionSets/contoso_status.xml")).expect("there"), b"<optionset />");
    unpack(&desk.unpack("core.zip"), &silent).expect("unpacks");
    pack(&desk.pack("again.zip"), &silent).expect("packs");
    same(&zip, &desk.path("again.zip"));
    assert_eq!(desk.names(), ["again.zip", "core.zip", "tree"], "nothing is left over");
}

#[test]
fn stale_files_go_only_when_that_is_allowed_and_only_those_of_the_layout() {
    let desk = Desk::new();
    desk.package("core.zip", CORE);
    desk.package("less.zip", "Core 1.1.0.0 unmanaged contoso\nentity contoso_order");
    unpack(&desk.unpack("core.zip"), &silent).expect("unpacks");
    for own in ["README.md", "Other/notes.txt", "tools/build.ps1", ".gitignore"] {
        let path = desk.path("tree").join(own);
        fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
        fs::write(path, "mine").expect("writable");
    }
    let kept = unpack(&desk.unpack("less.zip"), &silent).expect("unpacks");
    let stale = [
        "Entities/contoso_order/FormXml/main/{11111111-0000-4000-8000-000000000001}.xml".to_owned(),
        "OptionSets/contoso_status.xml".to_owned(),
    ];
    assert_eq!(kept.changes.stale, stale);
    assert!(desk.path("tree/OptionSets/contoso_status.xml").exists());
    let gone = unpack(&UnpackRequest { allow_delete: true, ..desk.unpack("less.zip") }, &silent).expect("unpacks");
    assert_eq!(gone.changes.deleted, stale);
    assert!(!desk.path("tree/OptionSets").exists(), "an empty folder goes too");
    for own in ["README.md", "Other/notes.txt", "tools/build.ps1", ".gitignore"] {
        assert!(desk.path("tree").join(own).exists(), "{own}");
    }
}

#[test]
fn a_package_that_cannot_be_unpacked_changes_nothing() {
    let desk = Desk::new();
    desk.package("core.zip", CORE);
    unpack(&desk.unpack("core.zip"), &silent).expect("unpacks");
    let before = fs::read(desk.path("tree/Other/Solution.xml")).expect("there");
    fs::write(desk.path("bad.zip"), b"PK\x03\x04 damaged").expect("writable");
    let error = unpack(&desk.unpack("bad.zip"), &silent).expect_err("damaged");
    assert_eq!(error.exit_code(), 4);
    fs::write(desk.path("tree/Roles"), "a file where a folder must be").expect("writable");
    let roles = "Core 1.0.0.0 unmanaged contoso\nentity contoso_order\noptionset contoso_other <options />";
    desk.package("other.zip", roles);
    fs::remove_dir_all(desk.path("tree/OptionSets")).expect("there");
    fs::write(desk.path("tree/OptionSets"), "in the way").expect("writable");
    let error = unpack(&desk.unpack("other.zip"), &silent).expect_err("a file is in the way");
    assert_eq!(error.exit_code(), 1, "{error}");
    assert_eq!(fs::read(desk.path("tree/Other/Solution.xml")).expect("there"), before);
}

#[cfg(unix)]
#[test]
fn d13_links_are_never_followed() {
    let desk = Desk::new();
    desk.package("core.zip", CORE);
    let outside = desk.path("outside");
    fs::create_dir_all(&outside).expect("writable");
    fs::create_dir_all(desk.path("tree")).expect("writable");
    std::os::unix::fs::symlink(&outside, desk.path("tree/OptionSets")).expect("a link");
    let error = unpack(&desk.unpack("core.zip"), &silent).expect_err("a link is in the way");
    assert_eq!(error.exit_code(), 1, "{error}");
    assert_eq!(fs::read_dir(&outside).expect("there").count(), 0);
    assert_eq!(fs::read_dir(desk.path("tree")).expect("there").count(), 1, "nothing was written");
}

#[test]
fn read_only_files_are_replaced_only_with_clobber() {
    let desk = Desk::new();
    desk.package("core.zip", CORE);
    unpack(&desk.unpack("core.zip"), &silent).expect("unpacks");
    let path = desk.path("tree/OptionSets/contoso_status.xml");
    fs::write(&path, "<optionset />").expect("writable");
    let mut permissions = fs::metadata(&path).expect("there").permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&path, permissions).expect("ours");
    assert_eq!(unpack(&desk.unpack("core.zip"), &silent).expect_err("read-only").exit_code(), 1);
    let done = unpack(&UnpackRequest { clobber: true, ..desk.unpack("core.zip") }, &silent).expect("unpacks");
    assert_eq!(done.changes.changed.len(), 1);
}

#[test]
fn both_kinds_make_one_tree_and_two_zips() {
    let desk = Desk::new();
    let unmanaged = desk.package("core.zip", CORE);
    let managed = desk.package("core_managed.zip", &CORE.replace("unmanaged", "managed"));
    let both = Some(PackageType::Both);
    let request = UnpackRequest { package_type: both, verify: true, ..desk.unpack("core_managed.zip") };
    let answer = unpack(&request, &silent).expect("unpacks");
    assert_eq!((answer.package_type, answer.notes.len()), ("Both", 0));
    let packed = pack(&PackRequest { package_type: both, ..desk.pack("out.zip") }, &silent).expect("packs");
    assert_eq!(packed.zips.iter().map(|zip| zip.is_managed).collect::<Vec<_>>(), [false, true]);
    same(&unmanaged, &desk.path("out.zip"));
    same(&managed, &desk.path("out_managed.zip"));
    let only = pack(&desk.pack("plain.zip"), &silent).expect("packs");
    assert!(!only.zips[0].is_managed, "a tree of both is unmanaged where nothing is asked");
}

#[test]
fn kinds_are_never_converted() {
    let desk = Desk::new();
    desk.package("core.zip", CORE);
    let managed = Some(PackageType::Managed);
    let error = unpack(&UnpackRequest { package_type: managed, ..desk.unpack("core.zip") }, &silent);
    assert_eq!(code(&error.expect_err("unmanaged")), (1, "PackageTypeMismatch".to_owned()));
    assert!(!desk.path("tree").exists());
    unpack(&desk.unpack("core.zip"), &silent).expect("unpacks");
    let error = pack(&PackRequest { package_type: managed, ..desk.pack("out.zip") }, &silent);
    assert_eq!(code(&error.expect_err("unmanaged")), (1, "PackageTypeMismatch".to_owned()));
    assert!(!desk.path("out.zip").exists());
}

#[test]
fn what_a_tree_of_both_loses_fails_its_proof() {
    let desk = Desk::new();
    desk.package("core.zip", CORE);
    desk.package("core_managed.zip", &CORE.replace("unmanaged", "managed").replace("value=\"1\"", "value=\"2\""));
    let request = UnpackRequest { package_type: Some(PackageType::Both), ..desk.unpack("core.zip") };
    let error = unpack(&UnpackRequest { verify: true, ..request.clone() }, &silent).expect_err("lossy");
    assert_eq!(code(&error), (1, "NotLossless".to_owned()));
    assert!(error.to_string().contains("optionset:contoso_status"), "{error}");
    assert!(!desk.path("tree").exists(), "nothing was written");
    let answer = unpack(&request, &silent).expect("unpacks");
    assert_eq!(
        answer.notes.iter().map(|note| note.part.as_str()).collect::<Vec<_>>(),
        ["OptionSets/contoso_status.xml"]
    );
}

const RESOURCE: &str = "<WebResource><WebResourceId>{11111111-0000-4000-8000-000000000009}</WebResourceId>\
    <Name>contoso_/app.js</Name><FileName>/WebResources/contoso_appjs1</FileName></WebResource>";

#[test]
fn missing_files_are_listed_and_a_map_supplies_them() {
    let desk = Desk::new();
    desk.package("core.zip", CORE);
    unpack(&desk.unpack("core.zip"), &silent).expect("unpacks");
    fs::create_dir_all(desk.path("tree/WebResources/contoso_")).expect("writable");
    fs::write(desk.path("tree/WebResources/contoso_/app.js.data.xml"), RESOURCE).expect("writable");
    fs::write(desk.path("out.zip"), "an old zip").expect("writable");
    let error = pack(&desk.pack("out.zip"), &silent).expect_err("the script is missing");
    assert_eq!(code(&error), (1, "MissingFile".to_owned()));
    assert!(error.to_string().contains("WebResources/contoso_/app.js (named by"), "{error}");
    assert_eq!(fs::read(desk.path("out.zip")).expect("there"), b"an old zip");
    fs::create_dir_all(desk.path("dist")).expect("writable");
    fs::write(desk.path("dist/app.js"), "let built;").expect("writable");
    let map = |text: &str| {
        fs::write(desk.path("map.xml"), format!("<Mapping>\n{text}\n</Mapping>")).expect("writable");
        PackRequest { map: Some(desk.path("map.xml")), ..desk.pack("out.zip") }
    };
    let fits = r#"<FileToPath map="WebResources\**\*.js" to="..\dist\**" />"#;
    pack(&map(fits), &silent).expect("packs");
    let package = read_package(&desk.path("out.zip")).expect("a package");
    assert!(package.parts.iter().any(|part| part.path == "WebResources/contoso_appjs1" && part.bytes == b"let built;"));
    let error =
        pack(&map(&format!("{fits}\n<FileToFile map='none.dll' to='x.dll' />")), &silent).expect_err("fits nothing");
    assert_eq!((code(&error), error.report().line), ((1, "InvalidMap".to_owned()), Some(3)));
    let error = pack(&map("<FileToFile map='app.js' to='../dist/gone.js' />"), &silent).expect_err("not there");
    assert!(error.to_string().contains("line 2"), "{error}");
}

#[test]
fn one_kind_of_component_goes_into_a_package_that_exists() {
    let desk = Desk::new();
    desk.package("core.zip", CORE);
    unpack(&desk.unpack("core.zip"), &silent).expect("unpacks");
    fs::create_dir_all(desk.path("tree/WebResources/contoso_")).expect("writable");
    fs::write(desk.path("tree/WebResources/contoso_/app.js.data.xml"), RESOURCE).expect("writable");
    fs::write(desk.path("tree/WebResources/contoso_/app.js"), "let one;").expect("writable");
    pack(&desk.pack("whole.zip"), &silent).expect("packs");
    fs::remove_dir_all(desk.path("tree")).expect("there");
    let single = Some(SingleComponent::WebResource);
    let answer = unpack(&UnpackRequest { single, ..desk.unpack("whole.zip") }, &silent).expect("unpacks");
    assert_eq!(answer.changes.created, ["WebResources/contoso_/app.js", "WebResources/contoso_/app.js.data.xml"]);
    fs::write(desk.path("tree/WebResources/contoso_/app.js"), "let two;").expect("writable");
    pack(&PackRequest { single, ..desk.pack("whole.zip") }, &silent).expect("packs");
    let package = read_package(&desk.path("whole.zip")).expect("a package");
    assert!(package.parts.iter().any(|part| part.bytes == b"let two;"));
    assert!(package.components.iter().any(|component| component.key.to_string() == "optionset:contoso_status"));
}

#[test]
fn line_ends_of_a_tree_stay() {
    let desk = Desk::new();
    desk.package("core.zip", CORE);
    unpack(&desk.unpack("core.zip"), &silent).expect("unpacks");
    let path = desk.path("tree/Other/Solution.xml");
    let windows = fs::read_to_string(&path).expect("there").replace('\n', "\r\n");
    fs::write(&path, windows).expect("writable");
    let answer = unpack(&desk.unpack("core.zip"), &silent).expect("unpacks");
    assert_eq!((answer.changes.unchanged, answer.changes.changed.len()), (1, 4), "the others follow the manifest");
}

#[test]
fn a_folder_is_no_zip_and_a_zip_no_folder() {
    let desk = Desk::new();
    let zip = desk.package("core.zip", CORE);
    assert_eq!(unpack(&desk.unpack("."), &silent).expect_err("a folder").exit_code(), 4);
    let error = pack(&PackRequest { folder: zip, ..desk.pack("out.zip") }, &silent).expect_err("a zip");
    assert_eq!(error.exit_code(), 4);
}

#[test]
fn the_yaml_layout_goes_there_and_back_too() {
    let desk = Desk::new();
    let zip = desk.package("core.zip", CORE);
    let yaml = UnpackRequest { layout: Layout::Yaml, verify: true, ..desk.unpack("core.zip") };
    let answer = unpack(&yaml, &silent).expect("unpacks");
    assert_eq!(answer.layout, "yaml");
    assert!(desk.path("tree/solutions/Core/solution.yml").exists());
    pack(&desk.pack("out.zip"), &silent).expect("packs");
    same(&zip, &desk.path("out.zip"));
    let localized = UnpackRequest { package_type: Some(PackageType::Both), ..yaml };
    assert_eq!(code(&unpack(&localized, &silent).expect_err("of the other layout")), (1, "Unsupported".to_owned()));
}
