//! `docs/checker.md`: every rule in words, written from the tables.

use std::fmt::Write as _;
use std::path::Path;

use strata_checker::rules::{self, uncovered};
use strata_checker::{Needs, Rule};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/checker.md");

const HEAD: &str = "# What `strata check` looks for

Written from the rule tables of `crates/checker` by `STRATA_BLESS=1 cargo test -p strata-checker docs`; a test fails when
it is not what they say. `strata check --explain STR301` prints the same about one rule.

A package is judged by its own content; nothing is sent anywhere and no store is needed. Rules marked *compares* need
`--against`, an environment or an earlier package, and are skipped without. Rules with an official id are those whose
condition is the published one, so overrides and baselines carry over.

**Results.** `--sarif FILE` writes SARIF 2.1.0: every rule is listed, severities map to levels (critical and high to
`error`, medium to `warning`, the others to `note`), and the platform's own word stands in `properties.severity`. Findings
are recognised from run to run by `partialFingerprints[\"strata/v1\"]`, made of rule, component and property; so
`--baseline FILE.sarif` reports only what is new.
Files of a folder are named from where the command ran, as code hosts look for them, those of a zip or cab by their path
in it. A package that could not be read makes `executionSuccessful` false.

**Deciding.** `--ruleLevelOverride FILE` takes the official file (`[{\"Id\":\"STR202\",\"OverrideLevel\":\"Low\"}]`).
`.strata-check.json` lists findings that somebody has looked at and let be:

```json
[{\"rule\":\"STR403\",\"component\":\"workflow:Nightly*\",\"path\":\"*\",\"reason\":\"the test tenant\",\"until\":\"2027-01-01\"}]
```

`rule` and `reason` are needed; `component`, `path` and `rule` may be patterns with `*`; `until` is the last day. What
has ended or matches nothing is found itself (STR000). `--exclude` leaves out files and components, `--rules` runs only some
rules, `--fail-on LEVEL` exits with 3.
";

#[test]
fn the_page_says_what_the_tables_say() {
    let page = page();
    if std::env::var_os("STRATA_BLESS").is_some() {
        std::fs::write(PAGE, &page).unwrap_or_else(|error| panic!("{PAGE}: {error}"));
    }
    let written = std::fs::read_to_string(Path::new(PAGE)).unwrap_or_default();
    assert!(
        written == page,
        "docs/checker.md is not what the tables say: STRATA_BLESS=1 cargo test -p strata-checker docs"
    );
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    let (own, official): (Vec<_>, Vec<_>) = rules::all().partition(|rule| rule.id.starts_with("STR"));
    page.push_str("\n## Our rules\n");
    own.into_iter().for_each(|rule| entry(&mut page, rule));
    if !official.is_empty() {
        page.push_str("\n## Official rules\n");
        official.into_iter().for_each(|rule| entry(&mut page, rule));
    }
    page.push_str(
        "\n## Official rules that are not covered\n\n| rule | category | severity | why |\n|---|---|---|---|\n",
    );
    for rule in uncovered::RULES {
        writeln!(page, "| `{}` | {} | {} | {} |", rule.id, rule.category.word(), rule.severity.word(), rule.why.text())
            .expect("text");
    }
    page
}

fn entry(page: &mut String, rule: &Rule) {
    let compares = match rule.needs {
        Needs::Baseline => ", compares",
        Needs::Several => ", several packages",
        Needs::Package | Needs::Catalogue => "",
    };
    let (id, severity, category) = (rule.id, rule.severity.word(), rule.category.word());
    write!(
        page,
        "\n### {id}\n\n*{severity}, {category}{compares}; {}.* {}\n\n{}\n\n",
        rule.component, rule.condition, rule.why
    )
    .expect("text");
    for step in rule.cure {
        writeln!(page, "* {step}").expect("text");
    }
}
