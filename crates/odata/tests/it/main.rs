//! Text that comes from anywhere.

use proptest::prelude::*;
use strata_odata::{apply, batch, expression, path, query, url};

/// Pieces of requests in any order are more of a trial than any characters.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a",
        "b/c",
        " eq ",
        " and ",
        " or ",
        "not ",
        "(",
        ")",
        "'",
        "''",
        "[",
        "]",
        ",",
        "=",
        ":",
        "/",
        "@p",
        "null",
        "1",
        "-",
        "any(",
        "o:o/x",
        "$select=",
        "$filter=",
        "$expand=",
        ";",
        "&",
        "%27",
        "%",
        "+",
        "{",
        "}",
        "é",
        "groupby((",
        "aggregate(",
        " with sum as ",
        "--b",
        "\r\n",
        "\n",
        "GET a HTTP/1.1",
        "Content-Type: ",
        "multipart/mixed; boundary=b",
        "a1b2c3d4-0000-4000-8000-00000000abcd",
        "2026-01-31T00:00:00Z",
    ]);
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn d13_nothing_that_is_sent_makes_a_panic(text in prop_oneof![pieces(), any::<String>()]) {
        // Each says yes or no; which one does not matter here.
        let answers = [
            expression::parse(&text).is_ok(),
            path::parse(&text).is_ok(),
            apply::parse(&text).is_ok(),
            url::options(&text).and_then(|options| query::parse(&options)).is_ok(),
            batch::parse("b", text.as_bytes()).is_ok(),
            batch::boundary(&text).is_some(),
        ];
        prop_assert!(answers.len() == 6);
    }

    #[test]
    fn t6_a_quoted_text_comes_through_whole(text in any::<String>()) {
        let filter = format!("a eq '{}'", text.replace('\'', "''"));
        let encoded = format!("$filter={}", url::encoded(&filter));
        let query = url::options(&encoded).and_then(|options| query::parse(&options)).expect("a query");
        let expected = expression::Expression::Compare {
            path: expression::Path(vec!["a".to_owned()]),
            operator: expression::Operator::Eq,
            literal: expression::Literal::Quoted(text),
        };
        prop_assert_eq!(query.filter, Some(expected));
    }
}
