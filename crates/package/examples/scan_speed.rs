//! Compares reading a generated package with a bare loop over the tokens of its `customizations.xml`; the argument
//! is the number of components.
#![expect(clippy::print_stdout, reason = "a measurement prints its result")]

use std::time::{Duration, Instant};

use quick_xml::Reader;
use quick_xml::events::Event;
use strata_package::{Limits, read};
use strata_testkit::generator::{self, Recipe};

fn main() {
    let components = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(20_000);
    let version = "1.0.0.0".to_owned();
    let bytes = generator::package(&Recipe { components, version, managed: true, seed: 1, changed_permille: 0 });
    let (mut whole, mut bare) = (Duration::MAX, Duration::MAX);
    for _ in 0..5 {
        let copy = bytes.clone();
        let start = Instant::now();
        let package = match read(copy, &Limits::default()) {
            Ok(package) => package,
            Err(error) => return println!("{error}"),
        };
        whole = whole.min(start.elapsed());
        let Some(part) = package.parts.iter().find(|part| part.path.eq_ignore_ascii_case("customizations.xml")) else {
            return;
        };
        let start = Instant::now();
        let tokens = count_tokens(&part.bytes);
        bare = bare.min(start.elapsed());
        println!("{} components, {} bytes, {tokens} tokens", package.components.len(), part.bytes.len());
    }
    println!("read {whole:?}, bare tokens {bare:?}");
}

fn count_tokens(bytes: &[u8]) -> usize {
    let mut reader = Reader::from_str(std::str::from_utf8(bytes).unwrap_or_default());
    let mut tokens = 0;
    while !matches!(reader.read_event(), Ok(Event::Eof) | Err(_)) {
        tokens += 1;
    }
    tokens
}
