//! A folder of its own for each test, and runs of the binary in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) struct Sandbox {
    folder: TempDir,
}

/// What a run came to.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a scratch folder") }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs `strata` with words split at blanks.
    pub(crate) fn run(&self, line: &str) -> Run {
        self.run_words(&line.split_whitespace().collect::<Vec<_>>())
    }

    pub(crate) fn run_words(&self, words: &[&str]) -> Run {
        Run::of(&self.command().args(words).output().expect("the binary runs"))
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_strata"));
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        for variable in ["STRATA_STORE", "STRATA_ENVIRONMENT", "STRATA_FORMAT", "NO_COLOR", "CLICOLOR_FORCE"] {
            command.env_remove(variable);
        }
        command
    }

    /// Runs what must succeed and returns its text.
    pub(crate) fn text(&self, line: &str) -> String {
        let run = self.run(line);
        assert_eq!(run.code, 0, "`{line}` failed: {}", run.stderr);
        run.stdout
    }

    /// Runs what must succeed with `--format json` and returns the value.
    pub(crate) fn json(&self, line: &str) -> Value {
        let text = self.text(&format!("{line} --format json"));
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("`{line}`: {error} in {text}"))
    }

    /// Runs what must fail with `--format json`, and returns the error object.
    pub(crate) fn error(&self, line: &str, code: i32) -> Value {
        let run = self.run(&format!("{line} --format json"));
        assert_eq!(run.code, code, "`{line}`: {}", run.stderr);
        assert_eq!(run.stdout, "", "`{line}` writes an answer");
        let value: Value = serde_json::from_str(&run.stderr).unwrap_or_else(|error| panic!("{error}: {}", run.stderr));
        value["error"].clone()
    }

    /// Writes a file, with the folders above it.
    pub(crate) fn write(&self, name: &str, content: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        std::fs::write(path, content).expect("a file");
    }

    /// Writes the unpacked managed solution Ops of publisher contoso, with four environment variables and a
    /// connection reference, into the folder of that name.
    pub(crate) fn write_settings_package(&self, folder: &str, version: &str) {
        let manifest = format!(
            "<ImportExportXml version=\"9.2.1.1\" SolutionPackageVersion=\"9.2\" languagecode=\"1033\">\
             <SolutionManifest><UniqueName>Ops</UniqueName><LocalizedNames /><Version>{version}</Version>\
             <Managed>1</Managed><Publisher><UniqueName>contoso</UniqueName><CustomizationPrefix>contoso\
             </CustomizationPrefix><CustomizationOptionValuePrefix>10000</CustomizationOptionValuePrefix></Publisher>\
             <RootComponents /><MissingDependencies /></SolutionManifest></ImportExportXml>"
        );
        self.write(&format!("{folder}/Other/Solution.xml"), &manifest);
        let customizations = "<ImportExportXml><connectionreferences><connectionreference \
             connectionreferencelogicalname=\"contoso_sql\"><connectorid>/apis/shared_sql</connectorid>\
             </connectionreference></connectionreferences><Languages><Language>1033</Language></Languages>\
             </ImportExportXml>";
        self.write(&format!("{folder}/Other/Customizations.xml"), customizations);
        for (name, number, rest) in [
            ("contoso_Url", 0, ""),
            ("contoso_Days", 1, "<defaultvalue>5</defaultvalue>"),
            ("contoso_Secret", 5, ""),
            ("contoso_Mail", 0, ""),
        ] {
            let definition = format!(
                "<environmentvariabledefinition schemaname=\"{name}\">{rest}<type>10000000{number}</type>\
                 </environmentvariabledefinition>"
            );
            let path = format!("{folder}/environmentvariabledefinitions/{name}");
            self.write(&format!("{path}/environmentvariabledefinition.xml"), &definition);
            if name == "contoso_Mail" {
                let value = "{\"environmentvariablevalues\":{\"environmentvariablevalue\":{\"iscustomizable\":\"1\",\
                     \"value\":\"ops@contoso.example\"}}}";
                self.write(&format!("{path}/environmentvariablevalues.json"), value);
            }
        }
    }

    pub(crate) fn has_store(&self) -> bool {
        self.path("strata.db").exists()
    }
}

impl Run {
    fn of(output: &Output) -> Self {
        Self {
            code: output.status.code().expect("an exit code"),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// Returns the path of an example solution.
pub(crate) fn example(name: &str) -> String {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name);
    examples.to_str().expect("a path in Unicode").to_owned()
}
