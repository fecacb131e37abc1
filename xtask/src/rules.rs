//! The table of rules: every rule of the lifecycle, of managed properties and of desktop flows with the tests that show it.
//!
//! A test bears the ids of the rules it shows at the beginning of its name. `cargo xtask rules` writes `docs/rules.md`; a
//! test of this crate fails when the page is not what the tests say, or when a rule is neither shown nor excused.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::root;

const PAGE: &str = "docs/rules.md";

/// Rules by family: prefix, how many, what they are about.
const FAMILIES: [(&str, u32, &str); 4] = [
    ("L", 137, "Solution lifecycle"),
    ("MP", 17, "Managed properties"),
    ("DP", 33, "Dependencies"),
    ("DF", 36, "Desktop flows"),
];

/// Rules that say what to do, not what happens: there is nothing to show.
const ADVICE: &[&str] = &["L5", "L47", "L71", "L72", "L112", "L122", "L123", "L124", "MP1", "DF19", "DF22"];

/// Rules, or the parts of them, that need what is not built yet.
const WAITING: &[(&str, &str)] = &[
    ("L12", "the Web API, for updating and deleting publishers"),
    ("DP11", "a case: it is not known when the platform raises it"),
];

/// More tests of one rule than this are counted.
const LISTED_MAX: usize = 3;

/// Writes the page.
pub(crate) fn write() -> Result<(), String> {
    let page = page(&tests_by_rule()?);
    fs::write(root().join(PAGE), page).map_err(|error| error.to_string())
}

fn page(tests: &BTreeMap<String, Vec<Shown>>) -> String {
    let mut page = String::from(
        "# Rules and the tests that show them\n\nWritten by `cargo xtask rules` from the names of the tests, which begin with the \
         ids of the rules that they show. *Advice* is a rule that says what to do, not what happens; *waits* says what a \
         rule, or the rest of it, needs first.\n",
    );
    for (prefix, count, title) in FAMILIES {
        write!(page, "\n## {title}\n\n| rule | shown by | note |\n|---|---|---|\n").expect("text");
        for number in 1..=count {
            let id = format!("{prefix}{number}");
            let shown = tests.get(&id).map(Vec::as_slice).unwrap_or_default();
            writeln!(page, "| {id} | {} | {} |", listed(shown), note(&id)).expect("text");
        }
    }
    page
}

fn listed(shown: &[Shown]) -> String {
    let mut names: Vec<_> =
        shown.iter().take(LISTED_MAX).map(|test| format!("`{}` ({})", test.name, test.place)).collect();
    if shown.len() > LISTED_MAX {
        names.push(format!("and {} more", shown.len() - LISTED_MAX));
    }
    names.join(", ")
}

fn note(id: &str) -> String {
    let waits = WAITING.iter().find(|(rule, _)| *rule == id).map(|(_, why)| format!("waits: {why}"));
    let advice = ADVICE.contains(&id).then(|| "advice".to_owned());
    [advice, waits].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// A test that shows a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Shown {
    /// The crate, and the file without its ending.
    place: String,
    name: String,
}

/// Finds every test by the rules in its name.
fn tests_by_rule() -> Result<BTreeMap<String, Vec<Shown>>, String> {
    let mut tests: BTreeMap<String, Vec<Shown>> = BTreeMap::new();
    for path in sources(&root().join("crates"))? {
        let text = fs::read_to_string(&path).map_err(|error| error.to_string())?;
        for name in names(&text) {
            for id in ids(name) {
                tests.entry(id).or_default().push(Shown { place: place(&path), name: name.to_owned() });
            }
        }
    }
    tests.values_mut().for_each(|shown| shown.sort());
    Ok(tests)
}

fn sources(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))? {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.is_dir() {
            found.extend(sources(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn place(path: &Path) -> String {
    let below = path.strip_prefix(root().join("crates")).unwrap_or(path);
    let name = below.components().next().map(|first| first.as_os_str().to_string_lossy().into_owned());
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    format!("{}/{}", name.unwrap_or_default(), stem.unwrap_or_default())
}

/// Returns the names of the tests of a source file.
fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split("#[test]").skip(1).filter_map(|rest| {
        let (_, rest) = rest.split_once("fn ")?;
        rest.split(['(', '<']).next()
    })
}

/// Returns the rules at the beginning of a test's name: `l26_mp5_…`.
fn ids(name: &str) -> Vec<String> {
    let is_rule = |word: &&str| {
        let letters = word.trim_end_matches(|c: char| c.is_ascii_digit());
        letters.len() < word.len()
            && (1..=3).contains(&letters.len())
            && letters.bytes().all(|b| b.is_ascii_lowercase())
    };
    name.split('_').take_while(is_rule).map(str::to_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_shown_or_excused_and_the_page_says_so() {
        let tests = tests_by_rule().expect("sources");
        let is_excused = |id: &String| ADVICE.contains(&id.as_str()) || WAITING.iter().any(|(rule, _)| rule == id);
        let all = FAMILIES.iter().flat_map(|(prefix, count, _)| (1..=*count).map(move |n| format!("{prefix}{n}")));
        let missing: Vec<_> = all.filter(|id| !tests.contains_key(id) && !is_excused(id)).collect();
        assert!(missing.is_empty(), "neither shown by a test nor excused: {missing:?}");
        let written = fs::read_to_string(root().join(PAGE)).unwrap_or_default();
        assert!(written == page(&tests), "{PAGE} is not what the tests say: run `cargo xtask rules`");
    }

    #[test]
    fn ids_stand_at_the_beginning_of_names() {
        assert_eq!(ids("l26_mp5_a_patch_2_times"), ["L26", "MP5"]);
        assert!(ids("a_test_of_l26").is_empty());
    }
}
