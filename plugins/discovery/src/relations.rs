//! The relations that an experiment is made on, from a table or from a graph.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use hopgraph_engine::{Evidence, LabelId, NodeId, Polarity, Snapshot, StorageError, View};

/// Names of the columns of a table that hold the two ends, the more telling first.
const KNOWN_COLUMNS: [[&str; 2]; 4] = [
    ["source", "target"],
    ["geneSymbol", "diseaseName"],
    ["gene_mention", "disease_mention"],
    ["ENTITY1_TEXT", "ENTITY2_TEXT"],
];

/// A relation between an entity of the one kind and one of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Relation {
    /// Number of the entity of the first kind.
    pub source: u32,
    /// Number of the entity of the second kind.
    pub target: u32,
    /// The year in which it was first stated, if that is known.
    pub year: Option<u16>,
}

/// Relations with the names of their ends. A pair that was stated several times comes several times.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Relations {
    /// Names of the entities; those of the first kind and those of the second are numbered together.
    pub names: Vec<String>,
    /// How many entities are of the first kind: they have the lowest numbers.
    pub sources: u32,
    /// The relations, in the order of the input.
    pub relations: Vec<Relation>,
}

/// Why relations could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RelationsError {
    /// A table could not be read.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: std::io::Error,
    },
    /// A table does not have the columns of the two ends.
    #[error("{} has no columns {wanted}; it has {found}; name two with --columns", path.display())]
    Columns {
        /// The file.
        path: PathBuf,
        /// What was looked for.
        wanted: String,
        /// What there is.
        found: String,
    },
    /// A graph does not know the label.
    #[error("the graph has no label {0:?}; `hopgraph info` lists the labels")]
    UnknownLabel(String),
    /// The graph could not be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Relations {
    /// The relations of a tab-separated table with a header row: a row each. The columns of the two ends are the named
    /// ones, or the first known pair of names. With `filter`, a column and a value, only rows with that value count.
    /// Rows with an empty end are left out.
    ///
    /// # Errors
    /// If the file cannot be read or has no such columns.
    pub fn from_table(
        path: &Path,
        columns: Option<[&str; 2]>,
        filter: Option<[&str; 2]>,
    ) -> Result<Self, RelationsError> {
        let failed = |error: csv::Error| RelationsError::File { path: path.to_owned(), source: error.into() };
        let mut reader = csv::ReaderBuilder::new().delimiter(b'\t').quoting(false).from_path(path).map_err(failed)?;
        let header = reader.headers().map_err(failed)?.clone();
        let find = |wanted: &[&str; 2]| {
            let places = wanted.map(|name| header.iter().position(|column| column == name));
            Some([places[0]?, places[1]?])
        };
        let wanted: Vec<[&str; 2]> = columns.map_or_else(|| KNOWN_COLUMNS.to_vec(), |columns| vec![columns]);
        let Some(places) = wanted.iter().find_map(find) else {
            let wanted = wanted.iter().map(|pair| pair.join(" and ")).collect::<Vec<_>>().join(", or ");
            let found = header.iter().collect::<Vec<_>>().join(", ");
            return Err(RelationsError::Columns { path: path.to_owned(), wanted, found });
        };
        let place_of = |name: &str| header.iter().position(|column| column == name);
        let filter = match filter {
            None => None,
            Some([name, value]) => match place_of(name) {
                Some(place) => Some((place, value)),
                None => {
                    let (path, wanted) = (path.to_owned(), name.to_owned());
                    return Err(RelationsError::Columns {
                        path,
                        wanted,
                        found: header.iter().collect::<Vec<_>>().join(", "),
                    });
                }
            },
        };
        let mut pairs = Vec::new();
        for row in reader.records() {
            let row = row.map_err(failed)?;
            if filter.is_some_and(|(place, value)| row.get(place) != Some(value)) {
                continue;
            }
            let ends = places.map(|place| row.get(place).unwrap_or_default().trim().to_owned());
            if ends.iter().all(|end| !end.is_empty()) {
                pairs.push((ends, None));
            }
        }
        Ok(Self::from_pairs(pairs))
    }

    /// The asserted relations between nodes of two labels of a graph, each pair once, with the first year in which a
    /// document states it.
    ///
    /// # Errors
    /// If the graph cannot be read or does not know a label.
    pub fn from_graph(snapshot: &Snapshot, labels: [&str; 2]) -> Result<Self, RelationsError> {
        let known =
            |name: &str| snapshot.catalog().label(name).ok_or_else(|| RelationsError::UnknownLabel(name.to_owned()));
        let labels = [known(labels[0])?, known(labels[1])?];
        let mut years: HashMap<[NodeId; 2], Option<u16>> = HashMap::new();
        let asserted = snapshot.catalog().relation_types().filter(|(_, found)| found.polarity == Polarity::Asserted);
        for (relation, _) in asserted {
            for edge in snapshot.edges(relation) {
                let edge = edge?;
                let Some(pair) = in_order(snapshot, [edge.source, edge.target], labels)? else { continue };
                let year = first_year(snapshot, &snapshot.evidence(edge)?)?;
                let known = years.entry(pair).or_insert(year);
                *known = [*known, year].into_iter().flatten().min();
            }
        }
        let mut pairs = Vec::with_capacity(years.len());
        for (pair, year) in years {
            pairs.push(([name(snapshot, pair[0])?, name(snapshot, pair[1])?], year));
        }
        pairs.sort_unstable();
        Ok(Self::from_pairs(pairs))
    }

    fn from_pairs(pairs: Vec<([String; 2], Option<u16>)>) -> Self {
        let mut numbers: [HashMap<String, u32>; 2] = Default::default();
        let mut names: [Vec<String>; 2] = Default::default();
        let mut relations = Vec::with_capacity(pairs.len());
        for (ends, year) in pairs {
            let mut ends = ends.into_iter().enumerate().map(|(kind, end)| {
                *numbers[kind].entry(end).or_insert_with_key(|end| {
                    names[kind].push(end.clone());
                    names[kind].len() as u32 - 1
                })
            });
            let mut end = || ends.next().expect("a pair has two ends");
            relations.push(Relation { source: end(), target: end(), year });
        }
        let sources = names[0].len() as u32;
        relations.iter_mut().for_each(|relation| relation.target += sources);
        Self { names: names.concat(), sources, relations }
    }

    /// The distinct pairs in order, each with its first year.
    pub fn distinct(&self) -> Vec<Relation> {
        let mut distinct = self.relations.clone();
        // Without a year last, so that a known one is kept.
        distinct.sort_by_key(|relation| (relation.source, relation.target, relation.year.unwrap_or(u16::MAX)));
        distinct.dedup_by_key(|relation| (relation.source, relation.target));
        distinct
    }
}

/// The pair with the node of the first label first; none if the nodes do not have the two labels.
fn in_order(snapshot: &Snapshot, ends: [NodeId; 2], labels: [LabelId; 2]) -> Result<Option<[NodeId; 2]>, StorageError> {
    let of = |node: NodeId| Ok::<_, StorageError>(snapshot.node(node)?.unwrap_or_default().labels);
    let has = [of(ends[0])?, of(ends[1])?];
    if has[0].contains(&labels[0]) && has[1].contains(&labels[1]) {
        return Ok(Some(ends));
    }
    Ok((has[1].contains(&labels[0]) && has[0].contains(&labels[1])).then_some([ends[1], ends[0]]))
}

fn first_year(snapshot: &Snapshot, evidence: &[Evidence]) -> Result<Option<u16>, StorageError> {
    let mut first = None;
    for piece in evidence {
        let Evidence::Text { sentence, .. } = piece else { continue };
        let Some(sentence) = snapshot.sentence(*sentence)? else { continue };
        let year = snapshot.document(sentence.document)?.and_then(|document| document.year);
        first = [first, year].into_iter().flatten().min();
    }
    Ok(first)
}

/// A name that no other node has.
fn name(snapshot: &Snapshot, id: NodeId) -> Result<String, StorageError> {
    let node = snapshot.node(id)?.unwrap_or_default();
    let unique = node.identifiers.first().cloned().unwrap_or_else(|| format!("node:{id}"));
    Ok(if node.name.is_empty() { unique } else { format!("{} ({unique})", node.name) })
}
