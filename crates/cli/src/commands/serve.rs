//! `serve`: the Web API over HTTP until the process is told to end.

use std::fs;

use serde::Serialize;
use strata_model::options::{Caller, ImportOptions};
use strata_ops::{Location, OpsError, Request};
use strata_server::access::Tokens;
use strata_server::http::{self, Config, Limits};
use strata_server::service::Service;
use strata_server::tls::Tls;
use strata_server::{LogLevel, log};

use super::{Context, write};
use crate::args::ServeArgs;
use crate::failure::{Exit, Failure};

#[derive(Serialize)]
struct Listening<'a> {
    listening: &'a [String],
}

pub(crate) fn serve(context: &Context<'_>, args: &ServeArgs) -> Result<Exit, Failure> {
    context.refuse_at("serve")?;
    let tokens = tokens(args)?;
    refuse_open_doors(args, &tokens)?;
    let tls = tls(context, args)?;
    let (workspace, environment) = context.open_to_write()?;
    for package in &args.seed {
        let options = ImportOptions { skip_lower_version: true, ..ImportOptions::of(Caller::default_one()) };
        let request = Request::Import { package: package.clone().into(), options };
        let applied = write::apply(context, &workspace, &environment, &request)?;
        let done = if applied.recorded { "imported" } else { "installed already" };
        context.output.remark(&format!("seed {}: {done}", package.display()));
    }
    drop(workspace);
    log(level(context), context.output.is_json());
    let location: Location = context.location();
    let config = Config {
        location: location.clone(),
        listen: args.listen.clone(),
        tokens,
        hosts: args.allow_host.clone(),
        origins: args.allow_origin.clone(),
        tls,
        limits: Limits { body_bytes: args.max_body.saturating_mul(1 << 20), ..Limits::default() },
    };
    let service = Service::with_jobs(location, args.max_jobs)?;
    args.fault.iter().for_each(|fault| service.troubles().add(fault.clone()));
    let ready = |urls: &[String]| announce(context, urls);
    http::serve(&config, service, &ready)?;
    Ok(Exit::Done)
}

fn level(context: &Context<'_>) -> LogLevel {
    match (context.global.quiet, context.global.verbose) {
        (true, _) => LogLevel::Warnings,
        (false, true) => LogLevel::Everything,
        (false, false) => LogLevel::Requests,
    }
}

/// The first line on stdout says where connections are accepted.
fn announce(context: &Context<'_>, urls: &[String]) {
    let text = match context.output.is_json() {
        true => serde_json::to_string(&Listening { listening: urls }).unwrap_or_default(),
        false => urls.join("\n"),
    };
    // Who started the server may have closed its output; it is served all the same.
    context.output.text(&text).ok();
    let first = urls.first().map_or("", String::as_str);
    context.output.hint(&format!("the Web API is at {first}/api/data/v9.2/; Ctrl-C ends it"));
}

fn tokens(args: &ServeArgs) -> Result<Tokens, Failure> {
    let Some(path) = &args.token_file else {
        let token = args.token.as_deref().filter(|token| !token.is_empty());
        return Ok(token.map(Tokens::one).unwrap_or_default());
    };
    let text = fs::read_to_string(path).map_err(|source| OpsError::Unreadable { path: path.clone(), source })?;
    Tokens::parse(&text).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

/// R18: beyond this machine a token is needed, or the word that none is.
fn refuse_open_doors(args: &ServeArgs, tokens: &Tokens) -> Result<(), Failure> {
    for address in &args.listen {
        let is_loopback = http::is_loopback(address)
            .map_err(|error| Failure::usage(format!("`{address}` is no address to listen at: {error}")))?;
        if !is_loopback && !tokens.are_needed() && !args.allow_anonymous {
            let message = format!("{address} can be reached from other machines: that needs a token");
            let hints = vec!["give --token or --token-file, or --allow-anonymous to let anybody in".to_owned()];
            return Err(Failure::Usage { message, hints });
        }
    }
    Ok(())
}

fn tls(context: &Context<'_>, args: &ServeArgs) -> Result<Option<Tls>, Failure> {
    if let (Some(certificate), Some(key)) = (&args.tls_cert, &args.tls_key) {
        return Ok(Some(Tls { certificate: certificate.clone(), key: key.clone() }));
    }
    let Some(folder) = &args.tls_self_signed else { return Ok(None) };
    let tls = Tls::self_signed(folder, &args.allow_host).map_err(strata_server::http::ServeError::from)?;
    let certificate = tls.certificate.display();
    context.output.hint(&format!(
        "the certificate is {certificate}: trust it with REQUESTS_CA_BUNDLE={certificate} (Python), \
         NODE_EXTRA_CA_CERTS={certificate} (Node), curl --cacert {certificate}"
    ));
    Ok(Some(tls))
}
