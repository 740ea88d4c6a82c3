//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use hopgraph::Value;

use crate::argument_value::{corpus_format, delimiter, export_format, lexicon, parameter, probability};
pub(crate) use crate::literature_arguments::{CollectArguments, ReadArguments, SliceArguments, TagArguments};
use crate::model_arguments::ModelArguments;
use crate::model_tasks::{EvalArguments, ModelTask, TrainArguments};
use crate::quantity;
use crate::render::Format;
use crate::serve_arguments::{AssistantArguments, ServeArguments};

const EXAMPLES: &str = "\
Examples:
  hopgraph pubmed.hopgraph                          open the interactive shell
  hopgraph query pubmed.hopgraph 'MATCH gene -[*2..4]- disease LIMIT 10'
  hopgraph load facts.hopgraph --nodes nodes.tsv --edges edges.tsv.gz
  hopgraph ingest pubmed.hopgraph abstracts.PubTator --model data/models/starter-llama-15m

A database whose folder is named like a subcommand is written with its path: `hopgraph ./query`.
Exit codes: 0 done, 1 failed, 2 wrong arguments, 130 interrupted.";

/// An embedded graph database that reads the biomedical literature.
///
/// With a database alone, opens the interactive shell on it, or runs the statements on standard input if that is not a
/// terminal.
#[derive(Debug, Parser)]
#[command(name = "hopgraph", version, after_help = EXAMPLES, max_term_width = 100)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true, arg_required_else_help = true)]
pub(crate) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub(crate) subcommand: Option<Task>,
    /// Folder of the database
    #[arg(value_name = "DB", required = true)]
    pub(crate) database: Option<PathBuf>,
    /// Make the database if there is none
    #[arg(long)]
    pub(crate) create: bool,
    /// Read only, whether or not another process writes the database; each statement sees the newest state
    #[arg(long, conflicts_with = "create")]
    pub(crate) read_only: bool,
    /// How answers are computed and shown.
    #[command(flatten)]
    pub(crate) answers: AnswerArguments,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Run statements and print their rows
    Query(QueryArguments),
    /// Load plain facts from TSV, CSV or Parquet files
    Load(LoadArguments),
    /// Read literature with a language model
    Ingest(IngestArguments),
    /// Cut literature into slices that are read by themselves, on any number of machines
    Slice(SliceArguments),
    /// Read slices with a language model, each into a file of its own, without a database
    Read(ReadArguments),
    /// Take slices that were read into a database
    Collect(CollectArguments),
    /// Find the genes, diseases and chemicals that texts name, without a database
    Tag(TagArguments),
    /// Say how the two entities of each sentence are related, without a database
    Classify(ClassifyArguments),
    /// Score a model on labelled sentences, beside baselines that read nothing; exits with 1 if the split leaks
    Eval(EvalArguments),
    /// Teach a model from labelled sentences
    Train(TrainArguments),
    /// Look at models
    #[command(subcommand)]
    Model(ModelTask),
    /// Read the sentences that mention both ends of the pairs that a query finds
    Verify(VerifyArguments),
    /// Take back documents or runs, with all that follows from them
    Retract(RetractArguments),
    /// Compare two runs, relationship by relationship
    Diff(DiffArguments),
    /// Measure what multi-hop paths find in known relations, and whether they rank hidden ones first
    Discover(DiscoverArguments),
    /// Write a graph out for Neo4j, Gephi, Cytoscape, data frames or a load elsewhere
    Export(ExportArguments),
    /// Show what a database holds
    Info(InfoArguments),
    /// Explore a database in the browser, and answer scripts over HTTP
    Serve(ServeArguments),
    /// Answer an assistant that speaks the Model Context Protocol
    Mcp(AssistantArguments),
    /// Verify every invariant of a database; exits with 1 if something is broken
    Check(CheckArguments),
    /// Run a query again whenever another process has changed the database
    Follow(FollowArguments),
    /// Add a backup of a database to a folder of backups, while it is in use or not
    Backup(BackupArguments),
    /// List the backups in a folder, verify them, or delete old ones
    Backups(BackupsArguments),
    /// Make a database of a backup
    Restore(RestoreArguments),
}

/// How answers are computed and shown.
#[derive(Args, Clone, Debug)]
pub(crate) struct AnswerArguments {
    /// A parameter, written $NAME in the query. VALUE is read as JSON if it is JSON, else as text
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parameter)]
    pub(crate) parameters: Vec<(String, Value)>,
    /// How rows are written
    #[arg(long, value_enum, default_value_t, hide_default_value = true, value_name = "FORMAT")]
    pub(crate) format: Format,
    /// Folder whose files LOAD CSV may read
    #[arg(long, value_name = "DIR")]
    pub(crate) import_dir: Option<PathBuf>,
    /// The most memory that a query may use, such as 500MiB or 2GiB; `none` for no limit
    #[arg(long, value_name = "SIZE", default_value = "1GiB", value_parser = quantity::size)]
    pub(crate) memory_limit: quantity::Limit<u64>,
    /// Folder of the model that VERIFY reads with
    #[arg(long, value_name = "DIR")]
    pub(crate) model: Option<PathBuf>,
    /// The longest that a query may run, such as 500ms, 10s or 2m
    #[arg(long, value_name = "TIME", default_value = "none", hide_default_value = true, value_parser = quantity::time)]
    pub(crate) time_limit: quantity::Limit<Duration>,
}

/// `hopgraph query`
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  hopgraph query DB 'MATCH (g:gene {name: $name})--(d:disease) RETURN d.name' --param name=BRCA1
  hopgraph query DB 'MATCH gene -[*2..4]- disease' --format jsonl | head
  hopgraph query DB - < statements.cypher

Several statements are separated by `;` and run in order; the first that fails ends the run.
A database is made only if a statement writes (CREATE, MERGE).")]
pub(crate) struct QueryArguments {
    /// Folder of the database
    #[arg(value_name = "DB")]
    pub(crate) database: PathBuf,
    /// The statements; `-` or none: read them from standard input
    #[arg(value_name = "QUERY", allow_hyphen_values = true)]
    pub(crate) text: Option<String>,
    /// Open the database for reading only, whether or not another process writes it
    #[arg(long)]
    pub(crate) read_only: bool,
    #[command(flatten)]
    pub(crate) answers: AnswerArguments,
}

/// `hopgraph load`
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  hopgraph load DB --nodes nodes.csv --edges edges.csv
  hopgraph load DB --nodes nodes.tsv --edges edges.tsv.gz \\
      --node-columns id,name,label --edge-columns source,type,target
  hopgraph load DB --edges ppi.tsv --edge-columns source,type,target,score:float,- --no-header --symmetric interacts

A header row follows neo4j-admin (id:ID, :LABEL, name, year:int; :START_ID, :TYPE, :END_ID) or has the plain names id,
name, label, synonyms; source, type, target. Names given here stand in place of those in the header row, one for each
column; `-` leaves a column out. Other columns become properties; types are int, float, boolean, string, with [] for a
list separated by `;`. Loading the same files again changes nothing. A load is atomic: stopped by Ctrl-C or killed,
it leaves the graph as it was.")]
pub(crate) struct LoadArguments {
    /// Folder of the database; made if there is none
    #[arg(value_name = "DB")]
    pub(crate) database: PathBuf,
    /// Files of nodes: TSV or CSV, plain or compressed (gzip, Zstandard), or Parquet; read before any edges
    #[arg(long, value_name = "FILE", num_args = 1.., required_unless_present = "edges")]
    pub(crate) nodes: Vec<PathBuf>,
    /// Files of edges, likewise
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) edges: Vec<PathBuf>,
    /// Names of the columns of the nodes files, such as id,name,label
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) node_columns: Option<Vec<String>>,
    /// Names of the columns of the edges files, such as source,type,target
    #[arg(long, value_name = "NAMES", value_delimiter = ',', allow_hyphen_values = true)]
    pub(crate) edge_columns: Option<Vec<String>>,
    /// The first row is data already
    #[arg(long)]
    pub(crate) no_header: bool,
    /// What separates the fields: `tab`, or one character. Default: from the name or the first line of each file
    #[arg(long, value_name = "CHARACTER", value_parser = delimiter)]
    pub(crate) delimiter: Option<u8>,
    /// Relation types that mean the same both ways
    #[arg(long, value_name = "TYPES", value_delimiter = ',')]
    pub(crate) symmetric: Vec<String>,
    /// Relation types that say that something does not hold; they are never walked unless named
    #[arg(long, value_name = "TYPES", value_delimiter = ',')]
    pub(crate) denied: Vec<String>,
    /// MiB of memory for sorting; what is more is sorted on the disk
    #[arg(long, value_name = "MIB", default_value_t = 512, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub(crate) memory: u32,
    /// Where rows go that cannot be loaded, with line and reason [default: DB with .load-rejects.tsv added]
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,
}

/// `hopgraph ingest`
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  hopgraph ingest DB data/biored/Dev.PubTator --model data/models/starter-llama-15m
  hopgraph ingest DB abstracts/*.jsonl.gz --model MODEL --threshold 0.8
  hopgraph ingest DB pubmed24n*.xml.gz --model MODEL

Texts without annotations get them first, from the built-in lexicon and those that are named. Each pair of entities that stand in one sentence is read by the model; what it states becomes a relationship with that
sentence as evidence. Ctrl-C stops after the sentences being read; the same command goes on where it was. What has been
read by the same model is not read again.")]
pub(crate) struct IngestArguments {
    /// Folder of the database; made if there is none
    #[arg(value_name = "DB")]
    pub(crate) database: PathBuf,
    /// Files of texts, plain or gzipped, folders or patterns; `-`: standard input
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Which model reads
    #[command(flatten)]
    pub(crate) model: ModelArguments,
    /// Format of the files: pubtator, jsonl, pubmed, medline, bioc-xml, bioc-json, sentences, text, gad or eu-adr. Default: told
    /// from the beginning of each file
    #[arg(long, value_name = "FORMAT", value_parser = corpus_format)]
    pub(crate) format: Option<hopgraph::literature::Format>,
    /// Find the mentions of documents that have annotations too, in place of these
    #[arg(long)]
    pub(crate) fresh: bool,
    /// How tagging is done.
    #[command(flatten)]
    pub(crate) tagging: TaggingArguments,
    /// Least probability at which an answer makes a relationship, in place of the model's own
    #[arg(long, value_name = "PROBABILITY", value_parser = probability)]
    pub(crate) threshold: Option<f32>,
    /// Where to list what could not be taken [default: DB with .ingest-rejects.tsv added]
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,
}

/// How mentions are found.
#[derive(Args, Clone, Debug)]
pub(crate) struct TaggingArguments {
    /// A further lexicon, as TSV or OBO
    #[arg(long, value_name = "[LABEL=]FILE", value_parser = lexicon)]
    pub(crate) lexicon: Vec<(Option<String>, PathBuf)>,
    /// What was learned with --learn, in place of what is built in
    #[arg(long, value_name = "FILE")]
    pub(crate) reliability: Option<PathBuf>,
}

/// `hopgraph classify`
#[derive(Args, Debug)]
#[command(after_help = "\
Each line is an object with masks in the sentence, or with the places of its two entities:
  {\"id\": 1, \"sentence\": \"@GENE$ is not linked to @DISEASE$.\"}
  {\"id\": 2, \"text\": \"BRCA1 causes cancer.\",
   \"spans\": [{\"start\": 0, \"end\": 5, \"label\": \"gene\"}, {\"start\": 13, \"end\": 19, \"label\": \"disease\"}]}
It comes out again with `answer` and `probabilities`.")]
pub(crate) struct ClassifyArguments {
    /// Which model reads
    #[command(flatten)]
    pub(crate) model: ModelArguments,
    /// JSON Lines to read; `-` or none: standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Also write `logits` and `token_ids`
    #[arg(long)]
    pub(crate) logits: bool,
}

/// `hopgraph verify`
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  hopgraph verify DB 'MATCH gene -[*2..4]- disease LIMIT 20' --model MODEL
  hopgraph verify DB 'MATCH (g:gene {name: $name})-[*2..3]-(d:disease) WHERE NOT (g)--(d)
    RETURN g, d, hops LIMIT 20' --param name=BRCA1 --model MODEL --insert

The first two columns of the query must be nodes; its rows come with a verdict, its probability and the sentences.
The same in the language: a query that ends in VERIFY (g)-(d) [INSERT], with --model given to `hopgraph query`.")]
pub(crate) struct VerifyArguments {
    /// Folder of the database
    #[arg(value_name = "DB")]
    pub(crate) database: PathBuf,
    /// The query whose pairs are verified
    #[arg(value_name = "QUERY")]
    pub(crate) text: String,
    /// Write what the sentences say into the database
    #[arg(long)]
    pub(crate) insert: bool,
    /// Least probability at which an answer counts, in place of the model's own
    #[arg(long, value_name = "PROBABILITY", value_parser = probability)]
    pub(crate) threshold: Option<f32>,
    #[command(flatten)]
    pub(crate) answers: AnswerArguments,
}

/// `hopgraph retract`
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  hopgraph retract DB --document PMID:12345 PMID:67890
  hopgraph retract DB --run starter-llama-15m

Evidence, sentences and mentions go, and with them the relationships for which nothing speaks any more and the nodes that
nothing else holds. All documents of one command go together or not at all; so does a run, however large. A run is named
by its number, its model, the hash of its weights or its source, as `hopgraph info` lists them. The same in the language:
RETRACT DOCUMENT 'PMID:12345', RETRACT RUN 1.")]
pub(crate) struct RetractArguments {
    /// Folder of the database
    #[arg(value_name = "DB")]
    pub(crate) database: PathBuf,
    /// Identifiers of documents
    #[arg(long, value_name = "ID", num_args = 1.., required_unless_present = "run")]
    pub(crate) document: Vec<String>,
    /// Runs
    #[arg(long, value_name = "RUN", num_args = 1..)]
    pub(crate) run: Vec<String>,
}

/// `hopgraph diff`
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  hopgraph diff DB 0 1
  hopgraph diff DB starter-llama-15m my-fine-tune --min-change 0.1 --format csv > changes.csv

A run is named by its number, its model, the hash of its weights or its source, as `hopgraph info` lists them. `before`
and `after` are the confidences by each run's own evidence.")]
pub(crate) struct DiffArguments {
    /// Folder of the database
    #[arg(value_name = "DB")]
    pub(crate) database: PathBuf,
    /// The run before
    #[arg(value_name = "RUN1")]
    pub(crate) before: String,
    /// The run after
    #[arg(value_name = "RUN2")]
    pub(crate) after: String,
    /// Least change of confidence that is told
    #[arg(long, value_name = "CHANGE", default_value_t = 0.01)]
    pub(crate) min_change: f64,
    /// How rows are written
    #[arg(long, value_enum, default_value_t, hide_default_value = true, value_name = "FORMAT")]
    pub(crate) format: Format,
}

/// `hopgraph discover`
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  hopgraph discover data/eu-adr/gene_disease.tsv --plot growth.svg
  hopgraph discover data/gad/gad.tsv --columns geneSymbol,diseaseName --only label=1
  hopgraph discover DB --labels gene,disease --after 2015

First, for growing random samples of the relations: how many further pairs of entities have a shortest path of 2, of up to
3 and of up to 4 hops, in percent of the relations sampled. Then the test that can fail: some relations are hidden, and the
pairs that paths find in the rest are ranked; told are the area under the ROC curve (0.5 is chance) and the share of hidden
relations among the first 10, 100 and 1000.")]
pub(crate) struct DiscoverArguments {
    /// A database, or a tab-separated table with a header row
    #[arg(value_name = "DB|FILE")]
    pub(crate) input: PathBuf,
    /// The columns of a table that hold the two ends. Default: the first known pair, such as gene_mention,disease_mention
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub(crate) columns: Option<Vec<String>>,
    /// Take only the rows of a table that have this value in this column
    #[arg(long, value_name = "COLUMN=VALUE")]
    pub(crate) only: Option<String>,
    /// The labels of a database's nodes between which relations are taken [default: gene,disease]
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub(crate) labels: Option<Vec<String>>,
    /// Sizes of the samples. Default: ten equal steps
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',')]
    pub(crate) sizes: Vec<usize>,
    /// Samples of each size, and random hidings
    #[arg(long, value_name = "NUMBER", default_value_t = 30)]
    pub(crate) samples: usize,
    /// Seed of the first sample
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Share of the relations that is hidden
    #[arg(long, value_name = "SHARE", default_value_t = 0.1)]
    pub(crate) hide: f64,
    /// Hide instead what was first stated after this year
    #[arg(long, value_name = "YEAR")]
    pub(crate) after: Option<u16>,
    /// Draw the growth as .svg or .png
    #[arg(long, value_name = "FILE")]
    pub(crate) plot: Option<PathBuf>,
    /// How rows are written
    #[arg(long, value_enum, default_value_t, hide_default_value = true, value_name = "FORMAT")]
    pub(crate) format: Format,
}

/// `hopgraph export`
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  hopgraph export DB --to csv --out folder            nodes.csv and edges.csv for neo4j-admin and `hopgraph load`
  hopgraph export DB --to parquet --out folder --evidence
  hopgraph export DB --to graphml --out graph.graphml  for Gephi, Cytoscape, yEd, igraph, NetworkX
  hopgraph export DB --to cypher | cypher-shell
  hopgraph export DB --to jsonl --evidence | jq .

Each relationship comes with its confidence and the number of its witnesses.")]
pub(crate) struct ExportArguments {
    /// Folder of the database
    #[arg(value_name = "DB")]
    pub(crate) database: PathBuf,
    /// csv, parquet, graphml, cypher or jsonl
    #[arg(long = "to", value_name = "FORMAT", value_parser = export_format)]
    pub(crate) format: hopgraph::tabular::ExportFormat,
    /// The file, or for csv and parquet the folder, to write; `-` or none: standard output
    #[arg(long, value_name = "PATH")]
    pub(crate) out: Option<PathBuf>,
    /// Also write every piece of evidence: sentence, document, probability, run
    #[arg(long)]
    pub(crate) evidence: bool,
}

/// `hopgraph info`
#[derive(Args, Debug)]
pub(crate) struct InfoArguments {
    /// Folder of the database
    #[arg(value_name = "DB")]
    pub(crate) database: PathBuf,
    /// Open the database for reading only, whether or not another process writes it
    #[arg(long)]
    pub(crate) read_only: bool,
}

/// `hopgraph check`
#[derive(Args, Debug)]
#[command(after_help = "\
A repair rebuilds the indexes from nodes and documents, adjacency from facts and evidence, and the counters; of a damaged
write-ahead log it takes what stands before the damage, and keeps the log. What nothing else tells of comes back only from
a backup: `hopgraph restore`.")]
pub(crate) struct CheckArguments {
    /// Folder of the database
    #[arg(value_name = "DB")]
    pub(crate) database: PathBuf,
    /// Rebuild what derives from other records, say what was done, and check again
    #[arg(long)]
    pub(crate) repair: bool,
}

/// `hopgraph follow`
#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  hopgraph follow DB 'MATCH (g:gene)-[r]-(d:disease) RETURN count(*)' --every 5s

Opens the database for reading only, next to the process that writes it. Ctrl-C ends it.")]
pub(crate) struct FollowArguments {
    /// Folder of the database
    #[arg(value_name = "DB")]
    pub(crate) database: PathBuf,
    /// The query
    #[arg(value_name = "QUERY", allow_hyphen_values = true)]
    pub(crate) text: String,
    /// How often to look for changes
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = quantity::time)]
    pub(crate) every: quantity::Limit<Duration>,
    /// End after this many answers
    #[arg(long, value_name = "NUMBER")]
    pub(crate) times: Option<u64>,
    #[command(flatten)]
    pub(crate) answers: AnswerArguments,
}

/// `hopgraph backup`
#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  hopgraph backup pubmed.hopgraph /backups/pubmed --keep 7

Each backup stores only the files that the ones before it do not have. A process that writes the database goes on.")]
pub(crate) struct BackupArguments {
    /// Folder of the database
    #[arg(value_name = "DB")]
    pub(crate) database: PathBuf,
    /// Folder of the backups; made if there is none
    #[arg(value_name = "DIR")]
    pub(crate) backups: PathBuf,
    /// Delete all backups but the newest ones, this many
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) keep: Option<u32>,
}

/// `hopgraph backups`
#[derive(Args, Debug)]
pub(crate) struct BackupsArguments {
    /// Folder of the backups
    #[arg(value_name = "DIR")]
    pub(crate) backups: PathBuf,
    /// Restore each backup into a temporary folder and check it; exits with 1 if one is damaged
    #[arg(long)]
    pub(crate) verify: bool,
    /// Delete all backups but the newest ones, this many
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) keep: Option<u32>,
}

/// `hopgraph restore`
#[derive(Args, Debug)]
pub(crate) struct RestoreArguments {
    /// Folder of the backups
    #[arg(value_name = "DIR")]
    pub(crate) backups: PathBuf,
    /// Folder of the database to be made; it must be new or empty
    #[arg(value_name = "DB")]
    pub(crate) database: PathBuf,
    /// Number of the backup; the newest if it is not given
    #[arg(long, value_name = "NUMBER")]
    pub(crate) id: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_database_alone_opens_the_shell_and_a_subcommand_is_one() {
        let shell = Arguments::try_parse_from(["hopgraph", "my.db"]).unwrap();
        assert!(shell.subcommand.is_none());
        assert_eq!(shell.database.unwrap(), PathBuf::from("my.db"));
        let info = Arguments::try_parse_from(["hopgraph", "info", "my.db"]).unwrap();
        assert!(matches!(info.subcommand, Some(Task::Info(_))));
        let path = Arguments::try_parse_from(["hopgraph", "./query"]).unwrap();
        assert_eq!(path.database.unwrap(), PathBuf::from("./query"));
    }
}
