//! What a request gives for the parameters of a message, read once and by type.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};
use strata_model::id::Guid;
use strata_odata::expression::{Argument, Literal};
use strata_odata::path::Arguments;
use strata_ops::base64;

use crate::body::Body;
use crate::fault::Fault;
use crate::message::{Kind, Message, Parameter, REST};

/// Values by the names of their parameters; null is absent.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Given(BTreeMap<&'static str, Typed>);

#[derive(Debug, Clone, PartialEq)]
enum Typed {
    Boolean(bool),
    Int32(i32),
    Guid(Guid),
    Text(String),
    Binary(Arc<Vec<u8>>),
    Texts(Vec<String>),
    Rows(Vec<Map<String, Value>>),
    Object(Map<String, Value>),
    Any(Value),
}

impl Given {
    /// Reads the parameters of an action from its body.
    pub(crate) fn of_body(message: &'static Message, values: Map<String, Value>, body: &Body) -> Result<Self, Fault> {
        let mut given = Self::default();
        for (name, value) in values {
            // Control information is no parameter.
            if name.contains('@') {
                continue;
            }
            let Some(parameter) = message.parameters.iter().find(|parameter| parameter.name == name) else {
                // The operation that it is about reads the others.
                if message.parameters.iter().any(|parameter| parameter.name == REST.name) {
                    continue;
                }
                return Err(unknown(&name, message));
            };
            match value.as_str().and_then(|mark| body.file(mark)) {
                Some(Ok(file)) => drop(given.0.insert(parameter.name, Typed::Binary(file))),
                Some(Err(position)) => {
                    return Err(Fault::payload(format!("parameter '{name}': {}", no_base64(position))));
                }
                None => given.take(parameter, value)?,
            }
        }
        given.whole(message)
    }

    /// Reads the parameters of a function from its parentheses; aliases stand in the query.
    pub(crate) fn of_url(
        message: &'static Message,
        arguments: &Arguments,
        options: &[(String, String)],
    ) -> Result<Self, Fault> {
        let mut given = Self::default();
        let named = match arguments {
            Arguments::Absent => &[][..],
            Arguments::Named(named) => named,
            Arguments::Key(_) => {
                let message = format!("the parameters of {0} have names: {0}(Name=value)", message.name);
                return Err(Fault::url(message));
            }
        };
        for argument in named {
            let Some(parameter) = message.parameters.iter().find(|parameter| parameter.name == argument.name) else {
                return Err(unknown(&argument.name, message));
            };
            given.take(parameter, written(&argument.value, parameter, options)?)?;
        }
        given.whole(message)
    }

    fn take(&mut self, parameter: &'static Parameter, value: Value) -> Result<(), Fault> {
        if value.is_null() {
            return Ok(());
        }
        let typed = typed(parameter.kind, value)
            .map_err(|expected| Fault::payload(format!("parameter '{}': {expected}", parameter.name)))?;
        self.0.insert(parameter.name, typed);
        Ok(())
    }

    /// Refuses what lacks a parameter.
    fn whole(self, message: &Message) -> Result<Self, Fault> {
        let is_missing = |parameter: &&Parameter| parameter.is_required && !self.0.contains_key(parameter.name);
        match message.parameters.iter().find(is_missing) {
            None => Ok(self),
            Some(missing) => {
                let message = format!("{}: parameter '{}' is required and missing", message.name, missing.name);
                Err(Fault::payload(message))
            }
        }
    }

    /// Tells whether a parameter was given.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Tells whether a switch is on; one that was not given is off.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.0.get(name) == Some(&Typed::Boolean(true))
    }

    pub(crate) fn number(&self, name: &str) -> Option<i32> {
        if let Some(Typed::Int32(number)) = self.0.get(name) { Some(*number) } else { None }
    }

    pub(crate) fn guid(&self, name: &str) -> Option<Guid> {
        if let Some(Typed::Guid(id)) = self.0.get(name) { Some(*id) } else { None }
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        if let Some(Typed::Text(text)) = self.0.get(name) { Some(text) } else { None }
    }

    /// Returns a text that the message requires.
    pub(crate) fn name(&self, name: &str) -> &str {
        self.text(name).expect("a message without its required parameters is refused")
    }

    /// Returns an id that the message requires.
    pub(crate) fn id(&self, name: &str) -> Guid {
        self.guid(name).expect("a message without its required parameters is refused")
    }

    /// Returns bytes, which may be many: they are shared, not copied.
    pub(crate) fn bytes(&self, name: &str) -> Option<Arc<Vec<u8>>> {
        if let Some(Typed::Binary(bytes)) = self.0.get(name) { Some(Arc::clone(bytes)) } else { None }
    }

    /// Returns bytes that the message requires.
    pub(crate) fn file(&self, name: &str) -> Arc<Vec<u8>> {
        self.bytes(name).expect("a message without its required parameters is refused")
    }

    pub(crate) fn texts(&self, name: &str) -> &[String] {
        if let Some(Typed::Texts(texts)) = self.0.get(name) { texts } else { &[] }
    }

    pub(crate) fn rows(&self, name: &str) -> &[Map<String, Value>] {
        if let Some(Typed::Rows(rows)) = self.0.get(name) { rows } else { &[] }
    }

    pub(crate) fn object(&self, name: &str) -> Option<&Map<String, Value>> {
        if let Some(Typed::Object(object)) = self.0.get(name) { Some(object) } else { None }
    }

    pub(crate) fn any(&self, name: &str) -> Option<&Value> {
        if let Some(Typed::Any(value)) = self.0.get(name) { Some(value) } else { None }
    }
}

fn unknown(name: &str, message: &Message) -> Fault {
    let operation = message.name;
    Fault::payload(format!(
        "The parameter '{name}' in the request payload is not a valid parameter for the operation '{operation}'."
    ))
}

/// Reads a value, or says what is expected.
fn typed(kind: Kind, value: Value) -> Result<Typed, String> {
    let expected = |what: &str, value: &Value| format!("{what} is expected, not {}", shown(value));
    Ok(match (kind, value) {
        (Kind::Boolean, Value::Bool(value)) => Typed::Boolean(value),
        (Kind::Boolean, other) => return Err(expected("true or false", &other)),
        (Kind::Int32, Value::Number(number)) => {
            let fitting = number.as_i64().and_then(|number| i32::try_from(number).ok());
            Typed::Int32(fitting.ok_or_else(|| expected("a whole number of 32 bits", &number.into()))?)
        }
        (Kind::Int32, other) => return Err(expected("a whole number", &other)),
        (Kind::Guid, Value::String(text)) => {
            Typed::Guid(Guid::parse(&text).ok_or_else(|| expected("a GUID", &Value::String(text)))?)
        }
        (Kind::Guid, other) => return Err(expected("a GUID", &other)),
        (Kind::Text, Value::String(text)) => Typed::Text(text),
        (Kind::Text, other) => return Err(expected("a text", &other)),
        (Kind::Binary, Value::String(text)) => Typed::Binary(Arc::new(binary(&text)?)),
        (Kind::Binary, other) => return Err(expected("Base64", &other)),
        (Kind::Texts, Value::Array(texts)) => Typed::Texts(strings(texts)?),
        (Kind::Texts, other) => return Err(expected("a list of texts", &other)),
        (Kind::Rows, Value::Array(rows)) => Typed::Rows(objects(rows)?),
        (Kind::Rows, other) => return Err(expected("a list of rows", &other)),
        (Kind::Row(_) | Kind::Object(_), Value::Object(object)) => Typed::Object(object),
        (Kind::Row(of) | Kind::Object(of), other) => return Err(expected(&format!("an object of {of}"), &other)),
        (Kind::Any, value) => Typed::Any(value),
    })
}

fn binary(text: &str) -> Result<Vec<u8>, String> {
    let mut decoder = base64::Decoder::default();
    decoder.take(text.as_bytes());
    decoder.finished().map_err(no_base64)
}

fn no_base64(position: usize) -> String {
    format!("Base64 is expected; the character at position {position} is none of it")
}

fn strings(values: Vec<Value>) -> Result<Vec<String>, String> {
    let text = |(position, value): (usize, Value)| match value {
        Value::String(text) => Ok(text),
        other => Err(format!("a text is expected at position {}, not {}", position + 1, shown(&other))),
    };
    values.into_iter().enumerate().map(text).collect()
}

fn objects(values: Vec<Value>) -> Result<Vec<Map<String, Value>>, String> {
    let object = |(position, value): (usize, Value)| match value {
        Value::Object(object) => Ok(object),
        other => Err(format!("an object is expected at position {}, not {}", position + 1, shown(&other))),
    };
    values.into_iter().enumerate().map(object).collect()
}

/// Shows the beginning of a value.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Reads an argument as the value that a body would hold.
fn written(argument: &Argument, parameter: &Parameter, options: &[(String, String)]) -> Result<Value, Fault> {
    let name = parameter.name;
    match argument {
        Argument::One(Literal::Alias(alias)) => {
            let own = format!("@{alias}");
            let Some((_, text)) = options.iter().find(|(option, _)| *option == own) else {
                return Err(Fault::url(format!("parameter '{name}': there is no query option {own}")));
            };
            Ok(alias_value(text.trim(), parameter.kind))
        }
        Argument::One(literal) => Ok(literal_value(literal, parameter.kind)),
        Argument::Many(literals) => {
            Ok(literals.iter().map(|literal| literal_value(literal, Kind::Text)).collect::<Vec<_>>().into())
        }
    }
}

fn literal_value(literal: &Literal, kind: Kind) -> Value {
    match literal {
        Literal::Null | Literal::Alias(_) => Value::Null,
        Literal::Quoted(text) => text.as_str().into(),
        Literal::Bare(text) => bare_value(text, kind),
    }
}

/// What an alias stands for: a literal, or JSON.
fn alias_value(text: &str, kind: Kind) -> Value {
    let binary = text.strip_prefix("binary").filter(|rest| kind == Kind::Binary && rest.starts_with('\''));
    let text = binary.unwrap_or(text);
    let inner = text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    match inner {
        Some(inner) => inner.replace("''", "'").into(),
        None if text == "null" => Value::Null,
        None => bare_value(text, kind),
    }
}

fn bare_value(text: &str, kind: Kind) -> Value {
    match kind {
        Kind::Boolean | Kind::Int32 | Kind::Texts | Kind::Row(_) | Kind::Rows | Kind::Object(_) | Kind::Any => {
            serde_json::from_str(text).unwrap_or_else(|_| text.into())
        }
        Kind::Guid | Kind::Text | Kind::Binary => text.into(),
    }
}
