//! The recipes of `docs/git.md`, run line by line with a real git.

use std::fs;
use std::path::Path;
use std::process::Command;

use strata_testkit::zipped;

use crate::sandbox::Sandbox;

const RECIPES: &str = include_str!("../../../../docs/git.md");

/// A repository with the recipes set up.
struct Repository {
    sandbox: Sandbox,
}

/// Returns `None` where there is no git, which a build machine must have.
fn repository() -> Option<Repository> {
    if Command::new("git").arg("--version").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "git is needed");
        skipped();
        return None;
    }
    let repository = Repository { sandbox: Sandbox::new() };
    repository.git(&["init", "--quiet", "--initial-branch=main"]);
    repository.write(".gitattributes", blocks("gitattributes").join("\n").as_bytes());
    for line in blocks("sh").join("\n").lines().filter(|line| !line.trim().is_empty()) {
        repository.shell(line);
    }
    Some(repository)
}

#[expect(clippy::print_stderr, reason = "a skipped test should say so")]
fn skipped() {
    eprintln!("skipped: there is no git");
}

/// The code blocks of that language.
fn blocks(language: &str) -> Vec<String> {
    let start = format!("```{language}\n");
    let inside = RECIPES.split(start.as_str()).skip(1).filter_map(|rest| rest.split("```").next());
    inside.map(str::to_owned).collect()
}

impl Repository {
    fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.sandbox.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }

    fn read(&self, name: &str) -> String {
        String::from_utf8_lossy(&fs::read(self.sandbox.path(name)).expect("a file")).into_owned()
    }

    fn command(&self, program: &str) -> Command {
        let binary = Path::new(env!("CARGO_BIN_EXE_strata")).parent().expect("a folder").to_owned();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths(std::iter::once(binary).chain(std::env::split_paths(&path))).expect("a path");
        let mut command = Command::new(program);
        command.current_dir(self.sandbox.path(".")).env("PATH", path).env("HOME", self.sandbox.path("."));
        command
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("XDG_CONFIG_HOME", self.sandbox.path("."))
            .env("GIT_PAGER", "cat")
            .env("LC_ALL", "C")
            .env_remove("GIT_DIR");
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "Anna").env(format!("GIT_{who}_EMAIL"), "anna@contoso.example");
        }
        command
    }

    /// Runs git; returns whether it succeeded and what it printed.
    fn try_git(&self, arguments: &[&str]) -> (bool, String) {
        let output = self.command("git").args(arguments).output().expect("git runs");
        let printed = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&printed).into_owned())
    }

    fn git(&self, arguments: &[&str]) -> String {
        let (done, printed) = self.try_git(arguments);
        assert!(done, "git {arguments:?}: {printed}");
        printed
    }

    fn shell(&self, line: &str) {
        let output = self.command("sh").args(["-c", line]).output().expect("a shell runs");
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn commit(&self, message: &str) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "-m", message]);
    }

    /// Commits what both sides make of the files, and merges the second into the first.
    fn both_sides(&self, base: &[(&str, &[u8])], ours: &[(&str, &[u8])], theirs: &[(&str, &[u8])]) -> (bool, String) {
        let all = |files: &[(&str, &[u8])]| files.iter().for_each(|(name, bytes)| self.write(name, bytes));
        all(base);
        self.commit("base");
        self.git(&["switch", "--quiet", "-c", "theirs"]);
        all(theirs);
        self.commit("theirs");
        self.git(&["switch", "--quiet", "main"]);
        all(ours);
        self.commit("ours");
        self.try_git(&["merge", "--no-edit", "theirs"])
    }
}

fn package(length: &str, more: &str) -> Vec<u8> {
    zipped::package(&format!(
        "Core 1.0.0.0 unmanaged contoso\nentity contoso_order\nattribute contoso_order.contoso_notes \
         <MaxLength>{length}</MaxLength>{more}"
    ))
}

#[test]
fn git_diff_shows_what_a_zip_says() {
    let Some(repository) = repository() else { return };
    repository.write("Core.zip", &package("100", ""));
    repository.commit("base");
    repository.write("Core.zip", &package("400", ""));
    let shown = repository.git(&["diff"]);
    assert!(shown.contains("-  MaxLength: 100\n+  MaxLength: 400\n"), "{shown}");
    assert!(shown.contains("@@ attribute:contoso_order.contoso_notes") && !shown.contains("Binary files"), "{shown}");
    repository.commit("longer notes");
    assert!(repository.git(&["log", "-p", "-1"]).contains("+  MaxLength: 400"));
    let shown = repository.git(&["difftool", "-y", "-t", "strata", "HEAD~1", "HEAD", "--", "Core.zip"]);
    assert!(shown.contains("MaxLength: 100 → 400") && shown.contains("1 changed"), "{shown}");
}

#[test]
fn git_merge_merges_zips_by_component() {
    let Some(repository) = repository() else { return };
    let more = "\nattribute contoso_order.contoso_due <Type>datetime</Type>";
    let (done, printed) = repository.both_sides(
        &[("Core.zip", &package("100", ""))],
        &[("Core.zip", &package("400", ""))],
        &[("Core.zip", &package("100", more))],
    );
    assert!(done, "{printed}");
    let contents = repository.sandbox.text("solution show --contents --path Core.zip");
    assert!(contents.contains("MaxLength: 400") && contents.contains("contoso_order.contoso_due"), "{contents}");
}

#[test]
fn a_conflict_in_a_zip_stops_the_merge_and_keeps_our_value() {
    let Some(repository) = repository() else { return };
    let (done, printed) = repository.both_sides(
        &[("Core.zip", &package("100", ""))],
        &[("Core.zip", &package("400", ""))],
        &[("Core.zip", &package("200", ""))],
    );
    assert!(!done && printed.contains("CONFLICT") && printed.contains("MaxLength"), "{printed}");
    assert!(repository.sandbox.text("solution show --contents --path Core.zip").contains("MaxLength: 400"));
    assert!(repository.git(&["status", "--porcelain"]).contains("UU Core.zip"));
}

#[test]
fn git_merge_merges_files_of_trees_by_element() {
    let Some(repository) = repository() else { return };
    // Two people add a column at the same place, which lines alone cannot tell apart.
    let entity = |columns: &[&str], length: &str| {
        let columns: String = columns
            .iter()
            .map(|name| {
                format!(
                    "    <attribute PhysicalName=\"{name}\">\n      <MaxLength>{length}</MaxLength>\n    </attribute>\n"
                )
            })
            .collect();
        format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<Entity>\n  <attributes>\n{columns}  </attributes>\n</Entity>\n"
        )
    };
    let path = "src/Entities/Order/Entity.xml";
    let (done, printed) = repository.both_sides(
        &[(path, entity(&["a"], "1").as_bytes())],
        &[(path, entity(&["a", "ours"], "1").as_bytes())],
        &[(path, entity(&["a", "theirs"], "1").as_bytes())],
    );
    assert!(done, "{printed}");
    assert_eq!(repository.read(path), entity(&["a", "ours", "theirs"], "1"));
}

#[test]
fn a_conflict_in_a_file_is_marked_as_git_marks_it() {
    let Some(repository) = repository() else { return };
    let flow = |wait: &str, retries: u8| format!("{{\n  \"wait\": \"{wait}\",\n  \"retries\": {retries}\n}}\n");
    let path = "src/Workflows/Post.json";
    let (done, printed) = repository.both_sides(
        &[(path, flow("1m", 1).as_bytes())],
        &[(path, flow("2m", 1).as_bytes())],
        &[(path, flow("3m", 2).as_bytes())],
    );
    assert!(!done && printed.contains("#/wait"), "{printed}");
    let contested = "<<<<<<< ours\n  \"wait\": \"2m\",\n=======\n  \"wait\": \"3m\",\n>>>>>>> theirs\n";
    assert_eq!(repository.read(path), flow("?", 2).replace("  \"wait\": \"?\",\n", contested));
}
