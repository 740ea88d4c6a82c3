//! What the scripts know of hopgraph: how a graph is made and a query is asked. The only file of them that names the
//! interfaces of the crates.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use hopgraph_engine::{
    Edge, Graph, Mention, NewDocument, NewSentence, Node, NodeId, Polarity, RelationType, Run, RunKind,
};
use hopgraph_query::{NodeValue, Parameters, QueryOptions, RelationshipValue, Summary, query};

pub(crate) use hopgraph_query::Value;

/// The root of the repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the repository").to_owned()
}

/// A graph that lives as long as a test.
pub(crate) struct TestGraph(pub(crate) Graph);

/// What a query answered, as text.
pub(crate) struct Answer {
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<String>,
    /// What was written; empty if nothing was.
    pub(crate) written: String,
    /// What was told beside the answer, as the shell tells it.
    pub(crate) notices: Vec<String>,
}

impl TestGraph {
    /// An empty graph.
    pub(crate) fn new() -> Self {
        Self(Graph::temporary().unwrap())
    }

    /// Runs a query to its end. An error is told as the shell tells it.
    pub(crate) fn query(&self, text: &str, parameters: &[(String, Value)]) -> Result<Answer, String> {
        let report = |error: hopgraph_query::QueryError| error.report(text);
        let parameters: Parameters = parameters.iter().cloned().collect();
        let mut rows = query(&self.0, text, &parameters, &QueryOptions::default()).map_err(report)?;
        let columns = rows.columns().to_vec();
        let lines: Result<Vec<String>, String> = rows
            .by_ref()
            .map(|row| Ok(row.map_err(report)?.iter().map(render).collect::<Vec<_>>().join(" | ")))
            .collect();
        let lines = lines?;
        let notices = rows.notices().iter().map(|notice| notice.report(text)).collect();
        Ok(Answer { columns, rows: lines, written: describe(rows.summary()), notices })
    }

    /// The value of an expression.
    pub(crate) fn value(&self, expression: &str) -> Value {
        let text = format!("RETURN {expression} AS value");
        let mut rows = query(&self.0, &text, &Parameters::new(), &QueryOptions::default()).unwrap();
        rows.next().unwrap().unwrap().into_values().remove(0)
    }

    /// What is wrong with the stored graph; empty if nothing is.
    pub(crate) fn problems(&self) -> Vec<String> {
        self.0.check().unwrap().problems
    }

    /// Fills the graph with what cannot be written in the language.
    pub(crate) fn load(&self, fixture: &str) {
        match fixture {
            "semantics" => self.load_semantics(),
            "literature" => self.load_literature(),
            other => panic!("there is no fixture {other}"),
        }
    }

    /// The gadgets that tell the path modes apart, from `data/semantics`.
    fn load_semantics(&self) {
        let folder = repository().join("data/semantics");
        let table = |name: &str| {
            let text = std::fs::read_to_string(folder.join(name)).unwrap();
            let rows = text.lines().skip(1).map(|line| line.split('\t').map(str::to_owned).collect::<Vec<_>>());
            rows.collect::<Vec<_>>()
        };
        let mut change = self.0.change().unwrap();
        let mut ids = std::collections::HashMap::new();
        for row in table("nodes.tsv") {
            let labels = vec![change.label(&row[1]).unwrap()];
            let node = Node { labels, name: row[0].clone(), ..Node::default() };
            ids.insert(row[0].clone(), change.add_node(node).unwrap());
        }
        let hand = change.hand().unwrap();
        for row in table("edges.tsv") {
            let relation_type = RelationType { name: row[1].clone(), polarity: Polarity::Asserted, symmetric: false };
            let relation = change.relation_type(&relation_type).unwrap();
            change.add_fact(Edge { relation, source: ids[&row[0]], target: ids[&row[2]] }, hand).unwrap();
        }
        change.commit().unwrap();
    }

    /// Two documents whose sentences a model has read: symmetric types, a denied one, evidence with probabilities.
    fn load_literature(&self) {
        let mut change = self.0.change().unwrap();
        let mut node = |label: &str, name: &str, identifier: &str, synonyms: &[&str]| {
            let labels = vec![change.label(label).unwrap()];
            let synonyms = synonyms.iter().map(|&synonym| synonym.to_owned()).collect();
            let identifiers = vec![identifier.to_owned()];
            change.add_node(Node { labels, name: name.into(), synonyms, identifiers, ..Node::default() }).unwrap()
        };
        let brca1 = node("gene", "BRCA1", "NCBIGene:672", &["RNF53"]);
        let tp53 = node("gene", "TP53", "NCBIGene:7157", &["p53"]);
        let cancer = node("disease", "Breast Neoplasms", "MESH:D001943", &["breast cancer"]);
        let asthma = node("disease", "Asthma", "MESH:D001249", &[]);
        let mut relation = |name: &str, polarity| {
            change.relation_type(&RelationType { name: name.into(), polarity, symmetric: true }).unwrap()
        };
        let associated = relation("associated", Polarity::Asserted);
        let not_associated = relation("not_associated", Polarity::Denied);
        let sentence = |start, text: &str, nodes: [NodeId; 2]| NewSentence {
            start,
            text: text.into(),
            mentions: nodes.iter().map(|&node| Mention { node, start: 0, end: 5 }).collect(),
        };
        let document = NewDocument {
            identifier: "PMID:1".into(),
            title: "Genes of cancer".into(),
            year: Some(2020),
            content_hash: 1,
            version: None,
            sentences: vec![
                sentence(0, "BRCA1 is linked to breast cancer.", [brca1, cancer]),
                sentence(34, "p53 is linked to breast cancer.", [tp53, cancer]),
                sentence(66, "p53 is not linked to asthma.", [tp53, asthma]),
            ],
        };
        let document = change.add_document(&document).unwrap();
        let first = hopgraph_engine::View::document(&change, document).unwrap().unwrap().first_sentence.get();
        let sentence = |place| hopgraph_engine::SentenceId::new(first + place);
        let answers = [("True", Some("associated")), ("Denied", Some("not_associated")), ("False", None)];
        let run = Run {
            kind: RunKind::Model {
                model: "starter".into(),
                weights_hash: "00".into(),
                quantization: "Q8_0".into(),
                prompt: "{sentence}".into(),
                answers: answers.iter().map(|(text, relation)| ((*text).into(), relation.map(Into::into))).collect(),
                threshold_thousandths: 0,
            },
            started: "2026-01-02T03:04:05Z".into(),
            program: "hopgraph test".into(),
        };
        let run = change.begin_run(&run).unwrap();
        let edge = |relation, source, target| Edge { relation, source, target };
        let read = [
            (edge(associated, brca1, cancer), 0, 0.9, [0.9, 0.06, 0.04]),
            (edge(associated, tp53, cancer), 1, 0.6, [0.6, 0.1, 0.3]),
            (edge(not_associated, tp53, asthma), 2, 0.8, [0.1, 0.8, 0.1]),
        ];
        for (edge, place, probability, probabilities) in read {
            change.add_evidence(edge, sentence(place), run, probability, &probabilities).unwrap();
        }
        let hand = change.hand().unwrap();
        change.add_fact(edge(associated, asthma, cancer), hand).unwrap();
        change.commit().unwrap();
    }
}

/// A value as the scripts write it.
fn render(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Boolean(truth) => truth.to_string(),
        Value::Integer(integer) => integer.to_string(),
        Value::Float(float) => format!("{float:?}"),
        Value::Text(text) => format!("'{text}'"),
        Value::Temporal(temporal) => format!("{}('{temporal}')", temporal.kind()),
        Value::List(values) => format!("[{}]", values.iter().map(render).collect::<Vec<_>>().join(", ")),
        Value::Map(map) => format!("{{{}}}", render_entries(map.iter())),
        Value::Node(node) => render_node(node),
        Value::Relationship(relationship) => render_relationship(relationship),
        Value::Path(path) => {
            let mut text = render_node(&path.nodes[0]);
            for (place, relationship) in path.relationships.iter().enumerate() {
                let forward = relationship.edge.source == path.nodes[place].id;
                let (left, right) = if forward { ("-", "->") } else { ("<-", "-") };
                let end = render_node(&path.nodes[place + 1]);
                let _ = write!(text, "{left}{}{right}{end}", render_relationship(relationship));
            }
            text
        }
    }
}

fn render_node(node: &NodeValue) -> String {
    let labels: String = node.labels.iter().map(|label| format!(":{label}")).collect();
    let parts = [labels, render_braced(&node.properties)];
    format!("({})", parts.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(" "))
}

fn render_relationship(relationship: &RelationshipValue) -> String {
    let mut properties = relationship.properties.clone();
    // Every plain fact has it; it says something for what was read in texts only.
    if properties.get("confidence") == Some(&Value::Float(1.0)) {
        properties.remove("confidence");
    }
    let parts = [format!(":{}", relationship.relation_type), render_braced(&properties)];
    format!("[{}]", parts.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(" "))
}

fn render_braced(properties: &std::collections::BTreeMap<String, Value>) -> String {
    if properties.is_empty() { String::new() } else { format!("{{{}}}", render_entries(properties.iter())) }
}

fn render_entries<'v>(entries: impl Iterator<Item = (&'v String, &'v Value)>) -> String {
    entries.map(|(key, value)| format!("{key}: {}", render(value))).collect::<Vec<_>>().join(", ")
}

fn describe(summary: Summary) -> String {
    let counts = [
        ("nodes created", summary.nodes_created),
        ("nodes deleted", summary.nodes_deleted),
        ("relationships created", summary.relationships_created),
        ("relationships deleted", summary.relationships_deleted),
        ("properties set", summary.properties_set),
        ("labels set", summary.labels_set),
    ];
    let said = counts.iter().filter(|(_, count)| *count > 0).map(|(what, count)| format!("{what}: {count}"));
    said.collect::<Vec<_>>().join(", ")
}

/// The names of all functions, aggregates included.
pub(crate) fn function_names() -> impl Iterator<Item = &'static str> {
    hopgraph_query::functions().iter().map(|function| function.name)
}

/// The names of all procedures.
pub(crate) fn procedure_names() -> impl Iterator<Item = &'static str> {
    hopgraph_query::procedures().iter().map(|procedure| procedure.name)
}
