//! Packages from a few lines of text that say only what a test is about.
//!
//! ```text
//! package ContosoCore 1.0.0.0 managed contoso
//! root entity:contoso_order 2
//! patch-of ContosoBase 1.0.0.0
//! needs attribute:contoso_order.contoso_x from Other 1.0.0.0
//! attribute contoso_order.contoso_notes <MaxLength>100</MaxLength>
//! systemform 11111111-0000-4000-8000-000000000001 diff <form />
//! savedquery 11111111-0000-4000-8000-000000000002 of=contoso_order <fetchxml />
//! systemform 11111111-0000-4000-8000-000000000003 of=contoso_order/main <form />
//! desktopflowbinary 11111111-0000-4000-8000-000000000004 of=workflow:11111111-0000-4000-8000-000000000005 <type>x</type>
//! ```
//!
//! Every definition is wrapped in the element that its type has in a package. Types that need a root get one
//! unless `rootless` stands in the first line.

use strata_model::component::{ComponentKey, ComponentType};
use strata_model::dependency::{DependencySide, MissingDependency, Provider};
use strata_model::environment::Behavior;
use strata_model::id::Digest;
use strata_model::package::{
    Container, Definition, Manifest, Mode, Package, PackagedComponent, PackagedPublisher, Part, Presence,
    RootComponent, Slice,
};
use strata_model::version::Version;

/// Reads a package from its text.
///
/// # Panics
///
/// Panics on a line it does not know: fixtures are written by hand.
pub fn package(text: &str) -> Package {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let header: Vec<_> = lines.next().expect("a first line").split_whitespace().collect();
    let [_, name, version, mode, publisher, flags @ ..] = header.as_slice() else {
        panic!("`package NAME VERSION managed|unmanaged PUBLISHER` is expected, not {header:?}");
    };
    let mut builder = Builder { rootless: flags.contains(&"rootless"), ..Builder::default() };
    for line in lines {
        builder.line(line);
    }
    builder.finish(name, version, mode, publisher)
}

/// Reads a component reference, `type:name`.
pub fn key(text: &str) -> ComponentKey {
    let (component_type, name) = text.split_once(':').expect("type:name");
    ComponentKey::new(ComponentType::written(component_type), name)
}

#[derive(Default)]
struct Builder {
    rootless: bool,
    bytes: Vec<u8>,
    components: Vec<PackagedComponent>,
    roots: Vec<RootComponent>,
    missing: Vec<MissingDependency>,
    package_version: Option<Version>,
    parent: Option<(String, Option<Version>)>,
}

impl Builder {
    fn line(&mut self, line: &str) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "root" => {
                let (component, behavior) = rest.split_once(' ').unwrap_or((rest, "0"));
                self.root(&key(component), behavior);
            }
            "needs" => self.needs(rest),
            "patch-of" => {
                let (name, of) = rest.split_once(' ').unwrap_or((rest, ""));
                self.parent = Some((name.to_owned(), (!of.is_empty()).then(|| version(of))));
            }
            "platform" => self.package_version = Some(version(rest)),
            component_type => self.component(component_type, rest),
        }
    }

    fn root(&mut self, key: &ComponentKey, behavior: &str) {
        let number: u8 = behavior.trim().parse().expect("0, 1 or 2");
        self.roots.push(RootComponent {
            key: key.clone(),
            id: None,
            schema_name: Some(key.as_str().to_owned()),
            behavior: Behavior::try_from(number).expect("0, 1 or 2"),
        });
    }

    fn needs(&mut self, rest: &str) {
        let words: Vec<_> = rest.split_whitespace().collect();
        let (component, provider, application) = match words.as_slice() {
            [component, "from", "Active"] => (component, Provider::Active, None),
            [component, "from", "System"] => (component, Provider::System, None),
            [component, "from", name, v, tail @ ..] => {
                let provider = Provider::Solution { unique_name: (*name).to_owned(), version: Some(version(v)) };
                let application = tail.first().map(|word| ((*word).to_owned(), Some(version(v))));
                (component, provider, application)
            }
            [component] => (component, Provider::Unknown, None),
            other => panic!("`needs TYPE:NAME from SOLUTION VERSION` is expected, not {other:?}"),
        };
        let dependent = self.components.first().map_or_else(|| key("entity:dependent"), |first| first.key.clone());
        self.missing.push(MissingDependency {
            required: side(&key(component)),
            dependent: side(&dependent),
            provider,
            application,
        });
    }

    fn component(&mut self, component_type: &str, rest: &str) {
        let (name, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        let (presence, content) = match rest.split_once(' ').unwrap_or((rest, "")) {
            ("diff", content) => (Presence::Diff, content),
            ("reference", content) => (Presence::Reference, content),
            _ => (Presence::Full, rest),
        };
        let (parent, content) = match content.strip_prefix("of=").map(|rest| rest.split_once(' ').unwrap_or((rest, "")))
        {
            Some((table, content)) => (Some(table), content),
            None => (None, content),
        };
        // A form's type is where its definition stands in a package.
        let (parent, home) = match parent.map(|table| table.split_once('/').unwrap_or((table, ""))) {
            Some((table, "")) => (Some(table), None),
            Some((table, form_type)) => (Some(table), Some(format!("forms/{form_type}"))),
            None => (None, None),
        };
        let parent = parent.map(|of| if of.contains(':') { key(of) } else { key(&format!("entity:{of}")) });
        let component_type = ComponentType::named(component_type);
        let definition = match component_type.name() {
            "entity" => format!(
                "<Entity><Name>{name}</Name><EntityInfo><entity Name=\"{name}\">{content}</entity></EntityInfo></Entity>"
            ),
            other => format!("<{other}>{content}</{other}>"),
        };
        let start = self.bytes.len();
        self.bytes.extend(definition.as_bytes());
        let key = ComponentKey::new(component_type, name);
        if key.component_type.row().is_some_and(|row| row.needs_root) && !self.rootless {
            self.root(&key, "0");
        }
        self.components.push(PackagedComponent {
            name: name.to_owned(),
            id: None,
            parent,
            display_name: None,
            category: category(content),
            presence,
            definition: Definition {
                slices: vec![Slice { part: 0, range: start..self.bytes.len() }],
                home: home.clone(),
                ..Definition::default()
            },
            digest: Digest::of_definition([definition.as_bytes()], home.as_deref(), []),
            key,
        });
    }

    fn finish(self, name: &str, version_text: &str, mode: &str, publisher: &str) -> Package {
        let digest = Digest::of(&self.bytes);
        Package {
            container: Container::Zip,
            digest,
            manifest: Manifest {
                unique_name: name.to_owned(),
                friendly_name: name.to_owned(),
                version: version(version_text),
                mode: if mode == "managed" { Mode::Managed } else { Mode::Unmanaged },
                publisher: PackagedPublisher {
                    unique_name: publisher.to_owned(),
                    friendly_name: publisher.to_owned(),
                    prefix: publisher.to_owned(),
                    option_value_prefix: 10_000,
                    details: std::collections::BTreeMap::new(),
                },
                root_components: self.roots,
                missing_dependencies: self.missing,
                package_version: self.package_version,
                build: None,
                base_language: 1033,
                parent_solution: self.parent,
                languages: vec![1033],
            },
            components: self.components,
            parts: vec![Part {
                path: "customizations.xml".to_owned(),
                source: None,
                pieces: Vec::new(),
                bytes: self.bytes,
                digest,
            }],
            residue: Definition::default(),
            residue_digest: Digest::of(b""),
            notes: Vec::new(),
        }
    }
}

/// The `Category` of a process.
fn category(content: &str) -> Option<i32> {
    content.split_once("<Category>")?.1.split_once('<')?.0.parse().ok()
}

fn side(key: &ComponentKey) -> DependencySide {
    DependencySide {
        key: key.clone(),
        id: None,
        schema_name: Some(key.as_str().to_owned()),
        display_name: None,
        parent_schema_name: None,
        parent_display_name: None,
    }
}

fn version(text: &str) -> Version {
    Version::parse(text.trim()).expect("a version")
}
