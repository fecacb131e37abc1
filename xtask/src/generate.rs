//! Writes a generated package, for experiments.

use std::path::PathBuf;

use clap::Args;
use strata_testkit::generator::{self, Recipe};

#[derive(Args)]
pub(crate) struct Options {
    /// Where the package goes
    path: PathBuf,
    #[arg(long, default_value_t = 50_000)]
    components: usize,
    #[arg(long, default_value = "1.0.0.0")]
    version: String,
    /// How many in a thousand components differ from the same package with 0 here
    #[arg(long, default_value_t = 0)]
    changed_permille: u32,
    #[arg(long)]
    unmanaged: bool,
}

pub(crate) fn run(options: &Options) -> Result<(), String> {
    let recipe = Recipe {
        components: options.components,
        version: options.version.clone(),
        managed: !options.unmanaged,
        seed: 7,
        changed_permille: options.changed_permille,
    };
    std::fs::write(&options.path, generator::package(&recipe)).map_err(|error| error.to_string())
}
