//! How many paths join sources and targets, by multiplication and without listing them.
//!
//! Where paths are walks, the numbers of paths of each length are those of the length before, handed on along the steps; and
//! where no walk returns, those of all lengths together are one pass in topological order. Of trails elsewhere only all but
//! the last two hops are listed: how many pairs of hops lead on from a node to targets is known for each node beforehand,
//! less those that walk an edge twice, which are few and counted by looking them up. Other modes list all but the last hop.

use std::sync::Arc;

use rayon::prelude::*;

use super::bits::BitSet;
use super::components::{ComponentKind, Components};
use super::counted::Counted;
use super::path::{Hops, Path, PathMode};
use super::paths::paths;
use super::reach::Reach;
use crate::{Budget, Charge, Edge, Interruption, NodeId, NodeSet, Topology};

/// Numbers of paths: larger ones are [`u128::MAX`].
type Count = u128;

/// How many paths of the mode lead from a source to a target, whatever their hops. Takes time linear in the steps where no
/// walk returns and the range begins with 0 or 1 and has no end; else see [`count_paths_by_hops`].
pub fn count_paths(
    reach: &Reach,
    sources: &NodeSet,
    targets: &NodeSet,
    budget: &Arc<Budget>,
) -> Result<u128, Interruption> {
    let topology = &*reach.topology;
    let unlimited = reach.hops.least <= 1 && reach.hops.most as usize >= topology.node_count();
    if unlimited && topology.is_one_way() {
        let components = Components::find(topology, ComponentKind::Strong, budget)?;
        if !components.any_returns() {
            return count_in_order(topology, &components, reach.hops.least, sources, targets, budget);
        }
    }
    Ok(count_paths_by_hops(reach, sources, targets, budget)?.into_iter().fold(0, Count::saturating_add))
}

/// How many paths of the mode lead from a source to a target for each number of hops: `counts[h]` paths have `h` hops.
/// Where paths are walks, takes time in the steps for each number of hops; else in the number of paths that are shorter by
/// two hops (TRAIL) or one, so a range without an end can take longer than any budget.
pub fn count_paths_by_hops(
    reach: &Reach,
    sources: &NodeSet,
    targets: &NodeSet,
    budget: &Arc<Budget>,
) -> Result<Vec<u128>, Interruption> {
    let topology = &*reach.topology;
    let is_acyclic = || -> Result<bool, Interruption> {
        Ok(topology.is_one_way() && !Components::find(topology, ComponentKind::Strong, budget)?.any_returns())
    };
    if reach.mode == PathMode::Walk || is_acyclic()? {
        return count_by_length(topology, reach.hops, sources, targets, budget);
    }
    let endings = Endings::new(reach, targets, budget)?;
    let mut counts = Vec::new();
    for hops in reach.hops.least..=reach.hops.most {
        let (count, is_last) = endings.count(sources, hops)?;
        if count > 0 {
            counts.resize(hops as usize + 1, 0);
            counts[hops as usize] = count;
        }
        if is_last {
            break;
        }
    }
    Ok(counts)
}

/// All paths of a graph in which no walk returns: each node hands what leads to it on to its ends.
fn count_in_order(
    topology: &Topology,
    components: &Components,
    least: u32,
    sources: &NodeSet,
    targets: &NodeSet,
    budget: &Budget,
) -> Result<Count, Interruption> {
    let node_count = topology.node_count();
    let _held = budget.charge(20 * node_count as u64)?;
    // Components are single nodes here, numbered so that steps lead to smaller numbers.
    let mut order = vec![0_u32; node_count];
    for node in 0..node_count as u32 {
        if let Some(component) = components.of(NodeId::new(node)) {
            order[component as usize] = node;
        }
    }
    let mut ways: Vec<Count> = vec![0; node_count];
    for source in sources.iter().filter(|source| source.index() < node_count) {
        ways[source.index()] = 1;
    }
    let mut count = Counted::new(budget);
    for &node in order.iter().rev().filter(|&&node| topology.degree(NodeId::new(node)) > 0) {
        let here = ways[node as usize];
        if here == 0 {
            continue;
        }
        let ends = topology.ends(NodeId::new(node));
        count.neighbors(ends.len())?;
        for &end in ends {
            ways[end as usize] = ways[end as usize].saturating_add(here);
        }
    }
    let ways_to = |node: NodeId| match ways.get(node.index()) {
        Some(&ways) => ways,
        None => Count::from(sources.contains(node)),
    };
    let all = targets.iter().map(ways_to).fold(0, Count::saturating_add);
    let without_hops = if least == 0 { 0 } else { targets.iter().filter(|&node| sources.contains(node)).count() };
    Ok(if all == Count::MAX { all } else { all - without_hops as Count })
}

/// Walks of each length.
fn count_by_length(
    topology: &Topology,
    hops: Hops,
    sources: &NodeSet,
    targets: &NodeSet,
    budget: &Budget,
) -> Result<Vec<Count>, Interruption> {
    let node_count = topology.node_count().max(sources.max().map_or(0, |last| last.index() + 1));
    let mut held = budget.charge(4 * node_count as u64)?;
    let mut places = vec![u32::MAX; node_count];
    let is_target = |node: u32| targets.contains(NodeId::new(node));
    let mut frontier: Vec<(u32, Count)> = Vec::new();
    let mut next: Vec<(u32, Count)> = Vec::new();
    held.make_room(&mut frontier, sources.len() as usize)?;
    frontier.extend(sources.iter().map(|source| (source.get(), 1)));
    let mut counts = Vec::new();
    let mut count = Counted::new(budget);
    for length in 0..=hops.most {
        if length > 0 {
            next.clear();
            for &(node, ways) in &frontier {
                let ends = topology.ends(NodeId::new(node));
                count.neighbors(ends.len() + 1)?;
                for &end in ends {
                    let place = &mut places[end as usize];
                    match next.get_mut(*place as usize).filter(|(node, _)| *node == end) {
                        Some((_, sum)) => *sum = sum.saturating_add(ways),
                        None => {
                            *place = next.len() as u32;
                            held.push(&mut next, (end, ways))?;
                        }
                    }
                }
            }
            std::mem::swap(&mut frontier, &mut next);
        }
        if frontier.is_empty() {
            break;
        }
        if length >= hops.least {
            let ways = frontier.iter().filter(|(node, _)| is_target(*node)).map(|(_, ways)| *ways);
            let sum = ways.fold(0, Count::saturating_add);
            if sum > 0 {
                let more = length as usize + 1 - counts.len();
                held.make_room(&mut counts, more)?;
                counts.resize(length as usize + 1, 0);
                counts[length as usize] = sum;
            }
        }
    }
    Ok(counts)
}

/// How paths can end from each node.
struct Endings<'e> {
    reach: &'e Reach,
    is_target: BitSet,
    /// How many steps lead from each node to a target.
    one: Vec<u64>,
    /// How many pairs of steps do, an edge there and back among them; for trails.
    two: Vec<Count>,
    budget: &'e Arc<Budget>,
    _held: Charge,
}

impl<'e> Endings<'e> {
    fn new(reach: &'e Reach, targets: &NodeSet, budget: &'e Arc<Budget>) -> Result<Self, Interruption> {
        let topology = &*reach.topology;
        let node_count = topology.node_count().max(targets.max().map_or(0, |last| last.index() + 1));
        let held = budget.charge(25 * node_count as u64)?;
        let is_target = BitSet::from_numbers(targets.iter().map(NodeId::get), node_count);
        let nodes = (0..node_count as u32).into_par_iter();
        let ends = |node: u32| topology.ends(NodeId::new(node));
        budget.check()?;
        let one: Vec<u64> = nodes
            .clone()
            .map(|node| ends(node).iter().filter(|&&end| is_target.contains(end)).count() as u64)
            .collect();
        budget.check()?;
        let pairs = |node: u32| ends(node).iter().map(|&end| Count::from(one[end as usize])).sum();
        let two = if reach.mode == PathMode::Trail { nodes.map(pairs).collect() } else { Vec::new() };
        budget.count_neighbors(2 * topology.step_count());
        Ok(Self { reach, is_target, one, two, budget, _held: held })
    }

    /// How many paths have exactly so many hops; and whether none can have more.
    fn count(&self, sources: &NodeSet, hops: u32) -> Result<(Count, bool), Interruption> {
        let listed = if self.reach.mode == PathMode::Trail { hops.saturating_sub(2) } else { hops.saturating_sub(1) };
        let sources: Vec<NodeId> = sources.iter().collect();
        let counted = sources.par_iter().map(|&source| {
            let (mut sum, mut is_last) = (0_u128, true);
            let exactly = Hops { least: listed, most: listed };
            for path in paths(&self.reach.topology, source, None, exactly, self.reach.mode, &[], self.budget) {
                let path = path?;
                is_last = false;
                let count = match hops - listed {
                    0 => Count::from(self.is_target.contains(source.get())),
                    1 => Count::from(self.one_more(&path)),
                    _ => self.two_more(&path),
                };
                sum = sum.saturating_add(count);
            }
            Ok((sum, is_last))
        });
        let add = |(sum, is_last): (Count, bool), (more, last): (Count, bool)| {
            Ok((sum.saturating_add(more), is_last && last))
        };
        counted.try_reduce(|| (0, true), add)
    }

    /// The steps to a target that may follow a path.
    fn one_more(&self, path: &Path) -> u64 {
        let here = path.nodes[path.nodes.len() - 1];
        let all = self.one.get(here.index()).copied().unwrap_or(0);
        let topology = &*self.reach.topology;
        let is_target = |node: NodeId| self.is_target.contains(node.get());
        let steps = |to: NodeId| topology.multiplicity(here, to) as u64;
        match self.reach.mode {
            PathMode::Walk => all,
            PathMode::Trail => {
                let walked = self.steps_of(&path.edges, here).filter(|&end| is_target(end)).count() as u64;
                all - walked
            }
            // A closed path is over.
            PathMode::Simple if !path.edges.is_empty() && path.nodes[0] == here => 0,
            PathMode::Simple => {
                all - path.nodes[1..].iter().copied().filter(|&node| is_target(node)).map(steps).sum::<u64>()
            }
            PathMode::Acyclic => {
                all - path.nodes.iter().copied().filter(|&node| is_target(node)).map(steps).sum::<u64>()
            }
        }
    }

    /// The pairs of steps to a target that may follow a trail: of all, less those that begin with one of its edges, walk an
    /// edge there and back, or end with one of its edges.
    fn two_more(&self, path: &Path) -> Count {
        let topology = &*self.reach.topology;
        let here = path.nodes[path.nodes.len() - 1];
        let Some(&all) = self.two.get(here.index()) else { return 0 };
        let is_target = |node: NodeId| self.is_target.contains(node.get());
        let begins: Count = self.steps_of(&path.edges, here).map(|middle| Count::from(self.one[middle.index()])).sum();
        // A step that is taken back, and a loop that is walked twice.
        let mut again = 0;
        if is_target(here) {
            let back = topology.steps(here).filter(|step| {
                let edge = step.edge(here);
                !path.edges.contains(&edge) && (step.node == here || self.leads(step.node, here, edge))
            });
            again = back.count();
        }
        // A first step that is none of its edges, to where one of them begins that leads to a target.
        let lasts = path.edges.iter().flat_map(|&edge| both_ways(edge).map(move |(from, to)| (edge, from, to)));
        let lasts = lasts.filter(|&(edge, from, to)| is_target(to) && self.leads(from, to, edge));
        let firsts = lasts.map(|(_, from, _)| {
            let walked = self.steps_of(&path.edges, here).filter(|&end| end == from).count();
            topology.multiplicity(here, from) - walked
        });
        all - begins - (again + firsts.sum::<usize>()) as Count
    }

    /// Where steps from a node along edges of a path lead, one for each.
    fn steps_of<'p>(&'p self, edges: &'p [Edge], here: NodeId) -> impl Iterator<Item = NodeId> + 'p {
        let ways = edges.iter().flat_map(|&edge| both_ways(edge).map(move |(from, to)| (edge, from, to)));
        ways.filter(move |&(edge, from, to)| from == here && self.leads(from, to, edge)).map(|(_, _, to)| to)
    }

    /// Whether a step leads from one node to another along this edge.
    fn leads(&self, from: NodeId, to: NodeId, edge: Edge) -> bool {
        self.reach.topology.steps_to(from, to).any(|step| step.edge(from) == edge)
    }
}

/// The two ways along an edge; one along a loop.
fn both_ways(edge: Edge) -> impl Iterator<Item = (NodeId, NodeId)> {
    let back = (edge.source != edge.target).then_some((edge.target, edge.source));
    std::iter::once((edge.source, edge.target)).chain(back)
}
