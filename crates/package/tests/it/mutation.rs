//! Damaged packages by the hundred: no panic, no hang, a clear error or a package (D13).
//!
//! `STRATA_FUZZ_ITERATIONS` says how many; each run with the same number does the same.

use strata_package::{Limits, read};
use strata_testkit::corpus::Corpus;

use crate::{SOLUTION, package_of, zipped};

pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn throw(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides.max(1) as u64).expect("less than the sides")
    }
}

#[expect(clippy::disallowed_methods, reason = "how long to run is the machine's to say")]
pub(crate) fn iterations() -> usize {
    std::env::var("STRATA_FUZZ_ITERATIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(150)
}

/// Flips, deletes, doubles, overwrites or moves a piece.
pub(crate) fn damage(dice: &mut Dice, bytes: &mut Vec<u8>) {
    if bytes.is_empty() {
        return;
    }
    let start = dice.throw(bytes.len());
    let length = 1 + dice.throw(40.min(bytes.len() - start));
    match dice.throw(6) {
        0 => bytes[start] ^= 1 << dice.throw(8),
        1 => {
            bytes.drain(start..(start + length).min(bytes.len()));
        }
        2 => {
            let piece = bytes[start..(start + length).min(bytes.len())].to_vec();
            let at = dice.throw(bytes.len());
            bytes.splice(at..at, piece);
        }
        3 => bytes[start] = b"<>&\"'/= \0\xff"[dice.throw(10)],
        4 => bytes.truncate(start),
        _ => {
            let words: [&[u8]; 6] = [b"<!DOCTYPE a>", b"]]>", b"<![CDATA[", b"&x;", b"<a b='1' b='2'>", b"<!--"];
            let word = words[dice.throw(words.len())];
            bytes.splice(start..start, word.iter().copied());
        }
    }
}

/// Small packages to start from: the corpus where it is, and one of our own.
fn seeds() -> Vec<Vec<u8>> {
    let own = package_of(
        "<ImportExportXml><optionsets><optionset Name=\"a\"><x>1</x></optionset></optionsets></ImportExportXml>",
        &[],
    );
    let corpus = Corpus::find();
    let real = corpus.iter().flat_map(Corpus::packages).map(|sample| sample.bytes).filter(|bytes| bytes.len() < 20_000);
    real.chain([own]).collect()
}

#[test]
fn d13_damaged_containers_never_panic() {
    let mut dice = Dice(0x5eed_0001);
    let seeds = seeds();
    for round in 0..iterations() {
        let mut bytes = seeds[round % seeds.len()].clone();
        for _ in 0..=dice.throw(4) {
            damage(&mut dice, &mut bytes);
        }
        check(bytes);
    }
}

#[test]
fn d13_damaged_documents_never_panic() {
    let mut dice = Dice(0x5eed_0002);
    for (round, seed) in seeds().iter().cycle().take(iterations()).enumerate() {
        let Ok(package) = read(seed.clone(), &Limits::default()) else { continue };
        let mut files: Vec<(String, Vec<u8>)> = package
            .parts
            .into_iter()
            .filter(|part| !part.path.contains('#'))
            .map(|part| (part.path, part.bytes))
            .collect();
        let wanted = if round % 2 == 0 { "customizations.xml" } else { "solution.xml" };
        for (_, bytes) in files.iter_mut().filter(|(path, _)| path.eq_ignore_ascii_case(wanted)) {
            for _ in 0..=dice.throw(3) {
                damage(&mut dice, bytes);
            }
        }
        let files: Vec<(&str, &[u8])> = files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
        let document = files.iter().find(|(path, _)| path.eq_ignore_ascii_case("customizations.xml"));
        agree(document.map(|(_, bytes)| *bytes).unwrap_or_default());
        check(zipped(&files));
    }
}

/// Our tokeniser and the library's parser must agree on what is well formed.
fn agree(document: &[u8]) {
    let files: &[(&str, &[u8])] = &[
        ("solution.xml", SOLUTION.as_bytes()),
        ("customizations.xml", document),
        ("[Content_Types].xml", crate::CONTENT_TYPES.as_bytes()),
    ];
    let ours = read(zipped(files), &Limits::default());
    let theirs = strata_xml::parse(document);
    let shown = || String::from_utf8_lossy(document).into_owned();
    match (&ours, &theirs) {
        (Ok(_), Err(error)) => panic!("only the parser refuses ({error}): {}", shown()),
        // The parser is lenient where the standard is not.
        (Err(error), Ok(_)) if is_stricter(&error.message) => {}
        (Err(error), Ok(_)) if matches!(error.code.name, "ImportNonWellFormedFileError") => {
            panic!("only the scan refuses ({error}): {}", shown());
        }
        (Ok(_), Ok(_)) | (Err(_), _) => {}
    }
}

/// `<` in values, characters in names, attributes without white space between them.
fn is_stricter(message: &str) -> bool {
    ["holds `<`", "begin an element", "not written as name"].iter().any(|said| message.contains(said))
}

fn check(bytes: Vec<u8>) {
    match read(bytes, &Limits::default()) {
        Ok(package) => {
            for component in &package.components {
                let bytes = package.bytes(&component.definition);
                let is_json = bytes.first() == Some(&b'{');
                assert!(is_json || strata_xml::parse(&bytes).is_ok(), "{}", component.key);
            }
        }
        Err(error) => assert!(!error.message.is_empty()),
    }
}

#[test]
fn the_own_seed_is_a_package() {
    assert!(SOLUTION.contains("Contoso"));
    assert!(seeds().iter().any(|seed| read(seed.clone(), &Limits::default()).is_ok()));
}
