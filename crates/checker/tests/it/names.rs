//! STR201–STR204.

use strata_checker::Severity;

use crate::kit::{Sample, names, sample, severities};

fn column(table: &str, name: &str, inside: &str) -> Sample {
    let inside = format!(
        "<attributes><attribute PhysicalName=\"{name}\"><LogicalName>{name}</LogicalName>\
         <IsCustomField>1</IsCustomField>{inside}</attribute></attributes>"
    );
    sample().table(table, &inside)
}

#[test]
fn str201_custom_components_without_the_prefix() {
    assert_eq!(sample().table("fabrikam_order", "").blames("STR201"), ["entity:fabrikam_order"]);
    assert!(sample().table("contoso_order", "").finds("STR201").is_empty());
    assert!(sample().table("Account", "").finds("STR201").is_empty(), "the platform's");
    assert_eq!(column("account", "fabrikam_x", "").blames("STR201"), ["attribute:account.fabrikam_x"]);
    assert!(column("contoso_order", "entityimage", "").finds("STR201").is_empty());
    let foreign = column("fabrikam_order", "fabrikam_x", "");
    assert_eq!(foreign.blames("STR201"), ["entity:fabrikam_order"], "the table says it for its columns");
    let declared = "type=\"1\" schemaName=\"fabrikam_order\" solution=\"Fabrikam (1.0)\"";
    assert!(foreign.missing(declared, "type=\"62\" schemaName=\"x\"").finds("STR201").is_empty());
    assert!(column("contoso_orderflow", "bpf_duration", "").finds("STR201").is_empty(), "the platform's");
    let choice = |name: &str| {
        let xml = format!(
            "<optionsets><optionset Name=\"{name}\"><OptionSetType>picklist</OptionSetType></optionset></optionsets>"
        );
        sample().root("9", name, 0).section(&xml).finds("STR201").len()
    };
    assert_eq!([choice("connectionrole_category"), choice("contoso_tier"), choice("fab_tier")], [0, 0, 1]);
    let control = "<CustomControls><CustomControl><Name>fab_Fab.Star</Name></CustomControl></CustomControls>";
    assert_eq!(severities(&sample().section(control).finds("STR201")), [Severity::High]);
    assert!(sample().prefix("fab").section(control).finds("STR201").is_empty());
}

fn choice(values: &[(&str, &str)]) -> Sample {
    let option = |(value, label): &(&str, &str)| {
        format!(
            "<option value=\"{value}\"><labels><label description=\"{label}\" languagecode=\"1033\" /></labels></option>"
        )
    };
    let options: String = values.iter().map(option).collect();
    let xml = format!(
        "<optionsets><optionset Name=\"contoso_tier\"><OptionSetType>picklist</OptionSetType><options>{options}</options>\
         </optionset></optionsets>"
    );
    sample().root("9", "contoso_tier", 0).section(&xml)
}

#[test]
fn str202_option_values_outside_the_range() {
    assert!(choice(&[("100000000", "A"), ("100009999", "B")]).finds("STR202").is_empty());
    let found = choice(&[("100000000", "A"), ("1", "B")]).finds("STR202");
    assert_eq!(
        (names(&found), severities(&found)),
        (vec!["optionset:contoso_tier".to_owned()], vec![Severity::Medium])
    );
    let other = |own: &str| {
        let xml =
            format!("<Publisher><CustomizationOptionValuePrefix>{own}</CustomizationOptionValuePrefix></Publisher>");
        // The first publisher of the manifest counts.
        choice(&[("100000000", "A")]).own_publisher(&xml).finds("STR202")
    };
    assert_eq!(severities(&other("72700")), [Severity::Low], "values that older makers gave");
    assert!(other("10000").is_empty());
    let state = "<Type>state</Type><optionset Name=\"x\"><OptionSetType>state</OptionSetType><options><option value=\"0\" />\
                 </options></optionset>";
    assert!(column("contoso_order", "contoso_x", state).finds("STR202").is_empty());
    let local = "<optionset Name=\"x\"><OptionSetType>picklist</OptionSetType><options><option value=\"7\" /></options></optionset>";
    assert_eq!(column("contoso_order", "contoso_x", local).finds("STR202").len(), 1);
}

#[test]
fn str203_default_publishers_and_prefixes_that_cannot_be() {
    for prefix in ["new", "crd95", "cr8a3f1", "x", "1abc", "mscrmx", "ninechars", "a-b"] {
        let found = sample().prefix(prefix).finds("STR203");
        assert_eq!(names(&found), ["CustomizationPrefix"], "{prefix}");
        assert_eq!(found[0].line, Some(2));
    }
    for prefix in ["contoso", "crm", "cross", "newco", "ab"] {
        assert!(sample().prefix(prefix).finds("STR203").is_empty(), "{prefix}");
    }
}

#[test]
fn str204_options_that_cannot_be_told_apart() {
    assert!(choice(&[("100000000", "A"), ("100000001", "B")]).finds("STR204").is_empty());
    let value = choice(&[("100000000", "A"), ("100000000", "B")]).finds("STR204");
    assert_eq!(value[0].path, "options/option[100000000]");
    let label = choice(&[("100000000", "A"), ("100000001", "a")]).finds("STR204");
    assert_eq!(label[0].path, "options/option[100000001]/labels/label[1033]");
    let variable = |name: &str| {
        let xml = format!("<environmentvariabledefinition schemaname=\"{name}\" />");
        let path = format!("environmentvariabledefinitions/{name}/environmentvariabledefinition.xml");
        sample().file(&path, &xml).finds("STR204").len()
    };
    assert_eq!((variable("$connection"), variable("contoso_Url")), (1, 0));
}
