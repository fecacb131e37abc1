//! Rows from CSV files, and alternate keys.

use std::path::PathBuf;

use strata_model::options::ImportOptions;
use strata_ops::OpsError;
use strata_ops::rows::{self, RowRequest};

use crate::Scratch;
use crate::rows::{change, count};

const TABLE: &str = "contoso_item";

/// A package with a table whose rows are told apart by code and area.
fn with_key(scratch: &Scratch) {
    let column = |name: &str, rest: &str| {
        format!(
            "<attribute PhysicalName='{name}'><Name>{name}</Name><LogicalName>{name}</LogicalName>{rest}</attribute>"
        )
    };
    let columns = [
        column("contoso_itemid", "<Type>primarykey</Type>"),
        column("contoso_name", "<Type>nvarchar</Type><MaxLength>5</MaxLength><DisplayMask>PrimaryName</DisplayMask>"),
        column("contoso_code", "<Type>nvarchar</Type><MaxLength>10</MaxLength>"),
        column("contoso_area", "<Type>int</Type><MinValue>0</MinValue><MaxValue>9</MaxValue>"),
        column("contoso_parent", "<Type>lookup</Type><LookupTypes><LookupType>contoso_item</LookupType></LookupTypes>"),
    ];
    let entity = format!(
        "<Entity><Name>contoso_item</Name><EntityInfo><entity Name='contoso_item'><EntitySetName>contoso_items</EntitySetName><attributes>{}</attributes>\
         <EntityKeys><EntityKey><Name>contoso_key</Name><LogicalName>contoso_key</LogicalName><EntityKeyAttributes>\
         <AttributeName>contoso_code</AttributeName><AttributeName>contoso_area</AttributeName></EntityKeyAttributes>\
         </EntityKey></EntityKeys></entity></EntityInfo></Entity>",
        columns.concat()
    );
    let manifest = "<ImportExportXml version='9.2.0.0' SolutionPackageVersion='9.2' languagecode='1033'><SolutionManifest>\
         <UniqueName>Items</UniqueName><Version>1.0</Version><Managed>1</Managed><Publisher><UniqueName>contoso\
         </UniqueName><CustomizationPrefix>contoso</CustomizationPrefix><CustomizationOptionValuePrefix>10000\
         </CustomizationOptionValuePrefix></Publisher><RootComponents><RootComponent type='1' \
         schemaName='contoso_item' behavior='0' /></RootComponents></SolutionManifest></ImportExportXml>";
    let customizations =
        "<ImportExportXml><Entities /><Languages><Language>1033</Language></Languages></ImportExportXml>";
    scratch.file("items/Other/Solution.xml", manifest.as_bytes());
    scratch.file("items/Other/Customizations.xml", customizations.as_bytes());
    scratch.file("items/Entities/contoso_item/Entity.xml", entity.as_bytes());
    scratch.import(&scratch.folder.path().join("items"), &ImportOptions::pac()).expect("a table with a key");
}

fn import(scratch: &Scratch, text: &[u8]) -> Result<Vec<String>, OpsError> {
    let path: PathBuf = scratch.file("rows.csv", text);
    change(scratch, &RowRequest::Import { table: TABLE.to_owned(), path })
}

/// Line, column and message of the first thing that does not fit, and how many there are.
fn refused(error: &OpsError) -> (Option<u32>, Option<u32>, Vec<String>) {
    let report = error.report();
    let messages = report.details.iter().map(|finding| finding.message.clone()).collect();
    (report.line, report.column, messages)
}

#[test]
fn d8_a_file_becomes_rows_all_or_none() {
    let scratch = Scratch::new();
    with_key(&scratch);
    let parent = "1a2b3c4d-0000-4000-8000-00000000abcd";
    let good = format!(
        "\u{feff}Contoso_Name,contoso_code,contoso_area,contoso_itemid,contoso_parent\r\n\
         Child,a,1,,{parent}\r\nTop,\"b, c\",2,{parent},\r\n\"\",,,,\r\n"
    );
    let ids = import(&scratch, good.as_bytes()).expect("rows that fit");
    assert_eq!((ids.len(), ids[1].as_str()), (3, parent));
    let child = rows::get(&scratch.workspace, None, TABLE, &ids[0]).expect("a row");
    assert_eq!(child["contoso_parent"], format!("contoso_item({parent})"), "a row of the same file");
    let top = rows::list(&scratch.workspace, None, TABLE, Some("contoso_code eq 'b, c'")).expect("rows");
    assert_eq!(top.len(), 1);

    let bad = "contoso_name,contoso_area,contoso_parent\nfine,1,\ntoo long,1,\nok,10,x\nok,2,\n";
    let (line, column, messages) = refused(&import(&scratch, bad.as_bytes()).expect_err("three do not fit"));
    assert_eq!((line, column, messages.len()), (Some(3), Some(1), 3));
    assert!(messages[0].starts_with("line 3, column 1: ") && messages[2].starts_with("line 4, column 3: "));
    assert_eq!(count(&scratch, TABLE), 3);
    let many = format!("contoso_area\n{}", "x\n".repeat(100));
    let error = import(&scratch, many.as_bytes()).expect_err("nothing fits");
    assert_eq!(refused(&error).2.len(), 20, "the first of them are listed");
    assert!(error.to_string().ends_with("(and 99 more)"), "{error}");
}

#[test]
fn d8_what_is_wrong_with_a_file_is_said_with_its_place() {
    let scratch = Scratch::new();
    with_key(&scratch);
    let cases: [(&[u8], u32, Option<u32>, &str); 6] = [
        (b"contoso_nam,contoso_code,created\nx,y,z\n", 1, Some(1), "no column `contoso_nam`"),
        (b"contoso_name,CONTOSO_NAME\nx,y\n", 1, Some(2), "named twice"),
        (b"contoso_name,contoso_code\nx,y\nz\n", 3, None, "it has 1 fields"),
        (b"contoso_name\nx\n\xff\n", 3, None, "field 1 is not UTF-8"),
        (b"", 1, None, "must name the columns"),
        (b"contoso_name,createdon\nx,2026-01-01\n", 2, Some(2), "set by the platform"),
    ];
    for (text, line, column, message) in cases {
        let error = import(&scratch, text).expect_err(message);
        let found = refused(&error);
        assert_eq!((found.0, found.1), (Some(line), column), "{message}: {error}");
        assert!(found.2[0].contains(message), "{message}: {error}");
    }
    assert_eq!(import(&scratch, b"contoso_name\n").expect("no rows").len(), 0);
    let path = scratch.folder.path().join("absent.csv");
    let absent = change(&scratch, &RowRequest::Import { table: TABLE.to_owned(), path }).expect_err("no file");
    assert_eq!((absent.exit_code(), absent.report().name.as_str()), (4, "UnreadableFile"));
}

#[test]
fn d8_alternate_keys_are_unique_without_regard_to_case() {
    let scratch = Scratch::new();
    with_key(&scratch);
    import(&scratch, b"contoso_code,contoso_area\nA,1\nA,2\nA,\nA,\n").expect("a key without a value is none");
    let error = import(&scratch, b"contoso_code,contoso_area\nB,1\na,1\n").expect_err("there is one");
    let report = error.report();
    assert_eq!((report.code.as_deref(), report.line, report.column), (Some("0x80060892"), Some(3), Some(1)));
    assert!(report.message.contains("has the same contoso_code and contoso_area"), "{}", report.message);
    assert!(import(&scratch, b"contoso_code,contoso_area\nC,1\nc,1\n").is_err(), "two of one file");
    assert_eq!(count(&scratch, TABLE), 4);
    let environment = scratch.workspace.environment().expect("an environment");
    let key = ["contoso_code".to_owned(), "contoso_area".to_owned()];
    let found = scratch.workspace.store().records_by(&environment, TABLE, &key, &["a".into(), 2.into()]);
    assert_eq!(found.expect("an answer").map(|rows| rows.len()), Some(1), "the key is an index");
}

#[test]
fn d8_a_trial_of_an_import_checks_everything_and_changes_nothing() {
    let scratch = Scratch::new();
    with_key(&scratch);
    let environment = scratch.workspace.environment().expect("an environment");
    let path = scratch.file("rows.csv", b"contoso_code,contoso_area\nA,1\n");
    let request = RowRequest::Import { table: TABLE.to_owned(), path };
    let planned = rows::plan(&scratch.workspace, &environment, &request).expect("a plan");
    assert_eq!((planned.count, count(&scratch, TABLE)), (1, 0));
    assert_eq!(change(&scratch, &request).expect("rows"), planned.ids, "what was planned");
    assert_eq!(
        rows::plan(&scratch.workspace, &environment, &request).expect_err("twice").report().name,
        "DuplicateRecordEntityKey"
    );
}
