//! Damaged and hostile trees: each an error with a place, or a package; never a panic, never an endless wait.

use proptest::prelude::*;
use strata_package::yaml::{PackOptions, pack};
use strata_package::{Limits, ReadPackageError};

use crate::yaml_corpus::{Files, unpacked};
use crate::yaml_layout;

fn tree() -> Files {
    unpacked(&yaml_layout::files())
}

fn outcome(files: &Files) -> Result<(), ReadPackageError> {
    pack(files, &PackOptions::default(), &Limits::default()).map(|_| ())
}

fn refusal(files: &Files) -> ReadPackageError {
    outcome(files).expect_err("refused")
}

fn with(path: &str, bytes: &[u8]) -> Files {
    let mut files = tree();
    files.iter_mut().find(|(other, _)| other == path).unwrap_or_else(|| panic!("no {path}")).1 = bytes.to_vec();
    files
}

const ENTITY: &str = "entities/new_t/entity.yml";

#[test]
fn every_cut_of_every_file_is_an_error_or_a_package() {
    for index in 0..tree().len() {
        let mut files = tree();
        let whole = files[index].1.clone();
        for at in (0..whole.len().min(900)).step_by(7) {
            files[index].1 = whole[..at].to_vec();
            if let Err(error) = outcome(&files) {
                let message = error.to_string();
                let says_where = error.part.is_some() || message.contains(".yml") || message.contains("several");
                assert!(says_where, "{} cut at {at}: {message}", files[index].0);
            }
        }
    }
}

#[test]
fn binary_empty_and_foreign_files_are_refused_with_their_name() {
    for bytes in [
        &b""[..],
        b"\x00\x01\x02",
        b"\xff\xfe\x00\x00",
        b"PK\x03\x04",
        b"<Entity />",
        b"\"",
        b"{",
        b"- - -",
        b"? ",
        b"%YAML 9.9\n",
    ] {
        let error = refusal(&with(ENTITY, bytes));
        assert_eq!(error.part.as_deref(), Some(ENTITY), "{bytes:?}: {error}");
        assert!(error.line.is_some(), "{bytes:?}: {error}");
    }
}

#[test]
fn d13_paths_that_lead_out_are_refused() {
    for path in [
        "../x/entity.yml",
        "entities/../../x.yml",
        "/etc/passwd",
        "C:/x.yml",
        "entities/CON/entity.yml",
        "entities/a\u{0}b/entity.yml",
    ] {
        let mut files = tree();
        files.push((path.to_owned(), b"Entity:\n".to_vec()));
        assert_eq!(refusal(&files).code.name, "UnsafePackage", "{path}");
    }
    for entry in ["/../x", "C:/x", "a/./b", "NUL"] {
        let list = format!("SolutionComponents:\n  Component:\n    '@path': '{entry}'\n");
        let error = refusal(&with("solutions/Contoso/solutioncomponents.yml", list.as_bytes()));
        assert_eq!(error.part.as_deref(), Some("solutions/Contoso/solutioncomponents.yml"), "{entry}: {error}");
    }
}

#[test]
fn d13_no_path_of_a_zip_leads_out_of_the_tree() {
    // What a name says is encoded, so that a folder cannot be left by it.
    let mut files = yaml_layout::files();
    let document = String::from_utf8(files[1].1.clone()).expect("a text");
    files[1].1 = document.replace("name=\"Reader\"", "name=\"../../../x\"").into_bytes();
    let tree = unpacked(&files);
    assert!(tree.iter().any(|(path, _)| path == "roles/..%2F..%2F..%2Fx/role.yml"));
    assert!(tree.iter().all(|(path, _)| !path.split('/').any(|step| step == ".." || step.is_empty())));
}

#[test]
fn two_files_whose_names_differ_by_case_are_refused() {
    let mut files = tree();
    files.push((ENTITY.replace("entity.yml", "ENTITY.yml"), b"Entity:\n".to_vec()));
    assert!(refusal(&files).to_string().contains("but for its case"));
    let mut files = tree();
    files.push((ENTITY.replace(".yml", ".yaml"), b"Entity:\n".to_vec()));
    assert!(refusal(&files).to_string().contains("another ending"));
}

#[test]
fn d13_deep_and_wide_files_are_refused_in_time() {
    let deep: String = (0..600).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    assert_eq!(refusal(&with(ENTITY, deep.as_bytes())).code.name, "UnsafePackage");
    let wide = format!("Entity:\n{}", "  - a\n".repeat(3));
    outcome(&with(ENTITY, wide.as_bytes())).expect_err("no name");
    let aliases = "Entity: &a\n  x: [*a, *a, *a]\n";
    assert!(refusal(&with(ENTITY, aliases.as_bytes())).to_string().contains("anchor"));
    let long = format!("Entity:\n  Name: new_T\n  Long: {}\n", "x ".repeat(1 << 20));
    outcome(&with(ENTITY, long.as_bytes())).expect("a long text is a text");
}

#[test]
fn a_sidecar_that_lies_costs_order_at_most() {
    let path = "solutions/Contoso/packaging.yml";
    for lie in [
        "Packaging:\n",
        "Other:\n  x: 1\n",
        "Packaging:\n  Section:\n  - Roles\n  - Roles\n",
        "Packaging:\n  Order:\n    '@in': Roles\n    Item: [a, b, roles/none]\n",
        "Packaging:\n  Arrangement:\n    '@file': entities/new_t/entity.yml\n    '@path': Entity\n    '@order': Name*99999999999999999999 Name*4294967295\n",
        "Packaging:\n  Arrangement:\n    '@file': entities/new_t/entity.yml\n    '@path': Entity\n    '@order': '#comment'\n    Comment:\n      '@text': --><evil/>\n",
        "Packaging:\n  Section:\n  - '@comment': --><evil/>\n  - Roles/><evil\n",
        "Packaging:\n  Document:\n    '@name': customizations.xml\n    '@head': <evil/>\n    '@tail': <evil/>\n    '@newline': lf\n",
        "Packaging:\n  Table:\n    '@name': new_t\n    '@info': nonsense\n",
    ] {
        let packed = pack(&with(path, lie.as_bytes()), &PackOptions::default(), &Limits::default());
        let packed = packed.unwrap_or_else(|error| panic!("{lie}: {error}"));
        let document = packed.files.iter().find(|(path, _)| path == "customizations.xml").expect("a document");
        let text = String::from_utf8_lossy(&document.1);
        assert!(text.contains("new_o") && !text.contains("evil"), "{lie}");
        strata_package::read(strata_package::write::zip(&packed.files), &Limits::default())
            .unwrap_or_else(|error| panic!("{lie}: {error}"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn flipped_bytes_never_panic(file in 0_usize..31, at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in 0_usize..9) {
        let mut files = tree();
        let file = file % files.len();
        let bytes = &mut files[file].1;
        if !bytes.is_empty() {
            let at = at.index(bytes.len());
            bytes[at] = byte;
            let end = (at + cut).min(bytes.len());
            bytes.drain(at + 1..end.max(at + 1));
        }
        // Either is fine; a panic is not.
        prop_assert!(outcome(&files).is_ok() || outcome(&files).is_err());
    }
}
