//! Laws of unpacking and packing on packages that chance has made: nothing is lost, and order decides nothing.

use proptest::prelude::*;
use strata_model::package::Package;
use strata_package::tree::{NamedFile, Newline, Pack, Unpack, pack, unpack};
use strata_package::{Limits, read, read_parts, write};
use strata_testkit::fidelity::compare;

const UNPACK: Unpack = Unpack { newline: Newline::Lf };

/// Names that file systems and packages have their trouble with.
const NAMES: [&str; 12] =
    ["Clerk", "clerk", "a/b", "CON", "..", "end.", "Ünï", "a:b", "x.data.xml", "new_x", "new_x/y.js", "&amp; co"];

/// What a component may hold.
const INSIDE: [&str; 8] = [
    "",
    "<a>1</a>",
    "<a b='&quot;'/><!-- c --><d xsi:nil=\"true\"></d>",
    "<a> <![CDATA[<x>]]> </a>",
    "text <b/> and\r\n more",
    "<a><b> </b><b>\n</b></a>",
    "<Novel x=\"1\"><Novel/></Novel>",
    "<a>&#xD;&lt;</a>",
];

#[derive(Debug, Clone)]
struct Thing {
    kind: usize,
    id: usize,
    name: usize,
    inside: usize,
}

fn thing() -> impl Strategy<Value = Thing> {
    (0..7_usize, 0..40_usize, 0..NAMES.len(), 0..INSIDE.len()).prop_map(|(kind, id, name, inside)| Thing {
        kind,
        id,
        name,
        inside,
    })
}

fn guid(kind: usize, id: usize) -> String {
    format!("{{11111111-0000-4000-8000-{kind:04}{id:08}}}")
}

/// Sections, in the order of exports, with their items.
fn sections(things: &[Thing]) -> Vec<(&'static str, Vec<String>)> {
    let mut sections: Vec<(&'static str, Vec<String>)> = [
        "Entities",
        "Roles",
        "EntityRelationships",
        "optionsets",
        "WebResources",
        "AppModules",
        "connectionreferences",
        "Novelties",
    ]
    .map(|name| (name, Vec::new()))
    .to_vec();
    let mut seen = std::collections::BTreeSet::new();
    for thing in things.iter().filter(|thing| seen.insert((thing.kind, thing.id))) {
        let (id, name, inside) = (guid(thing.kind, thing.id), NAMES[thing.name], INSIDE[thing.inside]);
        let number = thing.id;
        let (section, item) = match thing.kind {
            0 => {
                let form = format!("<systemform><formid>{id}</formid><form>{inside}</form></systemform>");
                let view = format!("<savedquery><savedqueryid>{id}</savedqueryid>{inside}</savedquery>");
                (
                    0,
                    format!(
                        "<Entity><Name>new_t{number}</Name><EntityInfo><entity Name=\"new_t{number}\"><attributes>\
                     <attribute PhysicalName=\"new_b\"/><attribute PhysicalName=\"new_A\">{inside}</attribute></attributes></entity>\
                     </EntityInfo><FormXml><forms type=\"main\">{form}</forms></FormXml><SavedQueries><savedqueries>{view}\
                     </savedqueries></SavedQueries><RibbonDiffXml><CustomActions/></RibbonDiffXml></Entity>"
                    ),
                )
            }
            1 => (1, format!("<Role id=\"{id}\" name=\"{name}\">{inside}</Role>")),
            2 => (
                2,
                format!(
                    "<EntityRelationship Name=\"rel{number}\"><ReferencedEntityName>{}</ReferencedEntityName>{inside}</EntityRelationship>",
                    if thing.name % 2 == 0 { "Account" } else { "account" }
                ),
            ),
            3 => (3, format!("<optionset Name=\"new_o{number}\">{inside}</optionset>")),
            4 => (
                4,
                format!(
                    "<WebResource><WebResourceId>{id}</WebResourceId><Name>{name}{number}</Name><FileName>/WebResources/w{number}</FileName></WebResource>"
                ),
            ),
            5 => (5, format!("<AppModule><UniqueName>new_app{number}</UniqueName>{inside}</AppModule>")),
            _ => (
                6,
                format!(
                    "<connectionreference connectionreferencelogicalname=\"r{number}\">{inside}</connectionreference>"
                ),
            ),
        };
        sections[section].1.push(item);
    }
    sections[7].1.push("<Novelty id=\"1\" />".to_owned());
    sections
}

fn files(sections: &[(&'static str, Vec<String>)], things: &[Thing], managed: bool) -> Vec<NamedFile> {
    let body: String = sections.iter().map(|(name, items)| format!("<{name}>{}</{name}>", items.concat())).collect();
    let document = format!(
        "<ImportExportXml xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">{body}<Languages><Language>1033</Language>\
         </Languages></ImportExportXml>"
    );
    let manifest = format!(
        "<ImportExportXml languagecode=\"1033\"><SolutionManifest><UniqueName>Chance</UniqueName><Version>1.0</Version><Managed>{}\
         </Managed><Publisher><UniqueName>contoso</UniqueName></Publisher><RootComponents /></SolutionManifest></ImportExportXml>",
        u8::from(managed)
    );
    let mut files = vec![
        ("customizations.xml".to_owned(), document.into_bytes()),
        ("solution.xml".to_owned(), manifest.into_bytes()),
    ];
    let mut seen = std::collections::BTreeSet::new();
    let scripts = things.iter().filter(|thing| thing.kind == 4 && seen.insert(thing.id));
    files.extend(
        scripts.map(|thing| (format!("WebResources/w{}", thing.id), vec![u8::try_from(thing.id).unwrap_or(0)])),
    );
    files
}

fn package(files: &[NamedFile]) -> Package {
    read(write::zip(files), &Limits::default()).expect("a package")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn d3_what_is_unpacked_comes_back(things in prop::collection::vec(thing(), 0..24), managed in any::<bool>()) {
        let files = files(&sections(&things), &things, managed);
        let tree = unpack(files.clone(), &UNPACK, &Limits::default()).expect("unpacks");
        let packed = pack(tree.files.clone(), &Pack { managed: None }, &Limits::default()).expect("packs");
        let (before, after) = (package(&files), package(&packed.files));
        let fidelity = compare(&before, &after);
        prop_assert!(fidelity.is_complete(), "{fidelity}");
        let fidelity = compare(&before, &read_parts(tree.files.clone(), &Limits::default()).expect("a tree"));
        prop_assert!(fidelity.is_complete(), "{fidelity}");
        let again = unpack(packed.files, &UNPACK, &Limits::default()).expect("unpacks");
        prop_assert_eq!(again.files, tree.files);
    }

    #[test]
    fn order_decides_nothing(things in prop::collection::vec(thing(), 0..24), turn in any::<prop::sample::Index>()) {
        let ordered = sections(&things);
        let mut turned = ordered.clone();
        for (_, items) in &mut turned {
            items.reverse();
            let by = if items.is_empty() { 0 } else { turn.index(items.len()) };
            items.rotate_left(by);
        }
        let unpacked = |sections: &[(&'static str, Vec<String>)]| {
            unpack(files(sections, &things, false), &UNPACK, &Limits::default()).expect("unpacks")
        };
        prop_assert_eq!(unpacked(&ordered), unpacked(&turned));
    }
}
