//! What a run writes down beside its model: `run.json`, `metrics.jsonl`, and the curves.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use hopgraph_model::sha256;
use serde_json::{Value, json};

use crate::TrainingError;
use crate::base::Base;
use crate::data::Rows;
use crate::recipe::Recipe;
use crate::report::{Metric, Summary, curves};

/// The open books of a run.
pub(crate) struct Journal {
    folder: PathBuf,
    file: File,
    metrics: Vec<Metric>,
    name: String,
    description: Value,
    identity: String,
}

impl Journal {
    /// Opens the folder of a run, which must be empty unless the run is to go on.
    pub(crate) fn open(
        recipe: &Recipe,
        base: &Base,
        rows: &Rows,
        folder: &Path,
        resume: bool,
    ) -> Result<Self, TrainingError> {
        let is_occupied = std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
        if is_occupied && !resume {
            return Err(TrainingError::Occupied { path: folder.to_owned() });
        }
        std::fs::create_dir_all(folder).map_err(TrainingError::file(folder))?;
        let path = folder.join("metrics.jsonl");
        let metrics = read_metrics(&path)?;
        let open = OpenOptions::new().create(true).append(true).open(&path);
        let description = describe(recipe, base, rows)?;
        // What may differ between two runs that end in the same weights is left out.
        let identity = json!([description["recipe"], description["base"], description["data"]]).to_string();
        let mut journal = Self {
            folder: folder.to_owned(),
            file: open.map_err(TrainingError::file(&path))?,
            metrics,
            name: recipe.settings.name.clone(),
            description,
            identity,
        };
        journal.write_description(None)?;
        Ok(journal)
    }

    /// What decides the outcome of the run.
    pub(crate) fn identity(&self) -> &str {
        &self.identity
    }

    /// The folder of a seed.
    pub(crate) fn seed_folder(&self, seed: u64) -> Result<PathBuf, TrainingError> {
        let folder = self.folder.join(format!("seed-{seed}"));
        std::fs::create_dir_all(&folder).map_err(TrainingError::file(&folder))?;
        Ok(folder)
    }

    /// Adds a line.
    pub(crate) fn add(&mut self, metric: Metric) -> Result<(), TrainingError> {
        let path = self.folder.join("metrics.jsonl");
        let line = serde_json::to_string(&metric).map_err(std::io::Error::from).map_err(TrainingError::file(&path))?;
        writeln!(self.file, "{line}").map_err(TrainingError::file(&path))?;
        self.metrics.push(metric);
        Ok(())
    }

    /// Takes back the lines of a seed after a step: they will be written again.
    pub(crate) fn forget_after(&mut self, seed: u64, step: u64) -> Result<(), TrainingError> {
        let before = self.metrics.len();
        self.metrics.retain(|metric| metric.place().0 != seed || metric.place().1 <= step);
        if self.metrics.len() == before {
            return Ok(());
        }
        let path = self.folder.join("metrics.jsonl");
        let rewrite = || {
            let mut text = String::new();
            for metric in &self.metrics {
                text += &serde_json::to_string(metric)?;
                text += "\n";
            }
            let partial = self.folder.join("metrics.part");
            std::fs::write(&partial, text)?;
            std::fs::rename(&partial, &path)?;
            OpenOptions::new().append(true).open(&path)
        };
        self.file = rewrite().map_err(TrainingError::file(&path))?;
        Ok(())
    }

    /// Writes what came of the run, and draws its curves.
    pub(crate) fn finish(&mut self, summary: &Summary) -> Result<(), TrainingError> {
        self.write_description(Some(summary))?;
        let chart = curves(&self.name, &self.metrics);
        chart.write(&self.folder.join("curves.svg"))?;
        chart.write(&self.folder.join("curves.png"))?;
        Ok(())
    }

    fn write_description(&mut self, summary: Option<&Summary>) -> Result<(), TrainingError> {
        let path = self.folder.join("run.json");
        let mut description = self.description.clone();
        if let Some(summary) = summary {
            let (f1, mcc) = (summary.dev_f1(), summary.dev_mcc());
            description["result"] = json!({
                "summary": summary,
                "dev_f1": {"mean": f1.0, "deviation": f1.1},
                "dev_mcc": {"mean": mcc.0, "deviation": mcc.1},
            });
        }
        let partial = self.folder.join("run.part");
        let written = std::fs::write(&partial, format!("{description:#}\n"));
        written.and_then(|()| std::fs::rename(&partial, &path)).map_err(TrainingError::file(&path))
    }
}

/// Lines of an earlier run; one that broke off is left out.
fn read_metrics(path: &Path) -> Result<Vec<Metric>, TrainingError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(TrainingError::file(path)(error)),
    };
    let lines: Vec<String> =
        BufReader::new(file).lines().collect::<Result<_, _>>().map_err(TrainingError::file(path))?;
    Ok(lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect())
}

fn describe(recipe: &Recipe, base: &Base, rows: &Rows) -> Result<Value, TrainingError> {
    let data = &recipe.settings.data;
    let files = data.train.iter().chain(&data.dev).chain(&data.test).map(|path| {
        let hash = sha256(&recipe.resolve(path))?;
        Ok(json!({"file": path, "sha256": hash}))
    });
    let files: Vec<Value> = files.collect::<Result<_, TrainingError>>()?;
    let leaks: Value = rows.leaks.iter().map(|(part, leak)| ((*part).to_owned(), json!(leak))).collect();
    Ok(json!({
        "name": recipe.settings.name,
        "hopgraph": env!("CARGO_PKG_VERSION"),
        "recipe": recipe.table,
        "base": {"path": recipe.settings.base, "sha256": base.hash},
        "data": files,
        "rows": {"train": rows.train.len(), "dev": rows.dev.len(), "test": rows.test.len()},
        "leaks": leaks,
        "cores": std::thread::available_parallelism().map_or(1, usize::from),
    }))
}
