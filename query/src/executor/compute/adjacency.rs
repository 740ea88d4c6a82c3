//! The single hops from a node: asked of a topology that is in memory, else of the store while the questions are few.

use std::sync::Arc;

use hopgraph_engine::{Direction, Edge, NodeId, RelationTypeId, Topology, TopologyKey};

use super::Context;
use crate::fault::Result;
use crate::planner::plan::Hop;

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
    /// How many questions the store answers before a topology is fetched, which reads every edge once.
    questions_of_the_store: u32,
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
            && self.questions > self.questions_of_the_store
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
        let topology = context.known_topology(&key);
        let questions_of_the_store = context.snapshot().questions_worth_decoding();
        Ok(Self {
            version: Some(context.version()),
            relations,
            key: Some(key),
            topology,
            questions: 0,
            questions_of_the_store,
        })
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

#[cfg(test)]
mod tests {
    use hopgraph_engine::{Budget, Change, Graph, Node, Polarity, RelationType, Snapshot};

    use super::*;
    use crate::Parameters;
    use crate::planner::plan::Slot;

    const KEY: TopologyKey = TopologyKey { relations: None, direction: Direction::Out };

    /// Adds a node with an edge to itself.
    fn add_loop(change: &mut Change) -> NodeId {
        let relation_type = RelationType { name: "binds".to_owned(), polarity: Polarity::Asserted, symmetric: false };
        let relation = change.relation_type(&relation_type).unwrap();
        let hand = change.hand().unwrap();
        let node = change.add_node(Node::default()).unwrap();
        change.add_fact(Edge { relation, source: node, target: node }, hand).unwrap();
        node
    }

    /// Asks for the hops from a node once, and says of which topology they were asked; `None`: of the store.
    fn source_of_one_hop(snapshot: Snapshot, node: NodeId) -> Option<Arc<Topology>> {
        let context = Context::new(snapshot, None, Arc::new(Budget::unlimited()), &Parameters::new());
        let evidence = Default::default();
        let hop = Hop { types: vec![], direction: Direction::Out, edge: Slot(0), conditions: vec![], evidence };
        let (mut adjacency, mut steps) = (Adjacency::default(), Vec::new());
        adjacency.steps(&context, &hop, node, &mut steps).unwrap();
        assert_eq!(steps.iter().map(|(end, _)| *end).collect::<Vec<_>>(), [node]);
        adjacency.topology
    }

    #[test]
    fn one_question_goes_to_a_topology_of_its_moment_if_there_is_one_and_else_to_the_store() {
        let graph = Graph::temporary().unwrap();
        let mut change = graph.change().unwrap();
        let node = add_loop(&mut change);
        change.commit().unwrap();
        assert!(source_of_one_hop(graph.snapshot().unwrap(), node).is_none(), "nobody has asked for a topology yet");

        let known = graph.snapshot().unwrap().topology(&KEY, &Budget::unlimited()).unwrap();
        let before = graph.snapshot().unwrap();
        assert!(source_of_one_hop(graph.snapshot().unwrap(), node).is_some_and(|asked| Arc::ptr_eq(&asked, &known)));

        let mut change = graph.change().unwrap();
        let other = add_loop(&mut change);
        change.commit().unwrap();
        assert!(source_of_one_hop(graph.snapshot().unwrap(), other).is_none(), "the topology does not know the edge");
        assert!(source_of_one_hop(before, node).is_some_and(|asked| Arc::ptr_eq(&asked, &known)));
    }
}
