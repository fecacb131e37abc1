//! Packages put together from their own components and skeleton: nothing is lost, and what nobody touched keeps its bytes.

use proptest::prelude::*;
use strata_model::component::{ComponentKey, ComponentType};
use strata_model::dependency::{DependencySide, MissingDependency, Provider};
use strata_model::environment::Behavior;
use strata_model::id::Guid;
use strata_model::package::{Manifest, Mode, Package, Presence, RootComponent};
use strata_model::version::Version;
use strata_package::assemble::{Piece, Shells, Skeleton, assemble};
use strata_package::{Limits, read, write};
use strata_testkit::fidelity;
use strata_testkit::generator::{self, Recipe};

use crate::{each_tree, each_zip};

/// Takes a package apart and puts it together.
fn again(package: &Package) -> Vec<(String, Vec<u8>)> {
    let is_said = |presence: Presence| presence != Presence::Reference;
    let pieces: Vec<_> = package
        .components
        .iter()
        .filter(|component| is_said(component.presence))
        .map(|component| Piece::of(package, component))
        .collect();
    let shells =
        Shells { components: package.components.iter().map(|component| component.key.clone()).collect(), tables: true };
    assemble(&package.manifest, &Skeleton::of(package), &shells, &pieces).expect("a package")
}

#[test]
fn d3_a_package_of_the_corpus_put_together_again_says_the_same() {
    each_zip(|path, package| {
        let files = again(package);
        let read = read(write::zip(&files), &Limits::default()).unwrap_or_else(|error| panic!("{path}: {error}"));
        let fidelity = fidelity::compare(package, &read);
        assert!(fidelity.is_complete(), "{path}: {fidelity}");
        let digests = |package: &Package| -> Vec<_> {
            package.components.iter().map(|component| (component.key.clone(), component.digest)).collect()
        };
        for (before, after) in digests(package).iter().zip(digests(&read)) {
            assert_eq!(*before, after, "{path}: the bytes of a component");
        }
        assert_eq!(files, again(&read), "{path}: the order is settled");
    });
}

#[test]
fn d3_a_tree_of_the_corpus_becomes_a_package_that_says_the_same() {
    each_tree(|path, package| {
        let read =
            read(write::zip(&again(package)), &Limits::default()).unwrap_or_else(|error| panic!("{path}: {error}"));
        let mut fidelity = fidelity::compare(package, &read);
        // The texts of e-mail templates stand in files of a tree and inside the template of a package, and places that
        // the skeleton of a tree leaves empty for files are filled.
        let is_place = |line: &str| {
            line.starts_with("customizations.xml ")
                && (line.ends_with(": \"\" → nothing") || line.ends_with(": nothing → \"\""))
        };
        fidelity.differing.retain(|line| !line.starts_with("template:") && !is_place(line));
        assert_eq!(fidelity.differing, Vec::<String>::new(), "{path}");
        let is_text = |path: &str| path.starts_with("Templates/");
        assert!(read.parts.iter().all(|part| !is_text(&part.path)), "{path}");
    });
}

#[test]
fn a_solution_made_by_hand_has_every_section_and_its_publisher_in_full() {
    let manifest = strata_package::read_manifest(crate::SOLUTION.as_bytes()).expect("a manifest");
    let manifest = Manifest { languages: vec![1033, 1031], friendly_name: "A & B".to_owned(), ..manifest };
    let piece = |type_name: &str, name: &str, parent: Option<&str>, bytes: &'static str| Piece {
        key: ComponentKey::new(ComponentType::named(type_name), name),
        name: name.to_owned().into(),
        parent: parent.map(|table| ComponentKey::new(ComponentType::named("entity"), table)),
        home: None,
        presence: Presence::Full,
        bytes: bytes.as_bytes().into(),
        files: Vec::new(),
    };
    let pieces = [
        piece(
            "entity",
            "new_T",
            None,
            "<Entity><Name>new_T</Name><EntityInfo><entity Name=\"new_T\"><IsActivity>0</IsActivity></entity></EntityInfo></Entity>",
        ),
        piece(
            "attribute",
            "new_T.new_B",
            Some("new_T"),
            "<attribute PhysicalName=\"new_B\"><Name>new_b</Name><note> a <b />c</note></attribute>",
        ),
        piece(
            "attribute",
            "new_T.new_A",
            Some("new_T"),
            "<attribute PhysicalName=\"new_A\"><Name>new_a</Name></attribute>",
        ),
        piece(
            "systemform",
            "11111111-0000-4000-8000-000000000001",
            Some("new_T"),
            "<systemform><formid>{11111111-0000-4000-8000-000000000001}</formid><form /></systemform>",
        ),
        piece(
            "webresource",
            "new_x",
            None,
            "<WebResource><WebResourceId>{11111111-0000-4000-8000-000000000002}</WebResourceId><Name>new_x</Name></WebResource>",
        ),
        piece(
            "environmentvariabledefinition",
            "new_Url",
            None,
            "<environmentvariabledefinition schemaname=\"new_Url\"><type>1</type></environmentvariabledefinition>",
        ),
    ];
    let files = assemble(&manifest, &Skeleton::plain(&manifest), &Shells::default(), &pieces).expect("a package");
    let paths: Vec<_> = files.iter().map(|(path, _)| path.as_str()).collect();
    let variable = "environmentvariabledefinitions/new_Url/environmentvariabledefinition.xml";
    assert_eq!(paths, ["customizations.xml", variable, "solution.xml"]);
    let text = String::from_utf8(files[0].1.clone()).expect("text");
    assert!(text.contains("          <attributes>\r\n            <attribute PhysicalName=\"new_A\">\r\n"), "{text}");
    assert!(text.contains("\r\n              <note> a <b />c</note>\r\n"), "{text}");
    assert!(
        text.contains("  </optionsets>")
            || text.contains("  <optionsets />\r\n  <WebResources>\r\n    <WebResource>\r\n"),
        "{text}"
    );
    assert!(text.contains("      <RibbonDiffXml>\r\n        <CustomActions />\r\n"), "{text}");
    let package = read(write::zip(&files), &Limits::default()).expect("readable");
    assert_eq!(package.components.len(), pieces.len());
    assert_eq!(package.manifest.languages, [1033, 1031]);
    assert_eq!(package.manifest.friendly_name, "A & B");
    let solution = String::from_utf8(files[2].1.clone()).expect("text");
    assert_eq!(solution.matches("<Address>").count(), 2);
    assert_eq!(solution.matches("xsi:nil=\"true\"></").count(), 2 + 2 * 23);
}

#[test]
fn what_a_manifest_says_anew_is_written_and_the_rest_keeps_its_bytes() {
    let solution = "\u{feff}<?xml version=\"1.0\"?>\r\n<ImportExportXml version=\"9.2.1.1\" SolutionPackageVersion=\"9.2\" languagecode=\"1033\" novel='1'>\r\n  <SolutionManifest>\r\n    <UniqueName>Contoso</UniqueName>\r\n    <LocalizedNames>\r\n      <LocalizedName description=\"C\" languagecode=\"1033\" />\r\n    </LocalizedNames>\r\n    <Version>1.0</Version>\r\n    <Managed>2</Managed>\r\n    <!-- ours --><Publisher><UniqueName>contoso</UniqueName><Novel /></Publisher>\r\n    <RootComponents>\r\n      <RootComponent type=\"1\" schemaName=\"new_t\" novel=\"1\" behavior=\"0\" />\r\n    </RootComponents>\r\n  </SolutionManifest>\r\n</ImportExportXml>";
    let mut manifest = strata_package::read_manifest(solution.as_bytes()).expect("a manifest");
    manifest.mode = Mode::Managed;
    manifest.version = Version::parse("1.02").expect("a version");
    manifest.parent_solution = Some(("Base".to_owned(), Version::parse("1.0").ok()));
    let flow = ComponentKey::new(ComponentType::named("workflow"), "11111111-0000-4000-8000-000000000001");
    let root =
        RootComponent { id: flow.guid(), key: flow, schema_name: None, behavior: Behavior::IncludeSubcomponents };
    manifest.root_components.push(root);
    let skeleton = Skeleton { solution: solution.as_bytes().into(), ..Skeleton::plain(&manifest) };
    let files = assemble(&manifest, &skeleton, &Shells::default(), &[]).expect("a package");
    let written = String::from_utf8(files[1].1.clone()).expect("text");
    let expected = solution
        .replace("\u{feff}<?xml version=\"1.0\"?>\r\n", "")
        .replace(">1.0<", ">1.02<")
        .replace("<Managed>2</Managed>", "<Managed>1</Managed>\r\n    <ParentSolution>\r\n      <UniqueName>Base</UniqueName>\r\n      <Version>1.0</Version>\r\n    </ParentSolution>")
        .replace("\r\n    </RootComponents>", "\r\n      <RootComponent type=\"29\" id=\"{11111111-0000-4000-8000-000000000001}\" behavior=\"0\" />\r\n    </RootComponents>");
    assert_eq!(written, expected);
    let again = strata_package::read_manifest(&files[1].1).expect("a manifest");
    assert_eq!((again.parent_solution, again.root_components), (manifest.parent_solution, manifest.root_components));
}

#[test]
fn dp25_missing_dependencies_are_written_as_they_are_read() {
    let manifest = strata_package::read_manifest(crate::SOLUTION.as_bytes()).expect("a manifest");
    let side = |type_name: &str, name: &str, id: Option<&str>, parent: Option<&str>| DependencySide {
        key: ComponentKey::new(
            ComponentType::named(type_name),
            &parent.map_or(name.to_owned(), |parent| format!("{parent}.{name}")),
        ),
        id: id.and_then(Guid::parse),
        schema_name: id.is_none().then(|| name.to_owned()),
        display_name: Some("a \"b\"".to_owned()),
        parent_schema_name: parent.map(str::to_owned),
        parent_display_name: None,
    };
    let id = "11111111-0000-4000-8000-000000000001";
    let provider =
        |name: &str| Provider::Solution { unique_name: name.to_owned(), version: Version::parse("1.02").ok() };
    let of = |required, provider, application| MissingDependency {
        required,
        dependent: side("systemform", id, Some(id), None),
        provider,
        application,
    };
    let missing_dependencies = vec![
        of(side("attribute", "new_a", None, Some("account")), provider("Base"), None),
        of(side("connectionreference", "new_r", None, None), Provider::Active, None),
        of(
            side("customcontrol", "V.C", None, None),
            provider("V"),
            Some(("V_Anchor".to_owned(), Version::parse("2.0").ok())),
        ),
        of(side("entity", "account", None, None), Provider::System, None),
    ];
    let manifest = Manifest { missing_dependencies, ..manifest };
    let skeleton = Skeleton { solution: crate::SOLUTION.as_bytes().into(), ..Skeleton::plain(&manifest) };
    let files = assemble(&manifest, &skeleton, &Shells::default(), &[]).expect("a package");
    let text = String::from_utf8(files[1].1.clone()).expect("text");
    assert!(text.contains("id.connectionreferencelogicalname=\"new_r\"") && text.contains("System (5.0)"), "{text}");
    let again = strata_package::read_manifest(&files[1].1).expect("a manifest");
    assert_eq!(again.missing_dependencies, manifest.missing_dependencies);
}

/// Files of a package with what nobody knows strewn in: a section, a comment in a container, an attribute, a stray file.
fn strewn(recipe: &Recipe, places: [usize; 2]) -> Vec<(String, Vec<u8>)> {
    let package = read(generator::package(recipe), &Limits::default()).expect("readable");
    let files = package.parts.iter().filter(|part| !part.path.contains('#'));
    let mut files: Vec<_> = files.map(|part| (part.path.clone(), part.bytes.clone())).collect();
    let document = files.iter_mut().find(|(path, _)| path == "customizations.xml").expect("a document");
    let mut text = String::from_utf8(std::mem::take(&mut document.1)).expect("text");
    let sections: Vec<_> = text.match_indices("\n  </").map(|(at, _)| at + 1).collect();
    let at = sections[places[0] % sections.len()];
    text.insert_str(at, "    <!-- kept -->\r\n");
    let root = text.find('>').expect("a root");
    text.insert_str(root, " novel=\"1\"");
    let ends: Vec<_> = text.match_indices("\n  <Languages").map(|(at, _)| at + 1).collect();
    text.insert_str(
        ends[places[1] % ends.len()],
        "  <Novelties kind=\"n\">\r\n    <Novelty id=\"1\"><Depth /></Novelty>\r\n  </Novelties>\r\n",
    );
    document.1 = text.into_bytes();
    files.push(("stray/note.txt".to_owned(), b"kept".to_vec()));
    files
}

#[test]
fn d13_a_name_does_not_lead_out_of_the_package() {
    let manifest = strata_package::read_manifest(crate::SOLUTION.as_bytes()).expect("a manifest");
    for name in ["..", "a/../../b", &"n".repeat(70_000)] {
        let piece = Piece {
            key: ComponentKey::new(ComponentType::named("environmentvariabledefinition"), name),
            name: name.to_owned().into(),
            parent: None,
            home: None,
            presence: Presence::Full,
            bytes: b"<environmentvariabledefinition />".as_slice().into(),
            files: Vec::new(),
        };
        let made = assemble(&manifest, &Skeleton::plain(&manifest), &Shells::default(), &[piece]);
        let is_safe =
            made.as_ref().is_ok_and(|files| files.iter().all(|(path, _)| !path.contains("..") || path.contains("_2f")));
        assert!(is_safe || made.is_err(), "{}", name.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn d3_reading_what_was_written_gives_the_same_package(
        seed in any::<u64>(),
        components in 40..400_usize,
        managed in any::<bool>(),
        places in any::<[usize; 2]>(),
    ) {
        let recipe = Recipe { components, version: "1.2.0.0".into(), managed, seed, changed_permille: 0 };
        let first = read(write::zip(&strewn(&recipe, places)), &Limits::default()).expect("readable");
        let second = read(write::zip(&again(&first)), &Limits::default()).expect("readable");
        let fidelity = fidelity::compare(&first, &second);
        prop_assert!(fidelity.is_complete(), "{fidelity}");
        let digests = |package: &Package| -> Vec<_> {
            package.components.iter().map(|component| (component.key.clone(), component.digest)).collect()
        };
        prop_assert_eq!(digests(&first), digests(&second));
        prop_assert_eq!(again(&first), again(&second));
    }
}
