//! What the repository's layout promises, as tests: which crate may name which.

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::root;

    /// Crates of ours that each crate may name, tests excepted (ARCHITECTURE.md).
    const ARROWS: &[(&str, &[&str])] = &[
        ("xml", &[]),
        ("model", &[]),
        ("package", &["model", "xml"]),
        ("engine", &["model", "xml"]),
        ("store", &["model"]),
        ("checker", &["engine", "model", "xml"]),
        ("odata", &["model"]),
        ("ops", &["checker", "engine", "model", "odata", "package", "store", "xml"]),
        ("server", &["model", "odata", "ops"]),
        ("cli", &["model", "ops", "server"]),
        ("testkit", &["engine", "model", "package"]),
    ];

    fn named(manifest: &str) -> BTreeSet<String> {
        let section = manifest.split("\n[").find(|section| section.starts_with("dependencies]")).unwrap_or_default();
        let names = section.lines().filter_map(|line| line.strip_prefix("strata-"));
        names.filter_map(|line| line.split(['.', ' ', '=']).next()).map(str::to_owned).collect()
    }

    #[test]
    fn crates_name_only_those_they_may() {
        let folder = root().join("crates");
        let mut seen = BTreeSet::new();
        for entry in std::fs::read_dir(&folder).expect("the crates") {
            let path = entry.expect("a crate").path();
            let name = path.file_name().and_then(|name| name.to_str()).expect("a plain name").to_owned();
            let manifest = std::fs::read_to_string(path.join("Cargo.toml")).expect("a manifest");
            let (_, allowed) =
                ARROWS.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("{name} is new"));
            let allowed: BTreeSet<_> = allowed.iter().map(|name| (*name).to_owned()).collect();
            let extra: Vec<_> = named(&manifest).difference(&allowed).cloned().collect();
            assert!(extra.is_empty(), "{name} names {extra:?}");
            seen.insert(name);
        }
        assert_eq!(seen.len(), ARROWS.len());
    }

    #[test]
    fn every_dependency_says_why() {
        for entry in std::fs::read_dir(root().join("crates")).expect("the crates") {
            let path = entry.expect("a crate").path().join("Cargo.toml");
            let manifest = std::fs::read_to_string(&path).expect("a manifest");
            for line in manifest.lines().filter(|line| line.contains(".workspace = true")) {
                let is_field = line.starts_with(|c: char| c.is_ascii_lowercase()) && !line.contains('#');
                let own = ["version", "edition", "rust-version", "license", "repository"];
                assert!(!is_field || own.iter().any(|name| line.starts_with(name)), "{}: {line}", path.display());
            }
        }
    }

    #[test]
    fn every_test_module_is_part_of_a_test() {
        for entry in std::fs::read_dir(root().join("crates")).expect("the crates") {
            let folder = entry.expect("a crate").path().join("tests/it");
            let Ok(main) = std::fs::read_to_string(folder.join("main.rs")) else { continue };
            for file in std::fs::read_dir(&folder).expect("the tests") {
                let path = file.expect("a file").path();
                let stem = path.file_stem().and_then(|stem| stem.to_str()).expect("a plain name").to_owned();
                let is_named = stem == "main" || main.contains(&format!("mod {stem};"));
                assert!(is_named || path.extension().is_none_or(|extension| extension != "rs"), "{}", path.display());
            }
        }
    }
}
