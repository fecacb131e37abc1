//! Actions and functions as their own descriptions say, with the types that they take and answer.

use std::collections::BTreeSet;

use super::NAMESPACE;
use super::xml::Writer;
use crate::message::{Kind, Level, Message, Shape};
use crate::{actions, functions};

/// A message as `$metadata` shows it.
pub(super) struct Operation {
    message: &'static Message,
    is_action: bool,
}

/// Lists the operations that stand on their own.
pub(super) fn all() -> Vec<Operation> {
    let actions = actions::all().map(|message| Operation { message, is_action: true });
    let functions = functions::all().map(|message| Operation { message, is_action: false });
    actions.chain(functions).collect()
}

/// A type with its properties.
type Complex = (&'static str, &'static [(&'static str, &'static str)]);

/// Types that answers are made of (web-api §8.1, §9).
const COMPLEX: &[Complex] = &[
    (
        "ComponentDetail",
        &[
            ("Id", "Edm.Guid"),
            ("Type", "Edm.Int32"),
            ("SchemaName", "Edm.String"),
            ("DisplayName", "Edm.String"),
            ("ParentId", "Edm.Guid"),
            ("ParentSchemaName", "Edm.String"),
            ("ParentDisplayName", "Edm.String"),
            ("Solution", "Edm.String"),
        ],
    ),
    (
        "MissingComponent",
        &[("RequiredComponent", "mscrm.ComponentDetail"), ("DependentComponent", "mscrm.ComponentDetail")],
    ),
    ("ActionLink", &[("Label", "Edm.String"), ("Target", "Edm.String")]),
    (
        "SolutionOperationResult",
        &[
            ("Type", "Edm.String"),
            ("Status", "Edm.String"),
            ("WarningMessages", "Collection(Edm.String)"),
            ("ErrorMessages", "Collection(Edm.String)"),
            ("FormattedResults", "Edm.String"),
            ("ActionLink", "mscrm.ActionLink"),
        ],
    ),
    (
        "SolutionDetails",
        &[
            ("SolutionUniqueName", "Edm.String"),
            ("SolutionFriendlyName", "Edm.String"),
            ("SolutionDescription", "Edm.String"),
            ("PublisherUniqueName", "Edm.String"),
            ("PublisherFriendlyName", "Edm.String"),
            ("PreviousSolutionUniqueName", "Edm.String"),
            ("PreviousSolutionFriendlyName", "Edm.String"),
            ("PreviousPublisherUniqueName", "Edm.String"),
            ("PreviousPublisherFriendlyName", "Edm.String"),
            ("IsPatchSolution", "Edm.Boolean"),
            ("IsManaged", "Edm.Boolean"),
            ("PreviousIsManaged", "Edm.Boolean"),
            ("SolutionVersion", "Edm.String"),
            ("PreviousSolutionVersion", "Edm.String"),
            ("PreviousPatchSolutionsNames", "Collection(Edm.String)"),
            ("IsPrerequisitesExport", "Edm.Boolean"),
            ("HasPendingUpgrade", "Edm.Boolean"),
        ],
    ),
    (
        "AttributeCollection",
        &[("Count", "Edm.Int32"), ("Keys", "Collection(Edm.String)"), ("Values", "Collection(Edm.String)")],
    ),
    (
        "SolutionComponentDetails",
        &[
            ("ComponentName", "Edm.String"),
            ("ComponentTypeName", "Edm.String"),
            ("IsPresentInOrg", "Edm.String"),
            ("Attributes", "mscrm.AttributeCollection"),
        ],
    ),
    (
        "SolutionValidationResult",
        &[
            ("SolutionValidationResultType", "Edm.String"),
            ("Message", "Edm.String"),
            ("ErrorCode", "Edm.Int32"),
            ("AdditionalInfo", "Edm.String"),
        ],
    ),
    (
        "StageSolutionResults",
        &[
            ("StageSolutionUploadId", "Edm.Guid"),
            ("StageSolutionStatus", "Edm.String"),
            ("SolutionDetails", "mscrm.SolutionDetails"),
            ("SolutionComponentsDetails", "Collection(mscrm.SolutionComponentDetails)"),
            ("MissingDependencies", "Collection(mscrm.MissingDependency)"),
            ("SolutionValidationResults", "Collection(mscrm.SolutionValidationResult)"),
        ],
    ),
    ("SolutionParameters", &[("StageSolutionUploadId", "Edm.Guid")]),
    (
        "DependencyMetadataInfo",
        &[
            ("dependencyid", "Edm.Guid"),
            ("dependencytype", "Edm.Int32"),
            ("dependencytypename", "Edm.String"),
            ("requiredcomponentobjectid", "Edm.Guid"),
            ("requiredcomponenttype", "Edm.Int32"),
            ("requiredcomponenttypename", "Edm.String"),
            ("requiredcomponentname", "Edm.String"),
            ("requiredcomponentdisplayname", "Edm.String"),
            ("requiredcomponentparentid", "Edm.Guid"),
            ("requiredcomponentparentdisplayname", "Edm.String"),
            ("requiredcomponentbasesolutionid", "Edm.Guid"),
            ("requiredcomponentbasesolutionname", "Edm.String"),
            ("requiredcomponentbasesolutionuniquename", "Edm.String"),
            ("requiredcomponentbasesolutionversion", "Edm.String"),
            ("requiredcomponententitylogicalname", "Edm.String"),
            ("requiredcomponententitysetname", "Edm.String"),
            ("dependentcomponentobjectid", "Edm.Guid"),
            ("dependentcomponenttype", "Edm.Int32"),
            ("dependentcomponenttypename", "Edm.String"),
            ("dependentcomponentname", "Edm.String"),
            ("dependentcomponentdisplayname", "Edm.String"),
            ("dependentcomponentparentid", "Edm.Guid"),
            ("dependentcomponentparentdisplayname", "Edm.String"),
            ("dependentcomponentbasesolutionid", "Edm.Guid"),
            ("dependentcomponentbasesolutionname", "Edm.String"),
            ("dependentcomponentbasesolutionuniquename", "Edm.String"),
            ("dependentcomponentbasesolutionversion", "Edm.String"),
            ("dependentcomponententitylogicalname", "Edm.String"),
            ("dependentcomponententitysetname", "Edm.String"),
        ],
    ),
    (
        "DependencyMetadataCollection",
        &[("DependencyMetadataInfoCollection", "Collection(mscrm.DependencyMetadataInfo)")],
    ),
    (
        "AddComponentToSolutionParameters",
        &[
            ("LogicalName", "Edm.String"),
            ("Id", "Edm.Guid"),
            ("AddRequiredComponents", "Edm.Boolean"),
            ("IncludeChildComponents", "Edm.Boolean"),
            ("IncludeEntityMetadata", "Edm.Boolean"),
        ],
    ),
    (
        "AddComponentToSolutionParametersCollection",
        &[("ParameterCollection", "Collection(mscrm.AddComponentToSolutionParameters)")],
    ),
    ("SolutionInfo", &[("Name", "Edm.String")]),
    ("LayerDesiredOrder", &[("Type", "Edm.String"), ("Solutions", "Collection(mscrm.SolutionInfo)")]),
    (
        "ExportComponentDetails",
        &[("ComponentId", "Edm.Guid"), ("ComponentType", "Edm.Int32"), ("AddRequiredComponents", "Edm.Boolean")],
    ),
    ("ExportComponentsParams", &[("ExportComponentsList", "Collection(mscrm.ExportComponentDetails)")]),
];

/// Returns the type of a parameter.
fn parameter_type(kind: Kind) -> String {
    match kind {
        Kind::Boolean => "Edm.Boolean".to_owned(),
        Kind::Int32 => "Edm.Int32".to_owned(),
        Kind::Guid => "Edm.Guid".to_owned(),
        Kind::Text => "Edm.String".to_owned(),
        Kind::Binary => "Edm.Binary".to_owned(),
        Kind::Texts => "Collection(Edm.String)".to_owned(),
        Kind::Row(table) => format!("mscrm.{table}"),
        Kind::Rows => "Collection(mscrm.crmbaseentity)".to_owned(),
        Kind::Object(name) => format!("mscrm.{name}"),
        Kind::Any => "mscrm.Anything".to_owned(),
    }
}

impl Operation {
    fn is_own(&self) -> bool {
        self.message.level == Level::Own
    }

    fn is_in(&self, namespace: &str) -> bool {
        self.is_own() == (namespace != NAMESPACE)
    }

    /// The name without its namespace.
    fn name(&self) -> &'static str {
        self.message.name.rsplit('.').next().unwrap_or(self.message.name)
    }

    fn response(&self, namespace: &str) -> Option<String> {
        let own = format!("{namespace}.{}Response", self.name());
        match self.message.answer {
            Shape::Nothing => None,
            Shape::Properties(_) | Shape::Open => Some(own),
            Shape::OpenList => Some(format!("Collection({own})")),
            Shape::Rows(table) => Some(format!("Collection(mscrm.{table})")),
        }
    }

    fn write(&self, namespace: &str, writer: &mut Writer) {
        let element = if self.is_action { "Action" } else { "Function" };
        writer.open(element, &[("Name", self.name())]);
        for parameter in self.message.parameters.iter().filter(|parameter| super::table::is_name(parameter.name)) {
            let kind = parameter_type(parameter.kind);
            let mut attributes = vec![("Name", parameter.name), ("Type", kind.as_str())];
            if parameter.is_required {
                attributes.push(("Nullable", "false"));
            }
            writer.empty("Parameter", &attributes);
        }
        if let Some(response) = self.response(namespace) {
            writer.empty("ReturnType", &[("Type", &response), ("Nullable", "false")]);
        }
        writer.close(element);
    }

    fn write_response(&self, writer: &mut Writer) {
        let name = format!("{}Response", self.name());
        match self.message.answer {
            Shape::Properties(properties) => {
                writer.open("ComplexType", &[("Name", &name)]);
                properties.iter().for_each(|(property, kind)| writer.property(property, kind, true));
                writer.close("ComplexType");
            }
            Shape::Open | Shape::OpenList => writer.empty("ComplexType", &[("Name", &name), ("OpenType", "true")]),
            Shape::Nothing | Shape::Rows(_) => {}
        }
    }
}

/// Writes the operations of a namespace, and the types that only they use.
pub(super) fn types(operations: &[Operation], namespace: &str, writer: &mut Writer) {
    let own = || operations.iter().filter(|operation| operation.is_in(namespace));
    if namespace == NAMESPACE {
        for (name, properties) in COMPLEX {
            writer.open("ComplexType", &[("Name", name)]);
            properties.iter().for_each(|(property, kind)| writer.property(property, kind, true));
            writer.close("ComplexType");
        }
        for name in open_types(operations) {
            writer.empty("ComplexType", &[("Name", &name), ("OpenType", "true")]);
        }
    }
    own().for_each(|operation| operation.write_response(writer));
    own().for_each(|operation| operation.write(namespace, writer));
}

/// Types that somebody names and nobody describes: their properties are not fixed.
fn open_types(operations: &[Operation]) -> BTreeSet<String> {
    let of_parameters = operations.iter().flat_map(|operation| operation.message.parameters).filter_map(|parameter| {
        match parameter.kind {
            Kind::Object(name) => Some(name.to_owned()),
            Kind::Any => Some("Anything".to_owned()),
            Kind::Boolean
            | Kind::Int32
            | Kind::Guid
            | Kind::Text
            | Kind::Binary
            | Kind::Texts
            | Kind::Row(_)
            | Kind::Rows => None,
        }
    });
    let of_answers = operations.iter().flat_map(|operation| match operation.message.answer {
        Shape::Properties(properties) => properties,
        Shape::Nothing | Shape::Rows(_) | Shape::Open | Shape::OpenList => &[],
    });
    let described = COMPLEX.iter().flat_map(|(_, properties)| *properties);
    let named = of_answers.chain(described).filter_map(|(_, kind)| {
        let kind = kind.strip_prefix("Collection(").and_then(|kind| kind.strip_suffix(')')).unwrap_or(kind);
        kind.strip_prefix("mscrm.").map(str::to_owned)
    });
    let is_open = |name: &String| !COMPLEX.iter().any(|(known, _)| known == name);
    of_parameters.chain(named).filter(is_open).collect()
}

/// Writes how operations are reached from the service root.
pub(super) fn imports(operations: &[Operation], writer: &mut Writer) {
    for operation in operations {
        let name = operation.message.import_name();
        let qualified = operation.message.qualified();
        match operation.is_action {
            true => writer.empty("ActionImport", &[("Name", &name), ("Action", &qualified)]),
            false => writer.empty("FunctionImport", &[("Name", &name), ("Function", &qualified)]),
        }
    }
}
