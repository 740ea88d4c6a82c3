//! For each row, each node that a hop leads to and from which another hop leads back to a node of the row: how a pattern
//! closes a cycle.

use std::sync::Arc;

use hopgraph_engine::{Edge, NodeId, Topology};

use super::expand::matching;
use super::{Feed, Spec, Stage};
use crate::executor::column::{Bits, CHUNK_ROWS, Chunk, Column, Run};
use crate::fault::Result;
use crate::planner::plan::Slot;

/// The longer list of neighbours is searched, not walked, if it is so many times as long as the other.
const GALLOP: usize = 16;

/// Both hops, each seen from the node that the row holds.
pub(super) struct Intersect {
    pub(super) to: Slot,
    pub(super) ends: Vec<Bits>,
    pub(super) ways: [Way; 2],
    /// The other slots that somebody reads later.
    pub(super) keep: Vec<Slot>,
    /// Whether the node itself is read later.
    pub(super) reads_end: bool,
}

/// One of the two hops.
pub(super) struct Way {
    pub(super) from: Slot,
    pub(super) topology: Arc<Topology>,
    /// Where the edge goes, if somebody reads it later.
    pub(super) edge: Option<Slot>,
    /// The slots of relationships whose edges must not be walked again.
    pub(super) unlike: Vec<Slot>,
    /// Whether the edge must not be that of the other way.
    pub(super) unlike_other: bool,
}

impl Spec for Intersect {
    fn start(self: Arc<Self>, input: Feed) -> Feed {
        let nodes = self.ways.iter().map(|way| way.topology.node_count()).max().unwrap_or(0);
        Box::new(Closing {
            spec: self,
            input,
            chunk: Chunk::default(),
            row: 0,
            marks: vec![0; nodes],
            mark: 0,
            marked: None,
            common: Vec::new(),
        })
    }
}

struct Closing {
    spec: Arc<Intersect>,
    input: Feed,
    chunk: Chunk,
    row: usize,
    /// The neighbours of the node that was marked last have `mark`.
    marks: Vec<u32>,
    mark: u32,
    marked: Option<u32>,
    common: Vec<u32>,
}

#[derive(Default)]
struct Made {
    parents: Vec<u32>,
    ends: Vec<u32>,
    edges: [Vec<Edge>; 2],
}

impl Stage for Closing {
    fn next(&mut self, run: &Run<'_, '_>) -> Result<Option<Chunk>> {
        loop {
            if self.row == self.chunk.rows {
                let Some(chunk) = self.input.next(run)? else { return Ok(None) };
                (self.chunk, self.row) = (chunk, 0);
            }
            run.budget.check()?;
            let mut made = Made::default();
            let mut touched = 0;
            while self.row < self.chunk.rows && made.parents.len() < CHUNK_ROWS {
                touched += self.close(&mut made);
                self.row += 1;
            }
            run.touch(touched);
            if !made.parents.is_empty() {
                return Ok(Some(self.finish(made)));
            }
        }
    }
}

impl Closing {
    /// Makes the rows of one row. Says how many neighbours it looked at.
    fn close(&mut self, made: &mut Made) -> u64 {
        let spec = Arc::clone(&self.spec);
        let node = |way: &Way| self.chunk.get(way.from).and_then(|column| column.node(self.row));
        let (Some(first), Some(second)) = (node(&spec.ways[0]), node(&spec.ways[1])) else { return 0 };
        let touched = self.find_common(first, second);
        let simple = spec.ways.iter().all(|way| way.edge.is_none() && way.unlike.is_empty() && !way.unlike_other);
        let common = std::mem::take(&mut self.common);
        for &end in &common {
            if !spec.ends.iter().all(|set| set.contains(end)) {
                continue;
            }
            let steps = [(first, &spec.ways[0]), (second, &spec.ways[1])].map(|(node, way)| {
                let (from, to) = matching(way.topology.ends(NodeId::new(node)), end);
                (node, way, from..to)
            });
            if simple {
                let times = steps[0].2.len() * steps[1].2.len();
                made.parents.resize(made.parents.len() + times, self.row as u32);
                if spec.reads_end {
                    made.ends.resize(made.parents.len(), end);
                }
                continue;
            }
            let edges = steps.map(|(node, way, places)| {
                let node = NodeId::new(node);
                let steps = way.topology.steps(node).skip(places.start).take(places.len());
                let walked = |edge: &Edge| {
                    let column = |slot: &Slot| self.chunk.get(*slot).and_then(|column| column.edge(self.row));
                    way.unlike.iter().any(|slot| column(slot) == Some(*edge))
                };
                steps.map(|step| step.edge(node)).filter(|edge| !walked(edge)).collect::<Vec<_>>()
            });
            let unlike = spec.ways.iter().any(|way| way.unlike_other);
            for &one in &edges[0] {
                for &other in edges[1].iter().filter(|&&other| !unlike || other != one) {
                    made.parents.push(self.row as u32);
                    if spec.reads_end {
                        made.ends.push(end);
                    }
                    for ((way, edges), edge) in spec.ways.iter().zip(&mut made.edges).zip([one, other]) {
                        if way.edge.is_some() {
                            edges.push(edge);
                        }
                    }
                }
            }
        }
        self.common = common;
        touched
    }

    /// The nodes next to both, each once.
    fn find_common(&mut self, first: u32, second: u32) -> u64 {
        let spec = Arc::clone(&self.spec);
        self.common.clear();
        let lists = [(first, 0), (second, 1)].map(|(node, way)| spec.ways[way].topology.ends(NodeId::new(node)));
        let (short, long) = if lists[0].len() <= lists[1].len() { (lists[0], lists[1]) } else { (lists[1], lists[0]) };
        if short.len() * GALLOP < long.len() {
            let mut rest = long;
            for &node in short {
                rest = &rest[gallop(rest, node)..];
                if rest.first() == Some(&node) && self.common.last() != Some(&node) {
                    self.common.push(node);
                }
            }
            return short.len() as u64;
        }
        if self.marked != Some(second) {
            self.mark += 1;
            lists[1].iter().for_each(|&node| self.marks[node as usize] = self.mark);
            self.marked = Some(second);
        }
        for &node in lists[0] {
            if self.marks[node as usize] == self.mark && self.common.last() != Some(&node) {
                self.common.push(node);
            }
        }
        lists[0].len() as u64
    }

    fn finish(&self, made: Made) -> Chunk {
        let mut chunk = self.chunk.gather_slots(&made.parents, &self.spec.keep);
        if self.spec.reads_end {
            chunk.set(self.spec.to, Column::Nodes(made.ends));
        }
        for (way, edges) in self.spec.ways.iter().zip(made.edges) {
            if let Some(edge) = way.edge {
                chunk.set(edge, Column::Edges(edges));
            }
        }
        chunk
    }
}

/// Where in a sorted list the first number stands that is not less: by steps that double, then by halves.
fn gallop(list: &[u32], wanted: u32) -> usize {
    let mut step = 1;
    while step < list.len() && list[step] < wanted {
        step *= 2;
    }
    let start = step / 2;
    start + list[start..list.len().min(step + 1)].partition_point(|&number| number < wanted)
}

#[cfg(test)]
mod tests {
    use super::gallop;

    #[test]
    fn galloping_finds_what_a_search_finds() {
        let list: Vec<u32> = (0..100).map(|number| number * 3).collect();
        for length in 0..list.len() {
            for wanted in 0..310 {
                let expected = list[..length].partition_point(|&number| number < wanted);
                assert_eq!(gallop(&list[..length], wanted), expected, "{wanted} in {length}");
            }
        }
    }
}
