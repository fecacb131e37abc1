//! Tasks of the repository: the demo, the tests, the bench.
//!
//! `cargo xtask demo` shows the main job on the examples, `cargo xtask test` runs every test, `cargo xtask bench`
//! measures operations against the bound of the performance budget.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a task talks to the person who runs it")]

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod bench;
mod clients;
mod demo;
mod generate;
mod load;
mod measure;
mod office;
mod rules;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::Parser;

#[derive(Parser)]
#[command(name = "xtask", about = "Tasks of the repository")]
enum Task {
    /// Plan, import and look at the example solutions
    Demo,
    /// Run every test
    Test,
    /// Write the table of rules and the tests that show them
    Rules,
    /// Write what the scenarios print now into their files, to be reviewed
    Bless,
    /// Measure import, re-import, plan and layers against the bound
    Bench(bench::Options),
    /// Measure the server under load against a bare handler (needs `wrk`)
    Load(load::Options),
    /// Serve one body with axum and nothing else (used by `load`)
    #[command(hide = true)]
    Bare { body: PathBuf },
    /// Write a generated package of any size
    Generate(generate::Options),
    /// One measurement in a process of its own (used by `bench`)
    #[command(hide = true)]
    Measure(measure::Options),
}

fn main() -> ExitCode {
    let done = match Task::parse() {
        Task::Demo => demo::run(),
        Task::Test => test(),
        Task::Rules => rules::write(),
        Task::Bless => {
            run(cargo().args(["test", "--quiet", "--package", "strata-cli", "scenarios"]).env("STRATA_BLESS", "1"))
        }
        Task::Bench(options) => bench::run(&options),
        Task::Load(options) => load::run(&options),
        Task::Bare { body } => load::bare(&body),
        Task::Generate(options) => generate::run(&options),
        Task::Measure(options) => measure::run(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn test() -> Result<(), String> {
    office::provide();
    clients::provide();
    run(cargo().args(["test", "--workspace", "--quiet"]))
}

/// Returns the command that runs the cargo which runs this task.
fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Returns the root of the repository.
fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_owned()
}

fn run(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|error| format!("{command:?}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} ended with {status}")) }
}
