//! Commands on packages that need no environment: what they change, and what they leave.

use std::fs;
use std::path::{Path, PathBuf};

use strata_testkit::zipped;

use crate::sandbox::{Sandbox, example};

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).expect("a file");
        }
    }
}

fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => files.extend(self::files(&path)),
            false => files.push((path.clone(), fs::read(&path).expect("a file"))),
        }
    }
    files.sort();
    files
}

#[test]
fn the_version_of_a_folder_is_one_text_in_one_file() {
    let sandbox = Sandbox::new();
    let tree = sandbox.path("tree");
    copy(Path::new(&example("contoso-core-1.0")), &tree);
    let before = files(&tree);
    let planned = sandbox.json("solution version --path tree --bump build --plan");
    assert_eq!((planned["from"].as_str(), planned["to"].as_str()), (Some("1.0.0.0"), Some("1.0.1.0")));
    assert_eq!(files(&tree), before);
    assert_eq!(sandbox.json("solution version --path tree --bump build")["changed"], true);
    let after = files(&tree);
    let changed: Vec<_> = before.iter().zip(&after).filter(|(before, after)| before != after).collect();
    let [((path, old), (_, new))] = changed.as_slice() else { panic!("{} files changed", changed.len()) };
    assert!(path.ends_with("Other/Solution.xml") && before.len() == after.len());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert_eq!(text(new), text(old).replace("<Version>1.0.0.0<", "<Version>1.0.1.0<"));
}

#[test]
fn the_version_of_a_zip_changes_no_other_byte_of_its_files() {
    let sandbox = Sandbox::new();
    let package = zipped::package("Core 1.0.02407.1937 managed contoso\nentity contoso_order");
    fs::write(sandbox.path("a.zip"), &package).expect("a package");
    fs::write(sandbox.path("b.zip"), &package).expect("a package");
    sandbox.text("solution version --path a.zip --bump revision");
    sandbox.text("solution version --path b.zip --set 1.0.02407.1938");
    let (a, b) = (fs::read(sandbox.path("a.zip")).expect("a zip"), fs::read(sandbox.path("b.zip")).expect("a zip"));
    assert!(a == b && a != package, "the same files, the same bytes");
    let mut seen = Vec::new();
    zipped::rewritten(&a, |name, text| {
        seen.push((name.to_owned(), text.clone()));
        text
    });
    zipped::rewritten(&package, |name, text| {
        let stamped = text.replace("02407.1937", "02407.1938");
        let is_there = name == "[Content_Types].xml" || seen.contains(&(name.to_owned(), stamped));
        assert!(is_there, "{name}");
        text
    });
    let same = sandbox.json("solution version --path a.zip --set 1.0.02407.1938");
    assert_eq!(same["changed"], false);
    assert_eq!(fs::read(sandbox.path("a.zip")).expect("a zip"), a);
    assert!(!sandbox.has_store());
}

#[test]
fn a_version_that_is_none_and_a_package_that_is_none_are_refused() {
    let sandbox = Sandbox::new();
    let package = zipped::package("Core 1.2.0.0 managed contoso\nentity contoso_order");
    fs::write(sandbox.path("a.zip"), &package).expect("a package");
    let error = sandbox.error("solution version --path a.zip --set v2", 1);
    assert_eq!(error["code"], "0x8004F01E");
    assert_eq!(sandbox.error("solution version --path nowhere.zip --bump minor", 4)["name"], "UnreadableFile");
    assert_eq!(sandbox.run("solution version --path a.zip").code, 64);
    assert_eq!(sandbox.run("solution version --path a.zip --set 1.3 --bump minor").code, 64);
    assert_eq!(fs::read(sandbox.path("a.zip")).expect("a zip"), package);
    let lower = sandbox.run("solution version --path a.zip --set 1.1");
    assert!(lower.code == 0 && lower.stderr.contains("lower than before"), "{}", lower.stderr);
}

#[test]
fn settings_are_made_and_checked_for_a_zip_as_for_a_folder() {
    let sandbox = Sandbox::new();
    sandbox.write_settings_package("tree", "1.0");
    let root = sandbox.path("tree");
    let zip_path = |path: &Path| {
        let below = path.strip_prefix(&root).expect("below").to_string_lossy().replace('\\', "/");
        match below.as_str() {
            "Other/Solution.xml" => "solution.xml".to_owned(),
            "Other/Customizations.xml" => "customizations.xml".to_owned(),
            _ => below,
        }
    };
    let mut packed: Vec<_> = files(&root).into_iter().map(|(path, bytes)| (zip_path(&path), bytes)).collect();
    packed.push(("[Content_Types].xml".to_owned(), b"<Types />".to_vec()));
    fs::write(sandbox.path("package.zip"), zipped::zipped(&packed)).expect("a zip");
    let of_tree = sandbox.json("solution create-settings --path tree --settings-file tree.json");
    let of_zip = sandbox.json("solution create-settings -z package.zip -s zip.json");
    assert_eq!(of_tree, of_zip);
    assert_eq!(of_zip["EnvironmentVariables"].as_array().map(Vec::len), Some(4));
    let text = |name: &str| fs::read_to_string(sandbox.path(name)).expect("settings");
    assert_eq!(text("tree.json"), text("zip.json"));
    let problems = |package: &str| {
        let run =
            sandbox.run(&format!("solution check-settings --path {package} --settings-file zip.json --format json"));
        assert_eq!(run.code, 3, "{}", run.stderr);
        run.stdout
    };
    assert_eq!(problems("tree"), problems("package.zip"));
    assert!(problems("package.zip").contains("contoso_Secret"));
}
