//! `component dependencies` and `solution dependencies`, as scripts and people read them.

use serde_json::Value;
use strata_testkit::zipped;

use crate::sandbox::Sandbox;

const FORM: &str = "11111111-0000-4000-8000-000000000001";
const VIEW: &str = "22222222-0000-4000-8000-000000000002";

/// Core brings orders with a column, Sales a form that shows it, Work (unmanaged, published) a view of orders.
fn shop() -> Sandbox {
    let sandbox = Sandbox::new();
    let core = "Core 1.0.0.0 managed contoso\n entity contoso_order\n attribute contoso_order.contoso_total".to_owned();
    let sales = format!(
        "Sales 1.0.0.0 managed fabrikam\n systemform contoso_order {FORM} <form><tabs><tab id=\"t\"><columns><column>\
         <sections><section id=\"s\"><rows><row><cell id=\"c\"><control id=\"contoso_total\" \
         datafieldname=\"contoso_total\" /></cell></row></rows></section></sections></column></columns></tab></tabs></form>"
    );
    let work = format!(
        "Work 1.0.0.0 unmanaged makers\n savedquery contoso_order {VIEW} <fetchxml><fetch><entity \
         name=\"contoso_order\"><attribute name=\"contoso_total\" /></entity></fetch></fetchxml>"
    );
    for (name, text) in [("core.zip", core), ("sales.zip", sales), ("work.zip", work)] {
        std::fs::write(sandbox.path(name), zipped::package(&text)).expect("a package");
        sandbox.text(&format!("import {name}"));
    }
    sandbox.text("solution publish");
    sandbox
}

/// Each edge as `dependent -> required kind solution`.
fn edges(answer: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let component = |side: &Value| format!("{}:{}", text(&side["typename"]), text(&side["name"]));
    let edge = |entry: &Value| {
        let (dependent, required) = (component(&entry["dependent"]), component(&entry["required"]));
        format!("{dependent} -> {required} {} {}", text(&entry["kind"]), text(&entry["solution"]))
    };
    answer.as_array().expect("an array").iter().map(edge).collect()
}

#[test]
fn dp1_dp29_dp32_dp33_edges_name_both_sides_by_type_and_id() {
    let sandbox = shop();
    let used_by = sandbox.json("component dependencies attribute:contoso_order.contoso_total --dependent");
    assert_eq!(
        edges(&used_by),
        [
            format!("systemform:{FORM} -> attribute:contoso_order.contoso_total published Sales"),
            format!("savedquery:{VIEW} -> attribute:contoso_order.contoso_total published Active"),
        ]
    );
    let form = &used_by[0];
    assert_eq!((&form["required"]["type"], &form["dependent"]["type"]), (&2.into(), &60.into()));
    assert_eq!((&form["dependent"]["id"], &form["place"]), (&FORM.into(), &"control".into()));
    assert_eq!(used_by[1]["dependent"]["type"], 26);
    assert!(form["required"]["id"].as_str().is_some_and(|id| id.len() == 36));

    let uses = sandbox.json(&format!("component dependencies systemform:{FORM} --required"));
    assert_eq!(
        edges(&uses),
        [
            format!("systemform:{FORM} -> entity:contoso_order internal Core"),
            format!("systemform:{FORM} -> attribute:contoso_order.contoso_total published Core"),
        ]
    );
}

#[test]
fn dp2_dp29_a_table_is_used_by_its_parts() {
    let sandbox = shop();
    let used_by = edges(&sandbox.json("component dependencies entity:contoso_order --dependent"));
    for part in [
        "attribute:contoso_order.contoso_total -> entity:contoso_order internal Core".to_owned(),
        format!("systemform:{FORM} -> entity:contoso_order internal Sales"),
        format!("savedquery:{VIEW} -> entity:contoso_order internal Active"),
    ] {
        assert!(used_by.contains(&part), "{part} in {used_by:#?}");
    }
}

#[test]
fn dp3_dp4_a_dependency_is_unpublished_until_it_is_published_and_the_past_shows_it() {
    let sandbox = shop();
    let before =
        edges(&sandbox.json("component dependencies attribute:contoso_order.contoso_total --dependent --at 3"));
    assert_eq!(before[1], format!("savedquery:{VIEW} -> attribute:contoso_order.contoso_total unpublished Active"));
    let first = sandbox.json("component dependencies attribute:contoso_order.contoso_total --dependent --at 1");
    assert_eq!(edges(&first), [""; 0]);
    let blocking = sandbox.json("component dependencies attribute:contoso_order.contoso_total --delete --at 3");
    assert_eq!(edges(&blocking).len(), 1, "a draft blocks nothing");
}

#[test]
fn dp28_dp29_what_keeps_a_solution_comes_in_pairs() {
    let sandbox = shop();
    let held = edges(&sandbox.json("solution dependencies --solution-name Core --uninstall"));
    assert!(
        held.contains(&format!("systemform:{FORM} -> attribute:contoso_order.contoso_total published Sales")),
        "{held:#?}"
    );
    // The unmanaged view is a part of the table, and goes along with it (DP2).
    assert!(held.iter().all(|edge| !edge.starts_with("savedquery")), "{held:#?}");
    assert_eq!(edges(&sandbox.json("solution dependencies Sales --uninstall")), [""; 0]);
    let refused = sandbox.error("solution delete --solution-name Core", 1);
    assert_eq!(refused["name"], "CannotUninstallWithDependencies");
}

#[test]
fn dp29_what_a_solution_lacks_is_what_it_uses_from_elsewhere() {
    let sandbox = shop();
    let missing = edges(&sandbox.json("solution dependencies Work --missing"));
    assert_eq!(
        missing,
        [format!("savedquery:{VIEW} -> attribute:contoso_order.contoso_total published Core")],
        "the table itself is there as a shell"
    );
    assert_eq!(edges(&sandbox.json("solution dependencies Core --missing")), [""; 0]);
}

#[test]
fn dp30_people_read_dependencies_by_solution() {
    let sandbox = shop();
    let text = sandbox.text("component dependencies attribute:contoso_order.contoso_total --dependent");
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    assert_eq!(lines[0], "column contoso_order.contoso_total is used by 2 components");
    assert_eq!((lines[1], lines[3]), ("Sales", "unmanaged"));
    assert!(lines[2].starts_with("form") && lines[4].starts_with("view"), "{text}");
    assert_eq!(
        sandbox.text(&format!("component dependencies systemform:{FORM} --delete")).trim(),
        format!("Nothing needs systemform:{FORM}.")
    );
}

#[test]
fn questions_are_one_of_several_and_names_are_checked() {
    let sandbox = shop();
    assert_eq!(sandbox.run("component dependencies entity:contoso_order").code, 64);
    assert_eq!(sandbox.run("component dependencies entity:contoso_order --required --delete").code, 64);
    assert_eq!(sandbox.run("solution dependencies Core").code, 64);
    let unknown = sandbox.error("component dependencies attribute:contoso_order.contoso_totl --dependent", 1);
    assert!(unknown["hints"].to_string().contains("contoso_total"), "{unknown}");
    let unknown = sandbox.error("solution dependencies Cor --missing", 1);
    assert!(unknown["hints"].to_string().contains("Core"), "{unknown}");
    // The platform's own components have edges too.
    let account = edges(&sandbox.json("component dependencies entity:account --required"));
    assert_eq!(account, [""; 0]);
}

#[test]
fn dp24_the_way_out_goes_through_what_only_an_unmanaged_component_leads_to() {
    let sandbox = Sandbox::new();
    let text = format!(
        "Visits 1.0.0.0 unmanaged makers
         entity makers_visit
         optionset makers_state <options />
         attribute makers_visit.makers_state <Type>picklist</Type><OptionSetName>makers_state</OptionSetName>
         savedquery makers_visit {VIEW} <fetchxml><fetch><entity name=\"makers_visit\"><attribute name=\"makers_state\" \
         /></entity></fetch></fetchxml>"
    );
    std::fs::write(sandbox.path("visits.zip"), zipped::package(&text)).expect("a package");
    sandbox.text("import visits.zip");
    sandbox.text("solution publish");
    let plan = sandbox.json("component delete optionset:makers_state --plan");
    let steps = plan["findings"][0]["recipe"].as_array().expect("a recipe");
    // The view needs the column, and only the column needs the choice.
    assert_eq!(steps.len(), 3, "{steps:#?}");
    for step in steps {
        let command = step["command"].as_str().and_then(|command| command.strip_prefix("strata ")).expect("a command");
        sandbox.text(&format!("{command} -y"));
    }
    sandbox.text("component delete optionset:makers_state -y");
}

#[test]
fn dp19_what_stands_against_uninstalling_without_a_dependency_is_hinted_at() {
    let sandbox = shop();
    let run = sandbox.run("solution dependencies Sales --uninstall");
    assert!(run.stderr.contains("strata solution delete --solution-name Sales --plan"), "{}", run.stderr);
}
