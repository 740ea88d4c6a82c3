//! The `hopgraph` program: arguments in, exit code out.

mod argument_value;
mod arguments;
mod command;
mod interrupt;
mod line;
mod literature_arguments;
mod model_arguments;
mod model_tasks;
mod progress;
mod quantity;
mod render;
mod repl;
mod script;
mod serve_arguments;
mod session;
mod subcommand;
mod terminal;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Task};

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
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

fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match &arguments.subcommand {
        Some(Task::Query(query)) => subcommand::query::run(query),
        Some(Task::Load(load)) => subcommand::load::run(load),
        Some(Task::Ingest(ingest)) => subcommand::ingest::run(ingest),
        Some(Task::Slice(slice)) => subcommand::slice::run(slice),
        Some(Task::Read(read)) => subcommand::read::run(read),
        Some(Task::Collect(collect)) => subcommand::collect::run(collect),
        Some(Task::Tag(tag)) => subcommand::tag::run(tag),
        Some(Task::Classify(classify)) => subcommand::classify::run(classify),
        Some(Task::Eval(eval)) if eval.graph => subcommand::eval_graph::run(eval),
        Some(Task::Eval(eval)) => subcommand::eval::run(eval),
        Some(Task::Train(train)) => subcommand::train::run(train),
        Some(Task::Model(task)) => subcommand::model::run(task),
        Some(Task::Verify(verify)) => subcommand::verify::run(verify),
        Some(Task::Retract(retract)) => subcommand::retract::run(retract),
        Some(Task::Diff(diff)) => subcommand::diff::run(diff),
        Some(Task::Discover(discover)) => subcommand::discover::run(discover),
        Some(Task::Export(export)) => subcommand::export::run(export),
        Some(Task::Info(info)) => subcommand::info::run(info),
        Some(Task::Serve(serve)) => subcommand::serve::run(serve),
        Some(Task::Mcp(assistant)) => subcommand::serve::assist(assistant),
        Some(Task::Check(check)) => subcommand::check::run(check),
        Some(Task::Follow(follow)) => subcommand::follow::run(follow),
        Some(Task::Backup(backup)) => subcommand::backup::take(backup),
        Some(Task::Backups(backups)) => subcommand::backup::manage(backups),
        Some(Task::Restore(restore)) => subcommand::backup::restore(restore),
        None => repl::run(arguments),
    }
}
