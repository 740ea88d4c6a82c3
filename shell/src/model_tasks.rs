//! The command line of what is done with models alone: scoring, looking, quantizing, teaching.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use hopgraph::evaluation::{NamedSplit, Part};

use crate::argument_value::share;
use crate::arguments::TaggingArguments;
use crate::model_arguments::ModelArguments;

/// `hopgraph eval`
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  hopgraph eval --model MODEL dev.jsonl --train train.tsv
  hopgraph eval --model MODEL data/gad/gad.tsv --test-share 0.2 --seed 1
  hopgraph eval --model MODEL data/gad/gad.tsv data/eu-adr/gene_disease.tsv --split clean --part test
  hopgraph eval --model MODEL dev.jsonl --fit-temperature --store --plot reliability.png

A file is a table with columns `masked` (or `sentence`) and `label`, perhaps `associationType`, `raw_sentence`, `group`
and `fold_as_test`; a table of sentence and label without a header row; or JSON Lines {\"sentence\", \"label\"}.
A label is 1, 0, associated, denied or unrelated. Where training rows are known, by --train, --fold,
--test-share or --split, it is told how many test sentences stand among them; a split that leaks is never called clean.")]
#[command(group = clap::ArgGroup::new("fitted").args(["fit_temperature", "fit_weights"]).multiple(true))]
pub(crate) struct EvalArguments {
    /// Which model reads
    #[command(flatten)]
    pub(crate) model: ModelArguments,
    /// Files of labelled sentences, plain or gzipped; with --graph, of documents with relations, as PubTator or BioC
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Read documents into graphs of their own, with their mentions given and from the text alone, and compare with the
    /// relations that they state
    #[arg(long, conflicts_with_all = ["train", "fold", "test_share", "split", "fit_temperature", "fit_weights", "plot"])]
    pub(crate) graph: bool,
    /// How tagging is done.
    #[command(flatten)]
    pub(crate) tagging: TaggingArguments,
    /// Files of what the model was trained on
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) train: Vec<PathBuf>,
    /// Evaluate on the rows of this cross-validation fold; the others count as training rows
    #[arg(long, value_name = "NUMBER", conflicts_with = "test_share")]
    pub(crate) fold: Option<u32>,
    /// Evaluate on this share of the source sentences; the others count as training rows
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub(crate) test_share: Option<f64>,
    /// Draws the test share
    #[arg(long, value_name = "NUMBER", default_value_t = 1, requires = "test_share")]
    pub(crate) seed: u64,
    /// Evaluate on a part of the split of this name; its training part counts as training rows. `clean` is for GAD and
    /// EU-ADR: all rows of a source sentence are in one part
    #[arg(long, value_name = "NAME", conflicts_with_all = ["fold", "test_share"])]
    pub(crate) split: Option<NamedSplit>,
    /// The part of the split: dev, or test, which is looked at once, at the end
    #[arg(long, value_name = "PART", default_value = "dev", requires = "split")]
    pub(crate) part: Part,
    /// Find the temperature that makes stated probabilities honest on these rows, which must be a development set
    #[arg(long)]
    pub(crate) fit_temperature: bool,
    /// Find the weights at which the members of an ensemble are best on these rows, which must be a development set
    #[arg(long)]
    pub(crate) fit_weights: bool,
    /// Keep what was fitted in the model.toml
    #[arg(long, requires = "fitted")]
    pub(crate) store: bool,
    /// Draw the reliability as .svg or .png
    #[arg(long, value_name = "FILE")]
    pub(crate) plot: Option<PathBuf>,
    /// Write everything as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// `hopgraph model`
#[derive(Debug, Subcommand)]
pub(crate) enum ModelTask {
    /// Say what a model folder holds, what it needs, and what is missing or wrong; exits with 1 if something is
    Inspect(InspectArguments),
    /// Write the weights of a decoder as a quantized GGUF file
    Quantize(QuantizeArguments),
}

/// `hopgraph model quantize`
#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  hopgraph model quantize llama-2-7b-f16.gguf llama-2-7b-q4_k_m.gguf --type q4_k_m

TYPE is f16, q8_0, q6_k, q5_k_m, q5_k, q5_1, q5_0, q4_k_m, q4_k, q4_1, q4_0, q3_k or q2_k. An adapter that the model.toml of
a folder names is added first. Matrices whose rows do not divide into blocks get the next better format. The output is made
in memory before it is written.")]
pub(crate) struct QuantizeArguments {
    /// Weights (GGUF, safetensors, or the index of several), or a model folder
    #[arg(value_name = "IN")]
    pub(crate) input: PathBuf,
    /// The GGUF file to write, which must not exist yet
    #[arg(value_name = "OUT")]
    pub(crate) output: PathBuf,
    /// How to quantize
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) quantization: hopgraph::inference::Quantization,
}

/// `hopgraph model inspect`
#[derive(Args, Debug)]
pub(crate) struct InspectArguments {
    /// Folder of the model, or a weights file alone
    #[arg(value_name = "DIR")]
    pub(crate) model: PathBuf,
    /// Files of labelled sentences: how many of their words does the tokenizer know whole?
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) data: Vec<PathBuf>,
}

/// `hopgraph train`
#[derive(Args, Debug)]
#[command(after_help = "\
Example of a TRAIN.toml:
  name = \"minilm-gad\"
  base = \"../minilm\"                  # a model folder, or a folder of weights
  [data]
  train = [\"gad.tsv\", \"eu-adr.tsv\"]   # in every format that `hopgraph eval` reads
  split = \"clean\"                     # or dev = [...], test = [...]; or dev_share = 0.1
  [model]                             # what the base has no model.toml for
  masks = {gene = \"@GENE$\", disease = \"@DISEASE$\"}
  answers = [{text = \"yes\", relation = \"associated\", symmetric = true}, {text = \"no\"}]
  [method]
  kind = \"all\"                        # or \"lora\", with rank, alpha, rslora, targets
  [schedule]
  epochs = 4
  seeds = [0, 1, 2]

OUT gets model/ (the best step of the best seed, ready for `hopgraph ingest`), seed-N/best and seed-N/last, run.json,
metrics.jsonl and the curves. A split that leaks is refused before the first step. Ctrl-C keeps the state.")]
pub(crate) struct TrainArguments {
    /// What to train, on what, and how
    #[arg(value_name = "TRAIN.toml")]
    pub(crate) recipe: PathBuf,
    /// Set something in place of the file's, such as schedule.rate=1e-4
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Folder for the results [default: TRAIN.trained beside the file]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Go on with a run that was stopped
    #[arg(long)]
    pub(crate) resume: bool,
}
