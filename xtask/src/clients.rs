//! Clients of the Web API for the stories that are told with them: installed where they are absent.
//!
//! Each folder of `crates/server/tests/clients` says what it needs, in exact versions: Node packages in `package.json`,
//! Python packages in `requirements.txt`. Where they cannot be had the story skips itself, and says so.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::root;

/// Installs what the stories need.
pub(crate) fn provide() {
    let folder = root().join("crates/server/tests/clients");
    let Ok(entries) = std::fs::read_dir(&folder) else { return };
    for entry in entries.flatten() {
        let client = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_provided = match (client.join("package.json").exists(), client.join("requirements.txt").exists()) {
            (true, _) => client.join("node_modules").exists() || node(&client, &name),
            (_, true) => client.join("venv/bin/python").exists() || python(&client, &name),
            (false, false) => true,
        };
        if !is_provided {
            println!("the client {name} could not be installed: its story is skipped");
        }
    }
}

fn node(client: &Path, name: &str) -> bool {
    println!("installing the client {name}, once …");
    succeeds(Command::new("npm").args(["ci", "--no-audit", "--no-fund", "--silent"]).current_dir(client))
}

/// Makes an environment of its own; one that is half made goes again.
fn python(client: &Path, name: &str) -> bool {
    println!("installing the client {name}, once …");
    let venv = client.join("venv");
    let is_made = succeeds(Command::new("python3").args(["-m", "venv"]).arg(&venv)) && {
        let mut pip = Command::new(venv.join("bin/python"));
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
        succeeds(pip.arg(client.join("requirements.txt")))
    };
    if !is_made {
        // Nothing is left that would be taken for an installed client.
        std::fs::remove_dir_all(&venv).ok();
    }
    is_made
}

fn succeeds(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).status().is_ok_and(|status| status.success())
}
