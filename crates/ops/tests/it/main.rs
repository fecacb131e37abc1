//! Operations over real files: the corpus, the examples, broken input. Tests bear rule ids.

mod baseline;
mod compare;
mod corpus;
mod desktop_flows;
mod examples;
mod export;
mod exports;
mod lifecycle;
mod merges;
mod needs;
mod new_tables;
mod random;
mod recipes;
mod references_removed;
mod row_corpus;
mod row_imports;
mod rows;
mod schema;
mod sent;
mod sets;
mod switches;
mod three_way;
mod translations;
mod trees;
mod upgrade;

use std::path::{Path, PathBuf};

use strata_model::options::ImportOptions;
use strata_ops::{Applied, Location, OpsError, Request, Workspace, carry_out, prepare, silent};

/// A store in a scratch folder.
struct Scratch {
    folder: tempfile::TempDir,
    workspace: Workspace,
}

impl Scratch {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let store = folder.path().join("strata.db").display().to_string();
        let workspace = Workspace::open_or_create(&Location { store, environment: None }).expect("a new store");
        workspace.environment_to_write().expect("the default environment");
        Self { folder, workspace }
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a scratch folder");
        std::fs::write(&path, bytes).expect("a scratch file");
        path
    }

    fn run(&self, request: &Request) -> Result<Applied, OpsError> {
        let environment = self.workspace.environment().expect("the default environment");
        carry_out(&self.workspace, &environment, request, &silent)
    }

    fn plan(&self, request: &Request) -> strata_model::plan::Plan {
        let environment = self.workspace.environment().expect("the default environment");
        prepare(&self.workspace, &environment, request, &silent).expect("a plan").plan
    }

    fn import(&self, path: &Path, options: &ImportOptions) -> Result<Applied, OpsError> {
        self.run(&import(path, options))
    }

    fn uninstall(&self, solution: &str) -> Result<Applied, OpsError> {
        self.run(&Request::Uninstall { solution: solution.to_owned() })
    }

    /// A digest of everything but history.
    fn state(&self) -> strata_model::id::Digest {
        let environment = self.workspace.environment().expect("the default environment");
        self.workspace.store().state_digest(&environment, None).expect("a digest")
    }

    /// Names of all components that exist beside the system's.
    fn components(&self) -> Vec<String> {
        let filter = strata_ops::components::Filter::default();
        let listed = strata_ops::components::list(&self.workspace, None, &filter).expect("a list");
        listed.iter().map(|entry| format!("{}:{}", entry.component.type_name, entry.component.name)).collect()
    }

    fn resolved(&self, component: &str, path: &str) -> Option<(String, String)> {
        let layers = strata_ops::components::layers(&self.workspace, None, component, false).expect("layers");
        Some((layers.resolved.get(path)?.clone(), layers.decided_by.get(path)?.clone()))
    }
}

fn import(path: &Path, options: &ImportOptions) -> Request {
    Request::Import { package: path.into(), options: options.clone() }
}

fn assuming() -> ImportOptions {
    ImportOptions { assume_missing: true, ..ImportOptions::pac() }
}
