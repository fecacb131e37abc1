//! Messages: what the Web API calls actions and functions, each with its parameters, its answer and who may send it.
//!
//! What a message takes and answers is data, so `$metadata`, the documentation and the reading of requests cannot
//! disagree.

use serde_json::{Map, Value};
use strata_ops::Request;

use crate::access::Role;
use crate::answer::Answer;
use crate::ask::Ask;
use crate::fault::{Fault, NO_PRIVILEGE};
use crate::given::Given;

/// An action or a function that stands on its own.
#[derive(Debug)]
pub struct Message {
    /// Written exactly so.
    pub name: &'static str,
    pub level: Level,
    /// The least role that may send it.
    pub role: Role,
    pub parameters: &'static [Parameter],
    pub answer: Shape,
    /// What it does, for the documentation.
    pub summary: &'static str,
    pub(crate) carry_out: CarryOut,
    /// What it asks of the environment, where that can be planned.
    pub(crate) request: Option<Wanted>,
}

/// What carries a message out.
pub(crate) type CarryOut = fn(&Call<'_>) -> Result<Answer, Fault>;

/// What says what a message asks of the environment.
pub(crate) type Wanted = fn(&Call<'_>) -> Result<Request, Fault>;

/// How much clients need a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Must,
    Should,
    Later,
    /// Of this product, in its own namespace.
    Own,
}

/// A parameter of a message.
#[derive(Debug)]
pub struct Parameter {
    pub name: &'static str,
    pub kind: Kind,
    pub is_required: bool,
}

/// What a parameter holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Boolean,
    Int32,
    Guid,
    Text,
    /// Bytes, as Base64.
    Binary,
    Texts,
    /// One row of a table, as an object.
    Row(&'static str),
    /// Rows of several tables.
    Rows,
    /// A value of a complex type.
    Object(&'static str),
    /// Anything of JSON.
    Any,
}

/// What a message answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// 204, no body.
    Nothing,
    /// An object with these properties: names, and types as metadata writes them.
    Properties(&'static [(&'static str, &'static str)]),
    /// Rows of a table.
    Rows(&'static str),
    /// An object whose properties are not fixed.
    Open,
    /// A list of such objects.
    OpenList,
}

/// A parameter that has to be there.
pub(crate) const fn required(name: &'static str, kind: Kind) -> Parameter {
    Parameter { name, kind, is_required: true }
}

/// A parameter that may be left out.
pub(crate) const fn optional(name: &'static str, kind: Kind) -> Parameter {
    Parameter { name, kind, is_required: false }
}

/// Stands for the parameters of the operation that a message is about.
pub(crate) const REST: Parameter = optional("*", Kind::Any);

/// A message with what it was given.
pub(crate) struct Call<'a> {
    pub(crate) ask: &'a Ask<'a>,
    pub(crate) message: &'static Message,
    pub(crate) given: Given,
}

impl Message {
    /// Lists the members of its body that are files.
    pub(crate) fn files(&self) -> impl Iterator<Item = &'static str> {
        self.parameters.iter().filter(|parameter| parameter.kind == Kind::Binary).map(|parameter| parameter.name)
    }

    /// Tells whether its body holds the parameters of another operation too.
    pub(crate) fn is_about_another(&self) -> bool {
        self.parameters.iter().any(|parameter| parameter.name == REST.name)
    }

    /// Reads the parameters of an action and carries it out.
    pub(crate) fn act(&'static self, ask: &Ask<'_>) -> Result<Answer, Fault> {
        self.admit(ask)?;
        let given = Given::of_body(self, ask.json()?, ask.body)?;
        (self.carry_out)(&Call { ask, message: self, given })
    }

    /// Reads the parameters of a function and answers it.
    pub(crate) fn answer(&'static self, ask: &Ask<'_>) -> Result<Answer, Fault> {
        self.admit(ask)?;
        let given = Given::of_url(self, &ask.path[0].arguments, &ask.options)?;
        (self.carry_out)(&Call { ask, message: self, given })
    }

    /// Returns the name with its namespace.
    pub fn qualified(&self) -> String {
        match self.level {
            Level::Own => self.name.to_owned(),
            Level::Must | Level::Should | Level::Later => format!("Microsoft.Dynamics.CRM.{}", self.name),
        }
    }

    /// Returns the name by which `$metadata` has it reached: names there hold no dots.
    pub fn import_name(&self) -> String {
        self.name.replace('.', "_")
    }

    fn admit(&self, ask: &Ask<'_>) -> Result<(), Fault> {
        if ask.caller.role >= self.role {
            return Ok(());
        }
        let message =
            format!("{} is for {}s; {} is a {}", self.name, self.role.word(), ask.caller.name, ask.caller.role.word());
        Err(Fault::new(403, NO_PRIVILEGE, message))
    }
}

impl Role {
    fn word(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Maker => "maker",
            Self::Admin => "admin",
        }
    }
}

impl Call<'_> {
    /// Answers with these properties and the context that belongs to them.
    pub(crate) fn object(&self, properties: Value) -> Answer {
        let context = format!("{}$metadata#{}Response", self.ask.root, self.message.qualified());
        let mut body = Map::from_iter([("@odata.context".to_owned(), context.into())]);
        match properties {
            Value::Object(properties) => body.extend(properties),
            other => {
                body.insert("value".to_owned(), other);
            }
        }
        Answer::json(&body)
    }

    /// Answers with a file.
    pub(crate) fn file(&self, name: &str, bytes: Vec<u8>) -> Answer {
        let context = format!("{}$metadata#{}Response", self.ask.root, self.message.qualified());
        Answer::with_file(&context, name, bytes)
    }

    /// Answers with a list.
    pub(crate) fn list(&self, of: &str, rows: Vec<Value>) -> Answer {
        let context = format!("{}$metadata#Collection({of})", self.ask.root);
        Answer::json(&serde_json::json!({ "@odata.context": context, "value": rows }))
    }

    /// Carries a request out, while the client waits.
    pub(crate) fn carry_out(&self, request: &Request) -> Result<strata_ops::Applied, Fault> {
        Ok(strata_ops::carry_out(self.ask.workspace, &self.ask.environment, request, &strata_ops::silent)?)
    }

    /// What the message asks of the environment.
    pub(crate) fn request(&self) -> Result<Request, Fault> {
        match self.message.request {
            Some(request) => request(self),
            None => {
                let message = format!("{} changes nothing that a plan speaks of", self.message.name);
                Err(Fault::payload(message))
            }
        }
    }
}
