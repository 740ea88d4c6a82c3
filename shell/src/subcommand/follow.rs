//! `hopgraph follow`: a query that is answered again whenever another process has changed the graph.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use hopgraph::{Access, Graph, GraphOptions};

use crate::arguments::FollowArguments;
use crate::interrupt::{self, Second};
use crate::session::Session;

/// How long it waits before it looks whether Ctrl-C was pressed.
const NAP: Duration = Duration::from_millis(50);

pub(crate) fn run(arguments: &FollowArguments) -> Result<ExitCode> {
    let options = GraphOptions { access: Access::ReadOnly, ..GraphOptions::default() };
    let graph = Graph::open_with(&arguments.database, &options)?;
    let cancel = interrupt::flag(Second::Exits);
    let mut session = Session::new(&graph, &arguments.answers, Arc::clone(&cancel));
    session.open_import_folder(&arguments.answers)?;
    let (mut out, mut notes) = (std::io::stdout().lock(), std::io::stderr());
    let mut answers = 0;
    loop {
        session.run(&arguments.text, &mut out, &mut notes)?;
        answers += 1;
        if arguments.times == Some(answers) {
            return Ok(ExitCode::SUCCESS);
        }
        loop {
            if !sleep(arguments.every.0.unwrap_or_default(), &cancel) {
                return Ok(ExitCode::from(interrupt::EXIT_CODE));
            }
            if graph.catch_up()? {
                break;
            }
        }
    }
}

/// Waits; false if Ctrl-C was pressed meanwhile.
fn sleep(time: Duration, cancel: &AtomicBool) -> bool {
    let end = Instant::now() + time;
    while !cancel.load(Ordering::Relaxed) {
        match end.saturating_duration_since(Instant::now()) {
            Duration::ZERO => return true,
            left => std::thread::sleep(left.min(NAP)),
        }
    }
    false
}
