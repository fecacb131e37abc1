//! Stories as text files: packages, commands, and what people read (`tests/scenarios/*.txt`).
//!
//! ```text
//! # A line of prose.
//!
//! package core.zip
//!   Core 1.0.0.0 managed contoso
//!   entity contoso_order
//!
//! file settings.json
//!   {}
//!
//! $ strata import core.zip
//! what it prints
//! ! what it says on stderr
//! exit 1
//! ```
//!
//! Dates read `<when>`, ids that are minted by chance do not exist. `cargo xtask bless` writes what is printed now into the files, to
//! be reviewed as a difference.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use strata_testkit::zipped;

use crate::sandbox::Sandbox;

/// Set by `cargo xtask bless`.
const BLESS: &str = "STRATA_BLESS";

#[test]
fn every_story_goes_as_it_is_told() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/scenarios");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("the scenarios")
        .map(|entry| entry.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    paths.sort();
    assert!(!paths.is_empty());
    std::thread::scope(|scope| {
        let stories: Vec<_> = paths.iter().map(|path| (path, scope.spawn(move || tell(path)))).collect();
        for (path, story) in stories {
            let (told, happened) = story.join().unwrap_or_else(|_| panic!("{}", path.display()));
            if told != happened && std::env::var_os(BLESS).is_some() {
                std::fs::write(path, &happened).expect("a scenario is written");
            } else {
                assert_eq!(told, happened, "{}: `cargo xtask bless` takes it over", path.display());
            }
        }
    });
}

/// Plays a story; returns its text and what the text would be.
fn tell(path: &Path) -> (String, String) {
    let text = std::fs::read_to_string(path).expect("a scenario").replace("\r\n", "\n");
    let sandbox = Sandbox::new();
    let mut happened = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        writeln!(happened, "{line}").expect("text");
        if let Some(command) = line.strip_prefix("$ ") {
            // What was printed last time is not copied: it is printed anew.
            while lines.next_if(|next| !is_step(next)).is_some() {}
            happened.push_str(&play(&sandbox, command));
            if lines.peek().is_some() {
                happened.push('\n');
            }
        } else if let Some((kind, name)) = line.split_once(' ').filter(|(kind, _)| matches!(*kind, "package" | "file"))
        {
            let mut block = String::new();
            while let Some(content) = lines.next_if(|next| next.starts_with("  ")) {
                writeln!(happened, "{content}").expect("text");
                writeln!(block, "{}", content.strip_prefix("  ").unwrap_or(content)).expect("text");
            }
            let bytes = if kind == "package" { zipped::package(&block) } else { block.into_bytes() };
            std::fs::write(sandbox.path(name), bytes).expect("a file of the story");
        }
    }
    (text, happened)
}

/// What begins a step, and so ends the output of the command before.
fn is_step(line: &str) -> bool {
    ["$ ", "# ", "package ", "file "].iter().any(|start| line.starts_with(start))
}

fn play(sandbox: &Sandbox, command: &str) -> String {
    let words = words(command);
    let [program, arguments @ ..] = words.as_slice() else { panic!("an empty command") };
    assert_eq!(program, "strata", "scenarios run strata alone");
    let run = sandbox.run_words(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    let mut printed = String::new();
    for line in run.stdout.lines() {
        writeln!(printed, "{}", line.trim_end()).expect("text");
    }
    for line in run.stderr.lines() {
        writeln!(printed, "{}", format!("! {line}").trim_end()).expect("text");
    }
    if run.code != 0 {
        writeln!(printed, "exit {}", run.code).expect("text");
    }
    without_dates(&printed)
}

/// Splits a command line at blanks; quotes keep words together.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    for c in line.chars() {
        match (c, quote) {
            (_, Some(open)) if c == open => quote = None,
            ('\'' | '"', None) => quote = Some(c),
            (' ', None) => words.push(std::mem::take(&mut word)),
            (_, _) => word.push(c),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

/// Replaces what changes from run to run: `2026-01-31 12:00:00` and `12 ms`.
fn without_dates(text: &str) -> String {
    let shape = |piece: &str| piece.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect::<String>();
    let mut out = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let is_date = rest
            .get(..19)
            .is_some_and(|piece| matches!(shape(piece).as_str(), "0000-00-00 00:00:00" | "0000-00-00T00:00:00"));
        if is_date {
            out.push_str("<when>");
            rest = &rest[19..];
            continue;
        }
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 && rest[digits..].starts_with(" ms") {
            out.push_str("<n>");
            rest = &rest[digits..];
            continue;
        }
        let step = if digits > 0 { digits } else { rest.chars().next().map_or(1, char::len_utf8) };
        out.push_str(&rest[..step]);
        rest = &rest[step..];
    }
    out
}

#[test]
fn what_changes_from_run_to_run_is_taken_out() {
    assert_eq!(without_dates("at 2026-11-21 10:00:01, 13 ms for 13 rows"), "at <when>, <n> ms for 13 rows");
    assert_eq!(words("strata set 'a b' \"c d\""), ["strata", "set", "a b", "c d"]);
}
