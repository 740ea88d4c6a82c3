//! The rows of a recipe, divided, checked for leaks, and in the tokens of a model.

use hopgraph_compute::training::Truth;
use hopgraph_evaluation::Meaning;
use hopgraph_inference::{Input, Reader};
use hopgraph_labelled::{LabelledSentence, Leak, Part, by_group, leak, read};
use hopgraph_model::Sequence;

use crate::TrainingError;
use crate::recipe::Recipe;

/// The rows by their use.
pub(crate) struct Rows {
    pub(crate) train: Vec<LabelledSentence>,
    pub(crate) dev: Vec<LabelledSentence>,
    /// Empty if none are to be scored.
    pub(crate) test: Vec<LabelledSentence>,
    /// What of the development and of the test rows stands among the training rows.
    pub(crate) leaks: Vec<(&'static str, Leak)>,
}

impl Rows {
    /// Reads the files of a recipe and divides them. Fails if test or development rows stand among the training rows,
    /// unless the recipe allows it.
    pub(crate) fn read(recipe: &Recipe) -> Result<Self, TrainingError> {
        let data = &recipe.settings.data;
        let files = |paths: &[std::path::PathBuf]| -> Result<Vec<LabelledSentence>, TrainingError> {
            let mut rows = Vec::new();
            for path in paths {
                rows.append(&mut read(&recipe.resolve(path))?.rows);
            }
            Ok(rows)
        };
        let (all, test) = (files(&data.train)?, files(&data.test)?);
        let problem = |problem: String| TrainingError::Recipe { path: recipe.path.clone(), problem };
        let (train, dev, test) = match (data.split().map_err(problem)?, data.dev_share) {
            (Some(split), _) => {
                let test = if data.score_test { split.rows(&all, Part::Test)? } else { test };
                (split.rows(&all, Part::Train)?, split.rows(&all, Part::Dev)?, test)
            }
            (None, Some(share)) => {
                let (train, dev) = by_group(all, share, 0);
                (train, dev, test)
            }
            (None, None) => (all, files(&data.dev)?, test),
        };
        for (part, rows) in [("training", &train), ("development", &dev)] {
            if rows.is_empty() {
                return Err(TrainingError::Empty { part, advice: "see [data] of the recipe" });
            }
        }
        let mut rows = Self { train, dev, test, leaks: Vec::new() };
        rows.find_leaks(data.allow_leak)?;
        Ok(rows)
    }

    fn find_leaks(&mut self, allowed: bool) -> Result<(), TrainingError> {
        for (part, rows) in [("development", &self.dev), ("test", &self.test)] {
            let found = leak(&self.train, rows);
            if !found.is_clean() && !allowed {
                return Err(TrainingError::Leak { part, leak: found });
            }
            self.leaks.push((part, found));
        }
        Ok(())
    }
}

/// Rows as a model reads them.
pub(crate) struct Examples {
    pub(crate) sequences: Vec<Sequence>,
    pub(crate) truths: Vec<Truth>,
}

impl Examples {
    /// Reads rows with a model's reader; a row that the model cannot read is an error, since a score over part of a set is
    /// a score of another set.
    pub(crate) fn of(
        part: &'static str,
        rows: &[LabelledSentence],
        reader: &Reader,
        meaning: &Meaning,
        (answers, smoothing): (usize, f32),
    ) -> Result<Self, TrainingError> {
        let mut examples = Self { sequences: Vec::new(), truths: Vec::new() };
        for row in rows {
            let read = reader.read(&Input::Masked(row.masked.clone()))?;
            let refused = |problem: String| TrainingError::Row { part, line: row.line, problem };
            examples.sequences.push(read.map_err(|problem| refused(problem.to_string()))?);
            let agreeing: Vec<bool> = (0..answers).map(|answer| meaning.agrees(answer, row.label)).collect();
            examples.truths.push(match agreeing.iter().filter(|agrees| **agrees).count() {
                0 => return Err(refused("no answer of the model agrees with its label".to_owned())),
                1 => {
                    let answer = agreeing.iter().position(|agrees| *agrees).unwrap_or_default();
                    Truth::one_of(answer, answers, smoothing)
                }
                _ => Truth::AnyOf(agreeing),
            });
        }
        Ok(examples)
    }
}
