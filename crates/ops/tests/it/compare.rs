//! Real packages compared, and packages whose names and files move. The judge of writers judges the comparison too.

use std::collections::BTreeSet;

use strata_engine::compare::{ChangeKind, Comparison, compare};
use strata_model::package::Package;
use strata_package::{Limits, read, read_parts};
use strata_testkit::corpus::Corpus;
use strata_testkit::{fidelity, zipped};

use crate::corpus::each_package;

fn package(bytes: Vec<u8>) -> Package {
    read(bytes, &Limits::default()).expect("a package")
}

fn is_empty(comparison: &Comparison<'_>) -> bool {
    comparison.components.is_empty() && comparison.files.is_empty() && comparison.solution.is_empty()
}

#[test]
fn a_package_does_not_differ_from_itself_however_it_is_written() {
    each_package(|path, bytes, package| {
        assert!(is_empty(&compare(&package, &package)), "{path}");
        // Other bytes of the same content: line ends, declarations, attributes in another quote.
        let other =
            zipped::rewritten(bytes, |name, text| match name.ends_with(".xml") && name != "filteredcomponents.xml" {
                true => text.replace("\r\n", "\n").replace(" />", "/>"),
                false => text,
            });
        let other = self::package(other);
        let comparison = compare(&package, &other);
        let components: Vec<_> = comparison.components.iter().map(|change| change.component()).collect();
        assert!(is_empty(&comparison), "{path}: {components:?} {:?}", comparison.solution);
    });
    let Some(corpus) = Corpus::find() else { return };
    for tree in corpus.trees() {
        let package = read_parts(tree.files, &Limits::default()).expect("a tree");
        assert!(is_empty(&compare(&package, &package)), "{}", tree.path);
    }
}

/// Each version of a solution with each other one.
fn pairs(mut check: impl FnMut(&str, &Package, &Package)) {
    let mut packages: Vec<(String, Package)> = Vec::new();
    each_package(|path, _, package| packages.push((path.to_owned(), package)));
    for (path, before) in &packages {
        let folder = path.split('/').next();
        for (other, after) in packages.iter().filter(|(other, _)| other.split('/').next() == folder && other != path) {
            check(&format!("{path} and {other}"), before, after);
        }
    }
}

#[test]
fn a_component_is_listed_exactly_where_a_leaf_of_it_differs() {
    let mut listed = 0;
    pairs(|path, before, after| {
        let judged = fidelity::compare(before, after);
        let comparison = compare(before, after);
        let sides = comparison.components.iter().flat_map(|change| [change.before, change.after]);
        let found: BTreeSet<_> = sides.flatten().map(|component| component.key.to_string()).collect();
        listed += found.len();
        let keys: BTreeSet<_> =
            before.components.iter().chain(&after.components).map(|component| component.key.to_string()).collect();
        for key in keys {
            let line = format!("{key} ");
            let lines: Vec<_> = judged.differing.iter().filter(|differing| differing.starts_with(&line)).collect();
            // What moves with a name, and what has no order, is nothing to a comparison.
            let is_position = |line: &&&String| line.contains("RolePrivilege[") || line.contains("AppModuleComponent[");
            let must_be_listed = lines.iter().any(|line| !is_position(&line));
            assert!(!lines.is_empty() || !found.contains(&key), "{path}: {key} is listed for nothing");
            assert!(!must_be_listed || found.contains(&key), "{path}: {key} is not listed: {lines:?}");
        }
        assert!(!judged.is_complete() || is_empty(&comparison), "{path}");
    });
    assert!(Corpus::find().is_none() || listed > 100, "{listed}");
}

#[test]
fn a_renamed_flow_is_renamed_and_its_file_moves_with_it() {
    let mut found = Vec::new();
    pairs(|path, before, after| {
        if !path.ends_with("12408_192.zip and pad-framework/PADFramework_1_1_02411_2210.zip") {
            return;
        }
        for change in compare(before, after).components.iter().filter(|change| change.kind == ChangeKind::Renamed) {
            let name = |side: Option<&strata_model::package::PackagedComponent>| {
                side.and_then(|component| component.display_name.clone()).unwrap_or_default()
            };
            found.push(format!("{} → {}", name(change.before), name(change.after)));
            let paths: Vec<_> = change.properties.iter().map(|property| property.path.as_str()).collect();
            assert!(paths.contains(&"@Name") && !paths.contains(&"JsonFileName"), "{paths:?}");
            assert!(!paths.iter().any(|path| path.starts_with("file")), "{paths:?}");
        }
    });
    if Corpus::find().is_some() {
        assert_eq!(
            found,
            [
                "PADFramework: Logger → PADFramework: LoggerLocalConnectors",
                "PADFramework: ConfigReader → PADFramework: ConfigReaderLocalConnectors",
            ]
        );
    }
}

#[test]
fn files_are_compared_by_what_they_are() {
    let with = |name: &str, content: &[u8], id: &str| {
        let file = format!("WebResources/{}{id}", name.replace(['_', '/', '.'], ""));
        let document = format!(
            "<ImportExportXml><Entities></Entities><WebResources><WebResource><WebResourceId>{{{id}}}</WebResourceId><Name>\
             {name}</Name><FileName>/{file}</FileName></WebResource></WebResources></ImportExportXml>"
        );
        let manifest = "<ImportExportXml><SolutionManifest><UniqueName>Core</UniqueName><Version>1.0</Version><Managed>0\
             </Managed><Publisher><UniqueName>contoso</UniqueName><CustomizationPrefix>contoso</CustomizationPrefix>\
             </Publisher><RootComponents /><MissingDependencies /></SolutionManifest></ImportExportXml>";
        let files: [(&str, &[u8]); 5] = [
            ("[Content_Types].xml", b"<Types />"),
            ("solution.xml", manifest.as_bytes()),
            ("customizations.xml", document.as_bytes()),
            (&file, content),
            ("filteredcomponents.xml", b"<Components />"),
        ];
        package(zipped::zipped(&files))
    };
    let id = "11111111-0000-4000-8000-00000000000A";
    let before = with("contoso_a.js", b"one\ntwo\nthree\n", id);
    // Another name, the same id: renamed, file and all; one line of it differs.
    let after = with("contoso_b.js", b"one\n2\nthree\n", id);
    let comparison = compare(&before, &after);
    let [change] = comparison.components.as_slice() else { panic!("{:?}", comparison.components) };
    assert_eq!(change.kind, ChangeKind::Renamed);
    let paths: Vec<_> = change.properties.iter().map(|property| property.path.as_str()).collect();
    assert_eq!(paths, ["Name", "file"]);
    assert!(change.properties[1].lines.as_deref().is_some_and(|lines| lines.contains("-two\n+2\n")));
    let only = |before: &[u8], after: &[u8]| {
        let (before, after) = (with("contoso_a.js", before, id), with("contoso_a.js", after, id));
        let comparison = compare(&before, &after);
        let [change] = comparison.components.as_slice() else { panic!("{:?}", comparison.components) };
        change.properties.first().cloned().expect("a property")
    };
    let binary = only(b"\x89PNG\0", b"\x89PNG\0\0");
    assert_eq!((binary.note.as_deref(), binary.lines), (Some("binary, 5 → 6 bytes"), None));
    assert_eq!(only(br#"{"a":{"b":1}}"#, br#"{"a":{"b":2}}"#).path, "file#/a/b");
    let layout = only(br#"{"a":1}"#, b"{ \"a\": 1 }");
    assert_eq!(layout.note.as_deref(), Some("only the layout differs"));
}
