//! Where everything printed goes through: the answer to stdout, talk and errors to stderr.
//!
//! Text carries its colours as escape codes; anstream strips them where `--color`, `NO_COLOR` or the lack of a
//! terminal says so. With `--format json` stdout holds one JSON value and stderr, on an error, one object.

use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use serde::Serialize;
use strata_ops::ErrorReport;

use crate::args::{Color, Format, Global};
use crate::failure::Failure;
use crate::render;

/// The two streams and how to use them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    json: bool,
    quiet: bool,
    color: ColorChoice,
}

#[derive(Serialize)]
struct ErrorObject<'a> {
    error: &'a ErrorReport,
}

impl Output {
    pub(crate) fn new(global: &Global, format: Format) -> Self {
        Self { json: format == Format::Json, quiet: global.quiet, color: choice(global.color) }
    }

    /// Makes the output of a command line that could not be read, from what it seems to ask.
    pub(crate) fn guessed(json: bool, color: Color) -> Self {
        Self { json, quiet: false, color: choice(color) }
    }

    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Tells whether progress may show.
    pub(crate) fn shows_progress(&self) -> bool {
        !self.json && !self.quiet && io::stderr().is_terminal()
    }

    /// Writes the answer in the format that was asked for.
    pub(crate) fn answer<T: Serialize>(&self, value: &T, text: impl FnOnce() -> String) -> Result<(), Failure> {
        if self.json { self.json(value) } else { self.text(&text()) }
    }

    /// Writes text to stdout, with a line end.
    pub(crate) fn text(&self, text: &str) -> Result<(), Failure> {
        let mut stream = AutoStream::new(io::stdout().lock(), self.color);
        let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        let written = write!(stream, "{text}{end}").and_then(|()| stream.flush());
        written.map_err(Failure::Stdout)
    }

    fn json<T: Serialize>(&self, value: &T) -> Result<(), Failure> {
        let mut bytes = serde_json::to_vec_pretty(value).map_err(|error| Failure::Stdout(error.into()))?;
        bytes.push(b'\n');
        let mut stdout = io::stdout().lock();
        let written = stdout.write_all(&bytes).and_then(|()| stdout.flush());
        written.map_err(Failure::Stdout)
    }

    /// Suggests what to do next; for people only.
    pub(crate) fn hint(&self, text: &str) {
        if !self.json && !self.quiet {
            self.talk(&render::style::hint(text));
        }
    }

    /// Says on stderr what scripts should hear too.
    pub(crate) fn remark(&self, text: &str) {
        if !self.quiet {
            self.talk(&render::style::hint(text));
        }
    }

    /// Writes a line to stderr, whatever was asked.
    pub(crate) fn talk(&self, text: &str) {
        let mut stream = AutoStream::new(io::stderr().lock(), self.color);
        // Nobody is left to tell when stderr is gone.
        writeln!(stream, "{text}").ok();
    }

    /// Asks a question on stderr and reads the answer from the terminal.
    pub(crate) fn ask(&self, question: &str) -> bool {
        let mut stream = AutoStream::new(io::stderr().lock(), self.color);
        write!(stream, "{question} [y/N] ").and_then(|()| stream.flush()).ok();
        drop(stream);
        let mut line = String::new();
        let read = io::stdin().read_line(&mut line);
        read.is_ok() && matches!(line.trim().to_lowercase().as_str(), "y" | "yes")
    }

    /// Writes why there is no answer.
    pub(crate) fn failure(&self, failure: &Failure) {
        let Some(report) = failure.report() else { return };
        if !self.json {
            self.talk(render::findings::error(&report).trim_end());
            return;
        }
        match serde_json::to_string_pretty(&ErrorObject { error: &report }) {
            Ok(text) => self.talk(&text),
            Err(error) => self.talk(&format!("error: {error}")),
        }
    }
}

/// Tells whether somebody sits there to be asked.
pub(crate) fn is_interactive() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

fn choice(color: Color) -> ColorChoice {
    match color {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    }
}
