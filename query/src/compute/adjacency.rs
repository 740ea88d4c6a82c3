//! The single hops from a node: asked of the store while the questions are few, of a topology once they are many.

use std::sync::Arc;

use hopgraph_engine::{Direction, Edge, NodeId, RelationTypeId, Topology, TopologyKey};

use super::Context;
use crate::fault::Result;
use crate::logical::Hop;

/// How many questions the store answers before a topology is fetched. A topology reads every edge once, which one
/// question about one node is not worth, and the second hundred of them is.
const QUESTIONS_OF_THE_STORE: u32 = 64;

/// Answers the questions of one hop of a plan. The order of the answers does not depend on where they come from.
#[derive(Debug, Default)]
pub(crate) struct Adjacency {
    /// The edits that it knows of; `None`: it has not been used yet.
    version: Option<u64>,
    /// The types to follow, each with whether it is symmetric.
    relations: Vec<(RelationTypeId, bool)>,
    key: Option<TopologyKey>,
    topology: Option<Arc<Topology>>,
    questions: u32,
}

impl Adjacency {
    /// The ends of the hops from a node, each with its edge, in order.
    pub(crate) fn steps(
        &mut self,
        context: &Context<'_>,
        hop: &Hop,
        node: NodeId,
        steps: &mut Vec<(NodeId, Edge)>,
    ) -> Result<()> {
        self.prepare(context, hop)?;
        steps.clear();
        match &self.topology {
            Some(topology) => steps.extend(topology.steps(node).map(|step| (step.node, step.edge(node)))),
            None => self.steps_of_the_store(context, hop.direction, node, steps)?,
        }
        steps.sort_unstable();
        context.budget().count_neighbors(steps.len() as u64);
        Ok(())
    }

    /// Whether some hop leads from one node to the other.
    pub(crate) fn connects(&mut self, context: &Context<'_>, hop: &Hop, from: NodeId, to: NodeId) -> Result<bool> {
        self.prepare(context, hop)?;
        context.budget().count_neighbors(1);
        if let Some(topology) = &self.topology {
            return Ok(topology.connects(from, to));
        }
        let (out, back) = (hop.direction != Direction::In, hop.direction != Direction::Out);
        context.view(|view| {
            for &(relation, symmetric) in &self.relations {
                let there = Edge { relation, source: from, target: to };
                let here = Edge { relation, source: to, target: from };
                if (out || symmetric) && view.has_edge(there)? || back && !symmetric && view.has_edge(here)? {
                    return Ok(true);
                }
            }
            Ok(false)
        })
    }

    /// Counts a question, and sees to it that the right source answers it.
    fn prepare(&mut self, context: &Context<'_>, hop: &Hop) -> Result<()> {
        if self.version != Some(context.version()) {
            *self = Self::resolve(context, hop)?;
        }
        self.questions = self.questions.saturating_add(1);
        if self.topology.is_none()
            && self.questions > QUESTIONS_OF_THE_STORE
            && !context.is_edited()
            && let Some(key) = &self.key
        {
            self.topology = Some(context.topology(key)?);
        }
        Ok(())
    }

    fn resolve(context: &Context<'_>, hop: &Hop) -> Result<Self> {
        let named = context.relations(&hop.types)?;
        let relations = context.view(|view| {
            let known = view.catalog().relation_types().filter(|(id, relation)| match &named {
                Some(ids) => ids.contains(id),
                None => relation.polarity == hopgraph_engine::Polarity::Asserted,
            });
            Ok(known.map(|(id, relation)| (id, relation.symmetric)).collect())
        })?;
        let key = TopologyKey { relations: named, direction: hop.direction };
        Ok(Self { version: Some(context.version()), relations, key: Some(key), topology: None, questions: 0 })
    }

    fn steps_of_the_store(
        &self,
        context: &Context<'_>,
        direction: Direction,
        node: NodeId,
        steps: &mut Vec<(NodeId, Edge)>,
    ) -> Result<()> {
        context.view(|view| {
            for &(relation, symmetric) in &self.relations {
                if symmetric || direction != Direction::In {
                    for end in view.neighbors(node, relation, Direction::Out)?.iter() {
                        steps.push((end, Edge { relation, source: node, target: end }.canonical(symmetric)));
                    }
                }
                if !symmetric && direction != Direction::Out {
                    // A loop is one edge, and was found going out.
                    let loops_seen = direction == Direction::Both;
                    for end in view.neighbors(node, relation, Direction::In)?.iter() {
                        if end != node || !loops_seen {
                            steps.push((end, Edge { relation, source: end, target: node }));
                        }
                    }
                }
            }
            Ok(())
        })
    }
}
