//! Every question that can be asked, in one table: its name, who may ask it, and who answers.

use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::{Answer, Failure, Request};
use super::{ask, complete, correct, discover, document, evidence, expand, overview, paths, runs, search};

/// A sort of question.
pub(crate) struct Topic {
    /// Its name, which is the last part of its address.
    pub(crate) name: &'static str,
    /// What it takes of the machine.
    pub(crate) weight: Weight,
    /// Whether it writes.
    pub(crate) effect: Effect,
    /// What it is for, in one sentence.
    pub(crate) purpose: &'static str,
    answer: fn(&Request<'_>, Json) -> Answer,
}

/// What a question takes of the machine, which decides beside how many others it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// A few look-ups.
    Light,
    /// A walk, or a pass over the graph.
    Heavy,
}

/// Whether a question writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Never.
    Reads,
    /// It runs a query of the user, which writes if the graph is open for writing.
    MayWrite,
    /// Always.
    Writes,
}

impl Topic {
    /// The answer to a question of this sort.
    pub(crate) fn answer(&self, request: &Request<'_>, question: Json) -> Answer {
        (self.answer)(request, question)
    }
}

fn typed<Q: DeserializeOwned>(request: &Request<'_>, question: Json, answer: fn(&Request<'_>, Q) -> Answer) -> Answer {
    let question = serde_json::from_value(question).map_err(|error| Failure::question(error.to_string()))?;
    answer(request, question)
}

macro_rules! topic {
    ($name:literal, $weight:ident, $effect:ident, $answer:path, $purpose:literal) => {
        Topic {
            name: $name,
            weight: Weight::$weight,
            effect: Effect::$effect,
            purpose: $purpose,
            answer: |request, question| typed(request, question, $answer),
        }
    };
}

/// All of them.
pub(crate) const TOPICS: &[Topic] = &[
    topic!("overview", Heavy, Reads, overview::overview, "Counts by label, type and year, runs, and example queries."),
    topic!("search", Light, Reads, search::search, "Nodes by name, synonym or identifier."),
    topic!("node", Light, Reads, search::node, "All that is known of one node."),
    topic!("degree", Light, Reads, expand::degree, "How many relations a node has, before it is expanded."),
    topic!("expand", Heavy, Reads, expand::expand, "New neighbours of a node, best evidence first."),
    topic!("among", Heavy, Reads, expand::among, "The relations among given nodes."),
    topic!("evidence", Heavy, Reads, evidence::evidence, "The sentences behind the relations of two nodes."),
    topic!("sentences", Light, Reads, evidence::sentences, "The sentences that mention one node, or two."),
    topic!("document", Light, Reads, document::document, "A document with its sentences and mentions."),
    topic!("discover", Heavy, Reads, discover::discover, "Pairs that a few hops join and that nobody stated."),
    topic!("paths", Heavy, Reads, paths::paths, "The paths between two nodes, the strongest first."),
    topic!(
        "query",
        Heavy,
        MayWrite,
        ask::query,
        "The rows of a query; it writes where the server was started with --write."
    ),
    topic!("explain", Heavy, MayWrite, ask::explain, "The plan of a query as a tree."),
    topic!("check", Light, Reads, ask::check, "What is wrong with the text of a query, and what its pieces are."),
    topic!("complete", Light, Reads, complete::complete, "What may stand at the cursor of a query."),
    topic!("verify", Heavy, Reads, ask::verify, "What the server's model says of a pair."),
    topic!("runs", Heavy, Reads, runs::runs, "Models and loads, and what each stated."),
    topic!("diff", Heavy, Reads, runs::diff, "Two runs held against each other, edge by edge."),
    topic!("retract", Heavy, Writes, correct::retract, "Takes a document or a run out of the graph."),
    topic!("add-fact", Heavy, Writes, correct::add_fact, "States a relation between two nodes by hand."),
    topic!("delete-relation", Heavy, Writes, correct::delete_relation, "Takes a relation out, with its evidence."),
    topic!("merge-nodes", Heavy, Writes, correct::merge_nodes, "Makes one node of two."),
];
