//! The parts of a graph within which walks can return: strongly connected components, and 2-edge-connected ones where
//! steps can be taken back but no edge walked twice.
//!
//! Both by Tarjan's depth-first search with low points ("Depth-First Search and Linear Graph Algorithms", SIAM Journal on
//! Computing 1(2), 1972; "A Note on Finding the Bridges of a Graph", Information Processing Letters 2(6), 1974), without
//! recursion: in time and memory linear in nodes and steps.

use super::bits::BitSet;
use super::counted::Counted;
use crate::{Budget, Charge, Interruption, NodeId, Topology};

/// Which components are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ComponentKind {
    /// From each node of a component a walk leads to each other one.
    Strong,
    /// For undirected topologies: no single edge separates two nodes of a component, so every edge between components is
    /// a bridge.
    TwoEdgeConnected,
}

/// The components of a topology. They are numbered so that a step leads to a component of the same or a smaller number,
/// unless it is a bridge walked back.
#[derive(Debug)]
pub(super) struct Components {
    /// The component of each node.
    of: Vec<u32>,
    /// For each component: a node of it, from which the search left it for a bridge; [`u32::MAX`] for none.
    left_for: Vec<u32>,
    /// Components with an edge in them: there, and only there, a walk can return.
    cyclic: BitSet,
    _held: Charge,
}

/// A node on the way from the root of the search.
struct OpenNode {
    node: u32,
    /// How many of its steps have been looked at.
    place: usize,
    /// Whether the step back to where the search came from has been met.
    came_back: bool,
}

const NONE: u32 = u32::MAX;

impl Components {
    /// Finds the components of a topology.
    pub(super) fn find(topology: &Topology, kind: ComponentKind, budget: &Budget) -> Result<Self, Interruption> {
        let node_count = topology.node_count();
        // Four numbers a node, an entry of the way, and a bit.
        let held = budget.charge(node_count as u64 * (4 * 4 + size_of::<OpenNode>() as u64 + 1))?;
        let search = ComponentSearch {
            topology,
            kind,
            visited: vec![NONE; node_count],
            low: vec![NONE; node_count],
            of: vec![NONE; node_count],
            stack: Vec::new(),
            way: Vec::new(),
            left_for: Vec::new(),
            cyclic: BitSet::new(node_count),
            visits: 0,
        };
        search.run(held, budget)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.left_for.len()
    }

    /// The component of a node; `None` for one without edges beyond the topology.
    pub(super) fn of(&self, node: NodeId) -> Option<u32> {
        self.of.get(node.index()).copied()
    }

    /// Whether a walk that leaves a node can come back to it within its component.
    pub(super) fn returns(&self, node: NodeId) -> bool {
        self.of(node).is_some_and(|component| self.cyclic.contains(component))
    }

    /// Whether there is a walk that returns anywhere.
    pub(super) fn any_returns(&self) -> bool {
        (0..self.len() as u32).any(|component| self.cyclic.contains(component))
    }

    /// Of 2-edge-connected components, the one that the search came from by a bridge; it has a larger number.
    pub(super) fn parent(&self, component: u32) -> Option<u32> {
        self.of.get(self.left_for[component as usize] as usize).copied()
    }
}

struct ComponentSearch<'s> {
    topology: &'s Topology,
    kind: ComponentKind,
    /// The order in which nodes were visited.
    visited: Vec<u32>,
    low: Vec<u32>,
    of: Vec<u32>,
    /// Nodes visited whose component is not complete.
    stack: Vec<u32>,
    way: Vec<OpenNode>,
    left_for: Vec<u32>,
    cyclic: BitSet,
    visits: u32,
}

impl ComponentSearch<'_> {
    fn run(mut self, held: Charge, budget: &Budget) -> Result<Components, Interruption> {
        let mut count = Counted::new(budget);
        for root in 0..self.of.len() as u32 {
            if self.visited[root as usize] == NONE {
                self.visit(root);
            }
            while let Some(open) = self.way.last_mut() {
                let node = open.node;
                let Some(&end) = self.topology.ends(NodeId::new(node)).get(open.place) else {
                    count.neighbors(open.place + 1)?;
                    self.leave();
                    continue;
                };
                open.place += 1;
                self.meet(node, end);
            }
        }
        drop(count);
        Ok(Components { of: self.of, left_for: self.left_for, cyclic: self.cyclic, _held: held })
    }

    fn visit(&mut self, node: u32) {
        self.visited[node as usize] = self.visits;
        self.low[node as usize] = self.visits;
        self.visits += 1;
        self.stack.push(node);
        self.way.push(OpenNode { node, place: 0, came_back: false });
    }

    /// Looks at the end of a step from the node that the search stands at.
    fn meet(&mut self, node: u32, end: u32) {
        if self.visited[end as usize] == NONE {
            return self.visit(end);
        }
        if self.kind == ComponentKind::TwoEdgeConnected
            && self.way.len() > 1
            && self.way[self.way.len() - 2].node == end
        {
            // The edge that the search came by is no way back; one beside it is.
            let open = self.way.last_mut().expect("the search stands somewhere");
            if !std::mem::replace(&mut open.came_back, true) {
                return;
            }
        }
        if self.of[end as usize] == NONE {
            let low = &mut self.low[node as usize];
            *low = (*low).min(self.visited[end as usize]);
        }
    }

    /// Goes back by one step from a node of which all steps have been looked at.
    fn leave(&mut self) {
        let Some(OpenNode { node, .. }) = self.way.pop() else { return };
        let (low, before) = (self.low[node as usize], self.way.last().map(|open| open.node));
        if let Some(before) = before {
            let low_before = &mut self.low[before as usize];
            *low_before = (*low_before).min(low);
        }
        if low != self.visited[node as usize] {
            return;
        }
        let component = self.left_for.len() as u32;
        let first = self.stack.iter().rposition(|&other| other == node).expect("a node on the way is on the stack");
        let members = self.stack.drain(first..);
        let is_cyclic = members.len() > 1 || self.topology.connects(NodeId::new(node), NodeId::new(node));
        members.for_each(|member| self.of[member as usize] = component);
        if is_cyclic {
            self.cyclic.insert(component);
        }
        self.left_for.push(before.unwrap_or(NONE));
    }
}
