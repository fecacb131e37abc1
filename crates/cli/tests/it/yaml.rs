//! Trees in the YAML layout on the command line: read wherever a package is.

use crate::sandbox::Sandbox;

const SOLUTION: &str = "ImportExportXml:
  '@version': 9.2.1.1
  '@SolutionPackageVersion': '9.2'
  '@languagecode': 1033
  SolutionManifest:
    UniqueName: NAME
    Version: 1.0.0.0
    Managed: 0
    Publisher:
      UniqueName: contoso
";
const PUBLISHER: &str = "Publisher:
  UniqueName: contoso
  CustomizationPrefix: contoso
";
const CHOICE: &str = "optionset:
  '@Name': contoso_NAME
  OptionSetType: picklist
  IsGlobal: 1
  options:
";

/// A tree with a choice for each solution.
fn tree(sandbox: &Sandbox, solutions: &[&str]) {
    sandbox.write("tree/publishers/contoso/publisher.yml", PUBLISHER);
    for name in solutions {
        let choice = format!("contoso_{}", name.to_lowercase());
        sandbox.write(&format!("tree/solutions/{name}/solution.yml"), &SOLUTION.replace("NAME", name));
        let list = format!("SolutionComponents:\n- Path: optionsets/{choice}\n");
        sandbox.write(&format!("tree/solutions/{name}/solutioncomponents.yml"), &list);
        let roots =
            format!("RootComponents:\n  RootComponent: {{'@type': 9, '@schemaName': {choice}, '@behavior': 0}}\n");
        sandbox.write(&format!("tree/solutions/{name}/rootcomponents.yml"), &roots);
        let text = CHOICE.replace("NAME", &name.to_lowercase());
        sandbox.write(&format!("tree/optionsets/{choice}/optionset.yml"), &text);
    }
}

#[test]
fn a_tree_is_shown_planned_imported_checked_and_compared() {
    let sandbox = Sandbox::new();
    tree(&sandbox, &["Core"]);
    let shown = sandbox.json("solution show --path tree");
    assert_eq!((shown["uniquename"].as_str(), shown["container"].as_str()), (Some("Core"), Some("folder")));
    let plan = sandbox.json("plan tree");
    assert_eq!(plan["summary"]["create"], 1, "{plan}");
    sandbox.text("import tree");
    assert!(sandbox.text("component list --solution-name Core").contains("contoso_core"));
    let found = sandbox.json("check tree");
    let parts: Vec<_> =
        found.as_array().expect("findings").iter().filter_map(|finding| finding["part"].as_str()).collect();
    assert!(parts.iter().all(|part| part.ends_with(".yml")), "{parts:?}");
    let same = sandbox.json("diff tree tree");
    assert_eq!(same["changes"].as_array().map(Vec::len), Some(0));
}

#[test]
fn one_of_several_solutions_is_named() {
    let sandbox = Sandbox::new();
    tree(&sandbox, &["Core", "Sales"]);
    let error = sandbox.error("import tree", 4);
    let message = error["message"].as_str().expect("a message").to_owned();
    assert!(message.contains("several solutions: Core, Sales"), "{message}");
    assert!(error["hints"][0].as_str().expect("a hint").contains("--solution-name"));
    sandbox.text("import tree --solution-name Sales");
    assert!(sandbox.text("component list --solution-name Sales").contains("contoso_sales"));
    let shown = sandbox.json("solution show --path tree --solution-name Core");
    assert_eq!(shown["uniquename"], "Core");
    let compared = sandbox.json("diff tree/solutions/Core tree/solutions/Sales");
    assert_eq!(compared["summary"]["added"], 1, "{compared}");
    let error = sandbox.error("plan tree --solution-name Other", 4);
    assert!(error["message"].as_str().expect("a message").contains("no solution Other, but Core, Sales"), "{error}");
}

#[test]
fn a_broken_file_is_named_with_its_line() {
    let sandbox = Sandbox::new();
    tree(&sandbox, &["Core"]);
    let file = "optionsets/contoso_core/optionset.yml";
    for (text, line) in
        [("optionset:\n  '@Name': x\n  a: [1\n", 3), ("optionset:\n  a: 1\n  a: 2\n", 3), ("Role:\n", 1)]
    {
        sandbox.write(&format!("tree/{file}"), text);
        let error = sandbox.error("import tree", 4);
        let message = error["message"].as_str().expect("a message");
        assert!(message.contains(file), "{message}");
        assert!(message.contains(&format!("line {line}")) || message.contains("line 4"), "{message}");
    }
    std::fs::remove_dir_all(sandbox.path("tree/optionsets")).expect("removed");
    let error = sandbox.error("import tree", 4);
    assert!(error["message"].as_str().expect("a message").contains("solutioncomponents.yml`, line 2"), "{error}");
}
