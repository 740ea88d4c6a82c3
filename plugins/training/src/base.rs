//! The base of a run, and the `model.toml` that its result will have.

use std::path::{Path, PathBuf};

use hopgraph_evaluation::Meaning;
use hopgraph_inference::{ModelFolder, Reader, find_weights};
use hopgraph_model::architecture::{Architecture, Checkpoint};

use crate::TrainingError;
use crate::recipe::Recipe;

/// The keys of `model.toml` that name files, or that are the result's own.
const FILES: [&str; 5] = ["weights", "adapter", "tokenizer", "temperature", "remote"];

/// A base model, as a run needs it.
pub(crate) struct Base {
    pub(crate) folder: ModelFolder,
    pub(crate) architecture: Architecture,
    pub(crate) reader: Reader,
    pub(crate) meaning: Meaning,
    /// What `model.toml` will say beside its files.
    pub(crate) settings: toml::Table,
    /// Identifies the weights.
    pub(crate) hash: String,
}

impl Base {
    /// Opens the base of a recipe: a model folder, or a folder of weights whose settings the recipe has in `[model]`.
    pub(crate) fn open(recipe: &Recipe) -> Result<Self, TrainingError> {
        let problem = |problem: String| TrainingError::Recipe { path: recipe.path.clone(), problem };
        let path = recipe.resolve(&recipe.settings.base);
        let own = own_settings(&path)?;
        let mut settings = toml::Table::new();
        settings.insert("name".to_owned(), recipe.settings.name.clone().into());
        for (key, value) in own.iter().chain(&recipe.settings.model) {
            if key != "name" && !FILES.contains(&key.as_str()) {
                settings.insert(key.clone(), value.clone());
            }
        }
        for key in ["masks", "answers"] {
            if !settings.contains_key(key) {
                return Err(problem(format!("the base has no model.toml, so [model] must say its `{key}`")));
            }
        }
        let mut whole = settings.clone();
        let weights = match own.get("weights").and_then(toml::Value::as_str) {
            Some(name) => path.join(name),
            None => find_weights(&path).ok_or_else(|| problem(format!("{} holds no weights", path.display())))?,
        };
        insert_path(&mut whole, "weights", &weights)?;
        for key in ["adapter", "tokenizer"] {
            if let Some(name) = own.get(key).and_then(toml::Value::as_str) {
                insert_path(&mut whole, key, &path.join(name))?;
            }
        }
        let text = toml::to_string(&whole).map_err(|error| problem(error.to_string()))?;
        let folder = ModelFolder::with_settings(&path, &text)?;
        let mut checkpoint = folder.open()?;
        let classes: Vec<String> = folder.answers().iter().map(|answer| answer.text.clone()).collect();
        let architecture = Architecture::read_to_train(&mut checkpoint, &classes)?;
        let reader = Reader::new(&folder, &checkpoint, &architecture)?;
        let meaning = Meaning::of_answers(folder.answers())
            .ok_or_else(|| problem("of the `answers`, one must state a relation and one none".to_owned()))?;
        let hash = checkpoint.sha256()?;
        Ok(Self { folder, architecture, reader, meaning, settings, hash })
    }

    /// Opens the weights anew.
    pub(crate) fn checkpoint(&self) -> Result<Checkpoint, TrainingError> {
        let mut checkpoint = self.folder.open()?;
        self.architecture.fit_adapter(&mut checkpoint)?;
        Ok(checkpoint)
    }
}

/// What the `model.toml` of a folder says; nothing if there is none.
fn own_settings(folder: &Path) -> Result<toml::Table, TrainingError> {
    let path = folder.join("model.toml");
    match std::fs::read_to_string(&path) {
        Ok(text) => {
            text.parse().map_err(|error: toml::de::Error| TrainingError::Recipe { path, problem: error.to_string() })
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && folder.is_dir() => Ok(toml::Table::new()),
        Err(error) => Err(TrainingError::file(&path)(error)),
    }
}

/// Names a file by its whole path, since the folder that it is named from will be another.
fn insert_path(table: &mut toml::Table, key: &str, path: &Path) -> Result<(), TrainingError> {
    let whole: PathBuf = path.canonicalize().map_err(TrainingError::file(path))?;
    table.insert(key.to_owned(), whole.to_string_lossy().into_owned().into());
    Ok(())
}
