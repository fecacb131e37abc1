//! `$batch`: parts one after the other, change sets as a whole (web-api §6).

use std::collections::BTreeMap;

use serde_json::Value;
use strata_odata::batch::{self, Part, Response};
use strata_ops::{Whole, Workspace};

use crate::answer::Answer;
use crate::ask::{Headers, Prefer, Verb};
use crate::fault::Fault;
use crate::service::{Request, Service};
use crate::url;

/// Where what parts made is, by their content ids.
type Made = BTreeMap<String, String>;

/// Answers a batch.
pub(crate) fn answer(service: &Service, workspace: &Workspace, outer: &Request) -> Result<Answer, Fault> {
    if outer.verb != Verb::Post {
        return Err(Fault::verb("$batch wants POST"));
    }
    let headers = Headers(&outer.headers);
    let content_type = headers.get("content-type").unwrap_or_default();
    let boundary = batch::boundary(content_type)
        .ok_or_else(|| Fault::new(415, crate::fault::BAD_URL, "a batch is multipart/mixed with a boundary"))?;
    let parts = batch::parse(&boundary, outer.body.bytes()).map_err(|error| Fault::payload(error.to_string()))?;
    let goes_on = Prefer::of(headers).continue_on_error();
    let mut run = Run { service, workspace, outer, made: Made::new() };
    let mut answers = Vec::new();
    for part in &parts {
        let (answer, is_met) = run.part(part)?;
        answers.push(answer);
        if !is_met && !goes_on {
            break;
        }
    }
    let boundary = format!("batchresponse_{}", service.mint());
    let body = batch::write(&boundary, &answers);
    let mut answer = Answer::of("multipart/mixed", body);
    answer.boundary = Some(boundary);
    Ok(answer)
}

/// A batch on its way.
struct Run<'a> {
    service: &'a Service,
    workspace: &'a Workspace,
    outer: &'a Request,
    made: Made,
}

impl Run<'_> {
    /// Answers a part, and tells whether it was met.
    fn part(&mut self, part: &Part) -> Result<(batch::Answer, bool), Fault> {
        match part {
            Part::Request(request) => {
                let response = self.respond(request, false);
                let is_met = response.status < 400;
                Ok((batch::Answer::Response(response), is_met))
            }
            Part::ChangeSet(requests) => self.change_set(requests),
        }
    }

    /// All of it or nothing: of a set that fails, the failing part is the whole answer.
    fn change_set(&mut self, requests: &[batch::Request]) -> Result<(batch::Answer, bool), Fault> {
        let whole = Whole::begin(self.workspace.store())?;
        let made_before = self.made.clone();
        let mut responses = Vec::new();
        for request in requests {
            let response = self.respond(request, true);
            if response.status >= 400 {
                self.made = made_before;
                return Ok((batch::Answer::Response(response), false));
            }
            responses.push(response);
        }
        whole.keep()?;
        let boundary = format!("changesetresponse_{}", self.service.mint());
        Ok((batch::Answer::ChangeSet { boundary, responses }, true))
    }

    fn respond(&mut self, request: &batch::Request, is_tentative: bool) -> Response {
        let answer = self.inner(request).and_then(|inner| self.service.one(self.workspace, &inner, is_tentative));
        let answer = answer.unwrap_or_else(|fault| fault.answer());
        let id = answer.headers.iter().find(|(name, _)| *name == "OData-EntityId");
        if let (Some(content_id), Some((_, url))) = (&request.content_id, id) {
            self.made.insert(content_id.clone(), url.clone());
        }
        response(answer, request.content_id.clone())
    }

    /// Makes a request of a part: its target found, its references resolved.
    fn inner(&self, part: &batch::Request) -> Result<Request, Fault> {
        let verb = Verb::parse(&part.method)
            .ok_or_else(|| Fault::verb(format!("{} is no verb of the Web API", part.method)))?;
        let target = self.resolved(&part.target).unwrap_or_else(|| part.target.clone());
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let path = url::path_of(path);
        let below = match path.starts_with('/') {
            true => self.below(path)?,
            false => path,
        };
        if below.trim_matches('/').eq_ignore_ascii_case("$batch") {
            return Err(Fault::payload("a batch holds no batches"));
        }
        Ok(Request {
            verb,
            root: self.outer.root.clone(),
            environment: self.outer.environment.clone(),
            path: below.to_owned(),
            query: query.to_owned(),
            headers: part.headers.clone(),
            body: self.with_references(&part.body)?.into(),
            caller: self.outer.caller.clone(),
        })
    }

    /// What stands below the root of a rooted path, which must be of the batch's own environment.
    fn below<'p>(&self, path: &'p str) -> Result<&'p str, Fault> {
        let place = url::place(path)?;
        let same = |(left, right): (&str, &str)| left.eq_ignore_ascii_case(right);
        match (place.environment, self.outer.environment.as_deref()) {
            (None, None) => Ok(place.below),
            (Some(inner), Some(outer)) if same((inner, outer)) => Ok(place.below),
            (Some(_), _) | (None, Some(_)) => Err(Fault::url("a part of a batch is for another environment")),
        }
    }

    /// Puts the URL of what a part made in place of `$n`, with what follows.
    fn resolved(&self, text: &str) -> Option<String> {
        let rest = text.strip_prefix('$')?;
        let end = rest.find(|character: char| !character.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let url = self.made.get(&rest[..end])?;
        Some(format!("{url}{}", &rest[end..]))
    }

    fn with_references(&self, body: &[u8]) -> Result<Vec<u8>, Fault> {
        let has_references = !self.made.is_empty() && body.windows(2).any(|pair| pair == b"\"$");
        if !has_references {
            return Ok(body.to_vec());
        }
        let mut value: Value = serde_json::from_slice(body)
            .map_err(|error| Fault::payload(format!("the body is no JSON object: {error}")))?;
        self.resolve_in(&mut value);
        serde_json::to_vec(&value).map_err(|error| Fault::payload(error.to_string()))
    }

    /// Only annotations such as `x@odata.bind` refer to parts: a text `$1` in a column is a text.
    fn resolve_in(&self, value: &mut Value) {
        match value {
            Value::Object(members) => {
                for (name, member) in members.iter_mut() {
                    let resolved =
                        member.as_str().filter(|_| name.contains("@odata.")).and_then(|text| self.resolved(text));
                    match resolved {
                        Some(url) => *member = Value::String(url),
                        None => self.resolve_in(member),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.resolve_in(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

fn response(answer: Answer, content_id: Option<String>) -> Response {
    let answer = answer.whole();
    let own = [("OData-Version", "4.0".to_owned())].into_iter();
    let content_type = answer.content_type.map(|kind| ("Content-Type", kind.to_owned()));
    let headers = own.chain(content_type).chain(answer.headers).map(|(name, value)| (name.to_owned(), value));
    Response {
        status: answer.status,
        reason: reason(answer.status).to_owned(),
        headers: headers.collect(),
        body: answer.body,
        content_id,
    }
}

/// The reason phrase of a status, in letters and blanks.
fn reason(status: u16) -> &'static str {
    let known = axum::http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    known.filter(|text| text.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b' ')).unwrap_or("Answer")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w6_reasons_are_letters_and_blanks() {
        for status in 200..600 {
            let text = reason(status);
            assert!(text.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b' '), "{status} {text}");
        }
        assert_eq!(reason(204), "No Content");
        assert_eq!(reason(412), "Precondition Failed");
    }
}
