//! `hopgraph serve` and `hopgraph mcp`: a database for a browser, and for an assistant.

use std::io::Write;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, Result};
use hopgraph::query::Verifier;
use hopgraph::{Access, Graph, GraphOptions, ModelVerifier, StorageError};
use hopgraph_server::{Address, Limits, ServeOptions, Service, Token};

use super::write_model_warnings;
use crate::interrupt::{self, Second};
use crate::serve_arguments::{AssistantArguments, RequestLimits, ServeArguments};

/// The secret of the address, if it is agreed on beforehand.
const TOKEN_VARIABLE: &str = "HOPGRAPH_TOKEN";

pub(crate) fn run(arguments: &ServeArguments) -> Result<ExitCode> {
    let graph = open(&arguments.database, arguments.write)?;
    let verifier = arguments.model.as_deref().map(verifier).transpose()?;
    let token = match std::env::var(TOKEN_VARIABLE) {
        Ok(text) => Token::given(&text).map_err(anyhow::Error::msg).context(TOKEN_VARIABLE)?,
        Err(_) => Token::random().context("the system gives no random numbers")?,
    };
    let options = ServeOptions {
        port: arguments.port,
        listen: arguments.listen,
        token,
        at_once: std::thread::available_parallelism().map_or(2, |cores| cores.get().max(2)),
    };
    let stop = interrupt::flag(Second::Exits);
    let service = Service::new(graph, limits(&arguments.limits), verifier);
    let ready = |address: &Address| {
        let mut out = std::io::stdout().lock();
        // Nobody is left to tell if the output is closed; the server goes on.
        let _ = writeln!(out, "{}", address.url);
        let _ = writeln!(std::io::stderr(), "{}", notice(arguments));
        let _ = out.flush();
        if arguments.open && !open_browser(&address.url) {
            let _ = writeln!(std::io::stderr(), "no browser could be started: open the address above yourself");
        }
    };
    hopgraph_server::serve(service, &options, ready, move || stop.load(Ordering::Relaxed))?;
    Ok(ExitCode::SUCCESS)
}

fn notice(arguments: &ServeArguments) -> String {
    let how =
        if arguments.write { "for reading and writing" } else { "for reading only; --write lets it be corrected" };
    let far = match arguments.listen {
        Some(address) if !address.is_loopback() => ". Other machines may reach it, and nothing is encrypted on the way",
        _ => "",
    };
    format!("{} is open {how}. Ctrl-C ends it{far}.", arguments.database.display())
}

pub(crate) fn assist(arguments: &AssistantArguments) -> Result<ExitCode> {
    let service = Service::new(open(&arguments.database, false)?, limits(&arguments.limits), None);
    hopgraph_server::assistant::run(&service, std::io::stdin().lock(), std::io::stdout().lock())?;
    Ok(ExitCode::SUCCESS)
}

/// For reading, whether or not another process writes it; for writing, it must be the only one.
fn open(database: &Path, write: bool) -> Result<Graph, StorageError> {
    let access = if write { Access::ReadWrite } else { Access::ReadOnly };
    Graph::open_with(database, &GraphOptions { access, must_exist: true, ..GraphOptions::default() })
}

fn limits(arguments: &RequestLimits) -> Limits {
    let default = Limits::default();
    Limits {
        time: arguments.time_limit.0.unwrap_or(Duration::from_secs(24 * 60 * 60)),
        memory_bytes: arguments.memory_limit.0.unwrap_or(default.memory_bytes),
    }
}

fn verifier(folder: &Path) -> Result<Arc<dyn Verifier>> {
    let model = hopgraph::inference::load(folder)?;
    write_model_warnings(&model)?;
    Ok(Arc::new(ModelVerifier::new(Arc::new(model), None)))
}

/// Starts what opens addresses on this system; false if nothing does.
fn open_browser(url: &str) -> bool {
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let started =
        Command::new(opener).arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    started.is_ok()
}
