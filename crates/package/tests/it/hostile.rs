//! Files that are no package, or mean harm (D13, L58, L67).

use strata_package::{Limits, ReadPackageError, read, read_parts};

use crate::{CONTENT_TYPES, CUSTOMIZATIONS, SOLUTION, package_of, zipped};

fn refused(bytes: Vec<u8>) -> ReadPackageError {
    read(bytes, &Limits::default()).expect_err("refused")
}

#[test]
fn l58_what_is_no_package_says_what_it_seems_to_be() {
    let root: &[(&str, &[u8])] =
        &[("solution.xml", SOLUTION.as_bytes()), ("customizations.xml", CUSTOMIZATIONS.as_bytes())];
    let wrapped: &[(&str, &[u8])] = &[
        ("Contoso/solution.xml", SOLUTION.as_bytes()),
        ("Contoso/customizations.xml", CUSTOMIZATIONS.as_bytes()),
        ("Contoso/[Content_Types].xml", CONTENT_TYPES.as_bytes()),
    ];
    for (bytes, said) in [
        (Vec::new(), "empty"),
        (b"<xml />".to_vec(), "XML"),
        (b"hello".to_vec(), "neither"),
        (zipped(root), "[Content_Types].xml"),
        (zipped(wrapped), "wrapped in the folder `Contoso`"),
        (zipped(&[("PkgFolder/ImportConfig.xml", b"<a />")]), "Package Deployer"),
        (zipped(&[("data.xml", b"<a />"), ("data_schema.xml", b"<a />")]), "data-migration"),
        (zipped(&[("Other/Solution.xml", b"<a />")]), "source tree"),
    ] {
        let error = refused(bytes);
        assert_eq!(error.code.hex, Some("0x80048060"), "{error}");
        let text = format!("{error} {}", error.hint.clone().unwrap_or_default());
        assert!(text.contains(said), "{text}");
    }
    let folder = read_parts(vec![("a.txt".into(), Vec::new())], &Limits::default()).expect_err("no tree");
    assert_eq!(folder.code.hex, Some("0x80048060"));
}

#[test]
fn l58_a_truncated_zip_is_refused_at_every_length() {
    let whole = package_of(CUSTOMIZATIONS, &[]);
    for length in 0..whole.len() {
        let error = refused(whole[..length].to_vec());
        assert_eq!(error.code.hex, Some("0x80048060"), "{length}: {error}");
    }
}

#[test]
fn l67_xml_that_is_not_well_formed_is_refused_with_its_place() {
    for (customizations, line, column) in [
        ("<ImportExportXml>\n  <Entities>\n  </Oops>\n</ImportExportXml>", 3, 3),
        ("<ImportExportXml>\n  <Entities>", 2, 13),
        ("<ImportExportXml>\n<a b=>", 2, 0),
    ] {
        let error = refused(package_of(customizations, &[]));
        assert_eq!(error.code.hex, Some("0x80048013"), "{error}");
        assert_eq!((error.part.as_deref(), error.line), (Some("customizations.xml"), Some(line)), "{error}");
        assert!(column == 0 || error.column == Some(column), "{error}");
    }
    let error = refused(package_of("<Other />", &[]));
    assert_eq!(error.code.hex, Some("0x8004802C"));
    let row: &[(&str, &[u8])] = &[("widgets/w/widget.xml", b"<widget>\n<a>")];
    let error = refused(package_of(CUSTOMIZATIONS, row));
    assert_eq!((error.part.as_deref(), error.line), (Some("widgets/w/widget.xml"), Some(2)));
}

#[test]
fn d13_declarations_and_depth_are_refused() {
    let bomb = "<!DOCTYPE a [<!ENTITY b \"ha\">]><ImportExportXml>&b;</ImportExportXml>";
    assert_eq!(refused(package_of(bomb, &[])).code.name, "UnsafePackage");
    let entity = "<ImportExportXml><Entities>&b;</Entities></ImportExportXml>";
    assert_eq!(refused(package_of(entity, &[])).code.name, "UnsafePackage");
    let deep = format!("<ImportExportXml>{}{}</ImportExportXml>", "<a>".repeat(300), "</a>".repeat(300));
    assert_eq!(refused(package_of(&deep, &[])).code.name, "UnsafePackage");
}

#[test]
fn d13_unsafe_names_are_refused_by_name() {
    for name in ["../evil.xml", "a/../../evil", "/etc/passwd", "C:\\evil", "con.xml", "x/NUL"] {
        let error = refused(package_of(CUSTOMIZATIONS, &[(name, b"x")]));
        assert_eq!(error.code.name, "UnsafePackage", "{name}: {error}");
        assert!(error.part.is_some(), "{name}");
    }
}

#[test]
fn d13_duplicates_with_other_content_are_refused() {
    let differ = package_of(CUSTOMIZATIONS, &[("a/b.txt", b"1"), ("A/B.txt", b"2")]);
    assert_eq!(refused(differ).code.name, "UnsafePackage");
}

#[test]
fn d13_bombs_are_refused_before_they_inflate() {
    let zeros = vec![0_u8; 8 << 20];
    let bomb = package_of(CUSTOMIZATIONS, &[("a/zeros.bin", &zeros)]);
    let tight = Limits { ratio_max: 100, ..Limits::default() };
    let error = read(bomb.clone(), &tight).expect_err("a bomb");
    assert_eq!((error.code.name, error.part.as_deref()), ("UnsafePackage", Some("a/zeros.bin")));
    let small = Limits { inflated_bytes_max: 1 << 20, ..Limits::default() };
    assert_eq!(read(bomb, &small).expect_err("too large").code.name, "UnsafePackage");
    let few = Limits { entries_max: 2, ..Limits::default() };
    assert_eq!(read(package_of(CUSTOMIZATIONS, &[]), &few).expect_err("too many").code.name, "UnsafePackage");
}

#[test]
fn d13_lying_sizes_and_overlaps_are_refused() {
    let whole = package_of(CUSTOMIZATIONS, &[]);
    // The central directory's entries begin with PK\x01\x02; the inflated size stands at offset 24, the place at 42.
    let entries: Vec<usize> = (0..whole.len() - 4).filter(|at| whole[*at..].starts_with(b"PK\x01\x02")).collect();
    let mut lying = whole.clone();
    lying[entries[0] + 24] ^= 1;
    assert_eq!(refused(lying).code.hex, Some("0x80048060"));
    let mut overlapping = whole.clone();
    let place: Vec<u8> = whole[entries[0] + 42..entries[0] + 46].to_vec();
    overlapping[entries[1] + 42..entries[1] + 46].copy_from_slice(&place);
    let error = refused(overlapping);
    assert!(matches!(error.code.name, "UnsafePackage" | "ImportCustomizationsBadZipFileError"), "{error}");
}

#[test]
fn l23_a_manifest_with_a_bad_version_has_its_own_code() {
    let files: &[(&str, &[u8])] = &[
        ("solution.xml", &SOLUTION.replace("1.0<", "one<").into_bytes()),
        ("customizations.xml", CUSTOMIZATIONS.as_bytes()),
        ("[Content_Types].xml", CONTENT_TYPES.as_bytes()),
    ];
    assert_eq!(refused(zipped(files)).code.hex, Some("0x8004F01E"));
}
