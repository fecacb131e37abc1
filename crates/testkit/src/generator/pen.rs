//! Writes indented XML with CRLF, as exports have it, and throws reproducible dice.

use std::fmt::Write as _;

const WORDS: [&str; 32] = [
    "account",
    "amount",
    "approval",
    "batch",
    "branch",
    "budget",
    "carrier",
    "category",
    "contract",
    "customer",
    "delivery",
    "department",
    "discount",
    "estimate",
    "forecast",
    "invoice",
    "journal",
    "ledger",
    "location",
    "margin",
    "order",
    "partner",
    "payment",
    "period",
    "price",
    "product",
    "quantity",
    "region",
    "reference",
    "supplier",
    "territory",
    "warehouse",
];

/// A growing XML text; knows how deep it is.
pub(crate) struct Pen {
    text: String,
    depth: usize,
}

impl Pen {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self { text: String::with_capacity(bytes), depth: 0 }
    }

    /// Opens an element; `attributes` is written as it is.
    pub(crate) fn open(&mut self, name: &str, attributes: &str) {
        self.start(name, attributes);
        self.text.push_str(">\r\n");
        self.depth += 1;
    }

    pub(crate) fn close(&mut self, name: &str) {
        self.depth -= 1;
        self.indent();
        self.text.push_str("</");
        self.text.push_str(name);
        self.text.push_str(">\r\n");
    }

    /// Writes an element that holds text only, `<name></name>` when there is none.
    pub(crate) fn leaf(&mut self, name: &str, value: &str) {
        self.leaf_with(name, "", value);
    }

    pub(crate) fn leaf_with(&mut self, name: &str, attributes: &str, value: &str) {
        self.start(name, attributes);
        self.text.push('>');
        self.text.push_str(value);
        self.text.push_str("</");
        self.text.push_str(name);
        self.text.push_str(">\r\n");
    }

    pub(crate) fn leaves(&mut self, leaves: &[(&str, &str)]) {
        for (name, value) in leaves {
            self.leaf(name, value);
        }
    }

    pub(crate) fn empty(&mut self, name: &str, attributes: &str) {
        self.start(name, attributes);
        self.text.push_str(" />\r\n");
    }

    /// Writes a group that holds one English label.
    pub(crate) fn label(&mut self, group: &str, item: &str, text: &str) {
        self.open(group, "");
        self.indent();
        write!(self.text, "<{item} description=\"{text}\" languagecode=\"1033\" />\r\n")
            .expect("strings take any text");
        self.close(group);
    }

    /// Ends the text, without a final newline.
    pub(crate) fn finish(mut self) -> String {
        self.text.truncate(self.text.trim_end().len());
        self.text
    }

    fn start(&mut self, name: &str, attributes: &str) {
        self.indent();
        self.text.push('<');
        self.text.push_str(name);
        if !attributes.is_empty() {
            self.text.push(' ');
            self.text.push_str(attributes);
        }
    }

    fn indent(&mut self) {
        const SPACES: &str = "                                                                ";
        self.text.push_str(&SPACES[..(self.depth * 2).min(SPACES.len())]);
    }
}

/// An xorshift generator.
pub(crate) struct Dice(u64);

impl Dice {
    /// Makes dice that depend on every part of the seed.
    pub(crate) fn new(seed: [u64; 3]) -> Self {
        let mixed = seed.into_iter().fold(0, |state, part| splitmix(state ^ part));
        Self(mixed.max(1))
    }

    pub(crate) fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Returns a number from 0 up to, not including, `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        // The upper half of xorshift's bits is the better one.
        (self.roll() >> 32) as usize % end
    }

    pub(crate) fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low)
    }

    pub(crate) fn word(&mut self) -> &'static str {
        WORDS[self.below(WORDS.len())]
    }

    /// Returns that many words, the first one with a capital.
    pub(crate) fn words(&mut self, count: usize) -> String {
        let mut text = String::with_capacity(count * 9);
        for index in 0..count {
            let word = self.word();
            if index == 0 {
                text.push(char::from(word.as_bytes()[0].to_ascii_uppercase()));
                text.push_str(&word[1..]);
            } else {
                text.push(' ');
                text.push_str(word);
            }
        }
        text
    }

    /// Returns a lower-case GUID without braces.
    pub(crate) fn guid(&mut self) -> String {
        let (high, low) = (self.roll(), self.roll());
        format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xfff,
            low >> 52,
            low & 0xffff_ffff_ffff
        )
    }
}

fn splitmix(seed: u64) -> u64 {
    let mut mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}
