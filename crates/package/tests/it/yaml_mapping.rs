//! XML and YAML say the same: random elements there and back, foreign YAML in, hostile YAML out.

use proptest::prelude::*;
use strata_package::Limits;
use strata_package::yaml::{Newline, to_xml, to_yaml};

/// Writes YAML for XML and reads it back, by the shortcut and by the complete parser.
fn there_and_back(xml: &str) -> String {
    let limits = Limits::default();
    let (yaml, arrangements) = to_yaml("a.xml", xml.as_bytes(), &limits).expect(xml);
    let read = |yaml: &str| {
        to_xml("a.yml", yaml.as_bytes(), &arrangements, Newline::Crlf, &limits)
            .unwrap_or_else(|e| panic!("{e}\n{xml}\n{yaml}"))
    };
    // A comment is beyond the shortcut.
    let back = read(&yaml);
    assert_eq!(back, read(&format!("# said\n{yaml}")));
    back
}

fn yaml_of(xml: &str) -> String {
    to_yaml("a.xml", xml.as_bytes(), &Limits::default()).expect(xml).0
}

fn xml_of(yaml: &str) -> String {
    to_xml("a.yml", yaml.as_bytes(), &[], Newline::None, &Limits::default()).unwrap_or_else(|e| panic!("{e}\n{yaml}"))
}

fn refusal(yaml: &str) -> String {
    match to_xml("a.yml", yaml.as_bytes(), &[], Newline::None, &Limits::default()) {
        Ok(xml) => panic!("{yaml} was read as {xml}"),
        Err(error) => error.to_string(),
    }
}

/// A node of a random tree, which writes itself as the platform would.
#[derive(Debug, Clone)]
enum Tree {
    Element { name: String, attributes: Vec<(String, String)>, children: Vec<Tree>, is_pair: bool },
    Text(String),
    CData(String),
    Comment(String),
}

impl Tree {
    fn write(&self, level: usize, in_line: bool, out: &mut String) {
        match self {
            Self::Element { name, attributes, children, is_pair } => {
                out.push_str(&format!("<{name}"));
                for (key, value) in attributes {
                    out.push_str(&format!(" {key}=\"{}\"", escaped(value, true)));
                }
                if children.is_empty() && !is_pair {
                    out.push_str(" />");
                    return;
                }
                out.push('>');
                let in_line = in_line || children.iter().any(|child| matches!(child, Self::Text(_) | Self::CData(_)));
                for child in children {
                    if !in_line {
                        out.push_str(&format!("\r\n{}", "  ".repeat(level + 1)));
                    }
                    child.write(level + 1, in_line, out);
                }
                if !in_line && !children.is_empty() {
                    out.push_str(&format!("\r\n{}", "  ".repeat(level)));
                }
                out.push_str(&format!("</{name}>"));
            }
            Self::Text(text) => out.push_str(&escaped(text, false).replace('\n', "\r\n")),
            Self::CData(text) => out.push_str(&format!("<![CDATA[{}]]>", text.replace("]]>", ""))),
            Self::Comment(text) => out.push_str(&format!("<!--{}-->", text.replace('-', ""))),
        }
    }
}

fn escaped(text: &str, in_attribute: bool) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' if in_attribute => out.push_str("&quot;"),
            '\n' if in_attribute => out.push_str("&#xA;"),
            '\t' if in_attribute => out.push_str("&#x9;"),
            '\r' => out.push_str("&#xD;"),
            '\u{1}' => out.push_str("&#x1;"),
            c => out.push(c),
        }
    }
    out
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "a",
            "b",
            "entity",
            "attribute",
            "null",
            "yes",
            "y",
            "no",
            "x-y",
            "p:q",
            "_1",
            "Ünï"
        ])
        .prop_map(str::to_owned),
    ]
}

fn attribute_name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["id", "a", "xsi:nil", "xsi:type", "xmlns:xsi", "xmlns", "on", "b.c"])
        .prop_map(str::to_owned)
}

fn odd_text() -> impl Strategy<Value = String> {
    let odd = vec![
        "",
        "~",
        "null",
        "Null",
        "yes",
        "NO",
        "true",
        "1",
        "1.0",
        "010",
        "1e3",
        "0x1F",
        "12:30",
        "2026-08-14",
        ".inf",
        "<<",
        "- a",
        "a: b",
        "a #b",
        "a:",
        "'",
        "\"",
        "{a}",
        "[a]",
        "|",
        ">",
        "%a",
        "@a",
        "`a",
        "!a",
        "&a",
        "*a",
        "?",
        "=",
        "# a",
        " a",
        "a ",
        "a\nb",
        "a\n",
        "\na",
        "\n",
        "\n\n",
        "a\n\nb\n\n",
        " a\nb",
        "a\n b",
        "a \nb",
        "a\r\nb",
        "\r",
        "a\tb",
        "\t",
        "---",
        "...",
        "--- a",
        "\u{85}",
        "a\u{85}b",
        "\u{2028}",
        "\u{a0}",
        "\u{feff}",
        "\u{1}",
        "😀",
        "\\",
        "\\n",
        "http://a/b#c",
        "a\n---\nb",
        "a\n# b",
        "http://www.w3.org/2001/XMLSchema-instance",
        "{0}",
        "it's",
        "''",
        "\"a\": {\n  1\n}",
        "a,b",
        "]]",
        "\u{fffd}",
        "é",
    ];
    prop_oneof![
        4 => prop::sample::select(odd).prop_map(str::to_owned),
        1 => "[ -~\n\t\r\u{85}\u{a0}é]{0,12}",
    ]
}

/// A leaf's text is not empty, since nothing would be written.
fn text() -> impl Strategy<Value = Tree> {
    odd_text().prop_filter("a text", |text| !text.is_empty()).prop_map(Tree::Text)
}

fn attributes() -> impl Strategy<Value = Vec<(String, String)>> {
    prop::collection::vec((attribute_name(), odd_text()), 0..3).prop_map(|mut list| {
        list.sort();
        list.dedup_by(|left, right| left.0 == right.0);
        list
    })
}

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = (name(), attributes(), prop::option::of(text()), any::<bool>()).prop_map(
        |(name, attributes, text, is_pair)| Tree::Element {
            name,
            attributes,
            children: text.into_iter().collect(),
            is_pair,
        },
    );
    leaf.prop_recursive(4, 48, 6, |inner| {
        let child = prop_oneof![
            12 => inner,
            1 => odd_text().prop_map(Tree::Comment),
            1 => odd_text().prop_map(Tree::CData),
            1 => text(),
        ];
        (name(), attributes(), prop::collection::vec(child, 0..6), any::<bool>()).prop_map(
            |(name, attributes, mut children, is_pair)| {
                // Neighbouring texts are one text, and blanks between elements are layout.
                children.dedup_by(|right, left| matches!((left, right), (Tree::Text(_), Tree::Text(_))));
                let says = |tree: &Tree| !matches!(tree, Tree::Text(text) if text.trim_matches([' ', '\t', '\n', '\r']).is_empty());
                if !children.iter().any(|c| matches!(c, Tree::Text(_) | Tree::CData(_)) && says(c)) {
                    children.retain(says);
                }
                // Carriage returns in a CDATA section or a comment are line breaks to every reader.
                for child in &mut children {
                    if let Tree::CData(text) | Tree::Comment(text) = child {
                        text.retain(|c| !matches!(c, '\r' | '\n' | '\u{1}'));
                    }
                }
                Tree::Element { name, attributes, children, is_pair }
            },
        )
    })
}

#[test]
fn an_element_is_a_mapping_in_the_one_style() {
    let yaml = yaml_of(
        "<E a=\"1\" b=\"\"><Nil /><Pair></Pair><Text>x</Text><Num>1.0</Num><One k=\"v\">t</One><Two /><Two>2</Two>\
         <None xsi:nil=\"true\"></None><Deep><row /><row><cell id=\"{1}\" /></row></Deep><C><![CDATA[<x>]]></C></E>",
    );
    let expected = "\
E:
  '@a': '1'
  '@b': ''
  Nil:
  Pair: ''
  Text: x
  Num: '1.0'
  One:
    '@k': v
    '#text': t
  Two:
  -
  - '2'
  None:
    '@xsi:nil': 'true'
    '@xmlns:xsi': http://www.w3.org/2001/XMLSchema-instance
  Deep:
    row:
    -
    - cell:
        '@id': '{1}'
  C:
    '#cdata-section': <x>
";
    assert_eq!(yaml, expected);
}

#[test]
fn scalars_are_texts_in_any_style() {
    let yaml = "a: 1.0\nb: NO\nc: 010\nd: 1e3\ne: 2026-08-14T05:48:47Z\nf: \"x\\ty\"\ng: >-\n  x\n  y\nh: ~\ni: null\nj: {}\nk: 'null'\nl: ''\nm: []\n\
                n: # said\n  '@x': true\n  '@y':\no: [1, {p: 2}, ~]\n";
    let indented: String = yaml.lines().map(|line| format!("  {line}\n")).collect();
    assert_eq!(
        xml_of(&format!("\u{feff}R:\r\n{indented}")),
        "<R><a>1.0</a><b>NO</b><c>010</c><d>1e3</d><e>2026-08-14T05:48:47Z</e><f>x\ty</f><g>x y</g><h /><i /><j /><k>null</k>\
         <l></l><n x=\"true\" y=\"\" /><o>1</o><o><p>2</p></o><o /></R>"
    );
}

#[test]
fn what_could_mean_more_is_refused_where_it_stands() {
    for (yaml, expected) in [
        ("a: &x 1\n", "line 1, column 4: an anchor"),
        ("a: *x\n", "line 1, column 4"),
        ("a:\n  b: !!int 1\n", "line 2, column 6: a tag"),
        ("a:\n  <<: 1\n", "line 2, column 3: a merge key"),
        ("a: 1\n---\nb: 2\n", "line 2, column 1: a second document"),
        ("a:\n  b: 1\n  c: 2\n  b: 3\n", "line 4, column 3: the key `b` stands twice, before on line 2"),
        ("a: 1\nb: 2\n", "line 2, column 1: a mapping with one key"),
        ("", "line 1, column 1: a mapping with one key"),
        ("- a\n", "line 1, column 1: a mapping with one key"),
        ("a\n", "line 1, column 1: a mapping with one key"),
        ("a:\n- - b\n", "line 2, column 3: a sequence in a sequence"),
        ("a:\n  '@b':\n    c: 1\n", "line 3, column 5: a text is expected"),
        ("a:\n  '@b': [1, 2]\n", "line 2, column 9: an attribute has one value"),
        ("a:\n  b c: 1\n", "line 2, column 3: `b c` is no name"),
        ("a:\n  '1': 1\n", "line 2, column 3: `1` is no name"),
        ("a:\n  '@x y': 1\n", "line 2, column 3: `@x y` is no name"),
        ("a:\n  ? [x]\n  : 1\n", "a key must be a text"),
        ("a: \"\\0\"\n", "line 1, column 4: a zero character"),
        ("a: [1\n", "line"),
        ("a:\n  b: 'x\n", "line"),
        ("a:\n b: 1\n  c: 2\n", "line"),
    ] {
        let error = refusal(yaml);
        assert!(error.starts_with("part `a.yml`, line ") && error.contains(expected), "{yaml:?}: {error}");
    }
    assert!(refusal("a:\n  '#comment': x--y\n").contains("must not hold"));
    let latin = to_xml("a.yml", b"a: \xe4\n", &[], Newline::None, &Limits::default()).expect_err("not UTF-8");
    assert_eq!((latin.line, latin.column), (Some(1), Some(4)));
}

#[test]
fn d13_deep_and_huge_files_are_refused_in_time() {
    let nested: String = (0..400).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    assert!(refusal(&nested).contains("nested deeper than 256"));
    let flow = refusal(&format!("a: {}", "{a: ".repeat(100_000)));
    assert!(flow.contains("recursion limit"), "{flow}");
    assert!(refusal(&format!("a: {}", "[".repeat(100_000))).contains("recursion limit"));
    let many: String = (0..2_000).map(|number| format!("  '@a{number}': 1\n")).collect();
    assert!(refusal(&format!("a:\n{many}")).contains("more than 1024 attributes"));
    let names: String = (0..50_000).map(|number| format!("  a{number}: 1\n")).collect();
    assert!(xml_of(&format!("a:\n{names}")).ends_with("<a49999>1</a49999></a>"));
    let deep = "<a>".repeat(300) + &"</a>".repeat(300);
    assert!(to_yaml("a.xml", deep.as_bytes(), &Limits::default()).is_err());
}

#[test]
fn an_edited_element_goes_without_its_recorded_order() {
    let xml = "<e><a /><b /><!-- said --><a /></e>";
    let (yaml, arrangements) = to_yaml("a.xml", xml.as_bytes(), &Limits::default()).expect(xml);
    assert_eq!(yaml, "e:\n  a:\n  -\n  -\n  b:\n");
    let back =
        |yaml: &str| to_xml("a.yml", yaml.as_bytes(), &arrangements, Newline::None, &Limits::default()).expect(yaml);
    assert_eq!(back(&yaml), xml);
    assert_eq!(back("e:\n  a:\n  b:\n"), "<e><!-- said --><a /><b /></e>");
    assert_eq!(xml_of(&yaml), "<e><a /><a /><b /></e>");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_elements_survive_byte_for_byte(tree in tree()) {
        let mut xml = String::new();
        tree.write(0, false, &mut xml);
        prop_assert_eq!(there_and_back(&xml), xml);
    }
}
