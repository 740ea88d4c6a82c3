//! What `tag`, `slice`, `read` and `collect` are told.

use std::path::PathBuf;

use clap::Args;

use crate::argument_value::{corpus_format, output_format, probability};
use crate::arguments::TaggingArguments;
use crate::model_arguments::ModelArguments;

/// `hopgraph slice`
#[derive(Args, Debug)]
pub(crate) struct SliceArguments {
    /// Files of texts, plain or compressed, folders or patterns; `-`: standard input, which is kept in the plan
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Folder of the plan
    #[arg(long, value_name = "PLAN")]
    pub(crate) out: PathBuf,
    /// Format of the files. Default: told from the beginning of each file
    #[arg(long, value_name = "FORMAT", value_parser = corpus_format)]
    pub(crate) format: Option<hopgraph::literature::Format>,
}

/// `hopgraph read`
#[derive(Args, Debug)]
pub(crate) struct ReadArguments {
    /// Slices of a plan
    #[arg(value_name = "SLICE", required = true)]
    pub(crate) slices: Vec<PathBuf>,
    /// Which model reads
    #[command(flatten)]
    pub(crate) model: ModelArguments,
    /// Folder for the results; a slice that has one there is not read again
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Find the mentions of documents that have annotations too, in place of these
    #[arg(long)]
    pub(crate) fresh: bool,
    /// How tagging is done.
    #[command(flatten)]
    pub(crate) tagging: TaggingArguments,
}

/// `hopgraph collect`
#[derive(Args, Debug)]
pub(crate) struct CollectArguments {
    /// Folder of the database; made if there is none
    #[arg(value_name = "DB")]
    pub(crate) database: PathBuf,
    /// Folders of results, in the order in which their plans are to be taken
    #[arg(value_name = "DIR", required = true)]
    pub(crate) results: Vec<PathBuf>,
    /// Wait for slices that are not read yet
    #[arg(long)]
    pub(crate) follow: bool,
    /// Least probability at which an answer makes a relationship, in place of the model's own
    #[arg(long, value_name = "PROBABILITY", value_parser = probability)]
    pub(crate) threshold: Option<f32>,
    /// Where to list what could not be taken [default: DB with .collect-rejects.tsv added]
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,
}

/// `hopgraph tag`
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  hopgraph tag pubmed24n0001.xml.gz > tagged.pubtator
  echo 'BRCA1 mutations cause breast cancer.' | hopgraph tag - --to jsonl
  hopgraph tag abstracts/ --lexicon disease=doid.obo --lexicon mygenes.tsv
  hopgraph tag --evaluate data/biored/Dev.PubTator

A lexicon of your own is a table with a header row and the columns id and name, and perhaps label, synonyms and xrefs
(lists separated by |), or an OBO file; LABEL= says what its concepts are where the file does not.
With --learn, annotated texts teach how far names can be trusted; --reliability puts that in place of the built-in one.")]
pub(crate) struct TagArguments {
    /// Files, folders or patterns, plain or gzipped; `-`: standard input
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// How the documents are written: pubtator or jsonl
    #[arg(long, value_name = "FORMAT", default_value = "pubtator", value_parser = output_format)]
    pub(crate) to: hopgraph::literature::OutputFormat,
    /// Tag documents that have annotations too, in place of these
    #[arg(long)]
    pub(crate) fresh: bool,
    /// How tagging is done.
    #[command(flatten)]
    pub(crate) tagging: TaggingArguments,
    /// Format of the files. Default: told from the beginning of each file
    #[arg(long, value_name = "FORMAT", value_parser = corpus_format)]
    pub(crate) format: Option<hopgraph::literature::Format>,
    /// Where to list what could not be read [default: nowhere; the number is told]
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,
    /// Compare with the annotations of the files, file by file, and print how well the tagger does
    #[arg(long)]
    pub(crate) evaluate: bool,
    /// Learn from the annotations of the files, and write what was learned here
    #[arg(long, value_name = "FILE", conflicts_with = "evaluate")]
    pub(crate) learn: Option<PathBuf>,
    /// Annotated files whose documents are not to be learned from
    #[arg(long, value_name = "FILE", requires = "learn", num_args = 1..)]
    pub(crate) hold_out: Vec<PathBuf>,
    /// Lists of documents that are not to be learned from: an id, such as a PMID, on each line
    #[arg(long, value_name = "FILE", requires = "learn", num_args = 1..)]
    pub(crate) exclude: Vec<PathBuf>,
}
