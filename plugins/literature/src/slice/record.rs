//! The record of a slice that was read: what was read, by what, and into which file. It is written last.

use std::path::{Path, PathBuf};

use hopgraph_inference::{Answer, AnswerRelation, ModelDescription};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::files::{hexadecimal, write_new};
use super::{PlanError, Slice};

/// The version of records.
const VERSION: u32 = 1;

/// What the names of records end with.
const SUFFIX: &str = ".done.json";

/// What was read, by what, and into which file.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Record {
    version: u32,
    /// The plan, by its hash.
    pub plan: String,
    /// The number of the slice, from 0.
    pub number: usize,
    /// How many slices the plan has.
    pub of: usize,
    /// The file that the slice is of, as it was named.
    pub name: String,
    /// What read it.
    pub(super) run: RunDescription,
    /// The program and its version.
    pub program: String,
    /// What computed. Results of another kind of device, driver or library may differ in the last digits.
    pub device: String,
    /// The name of the file beside the record.
    file: String,
    /// Its SHA-256.
    pub sha256: String,
    /// Documents in it.
    pub documents: u64,
    /// Pairs that were asked about.
    pub pairs: u64,
    /// Pairs whose masked sentence had come before.
    pub pairs_repeated: u64,
    /// What could not be taken.
    pub rejects: u64,
    #[serde(skip)]
    path: PathBuf,
}

/// What decides the verdicts, as [`ModelDescription`] has it, with whatever else does.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct RunDescription {
    name: String,
    weights_hash: String,
    quantization: String,
    prompt: String,
    labels: [String; 2],
    answers: Vec<(String, Option<Relation>)>,
    threshold: f32,
    /// Further parts of the identity, in order of name.
    pub(super) parts: Vec<(String, String)>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Relation {
    name: String,
    denied: bool,
    symmetric: bool,
}

impl RunDescription {
    pub(super) fn of(model: &ModelDescription, parts: Vec<(String, String)>) -> Self {
        let relation = |relation: &AnswerRelation| Relation {
            name: relation.name.clone(),
            denied: relation.denied,
            symmetric: relation.symmetric,
        };
        let answers = model.answers.iter().map(|a| (a.text.clone(), a.relation.as_ref().map(relation)));
        Self {
            name: model.name.clone(),
            weights_hash: model.weights_hash.clone(),
            quantization: model.quantization.clone(),
            prompt: model.prompt.clone(),
            labels: model.labels.clone(),
            answers: answers.collect(),
            threshold: model.threshold,
            parts,
        }
    }

    pub(super) fn model(&self) -> ModelDescription {
        let relation = |relation: &Relation| AnswerRelation {
            name: relation.name.clone(),
            denied: relation.denied,
            symmetric: relation.symmetric,
        };
        let answer = |(text, stated): &(String, Option<Relation>)| Answer {
            text: text.clone(),
            relation: stated.as_ref().map(relation),
        };
        ModelDescription {
            name: self.name.clone(),
            weights_hash: self.weights_hash.clone(),
            quantization: self.quantization.clone(),
            prompt: self.prompt.clone(),
            labels: self.labels.clone(),
            answers: self.answers.iter().map(answer).collect(),
            threshold: self.threshold,
        }
    }
}

/// What a worker counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) documents: u64,
    pub(super) pairs: u64,
    pub(super) pairs_repeated: u64,
    pub(super) rejects: u64,
}

impl Record {
    /// The name of a result, without its ending: by the slice, the run and the program, so that two of them never meet.
    pub(super) fn stem(slice: &Slice, run: &RunDescription, program: &str) -> String {
        let run = serde_json::to_string(run).unwrap_or_default();
        let hash = Sha256::digest(format!("{}\n{run}\n{program}", slice.identity()).as_bytes());
        format!("{:05}-{}", slice.number, &hexadecimal(&hash)[..16])
    }

    pub(super) fn new(slice: &Slice, run: RunDescription, file: &Path, sha256: String, counts: Counts) -> Self {
        let Counts { documents, pairs, pairs_repeated, rejects } = counts;
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Self {
            version: VERSION,
            plan: slice.plan.clone(),
            number: slice.number,
            of: slice.of,
            name: slice.name.clone(),
            run,
            program: crate::PROGRAM.to_owned(),
            device: String::new(),
            file: name,
            sha256,
            documents,
            pairs,
            pairs_repeated,
            rejects,
            path: PathBuf::new(),
        }
    }

    /// With what computed it.
    pub(super) fn computed_on(self, device: &str) -> Self {
        Self { device: device.to_owned(), ..self }
    }

    /// Where the record of a result lies.
    pub(super) fn path_of(folder: &Path, stem: &str) -> PathBuf {
        folder.join(format!("{stem}{SUFFIX}"))
    }

    /// Writes the record, if there is none yet; the file must be on the disk. False if there is one.
    pub(super) fn write_new(&self, path: &Path) -> Result<bool, PlanError> {
        let mut bytes = serde_json::to_vec_pretty(self)
            .map_err(|error| PlanError::Damaged { path: path.to_owned(), reason: error.to_string() })?;
        bytes.push(b'\n');
        write_new(path, &bytes)
    }

    /// The record at this path; none if there is none.
    pub(super) fn open(path: &Path) -> Result<Option<Self>, PlanError> {
        let text = match std::fs::read_to_string(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(|source| PlanError::read(path, source))?,
        };
        let record: Self = serde_json::from_str(&text).map_err(|error| PlanError::Damaged {
            path: path.to_owned(),
            reason: format!("it is no record: {error}"),
        })?;
        if record.version != VERSION {
            let reason = format!("it is of version {}, and this program knows {VERSION}", record.version);
            return Err(PlanError::Damaged { path: path.to_owned(), reason });
        }
        Ok(Some(Self { path: path.to_owned(), ..record }))
    }

    /// All records of a folder, in the order of their names.
    pub(super) fn all_in(folder: &Path) -> Result<Vec<Self>, PlanError> {
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(|source| PlanError::read(folder, source))? {
            let entry = entry.map_err(|source| PlanError::read(folder, source))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.ends_with(SUFFIX) && !name.starts_with('.') {
                paths.push(entry.path());
            }
        }
        paths.sort();
        paths.iter().filter_map(|path| Self::open(path).transpose()).collect()
    }

    /// Where the record lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where its file lies.
    pub fn file(&self) -> PathBuf {
        self.path.with_file_name(&self.file)
    }

    /// What the result is known by in a graph, under its run.
    pub(super) fn input_name(&self) -> String {
        format!("slice {} {}", self.number, self.plan)
    }
}
