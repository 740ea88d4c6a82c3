//! The `hopgraph` program: arguments in, exit code out.

mod arguments;
mod command;
mod interrupt;
mod line;
mod progress;
mod quantity;
mod render;
mod repl;
mod script;
mod session;
mod subcommand;
mod terminal;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Task};

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(code) => code,
        // Whoever read our output has seen enough.
        Err(error) if render::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let interrupted = render::is_interruption(&error);
            // Nobody is left to tell if standard error is closed too.
            let _ = writeln!(std::io::stderr(), "{} {}", terminal::error_prefix(), render::report(&error));
            if interrupted { ExitCode::from(interrupt::EXIT_CODE) } else { ExitCode::FAILURE }
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    match (arguments.subcommand, arguments.shell) {
        (Some(Task::Query(arguments)), _) => subcommand::query::run(&arguments),
        (Some(Task::Load(arguments)), _) => subcommand::load::run(&arguments),
        (Some(Task::Ingest(arguments)), _) => subcommand::ingest::run(&arguments),
        (Some(Task::Classify(arguments)), _) => subcommand::classify::run(&arguments),
        (Some(Task::Info(arguments)), _) => subcommand::info::run(&arguments),
        (Some(Task::Check(arguments)), _) => subcommand::check::run(&arguments),
        (None, Some(arguments)) => repl::run(&arguments),
        (None, None) => unreachable!("clap shows the help if there are no arguments"),
    }
}
