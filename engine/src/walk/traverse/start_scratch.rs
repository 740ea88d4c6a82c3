//! Memory of breadth-first searches from one start after the other, whose cost does not grow with the graph.

use super::counted::Counted;
use crate::{Budget, Charge, Interruption, NodeId, Topology};

/// Memory of a search from one start.
#[derive(Debug)]
pub(super) struct StartScratch {
    /// The number of the pass that has seen each node last.
    seen: Vec<u32>,
    pass: u32,
    pub(super) frontier: Vec<u32>,
    next: Vec<u32>,
    /// How many ways lead to each node of the frontier, and of the next one, where ways are counted.
    pub(super) ways: Vec<u64>,
    next_ways: Vec<u64>,
    /// Where in `next` each node stands.
    places: Vec<u32>,
    held: Charge,
}

impl StartScratch {
    pub(super) fn new(node_count: usize, budget: &Budget) -> Result<Self, Interruption> {
        // What has been seen, and two frontiers.
        let held = budget.charge(12 * node_count as u64)?;
        Ok(Self {
            seen: vec![0; node_count],
            pass: 0,
            frontier: Vec::new(),
            next: Vec::new(),
            ways: Vec::new(),
            next_ways: Vec::new(),
            places: Vec::new(),
            held,
        })
    }

    pub(super) fn begin(&mut self, start: u32) {
        self.forget_seen();
        self.frontier.clear();
        self.frontier.push(start);
        self.seen[start as usize] = self.pass;
        self.ways.clear();
        self.ways.push(1);
    }

    /// From here on no node has been seen.
    pub(super) fn forget_seen(&mut self) {
        self.pass = self.pass.wrapping_add(1);
        if self.pass == 0 {
            self.seen.fill(0);
            self.pass = 1;
        }
    }

    /// Makes room for counting ways.
    pub(super) fn count_ways(&mut self) -> Result<(), Interruption> {
        if self.places.is_empty() {
            self.held.grow(20 * self.seen.len() as u64)?;
            self.places = vec![0; self.seen.len()];
        }
        Ok(())
    }

    /// Moves the frontier one hop on, to the ends that this pass has not seen.
    pub(super) fn hop(&mut self, topology: &Topology, count: &mut Counted<'_>) -> Result<(), Interruption> {
        let Self { seen, pass, frontier, next, .. } = self;
        next.clear();
        for &node in &*frontier {
            let ends = topology.ends(NodeId::new(node));
            count.neighbors(ends.len())?;
            for &end in ends {
                if std::mem::replace(&mut seen[end as usize], *pass) != *pass {
                    next.push(end);
                }
            }
        }
        std::mem::swap(frontier, next);
        Ok(())
    }

    /// The same, and adds up the ways that lead to each end.
    pub(super) fn counting_hop(&mut self, topology: &Topology, count: &mut Counted<'_>) -> Result<(), Interruption> {
        self.next.clear();
        self.next_ways.clear();
        for (&node, &ways) in self.frontier.iter().zip(&self.ways) {
            let ends = topology.ends(NodeId::new(node));
            count.neighbors(ends.len())?;
            for &end in ends {
                let place = &mut self.places[end as usize];
                if std::mem::replace(&mut self.seen[end as usize], self.pass) != self.pass {
                    *place = self.next.len() as u32;
                    self.next.push(end);
                    self.next_ways.push(ways);
                } else if self.next.get(*place as usize) == Some(&end) {
                    let sum = &mut self.next_ways[*place as usize];
                    *sum = sum.saturating_add(ways);
                }
            }
        }
        std::mem::swap(&mut self.frontier, &mut self.next);
        std::mem::swap(&mut self.ways, &mut self.next_ways);
        Ok(())
    }
}
