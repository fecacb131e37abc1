//! Names of files in a tree, made of names in a package, which may hold anything (D13).
//!
//! What no file system of ours takes becomes `_`. Where two components then want one path, in any case, each gets its
//! identity behind its name, so that the order in the package decides nothing.

use std::collections::{BTreeMap, BTreeSet};

use strata_model::id::{Digest, Guid};

use crate::container::is_device;

/// Names are cut so that a suffix and an ending fit behind them.
const STEP_BYTES_MAX: usize = 180;

/// A path that a component wants.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    pub(crate) path: String,
    /// Where a suffix would stand.
    pub(crate) stem: usize,
    pub(crate) identity: String,
}

/// Returns a name as one step of a path.
pub(crate) fn step(name: &str) -> String {
    let allowed = |c: char| !c.is_control() && !matches!(c, '<' | '>' | ':' | '"' | '/' | '\\' | '|' | '?' | '*');
    let mut step: String = name.chars().map(|c| if allowed(c) { c } else { '_' }).collect();
    if step.ends_with(['.', ' ']) {
        step.pop();
        step.push('_');
    }
    // A repository's own folder is never read.
    if step.is_empty() || is_device(&step) || step.eq_ignore_ascii_case(".git") {
        step.insert(0, '_');
    }
    if step.len() > STEP_BYTES_MAX {
        let cut = (0..=STEP_BYTES_MAX - 20).rev().find(|at| step.is_char_boundary(*at)).unwrap_or(0);
        step = format!("{}~{}", &step[..cut], short_hash(name));
    }
    step
}

/// Returns a name that holds `/` as a path.
pub(crate) fn steps(name: &str) -> String {
    let steps: Vec<_> = name.split(['/', '\\']).filter(|step| !step.is_empty()).map(step).collect();
    if steps.is_empty() { "_".to_owned() } else { steps.join("/") }
}

/// Tells whether a name can be a step of a path as it is.
pub(crate) fn is_plain(name: &str) -> bool {
    step(name) == name
}

/// Gives every wish a path of its own; `taken` are paths in lower case that nobody may have, `folders` those in which others
/// stand.
pub(crate) fn settle(wishes: &mut [Wish], taken: &BTreeSet<String>) {
    let mut by_path: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for wish in wishes.iter() {
        by_path.entry(wish.path.to_lowercase()).or_default().insert(wish.identity.to_lowercase());
    }
    let folders = folders(by_path.keys().chain(taken));
    for wish in wishes.iter_mut() {
        let path = wish.path.to_lowercase();
        let is_alone = by_path.get(&path).is_none_or(|identities| identities.len() < 2);
        if !is_alone || taken.contains(&path) || folders.contains(&path) {
            let suffix = match Guid::parse(&wish.identity) {
                Some(id) => id.to_string(),
                None => short_hash(&wish.identity),
            };
            wish.path.insert_str(wish.stem, &format!("-{suffix}"));
        }
    }
}

/// Every folder that some path stands in.
fn folders<'p>(paths: impl Iterator<Item = &'p String>) -> BTreeSet<String> {
    let mut folders = BTreeSet::new();
    let mut last = "";
    for path in paths {
        let Some((folder, _)) = path.rsplit_once('/') else { continue };
        if folder == last {
            continue;
        }
        last = folder;
        let mut outer = folder;
        while folders.insert(outer.to_owned()) {
            match outer.rsplit_once('/') {
                Some((more, _)) => outer = more,
                None => break,
            }
        }
    }
    folders
}

fn short_hash(text: &str) -> String {
    Digest::of(text.to_lowercase().as_bytes()).to_string().chars().take(8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d13_names_cannot_leave_their_folder() {
        for (name, wanted) in [
            ("plain-1 {x}", "plain-1 {x}"),
            ("..", "._"),
            ("a/b\\c", "a_b_c"),
            ("a:b*c?", "a_b_c_"),
            ("end.", "end_"),
            ("end ", "end_"),
            ("", "_"),
            ("con", "_con"),
            ("LPT1.txt", "_LPT1.txt"),
            ("a\u{0}b\n", "a_b_"),
            ("Ünïcode", "Ünïcode"),
        ] {
            assert_eq!(step(name), wanted, "{name:?}");
            assert_eq!(is_plain(name), name == wanted, "{name:?}");
        }
        assert_eq!(steps("/a//../b/"), "a/._/b");
        assert_eq!(steps("///"), "_");
        let long = "x".repeat(999);
        assert!(step(&long).len() <= STEP_BYTES_MAX && step(&long) != step(&format!("{long}y")));
    }

    fn settled(wishes: &[(&str, &str)], taken: &[&str]) -> Vec<String> {
        let wish = |(path, identity): &(&str, &str)| Wish {
            path: (*path).to_owned(),
            stem: path.rfind('.').unwrap_or(path.len()),
            identity: (*identity).to_owned(),
        };
        let mut wishes: Vec<_> = wishes.iter().map(wish).collect();
        settle(&mut wishes, &taken.iter().map(|path| (*path).to_owned()).collect());
        wishes.into_iter().map(|wish| wish.path).collect()
    }

    #[test]
    fn colliding_names_get_their_identity_whatever_the_order() {
        let id = "{11111111-0000-4000-8000-00000000000A}";
        let there = settled(&[("Roles/Clerk.xml", id), ("Roles/clerk.xml", "b"), ("Roles/Boss.xml", "c")], &[]);
        let back = settled(&[("Roles/Boss.xml", "c"), ("Roles/clerk.xml", "b"), ("Roles/Clerk.xml", id)], &[]);
        assert_eq!(there[0], "Roles/Clerk-11111111-0000-4000-8000-00000000000a.xml");
        assert_eq!(there[2], "Roles/Boss.xml");
        assert_eq!(there, back.into_iter().rev().collect::<Vec<_>>());
        assert_ne!(there[1], "Roles/clerk.xml");
        assert_eq!(settled(&[("a.xml", "1"), ("A.xml", "1")], &[]), ["a.xml", "A.xml"], "one component");
    }

    #[test]
    fn a_file_does_not_stand_where_a_folder_or_another_file_is() {
        let paths = settled(&[("w/new_x", "1"), ("w/new_x/a.js", "2"), ("w/b", "3")], &["w/b"]);
        assert_eq!(paths[1], "w/new_x/a.js");
        assert!(paths[0].starts_with("w/new_x-") && paths[2].starts_with("w/b-"), "{paths:?}");
    }
}
