//! Several solutions unpacked into one tree.

use strata_package::Limits;
use strata_package::yaml::{Joined, PackOptions, Take, join, pack};
use strata_testkit::fidelity::compare;

use crate::yaml_corpus::{Files, reread, unpacked};
use crate::yaml_layout::{files, text, with};

fn joined(existing: &Files, new: &Files, take: Option<Take>) -> Joined {
    join(existing, unpacked(new), take, &Limits::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// What a folder holds after the files were written.
fn written(existing: &Files, joined: &Joined) -> Files {
    assert_eq!(joined.conflicts, []);
    let is_written = |path: &str| joined.files.iter().any(|(other, _)| other == path);
    let mut all: Files = existing.iter().filter(|(path, _)| !is_written(path)).cloned().collect();
    all.extend(joined.files.iter().cloned());
    all.sort();
    all
}

fn repacked(tree: &Files, solution: &str) -> Files {
    let options = PackOptions { solution: Some(solution.to_owned()), managed: None };
    let packed = pack(tree, &options, &Limits::default()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(packed.missing, []);
    packed.files
}

fn renamed(files: Files, name: &str) -> Files {
    with(files, "solution.xml", |text| {
        text.replace("<UniqueName>Contoso</UniqueName>", &format!("<UniqueName>{name}</UniqueName>"))
    })
}

/// The second solution: the same table as a shell with one more column, and a connection reference of its own.
fn second() -> Files {
    let files = renamed(files(), "Second");
    let files = with(files, "solution.xml", |text| {
        text.replace("schemaName=\"new_t\" behavior=\"0\"", "schemaName=\"new_t\" behavior=\"2\"")
    });
    with(files, "customizations.xml", |text| {
        let start = text.find("<LocalizedNames>").expect("labels");
        let end = text.find("<attributes>").expect("columns");
        let text = format!("{}{}", &text[..start], &text[end..]);
        let text = text.replace("<EntitySetName>new_ts</EntitySetName>", "").replace("new_c\"", "new_other\"");
        let start = text.find("<attribute ").expect("a column");
        let end = text.find("</attributes>").expect("columns");
        let column = "<attribute PhysicalName=\"new_X\"><Type>int</Type><Name>new_x</Name></attribute>";
        format!("{}{column}{}", &text[..start], &text[end..])
    })
    .into_iter()
    .filter(|(path, _)| !path.starts_with("Formulas/"))
    .collect()
}

#[test]
fn two_solutions_share_what_is_the_same_and_come_back_as_they_were() {
    for (first, later, names) in
        [(files(), second(), ["Contoso", "Second"]), (second(), files(), ["Second", "Contoso"])]
    {
        let tree = unpacked(&first);
        let both = written(&tree, &joined(&tree, &later, None));
        for (name, original) in names.iter().zip([&first, &later]) {
            let fidelity = compare(&reread(original), &reread(&repacked(&both, name)));
            assert!(fidelity.is_complete(), "{name} after {names:?}: {fidelity}");
        }
        // One file of the table, the fuller one, and one of the connection references for each solution.
        assert!(text(&both, "entities/new_t/entity.yml").contains("EntitySetName"));
        let sections: Vec<_> = both.iter().filter(|(path, _)| path.starts_with("other/connectionreferences")).collect();
        assert_eq!(sections.len(), 2, "{names:?}");
        // Once more is nothing new.
        let again = joined(&both, &later, None);
        assert_eq!(written(&both, &again), both);
        assert_eq!(again.stale, Vec::<String>::new());
    }
}

#[test]
fn parts_that_one_solution_adds_to_a_table_do_not_get_into_the_other() {
    // The one has views and no charts, the other charts and no views.
    let view = |text: &str| {
        let (start, end) =
            (text.find("<SavedQueries>").expect("views"), text.find("<RibbonDiffXml>").expect("a ribbon"));
        let chart = "<Visualizations><visualization><savedqueryvisualizationid>{11111111-0000-4000-8000-00000000000e}\
            </savedqueryvisualizationid></visualization></Visualizations>";
        format!("{}{chart}{}", &text[..start], &text[end..])
    };
    let other = with(renamed(files(), "Second"), "customizations.xml", view);
    for (first, later) in [(files(), other.clone()), (other, files())] {
        let tree = unpacked(&first);
        let both = written(&tree, &joined(&tree, &later, None));
        for original in [&first, &later] {
            let name = if text(original, "solution.xml").contains(">Second<") { "Second" } else { "Contoso" };
            let fidelity = compare(&reread(original), &reread(&repacked(&both, name)));
            assert!(fidelity.is_complete(), "{name}: {fidelity}");
        }
        assert_eq!(written(&both, &joined(&both, &later, None)), both);
    }
}

#[test]
fn a_file_that_says_something_else_stops_with_what_differs() {
    let tree = unpacked(&files());
    let other = with(renamed(files(), "Second"), "customizations.xml", |text| {
        text.replace("<options />", "<options>more</options>")
    });
    let conflicts = joined(&tree, &other, None).conflicts;
    assert_eq!(conflicts.len(), 1, "{conflicts:?}");
    assert_eq!(
        conflicts[0].to_string(),
        "optionsets/new_o/optionset.yml, which Contoso takes too, differs; optionset/options: \"\" → \"more\""
    );
    let options = |take| {
        let both = written(&tree, &joined(&tree, &other, Some(take)));
        text(&both, "optionsets/new_o/optionset.yml").contains("more")
    };
    assert!(options(Take::New) && !options(Take::Old));
}

#[test]
fn a_publisher_that_differs_stops_too() {
    let tree = unpacked(&files());
    let other = with(renamed(files(), "Second"), "solution.xml", |text| {
        text.replace(">new</CustomizationPrefix>", ">other</CustomizationPrefix>")
    });
    let conflicts = joined(&tree, &other, None).conflicts;
    assert_eq!(
        conflicts.iter().map(|conflict| conflict.path.as_str()).collect::<Vec<_>>(),
        ["publishers/contoso/publisher.yml"]
    );
}

#[test]
fn quoting_is_no_difference() {
    let tree = with(unpacked(&files()), "optionsets/new_o/optionset.yml", |text| text.replace("new_o", "\"new_o\""));
    let joined = joined(&tree, &renamed(files(), "Second"), None);
    assert_eq!(joined.conflicts, []);
    assert!(text(&joined.files, "optionsets/new_o/optionset.yml").contains("\"new_o\""), "it stays as it is");
}

#[test]
fn what_a_newer_version_dropped_is_stale_unless_another_solution_takes_it() {
    let tree = unpacked(&files());
    let dropped = with(files(), "customizations.xml", |text| {
        text.replace("<optionset Name=\"new_o\"><options /></optionset>", "")
            .replace("<Role id=\"{31111111-0000-4000-8000-000000000003}\" name=\"a/b: c?\" />", "")
    });
    assert_eq!(joined(&tree, &dropped, None).stale, ["optionsets/new_o/optionset.yml", "roles/a%2Fb%3A c%3F/role.yml"]);
    let both = written(&tree, &joined(&tree, &renamed(files(), "Second"), None));
    assert_eq!(joined(&both, &dropped, None).stale, Vec::<String>::new());
}
