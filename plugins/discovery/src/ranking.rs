//! Hidden relations: are they ranked before the other pairs that paths find?

use std::collections::HashSet;

use hopgraph_engine::{NodeId, Topology};

use crate::growth::topology;
use crate::{Random, Relation, Relations};

/// The most hops between the ends of a candidate.
const HOPS_MAX: u32 = 4;

/// How much a node of many relations weighs less (Himmelstein and Baranzini, PLOS Computational Biology 2015).
const DAMPING: f64 = 0.4;

/// Which relations are hidden.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Hiding {
    /// A random share of the distinct pairs.
    Share(f64),
    /// Those first stated after this year. Pairs without a year stay.
    After(u16),
}

/// A way to rank the pairs that paths find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Fewer hops first.
    Hops,
    /// More shortest paths first.
    ShortestPaths,
    /// Each shortest path counts the product of 1 / ln(degree) over its inner nodes: Adamic and Adar (Social Networks
    /// 2003) for paths of any length.
    AdamicAdar,
    /// Each shortest path counts the product of degree^-0.4 over all its nodes: degree-weighted path count.
    DegreeWeighted,
    /// The product of the degrees of both ends. It knows nothing of paths: what a path has to beat.
    Degrees,
    /// Any order: chance.
    Random,
}

/// All methods, in the order of a report.
pub const METHODS: [Method; 6] =
    [Method::Hops, Method::ShortestPaths, Method::AdamicAdar, Method::DegreeWeighted, Method::Degrees, Method::Random];

impl Method {
    /// Its name in a report.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hops => "fewest hops",
            Self::ShortestPaths => "shortest paths",
            Self::AdamicAdar => "Adamic-Adar",
            Self::DegreeWeighted => "degree-weighted paths",
            Self::Degrees => "degrees alone",
            Self::Random => "chance",
        }
    }
}

/// How well a method ranks.
#[derive(Clone, Debug, PartialEq)]
pub struct MethodResult {
    /// The method.
    pub method: Method,
    /// Probability that a hidden pair stands before one that is not, ties counted half. 0.5 is chance.
    pub auc: f64,
    /// Share of hidden pairs among the first so many, in the order of [`RankingReport::first`].
    pub precision: Vec<f64>,
}

/// What one hiding gave.
#[derive(Clone, Debug, PartialEq)]
pub struct RankingReport {
    /// Distinct pairs that were left.
    pub known: usize,
    /// Distinct pairs that were hidden and whose ends are both left in the graph; the others cannot be found by paths.
    pub hidden: usize,
    /// Pairs of one entity of each kind that 2 to 4 hops join and no known relation does.
    pub candidates: usize,
    /// Hidden pairs among the candidates.
    pub hidden_found: usize,
    /// For how many of the first pairs the precision is given.
    pub first: Vec<usize>,
    /// Each method's result.
    pub methods: Vec<MethodResult>,
}

/// A pair that paths find.
struct Candidate {
    is_hidden: bool,
    /// In the order of [`METHODS`].
    scores: [f64; METHODS.len()],
}

/// Hides relations, finds the pairs that 2 to 4 hops join in what is left, and ranks them by every method. Ties are
/// broken at random, so that the order of the input helps nobody.
pub fn rank_hidden(relations: &Relations, hiding: Hiding, first: &[usize], seed: u64) -> RankingReport {
    let mut random = Random::new(seed);
    let (known, hidden) = hide(relations, hiding, &mut random);
    let topology = topology(&known);
    let is_left = |node: u32| (node as usize) < topology.node_count() && topology.degree(NodeId::new(node)) > 0;
    let hidden: HashSet<(u32, u32)> = hidden
        .iter()
        .filter(|pair| is_left(pair.source) && is_left(pair.target))
        .map(|pair| (pair.source, pair.target))
        .collect();
    let mut candidates = Vec::new();
    for source in (0..relations.sources).filter(|&source| is_left(source)) {
        candidates_from(&topology, source, relations.sources, &hidden, &mut random, &mut candidates);
    }
    random.shuffle(&mut candidates);
    let methods = METHODS.iter().enumerate().map(|(place, &method)| result(method, place, &candidates, first));
    RankingReport {
        known: known.len(),
        hidden: hidden.len(),
        candidates: candidates.len(),
        hidden_found: candidates.iter().filter(|candidate| candidate.is_hidden).count(),
        first: first.to_vec(),
        methods: methods.collect(),
    }
}

/// The distinct pairs that are left, and those that are hidden.
fn hide(relations: &Relations, hiding: Hiding, random: &mut Random) -> (Vec<Relation>, Vec<Relation>) {
    let mut pairs = relations.distinct();
    match hiding {
        Hiding::After(year) => pairs.into_iter().partition(|pair| pair.year.is_none_or(|stated| stated <= year)),
        Hiding::Share(share) => {
            random.shuffle(&mut pairs);
            let count = (pairs.len() as f64 * share.clamp(0.0, 1.0)).round() as usize;
            let known = pairs.split_off(count);
            (known, pairs)
        }
    }
}

/// What is known of a node while paths from a source are followed.
#[derive(Clone, Copy, Default)]
struct Reached {
    hops: u32,
    paths: f64,
    adamic_adar: f64,
    degree_weighted: f64,
}

/// Follows all shortest paths from a source, level by level, and takes down the targets that they find.
fn candidates_from(
    topology: &Topology,
    source: u32,
    first_target: u32,
    hidden: &HashSet<(u32, u32)>,
    random: &mut Random,
    candidates: &mut Vec<Candidate>,
) {
    let damped = |node: u32| (topology.degree(NodeId::new(node)) as f64).powf(-DAMPING);
    let mut reached: Vec<Option<Reached>> = vec![None; topology.node_count()];
    let start = Reached { hops: 0, paths: 1.0, adamic_adar: 1.0, degree_weighted: damped(source) };
    reached[source as usize] = Some(start);
    let mut frontier = vec![source];
    for hops in 1..=HOPS_MAX {
        let mut next = Vec::new();
        for &node in &frontier {
            let from = reached[node as usize].unwrap_or_default();
            // An inner node of degree 1 leads nowhere, so the logarithm is above 0 wherever it is used.
            let inner = if node == source { 1.0 } else { 1.0 / (topology.degree(NodeId::new(node)) as f64).ln() };
            for &end in topology.ends(NodeId::new(node)) {
                let to = reached[end as usize].get_or_insert_with(|| {
                    next.push(end);
                    Reached { hops, ..Reached::default() }
                });
                if to.hops == hops {
                    to.paths += from.paths;
                    to.adamic_adar += from.adamic_adar * inner;
                    to.degree_weighted += from.degree_weighted * damped(end);
                }
            }
        }
        for &end in next.iter().filter(|&&end| hops > 1 && end >= first_target) {
            let found = reached[end as usize].unwrap_or_default();
            let degree = |node: u32| topology.degree(NodeId::new(node)) as f64;
            let degrees = degree(source) * degree(end);
            let chance = random.below(1 << 30) as f64;
            let paths = [found.paths, found.adamic_adar, found.degree_weighted];
            let scores = [-f64::from(hops), paths[0], paths[1], paths[2], degrees, chance];
            candidates.push(Candidate { is_hidden: hidden.contains(&(source, end)), scores });
        }
        frontier = next;
    }
}

fn result(method: Method, place: usize, candidates: &[Candidate], first: &[usize]) -> MethodResult {
    let mut ranked: Vec<(f64, bool)> = candidates.iter().map(|one| (one.scores[place], one.is_hidden)).collect();
    // Stable, so that ties stay in their random order.
    ranked.sort_by(|one, other| other.0.total_cmp(&one.0));
    let precision = first.iter().map(|&count| {
        let top = &ranked[..count.min(ranked.len())];
        top.iter().filter(|(_, is_hidden)| *is_hidden).count() as f64 / top.len().max(1) as f64
    });
    MethodResult { method, auc: auc(&ranked), precision: precision.collect() }
}

/// Area under the receiver operating characteristic, by ranks (Mann and Whitney). `ranked` is sorted, best first.
fn auc(ranked: &[(f64, bool)]) -> f64 {
    let positives = ranked.iter().filter(|(_, is_positive)| *is_positive).count();
    let negatives = ranked.len() - positives;
    if positives == 0 || negatives == 0 {
        return f64::NAN;
    }
    let (mut before, mut wins) = (0.0, 0.0);
    for ties in ranked.chunk_by(|one, other| one.0 == other.0) {
        let tied = ties.iter().filter(|(_, is_positive)| *is_positive).count() as f64;
        let tied_negatives = ties.len() as f64 - tied;
        // A negative loses against every positive before it, and half against those that it ties with.
        wins += tied_negatives * (before + tied / 2.0);
        before += tied;
    }
    wins / (positives as f64 * negatives as f64)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_area_counts_pairs_in_order_and_ties_half() {
        for (ranked, expected) in [
            (vec![(3.0, true), (2.0, true), (1.0, false)], 1.0),
            (vec![(3.0, false), (2.0, true), (1.0, true)], 0.0),
            (vec![(1.0, false), (1.0, true), (1.0, true)], 0.5),
            (vec![(3.0, true), (2.0, false), (2.0, true), (1.0, false)], 0.875),
        ] {
            assert_eq!(auc(&ranked), expected, "{ranked:?}");
        }
        assert!(auc(&[(1.0, true)]).is_nan());
    }

    /// Two groups of genes and diseases; nearly every gene of a group goes with nearly every disease of it.
    fn planted() -> Relations {
        let mut relations = Vec::new();
        for group in 0..2_u32 {
            for gene in 0..20_u32 {
                for disease in 0..20_u32 {
                    if (gene * 7 + disease * 3) % 5 != 0 {
                        let (source, target) = (group * 20 + gene, 40 + group * 20 + disease);
                        let year = Some(if (gene + disease) % 9 == 0 { 2020 } else { 2000 });
                        relations.push(Relation { source, target, year });
                    }
                }
            }
        }
        // One relation joins the groups, so that the wrong pairs are candidates too.
        relations.push(Relation { source: 0, target: 79, year: Some(2000) });
        Relations { names: (0..80).map(|node| node.to_string()).collect(), sources: 40, relations }
    }

    #[test]
    fn paths_find_what_was_hidden_in_a_planted_graph_and_chance_does_not() {
        for hiding in [Hiding::Share(0.1), Hiding::After(2010)] {
            let report = rank_hidden(&planted(), hiding, &[10, 50], 1);
            assert!(report.hidden > 30 && report.hidden_found == report.hidden, "{report:?}");
            let of = |method: Method| report.methods.iter().find(|result| result.method == method).unwrap();
            for method in [Method::ShortestPaths, Method::AdamicAdar, Method::DegreeWeighted] {
                assert!(of(method).auc > 0.55, "{method:?} {report:?}");
            }
            assert!((of(Method::Random).auc - 0.5).abs() < 0.15, "{report:?}");
        }
    }

    #[test]
    fn a_pair_whose_end_is_gone_is_not_counted_as_hidden() {
        let pair = |source, target| Relation { source, target, year: Some(if source == 1 { 2020 } else { 2000 }) };
        let relations = Relations {
            names: ["g0", "g1", "d0", "d1"].map(str::to_owned).to_vec(),
            sources: 2,
            relations: vec![pair(0, 2), pair(0, 3), pair(1, 3)],
        };
        let report = rank_hidden(&relations, Hiding::After(2010), &[1], 1);
        assert_eq!((report.known, report.hidden, report.candidates), (2, 0, 0));
    }

    #[test]
    fn real_relations_that_were_hidden_come_before_others() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/gad/gad.tsv");
        let relations = Relations::from_table(&path, None, None).unwrap();
        let report = rank_hidden(&relations, Hiding::Share(0.1), &[10, 100], 1);
        assert!(report.candidates > 10_000 && report.hidden_found > 50, "{report:?}");
        let auc = |method: Method| report.methods.iter().find(|result| result.method == method).unwrap().auc;
        assert!(auc(Method::ShortestPaths) > 0.6 && (auc(Method::Random) - 0.5).abs() < 0.1, "{report:?}");
        assert_eq!(rank_hidden(&relations, Hiding::Share(0.1), &[10, 100], 1), report, "a seed repeats");
    }
}
