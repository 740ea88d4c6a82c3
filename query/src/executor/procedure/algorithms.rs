//! Graph algorithms as procedures: each on the part of the graph that its options choose.

use std::sync::Arc;

use hopgraph_engine::algorithm::{self, PageRank, Sample, Subgraph};
use hopgraph_engine::{Direction, Interruption, NodeSet, RelationTypeId, StorageError, Topology, TopologyKey, View};

use super::options::Options;
use super::{Procedure, ProcedureDescription, Rows};
use crate::executor::compute::{Context, EvidenceFilter};
use crate::fault::Result;
use crate::syntax::ast::Span;
use crate::value::Cell;

/// Rounds of label propagation unless it is said.
const ROUNDS: u64 = 100;
/// Nodes from which betweenness is estimated unless it is said.
const SAMPLE: u64 = 200;

type Described = (&'static str, &'static str);
const LABELS: Described = ("labels", "all");
const TYPES: Described = ("types", "all asserted");
const DIRECTION: Described = ("direction", "'both'");
const MIN_CONFIDENCE: Described = ("min_confidence", "any");
const MIN_YEAR: Described = ("min_year", "any");
const MAX_YEAR: Described = ("max_year", "any");
const DOCUMENT: Described = ("document", "any");
const RUN: Described = ("run", "any");

const fn describe(
    name: &'static str,
    options: &'static [(&'static str, &'static str)],
    columns: &'static [&'static str],
    description: &'static str,
) -> ProcedureDescription {
    ProcedureDescription { name, options, columns, description }
}

pub(super) const PROCEDURES: &[Procedure] = &[
    Procedure {
        description: describe(
            "algo.degree",
            &[LABELS, TYPES, DIRECTION, MIN_CONFIDENCE, MIN_YEAR, MAX_YEAR, DOCUMENT, RUN],
            &["node", "degree"],
            "How many relationships each node has.",
        ),
        implementation: degree,
    },
    Procedure {
        description: describe(
            "algo.pagerank",
            &[
                LABELS,
                TYPES,
                DIRECTION,
                MIN_CONFIDENCE,
                MIN_YEAR,
                MAX_YEAR,
                DOCUMENT,
                RUN,
                ("damping", "0.85"),
                ("iterations", "100"),
                ("tolerance", "0.000001"),
            ],
            &["node", "score"],
            "How important each node is: the share of time that a random surfer spends there.",
        ),
        implementation: pagerank,
    },
    Procedure {
        description: describe(
            "algo.components",
            &[LABELS, TYPES, MIN_CONFIDENCE, MIN_YEAR, MAX_YEAR, DOCUMENT, RUN],
            &["node", "component", "size"],
            "Which nodes hang together, whichever way relationships point.",
        ),
        implementation: components,
    },
    Procedure {
        description: describe(
            "algo.triangles",
            &[LABELS, TYPES, MIN_CONFIDENCE, MIN_YEAR, MAX_YEAR, DOCUMENT, RUN],
            &["node", "triangles", "clustering"],
            "How many pairs of neighbours of a node are joined, and their share of all such pairs.",
        ),
        implementation: triangles,
    },
    Procedure {
        description: describe(
            "algo.louvain",
            &[LABELS, TYPES, MIN_CONFIDENCE, MIN_YEAR, MAX_YEAR, DOCUMENT, RUN, ("resolution", "1.0")],
            &["node", "community", "size"],
            "Which nodes form communities, by the modularity that they gain.",
        ),
        implementation: louvain,
    },
    Procedure {
        description: describe(
            "algo.label_propagation",
            &[LABELS, TYPES, MIN_CONFIDENCE, MIN_YEAR, MAX_YEAR, DOCUMENT, RUN, ("iterations", "100")],
            &["node", "community", "size"],
            "Which nodes form communities, by what most of their neighbours belong to.",
        ),
        implementation: label_propagation,
    },
    Procedure {
        description: describe(
            "algo.betweenness",
            &[
                LABELS,
                TYPES,
                DIRECTION,
                MIN_CONFIDENCE,
                MIN_YEAR,
                MAX_YEAR,
                DOCUMENT,
                RUN,
                ("samples", "200"),
                ("seed", "0"),
            ],
            &["node", "score"],
            "Through which nodes the shortest paths between the others lead, estimated from a sample of nodes.",
        ),
        implementation: betweenness,
    },
];

fn degree(context: &Context<'_>, options: &Cell, span: Span) -> Result<Rows> {
    let options = Options::read("algo.degree", options, span)?;
    let direction = options.direction()?;
    on_subgraph(context, &options, direction, |graph| Ok(graph.degrees().into_iter().map(count).collect()))
}

fn pagerank(context: &Context<'_>, options: &Cell, span: Span) -> Result<Rows> {
    let options = Options::read("algo.pagerank", options, span)?;
    let direction = options.direction()?;
    let default = PageRank::default();
    let chosen = PageRank {
        damping: options.number("damping", [0.0, 1.0], default.damping)?,
        iterations: u32::try_from(options.whole("iterations", 1, default.iterations.into())?).unwrap_or(u32::MAX),
        tolerance: options.number("tolerance", [0.0, 1.0], default.tolerance)?,
    };
    on_subgraph(context, &options, direction, |graph| {
        Ok(algorithm::pagerank(graph, chosen)?.into_iter().map(float).collect())
    })
}

fn components(context: &Context<'_>, options: &Cell, span: Span) -> Result<Rows> {
    let options = Options::read("algo.components", options, span)?;
    on_subgraph(context, &options, Direction::Both, |graph| Ok(groups(&algorithm::components(graph)?)))
}

fn triangles(context: &Context<'_>, options: &Cell, span: Span) -> Result<Rows> {
    let options = Options::read("algo.triangles", options, span)?;
    on_subgraph(context, &options, Direction::Both, |graph| {
        let row = |found: algorithm::Triangles| vec![Cell::count(found.count), Cell::Float(found.clustering)];
        Ok(algorithm::triangles(graph)?.into_iter().map(row).collect())
    })
}

fn louvain(context: &Context<'_>, options: &Cell, span: Span) -> Result<Rows> {
    let options = Options::read("algo.louvain", options, span)?;
    let resolution = options.number("resolution", [0.0, f64::INFINITY], 1.0)?;
    on_subgraph(context, &options, Direction::Both, |graph| Ok(groups(&algorithm::louvain(graph, resolution)?)))
}

fn label_propagation(context: &Context<'_>, options: &Cell, span: Span) -> Result<Rows> {
    let options = Options::read("algo.label_propagation", options, span)?;
    let rounds = u32::try_from(options.whole("iterations", 1, ROUNDS)?).unwrap_or(u32::MAX);
    on_subgraph(context, &options, Direction::Both, |graph| Ok(groups(&algorithm::label_propagation(graph, rounds)?)))
}

fn betweenness(context: &Context<'_>, options: &Cell, span: Span) -> Result<Rows> {
    let options = Options::read("algo.betweenness", options, span)?;
    let direction = options.direction()?;
    let size = usize::try_from(options.whole("samples", 1, SAMPLE)?).unwrap_or(usize::MAX);
    let sample = Sample { size, seed: options.whole("seed", 0, 0)? };
    on_subgraph(context, &options, direction, |graph| {
        Ok(algorithm::betweenness(graph, sample)?.into_iter().map(float).collect())
    })
}

fn count(count: u64) -> Vec<Cell> {
    vec![Cell::count(count)]
}

fn float(number: f64) -> Vec<Cell> {
    vec![Cell::Float(number)]
}

/// The group of each node, with its size.
fn groups(groups: &[u32]) -> Vec<Vec<Cell>> {
    let mut sizes = vec![0_u64; groups.iter().max().map_or(0, |&last| last as usize + 1)];
    groups.iter().for_each(|&group| sizes[group as usize] += 1);
    groups.iter().map(|&group| vec![Cell::count(group.into()), Cell::count(sizes[group as usize])]).collect()
}

/// Runs an algorithm on the part of the graph that the options choose. Gives a row for each of its nodes.
fn on_subgraph(
    context: &Context<'_>,
    options: &Options<'_>,
    direction: Direction,
    run: impl FnOnce(&Subgraph) -> Result<Vec<Vec<Cell>>, Interruption>,
) -> Result<Rows> {
    let nodes = nodes(context, options)?;
    let key = TopologyKey { relations: relations(context, options)?, direction };
    let evidence = options.evidence(context)?;
    let topology = match evidence.edge_filter(context) {
        Some(filter) if !filter.is_empty() => context.snapshot().topology_where(&key, &filter, context.budget())?,
        Some(_) => context.topology(&key)?,
        None => Arc::new(kept(context, &*context.topology(&key)?, &evidence)?),
    };
    let graph = Subgraph::new(&topology, &nodes, context.budget())?;
    let columns = run(&graph)?;
    let row = |(node, cells): (_, Vec<Cell>)| std::iter::once(Cell::Node(node)).chain(cells).collect();
    Ok(graph.nodes().iter().copied().zip(columns).map(row).collect())
}

/// The nodes that have one of the labels; all of them if none is named.
fn nodes(context: &Context<'_>, options: &Options<'_>) -> Result<Arc<NodeSet>> {
    let Some(names) = options.texts("labels")? else { return context.all_nodes() };
    let mut nodes = NodeSet::new();
    for name in names {
        let label = context.view(|view| Ok(view.catalog().label(&name)))?;
        let Some(label) = label else {
            let known = |view: &dyn View| view.catalog().labels().map(|(_, name)| name.to_owned()).collect();
            let known: Vec<String> = context.view(|view| Ok(known(view)))?;
            return Err(options.unknown("label", &name, &known));
        };
        nodes.union_with(&context.view(|view| view.nodes_with_label(label))?);
    }
    Ok(Arc::new(nodes))
}

/// The relation types named, sorted; `None`: every asserted one.
fn relations(context: &Context<'_>, options: &Options<'_>) -> Result<Option<Vec<RelationTypeId>>> {
    let Some(names) = options.texts("types")? else { return Ok(None) };
    let mut relations = Vec::new();
    for name in names {
        let Some(relation) = context.view(|view| Ok(view.catalog().relation_type_id(&name)))? else {
            let known = |view: &dyn View| view.catalog().relation_types().map(|(_, one)| one.name.clone()).collect();
            let known: Vec<String> = context.view(|view| Ok(known(view)))?;
            return Err(options.unknown("relation type", &name, &known));
        };
        relations.push(relation);
    }
    relations.sort_unstable();
    relations.dedup();
    Ok(Some(relations))
}

/// The edges that have the evidence asked for, where the query itself has edited the graph.
fn kept(context: &Context<'_>, whole: &Topology, evidence: &EvidenceFilter) -> Result<Topology> {
    let mut failure = None;
    let filtered = whole.filtered(context.budget(), |edge| {
        context.tick().and_then(|()| evidence.keeps(context, edge)).map_err(|error| {
            failure = Some(error);
            StorageError::Interrupted(Interruption::Cancelled)
        })
    });
    match failure {
        Some(error) => Err(error),
        None => Ok(filtered?),
    }
}
