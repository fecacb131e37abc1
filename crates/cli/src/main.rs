//! The `strata` command: arguments in, one answer out.
//!
//! `args` says what can be typed, `commands` asks `strata-ops` for it, `render` makes text of the answers,
//! `output` writes them. No rule of the platform lives here, and nothing is printed but through `output`.

mod args;
mod commands;
mod failure;
mod output;
mod progress;
mod render;

use std::process::ExitCode;

/// Reading and planning make many small pieces and free them together.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let argv: Vec<_> = std::env::args_os().collect();
    ExitCode::from(commands::run(&argv))
}
