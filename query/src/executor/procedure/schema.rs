//! Procedures that say what there is: procedures, labels, relation types.

use hopgraph_engine::Polarity;

use super::options::Options;
use super::{Procedure, ProcedureDescription, Rows, procedures};
use crate::executor::compute::Context;
use crate::fault::Result;
use crate::syntax::ast::Span;
use crate::value::Cell;

pub(super) const PROCEDURES: &[Procedure] = &[
    Procedure {
        description: ProcedureDescription {
            name: "procedures",
            options: &[],
            columns: &["name", "options", "columns", "description"],
            description: "All procedures, with the options that they take and the columns that they give.",
        },
        implementation: list_procedures,
    },
    Procedure {
        description: ProcedureDescription {
            name: "db.labels",
            options: &[],
            columns: &["label", "nodes"],
            description: "The labels of the graph, with the number of nodes that have them.",
        },
        implementation: labels,
    },
    Procedure {
        description: ProcedureDescription {
            name: "db.relationshipTypes",
            options: &[],
            columns: &["relationshipType", "denied", "symmetric"],
            description: "The relation types of the graph: whether they deny something, and whether they are symmetric.",
        },
        implementation: relationship_types,
    },
];

fn list_procedures(_: &Context<'_>, options: &Cell, span: Span) -> Result<Rows> {
    Options::read("procedures", options, span)?;
    let row = |one: &ProcedureDescription| -> Box<[Cell]> {
        let options = one.options.iter().map(|(key, default)| Cell::text(&format!("{key}: {default}")));
        let columns = one.columns.iter().map(|column| Cell::text(column));
        [Cell::text(one.name), Cell::list(options), Cell::list(columns), Cell::text(one.description)].into()
    };
    Ok(procedures().iter().map(row).collect())
}

fn labels(context: &Context<'_>, options: &Cell, span: Span) -> Result<Rows> {
    Options::read("db.labels", options, span)?;
    context.view(|view| {
        let labels = view.catalog().labels();
        labels.map(|(id, name)| Ok([Cell::text(name), Cell::count(view.nodes_with_label(id)?.len())].into())).collect()
    })
}

fn relationship_types(context: &Context<'_>, options: &Cell, span: Span) -> Result<Rows> {
    Options::read("db.relationshipTypes", options, span)?;
    context.view(|view| {
        let row = |(_, found): (_, &hopgraph_engine::RelationType)| -> Box<[Cell]> {
            let denied = found.polarity == Polarity::Denied;
            [Cell::text(&found.name), denied.into(), found.symmetric.into()].into()
        };
        Ok(view.catalog().relation_types().map(row).collect())
    })
}
