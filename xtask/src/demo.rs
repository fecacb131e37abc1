//! The main job, as a new user would do it: plan, import, edit, update, look at layers, undo.

use std::process::Command;

use crate::{cargo, root};

/// What the demo types, in order; `FILE` stands for the store.
const STEPS: &[(&str, &[&str])] = &[
    ("What would this package do? (nothing is written)", &["plan", "examples/contoso-core-1.0"]),
    ("Import it; the store is made on first use", &["import", "examples/contoso-core-1.0"]),
    ("A second solution of the same publisher goes on top", &["import", "examples/contoso-sales-1.0"]),
    ("An unmanaged hot fix lands in the Active layer", &["import", "examples/contoso-hotfix", "--publish-changes"]),
    ("Version 1.1 arrives: the plan names what the hot fix hides", &["plan", "examples/contoso-core-1.1"]),
    ("And as an upgrade? Update, upgrade and stage side by side", &["plan", "examples/contoso-core-1.1", "--compare"]),
    ("Which layer decides each property?", &["layers", "attribute:contoso_order.contoso_notes"]),
    ("What happened so far", &["history"]),
];

pub(crate) fn run() -> Result<(), String> {
    crate::run(cargo().args(["build", "--quiet", "--package", "strata-cli"]))?;
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let store = folder.path().join("strata.db");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), Into::into);
    for (say, arguments) in STEPS {
        println!("\n# {say}\n$ strata {}\n", arguments.join(" "));
        let mut command = Command::new(target.join("debug").join("strata"));
        crate::run(command.current_dir(root()).arg("--store").arg(&store).args(*arguments))?;
    }
    println!(
        "\nThe store of this demo was temporary. Try it yourself: `cargo run -- import examples/contoso-core-1.0`"
    );
    Ok(())
}
