//! What a maker gives to be saved: a script, a row as it stands in a package, or the member file of one.

use serde_json::Value;
use strata_model::id::Guid;
use strata_xml::Element;

use super::archive;
use super::document::package_in;

/// What a maker gives to be saved.
#[derive(Debug, Clone)]
pub(super) enum Given {
    Row(Box<Element>),
    File(Value),
    Script(String),
}

impl Given {
    /// Tells what a file holds; `None` where it is no text, or a row of something else.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let text = archive::text(bytes)?;
        let start = text.trim_start();
        if start.starts_with('<') {
            let tree = strata_xml::parse(text.as_bytes()).ok()?;
            let is_flow = tree.child_text("Category").is_some_and(|category| category.trim() == "6");
            return (tree.name.eq_ignore_ascii_case("Workflow") && is_flow).then(|| Self::Row(Box::new(tree)));
        }
        match serde_json::from_str(&text) {
            Ok(Value::String(script)) => Some(Self::Script(script)),
            Ok(json @ Value::Object(_)) => package_in(&json).is_some().then_some(Self::File(json)),
            Ok(_) => None,
            Err(_) => Some(Self::Script(text)),
        }
    }

    /// Returns the id that a row gives itself.
    pub(super) fn id(&self) -> Option<Guid> {
        match self {
            Self::Row(tree) => tree.attribute("WorkflowId").and_then(Guid::parse),
            Self::File(_) | Self::Script(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::document::{Document, set_package, stub};
    use super::*;

    #[test]
    fn what_is_given_is_told_by_its_beginning() {
        let given = |text: &str| Given::read(text.as_bytes());
        assert!(matches!(given("WAIT 1"), Some(Given::Script(script)) if script == "WAIT 1"));
        assert!(matches!(given("\"WAIT 1\""), Some(Given::Script(script)) if script == "WAIT 1"));
        assert!(matches!(given("<Workflow><Category>6</Category></Workflow>"), Some(Given::Row(_))));
        assert!(matches!(given(&stub().to_string()), Some(Given::File(_))));
        for unfit in ["<Workflow><Category>5</Category></Workflow>", "<Work", "{\"a\":1}", "[1]"] {
            assert!(given(unfit).is_none(), "{unfit}");
        }
        assert!(Given::read(&[0xff, 0xfe, 0x00]).is_none());
        let mut broken = Document::new(Guid::of_environment("x"), "Entry", 1033);
        let mut json = stub();
        set_package(&mut json, "UEsDBA==".to_owned());
        assert!(broken.take(Given::File(json)).is_err());
    }
}
