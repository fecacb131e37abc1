//! What people decide about rules: selection, levels, exclusions, suppressions, baselines; places and order.

use strata_checker::options::{self, OptionsError};
use strata_checker::{Checked, Options, Report, Severity, baseline, check, rules, suppression};
use strata_model::package::Package;

use crate::kit::{Sample, only, sample, severities};

/// A package in which STR002 finds two roots and STR009 a name.
fn faulty() -> Sample {
    sample().named("Core_Upgrade").root("61", "contoso_a.js", 0).root("61", "contoso_b.js", 0)
}

fn run(package: &Package, options: &Options) -> Report {
    check(&[Checked { package, name: None, size: 1, against: None }], options)
}

fn rules_of(report: &Report) -> Vec<&'static str> {
    report.findings.iter().map(|finding| finding.rule).collect()
}

fn today(suppressions: &str) -> Options {
    Options {
        suppressions: suppression::read(suppressions).expect("suppressions"),
        today: "2026-11-21".to_owned(),
        rules: Some(options::selected(&["STR0*".to_owned()]).expect("rules")),
        ..Options::plain()
    }
}

#[test]
fn the_worst_comes_first_and_the_same_package_gives_the_same_findings() {
    let package = faulty().package();
    let report = run(&package, &today("[]"));
    assert_eq!(rules_of(&report), ["STR002", "STR002", "STR009"]);
    assert_eq!(severities(&report.findings), [Severity::High, Severity::High, Severity::Medium]);
    assert!(report.reaches(Severity::High) && !report.reaches(Severity::Critical));
    assert_eq!(report.counts()[1], (Severity::High, 2));
    let again = run(&faulty().package(), &today("[]"));
    assert_eq!(format!("{:?}", report.findings), format!("{:?}", again.findings));
}

#[test]
fn places_in_a_folder_are_those_of_its_files() {
    let data = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<WebResource>\n  <Name>contoso_é</Name>\n  \
                <x>é</x><FileName>/WebResources/contoso_gone</FileName></WebResource>";
    let folder = sample().file("WebResources/contoso_a.js.data.xml", data).folder();
    let report = run(&folder, &Options { rules: Some(only("STR007")), ..Options::plain() });
    let finding = &report.findings[0];
    assert_eq!(finding.part.as_deref(), Some("src/WebResources/contoso_a.js.data.xml"));
    assert_eq!((finding.line, finding.column, finding.column_utf16), (Some(4), Some(12), Some(11)));
}

#[test]
fn a_byte_order_mark_takes_no_column() {
    let at = |mark: &str| {
        // Longer than the blocks that are counted.
        let comment = format!("<!-- {}é😀 -->", "é".repeat(3000));
        let data = format!(
            "{mark}<WebResource>{comment}<Name>contoso_a</Name><FileName>/WebResources/gone</FileName></WebResource>"
        );
        let folder = sample().file("WebResources/contoso_a.js.data.xml", &data).folder();
        let finding = run(&folder, &Options { rules: Some(only("STR007")), ..Options::plain() }).findings.remove(0);
        (finding.line, finding.column, finding.column_utf16)
    };
    let before = "<WebResource><!--  --><Name>contoso_a</Name>".len() + 1;
    let expect = |bytes: usize| Some(u32::try_from(before + bytes).expect("small"));
    assert_eq!(at(""), (Some(1), expect(6006), expect(3003)));
    assert_eq!(at("\u{feff}"), at(""));
}

#[test]
fn d13_tens_of_thousands_of_roots_take_no_longer_than_they_should() {
    let many = (0..20_000).fold(sample(), |sample, number| sample.root("61", &format!("contoso_{number}.js"), 0));
    let package = many.package();
    let start = std::time::Instant::now();
    let report = run(
        &package,
        &Options { rules: Some(options::selected(&["STR00*".to_owned()]).expect("rules")), ..Options::plain() },
    );
    assert_eq!(report.findings.len(), 20_000);
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}

#[test]
fn d13_thousands_of_findings_in_one_flow_take_no_longer_than_they_should() {
    let id = |number: usize| format!("3fa85f64-5717-4562-b3fc-2c963f{number:06x}");
    let action = |number: usize| format!("\"a{number}\": {{\"inputs\": \"{}\"}}", id(number));
    let actions: Vec<_> = (0..5_000).map(action).collect();
    let definition = format!("{{\"triggers\": {{}}, \"actions\": {{{}}}}}", actions.join(","));
    let flow = format!("{{\"properties\": {{\"definition\": {definition}}}}}");
    let package = sample().flow("Sync", "11111111-0000-4000-8000-000000000001", &flow).package();
    let start = std::time::Instant::now();
    let findings = run(&package, &Options { rules: Some(only("STR505")), ..Options::plain() }).findings;
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    let at = |number: usize| flow.find(&id(number)).and_then(|at| u32::try_from(at).ok());
    let places: Vec<_> = findings.iter().map(|finding| finding.column).collect();
    assert_eq!((findings.len(), places[0], places[4_999]), (5_000, at(0), at(4_999)));
}

#[test]
fn levels_of_the_official_file_count_and_unknown_rules_are_named() {
    let text =
        "\u{feff}[{\"Id\":\"str002\",\"OverrideLevel\":\"low\"},{\"Id\":\"web-nothing\",\"OverrideLevel\":\"High\"}]";
    let overrides = options::overrides(text).expect("overrides");
    assert_eq!(overrides.unknown, ["web-nothing"]);
    let report = run(&faulty().package(), &Options { levels: overrides.levels, ..today("[]") });
    assert_eq!(rules_of(&report), ["STR009", "STR002", "STR002"]);
    assert_eq!(report.findings[1].severity, Severity::Low);
    for wrong in ["{}", "[{\"Id\":\"STR002\"}]", "[{\"Id\":\"STR002\",\"OverrideLevel\":\"Off\"}]", "nonsense"] {
        assert!(options::overrides(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn rules_are_chosen_by_id_or_by_pattern() {
    assert_eq!(options::selected(&["str00*".to_owned()]).expect("rules").len(), 10);
    let unknown = options::selected(&["STR002".to_owned(), "STR999".to_owned()]);
    assert_eq!(unknown, Err(OptionsError::UnknownRule { id: "STR999".to_owned() }));
    assert!(rules::find("str002").is_some() && rules::find("STR00").is_none());
}

#[test]
fn excluded_files_and_components_do_not_count() {
    let of = |pattern: &str| {
        let options = Options { exclude: vec![pattern.to_owned()], ..today("[]") };
        rules_of(&run(&faulty().package(), &options)).len()
    };
    assert_eq!(of("webresource:contoso_a*"), 2);
    assert_eq!(of("*.xml"), 0);
    assert_eq!(of("bundle.js"), 3);
}

#[test]
fn str000_suppressions_that_have_ended_or_match_nothing() {
    let report = run(
        &faulty().package(),
        &today(
            "[{\"rule\":\"STR002\",\"component\":\"webresource:contoso_A.js\",\"reason\":\"comes later\"},\
             {\"rule\":\"STR009\",\"reason\":\"old\",\"until\":\"2026-11-20\"},\
             {\"rule\":\"STR010\",\"reason\":\"never\",\"until\":\"2026-11-21\"},\
             {\"rule\":\"STR777\",\"reason\":\"no such rule\"},\
             {\"rule\":\"STR401\",\"reason\":\"did not run\"}]",
        ),
    );
    let shown: Vec<_> =
        report.findings.iter().map(|finding| (finding.rule, finding.suppressed, finding.message.as_str())).collect();
    assert_eq!(shown.len(), 6, "{shown:?}");
    assert_eq!(shown.iter().filter(|(_, suppressed, _)| *suppressed).count(), 1);
    assert_eq!(report.findings.iter().find(|f| f.suppressed).and_then(|f| f.reason.as_deref()), Some("comes later"));
    let about: Vec<_> = shown.iter().filter(|(rule, ..)| *rule == "STR000").map(|(_, _, message)| *message).collect();
    assert_eq!(
        about,
        [
            "suppression 2 (STR009) has ended",
            "suppression 3 (STR010) matches nothing",
            "suppression 4 (STR777) names a rule that does not exist",
        ]
    );
    assert!(run(&sample().package(), &today("[]")).findings.is_empty());
}

#[test]
fn suppressions_say_why_and_name_a_day() {
    for wrong in [
        "[{\"rule\":\"STR002\"}]",
        "[{\"rule\":\"STR002\",\"reason\":\"  \"}]",
        "[{\"reason\":\"x\"}]",
        "[{\"rule\":\"STR002\",\"reason\":\"x\",\"until\":\"soon\"}]",
        "[{\"rule\":\"STR002\",\"reason\":\"x\",\"until\":\"2026-13-01\"}]",
        "{}",
    ] {
        assert!(suppression::read(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn suppressions_may_be_as_narrow_as_a_file() {
    let of = |entry: &str| {
        let report = run(&faulty().package(), &today(&format!("[{{\"reason\":\"x\",{entry}}}]")));
        report.findings.iter().filter(|finding| finding.suppressed).count()
    };
    assert_eq!(of("\"rule\":\"STR0*\",\"path\":\"solution.xml\""), 3);
    assert_eq!(of("\"rule\":\"STR0*\",\"path\":\"UniqueName\""), 1);
    assert_eq!(of("\"rule\":\"STR002\",\"component\":\"61:contoso_b.js\""), 1);
    assert_eq!(of("\"rule\":\"STR002\",\"component\":\"*:contoso_*\""), 2);
}

#[test]
fn a_baseline_leaves_only_what_is_new() {
    let package = sample().root("61", "contoso_a.js", 0).package();
    let options = today("[]");
    let before = run(&package, &options);
    let bases = [strata_checker::sarif::Base { name: "a".to_owned(), uri: "a.zip/".to_owned(), is_folder: false }];
    let text = strata_checker::sarif::write(&before, &bases, &options, "0");
    let baseline = baseline::read(&text).expect("a baseline");
    let after = run(&faulty().package(), &Options { baseline: Some(baseline), ..today("[]") });
    assert_eq!((rules_of(&after), after.known), (vec!["STR002", "STR009"], 1));
    for wrong in ["nonsense", "{}", "{\"runs\":[{\"results\":[{\"ruleId\":\"x\"}]}]}"] {
        assert!(baseline::read(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn several_packages_are_told_apart() {
    let (one, two) = (faulty().package(), sample().root("61", "contoso_a.js", 0).package());
    let checked = [
        Checked { package: &one, name: Some("one.zip"), size: 1, against: None },
        Checked { package: &two, name: Some("two.zip"), size: 1, against: None },
    ];
    let report = check(&checked, &today("[]"));
    let packages: Vec<_> = report.findings.iter().map(|finding| finding.package.as_deref()).collect();
    assert_eq!(packages, [Some("one.zip"), Some("one.zip"), Some("two.zip"), Some("one.zip")]);
    let mut prints: Vec<_> = report.findings.iter().map(|finding| finding.fingerprint.as_str()).collect();
    prints.sort_unstable();
    prints.dedup();
    assert_eq!(prints.len(), 4, "each package has its own");
}
