//! `hopgraph backup`, `backups` and `restore`.

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, Result};
use hopgraph::engine::{Backup, Backups};
use hopgraph::{Graph, StorageError};

use super::open_existing;
use crate::arguments::{BackupArguments, BackupsArguments, RestoreArguments};
use crate::quantity::{counted, grouped};
use crate::render::plain_table;
use crate::terminal;

pub(crate) fn take(arguments: &BackupArguments) -> Result<ExitCode> {
    // The graph first: a mistyped name must not leave a folder of backups behind.
    let graph = match open_existing(&arguments.database) {
        Ok(graph) => Some(graph),
        Err(StorageError::Locked { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let backups = Backups::create(&arguments.backups)?;
    let backup = match &graph {
        Some(graph) => backups.add(graph.engine())?,
        None => backups.add_from(&arguments.database)?,
    };
    let mut out = std::io::stdout().lock();
    let (database, folder) = (arguments.database.display(), arguments.backups.display());
    writeln!(out, "backup {} of {database} is in {folder}: {}", backup.id, counted(backup.bytes, "byte"))?;
    if let Some(count) = arguments.keep {
        backups.keep(count as usize)?;
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn manage(arguments: &BackupsArguments) -> Result<ExitCode> {
    let backups = Backups::open(&arguments.backups)?;
    if let Some(count) = arguments.keep {
        backups.keep(count as usize)?;
    }
    let mut out = std::io::stdout().lock();
    let mut rows = Vec::new();
    let mut all_sound = true;
    for backup in backups.list() {
        let mut row =
            vec![grouped(backup.id.into()), backup.taken_utc(), grouped(backup.bytes), grouped(backup.files.into())];
        if arguments.verify {
            let (sound, verdict) = verify(&backups, backup);
            all_sound &= sound;
            row.push(verdict);
        }
        rows.push(row);
    }
    let header = ["backup", "taken", "bytes", "files", "verified"];
    let columns = if arguments.verify { 5 } else { 4 };
    plain_table(&header[..columns], &rows, &[0, 2, 3], &terminal::layout(), &mut out)?;
    Ok(if all_sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn verify(backups: &Backups, backup: Backup) -> (bool, String) {
    match backups.verify(backup.id) {
        Ok(report) if report.is_sound() => (true, format!("sound, {}", counted(report.records, "record"))),
        Ok(report) => (false, format!("{}: {}", counted(report.problems.len() as u64, "problem"), report.problems[0])),
        Err(error) => (false, error.to_string()),
    }
}

pub(crate) fn restore(arguments: &RestoreArguments) -> Result<ExitCode> {
    let backups = Backups::open(&arguments.backups)?;
    let newest = backups.list().last().map(|backup| backup.id);
    let id = arguments.id.or(newest).context("the folder holds no backup")?;
    let backup = backups.restore(id, &arguments.database)?;
    let graph = Graph::open(&arguments.database)?;
    let statistics = graph.read()?.statistics()?;
    let (nodes, edges) = (counted(statistics.nodes, "node"), counted(statistics.edges, "relationship"));
    let (taken, database) = (backup.taken_utc(), arguments.database.display());
    writeln!(std::io::stdout(), "{database} is as it was on {taken}, backup {id}: {nodes}, {edges}")?;
    Ok(ExitCode::SUCCESS)
}
