//! `:schema` shows labels and relation types with their counts.

use std::io::Write;

use anyhow::Result;
use hopgraph::engine::{Polarity, Snapshot, Statistics, View};

use super::{Command, Flow};
use crate::quantity::grouped;
use crate::render::{Layout, plain_table};
use crate::session::Session;

/// Shows labels and relation types with their counts.
pub(crate) struct Schema;

impl Command for Schema {
    fn name(&self) -> &'static str {
        "schema"
    }

    fn help(&self) -> &'static str {
        "labels and relation types, with counts"
    }

    fn run(&self, _: &str, session: &mut Session<'_>, out: &mut dyn Write) -> Result<Flow> {
        let snapshot = session.graph.read()?;
        let statistics = snapshot.statistics()?;
        write(&snapshot, &statistics, &session.layout, out)?;
        Ok(Flow::Continue)
    }
}

/// Writes the labels, then the relation types.
pub(crate) fn write(snapshot: &Snapshot, statistics: &Statistics, layout: &Layout, out: &mut dyn Write) -> Result<()> {
    let catalog = snapshot.catalog();
    let count = |counts: &std::collections::BTreeMap<String, u64>, name: &str| {
        grouped(counts.get(name).copied().unwrap_or_default())
    };
    let labels: Vec<Vec<String>> =
        catalog.labels().map(|(_, name)| vec![name.to_owned(), count(&statistics.nodes_by_label, name)]).collect();
    let types: Vec<Vec<String>> = catalog
        .relation_types()
        .map(|(_, kind)| {
            let polarity = if kind.polarity == Polarity::Denied { "denied" } else { "asserted" };
            let direction = if kind.symmetric { "symmetric" } else { "directed" };
            let edges = count(&statistics.edges_by_type, &kind.name);
            vec![kind.name.clone(), edges, polarity.to_owned(), direction.to_owned()]
        })
        .collect();
    writeln!(out)?;
    if labels.is_empty() && types.is_empty() {
        writeln!(out, "no labels and no relation types yet")?;
        return Ok(());
    }
    plain_table(&["label", "nodes"], &labels, &[1], layout, out)?;
    writeln!(out)?;
    plain_table(&["relation type", "relationships", "polarity", "direction"], &types, &[1], layout, out)?;
    Ok(())
}
