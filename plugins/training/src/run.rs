//! A run: each seed from its first step to its last, and then the model that is kept.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use hopgraph_compute::training::{AdamW, Gradients, Learner, Lesson, Method, Random};
use hopgraph_evaluation::{evaluate, fit_temperature};
use hopgraph_inference::{Classifier, Input, load, store_temperature};
use hopgraph_labelled::LabelledSentence;

use crate::TrainingError;
use crate::base::Base;
use crate::data::{Examples, Rows};
use crate::journal::Journal;
use crate::output::Output;
use crate::recipe::{Choice, Recipe};
use crate::report::{Evaluated, Metric, Progress, SeedReport, Summary};
use crate::schedule::Plan;
use crate::score::{Scored, score};
use crate::state::{Counters, State};

/// Streams of random numbers, one for each use.
const BEGINNING: u64 = 1;
const ORDER: u64 = 2;
const MASKS: u64 = 3;

/// Of rows, the share that a model which was written and loaded again may answer otherwise.
const DIFFERING_SHARE: f64 = 0.005;
/// The same where numbers were rounded on purpose.
const ROUNDED_SHARE: f64 = 0.05;
/// A row lies on the edge if its probability moves by less than this where it is answered otherwise: such a row says nothing
/// of how the model was written.
const EDGE: f64 = 0.01;
/// The same where numbers were rounded on purpose.
const ROUNDED_EDGE: f64 = 0.1;

/// How a run is to be done.
pub struct Options<'a> {
    /// The folder for everything that the run leaves: `model/`, `seed-N/`, `metrics.jsonl`, `run.json`, curves.
    pub out: &'a Path,
    /// Whether to go on with a run that is there.
    pub resume: bool,
    /// Ends the run after the step under way, its state kept, once it is set.
    pub stop: &'a AtomicBool,
    /// Told of each step.
    pub progress: &'a mut dyn FnMut(&Progress),
}

/// Trains as a recipe says.
///
/// # Errors
/// If the recipe, its files or its base cannot be used, if rows leak, if the folder holds something else, or if the cost
/// is no number any more. What was kept before stays.
pub fn train(recipe: &Recipe, options: Options<'_>) -> Result<Summary, TrainingError> {
    let problem = |problem: String| TrainingError::Recipe { path: recipe.path.clone(), problem };
    let method = recipe.settings.method.method().map_err(problem)?;
    let rows = Rows::read(recipe)?;
    let base = Base::open(recipe)?;
    if let (Method::LowRank(_), Some(adapter)) = (&method, base.folder.adapter()) {
        let adapter = adapter.display();
        let text = format!(
            "the base has an adapter already ({adapter}); join it to the weights with `hopgraph model quantize`"
        );
        return Err(problem(text));
    }
    let answers = base.folder.answers().len();
    let examples = |part: &'static str, rows: &[LabelledSentence], smoothing: f32| {
        Examples::of(part, rows, &base.reader, &base.meaning, (answers, smoothing))
    };
    let train = examples("training", &rows.train, recipe.settings.schedule.label_smoothing)?;
    let dev = examples("development", &rows.dev, 0.0)?;
    let journal = Journal::open(recipe, &base, &rows, options.out, options.resume)?;
    let plan = Plan::new(&recipe.settings.schedule, rows.train.len());
    let mut run = Run { recipe, method, rows, base, train, dev, journal, plan, options, sentences: 0 };
    run.all_seeds()
}

/// Everything that the steps of a run need.
struct Run<'a, 'o> {
    recipe: &'a Recipe,
    method: Method,
    rows: Rows,
    base: Base,
    train: Examples,
    dev: Examples,
    journal: Journal,
    plan: Plan,
    options: Options<'o>,
    /// Learned from since the program began.
    sentences: u64,
}

/// A seed that was brought to its end.
struct Finished {
    learner: Learner,
    best: Vec<Vec<f32>>,
    report: SeedReport,
}

impl Run<'_, '_> {
    fn all_seeds(&mut self) -> Result<Summary, TrainingError> {
        let mut summary = Summary {
            interrupted: false,
            seeds: Vec::new(),
            model: None,
            dev: None,
            temperature: None,
            warnings: Vec::new(),
        };
        let mut winner: Option<Finished> = None;
        for (number, &seed) in self.recipe.seeds().iter().enumerate() {
            let Some(finished) = self.seed(number, seed)? else {
                summary.interrupted = true;
                return Ok(summary);
            };
            summary.seeds.push(finished.report.clone());
            let better =
                winner.as_ref().is_none_or(|best| self.value(&finished.report.best) > self.value(&best.report.best));
            if better {
                winner = Some(finished);
            }
        }
        let Some(mut winner) = winner else { return Ok(summary) };
        self.keep(&mut winner, &mut summary)?;
        self.journal.finish(&summary)?;
        Ok(summary)
    }

    fn value(&self, evaluated: &Evaluated) -> f64 {
        match self.recipe.settings.schedule.choose_by {
            Choice::F1 => evaluated.f1,
            Choice::Mcc => evaluated.mcc,
        }
    }

    /// Trains one seed. None: it was stopped.
    fn seed(&mut self, number: usize, seed: u64) -> Result<Option<Finished>, TrainingError> {
        let random = Random::new(seed);
        let mut checkpoint = self.base.checkpoint()?;
        let question = self.base.reader.question();
        let beginning = random.stream(BEGINNING);
        let mut learner = Learner::load(&mut checkpoint, &self.base.architecture, question, &self.method, beginning)?;
        let mut optimizer = AdamW::new(learner.parameters(), self.recipe.settings.optimizer());
        let folder = self.journal.seed_folder(seed)?;
        let state = if self.options.resume {
            State::load(&folder, self.journal.identity(), &mut learner, &mut optimizer)?
        } else {
            None
        };
        let counters = Counters { recipe: self.journal.identity().to_owned(), ..Counters::default() };
        let mut state = state.unwrap_or(State { counters, best: Vec::new() });
        self.journal.forget_after(seed, state.counters.step)?;
        let mut gradients = learner.parameters().zeros();
        while !state.counters.finished {
            if self.options.stop.load(Ordering::Relaxed) {
                state.save(&folder, &learner, &optimizer)?;
                return Ok(None);
            }
            let cost = self.step(seed, random, &mut learner, &mut optimizer, (&mut gradients, &mut state.counters))?;
            if self.plan.is_scored_after(state.counters.step) {
                self.look(seed, &learner, &mut state)?;
                state.save(&folder, &learner, &optimizer)?;
            }
            self.tell(number, seed, &state.counters, cost);
        }
        self.finish_seed(seed, &folder, learner, state).map(Some)
    }

    /// One step over one batch; gives the mean cost.
    fn step(
        &mut self,
        seed: u64,
        random: Random,
        learner: &mut Learner,
        optimizer: &mut AdamW,
        (gradients, counters): (&mut Gradients, &mut Counters),
    ) -> Result<f64, TrainingError> {
        let (step, schedule) = (counters.step, &self.recipe.settings.schedule);
        let (epoch, place) = (step / self.plan.epoch_steps, step % self.plan.epoch_steps);
        let order = random.stream(ORDER).stream(epoch).order(self.train.sequences.len());
        let from = usize::try_from(place).unwrap_or(usize::MAX).saturating_mul(schedule.batch);
        let batch = &order[from..order.len().min(from + schedule.batch)];
        gradients.clear();
        let weight = 1.0 / batch.len() as f32;
        let masks = random.stream(MASKS).stream(step);
        let mut cost = 0.0;
        for (number, piece) in self.pieces(batch).into_iter().enumerate() {
            let lessons: Vec<Lesson<'_>> = piece
                .iter()
                .map(|&row| Lesson { sequence: &self.train.sequences[row], truth: &self.train.truths[row] })
                .collect();
            cost += learner.learn(&lessons, weight, Some(masks.stream(number as u64)), gradients)?;
        }
        cost /= batch.len() as f64;
        if !cost.is_finite() {
            return Err(TrainingError::Diverged { step });
        }
        let rate = self.plan.rate(step);
        let norm = optimizer.step(learner.parameters_mut(), gradients, rate, schedule.clip);
        counters.step += 1;
        self.sentences += batch.len() as u64;
        let epoch = counters.step as f64 / self.plan.epoch_steps as f64;
        self.journal.add(Metric::Step { seed, step: counters.step, epoch, cost, rate, norm })?;
        Ok(cost)
    }

    /// Cuts a batch into pieces of at most so many tokens, in order, so that the same batch is always cut the same way.
    fn pieces(&self, batch: &[usize]) -> Vec<Vec<usize>> {
        let budget = self.recipe.settings.schedule.tokens;
        let shared = self.base.reader.shared().len();
        let (mut pieces, mut tokens) = (Vec::<Vec<usize>>::new(), 0);
        for &row in batch {
            let length = self.train.sequences[row].tokens.len();
            match pieces.last_mut() {
                Some(piece) if tokens + length <= budget => piece.push(row),
                _ => {
                    pieces.push(vec![row]);
                    tokens = shared;
                }
            }
            tokens += length;
        }
        pieces
    }

    /// Scores the model as it is, and keeps it if it is the best so far.
    fn look(&mut self, seed: u64, learner: &Learner, state: &mut State) -> Result<(), TrainingError> {
        let Scored { scores, cost, .. } = score(learner, &self.dev, &self.rows.dev, &self.base.meaning)?;
        let evaluated = Evaluated::new(state.counters.step, cost, &scores);
        self.journal.add(Metric::Dev { seed, evaluated })?;
        // Of equally good steps that of the lower cost.
        let rank = |evaluated: &Evaluated| (self.value(evaluated), -evaluated.cost);
        let counters = &mut state.counters;
        counters.last = Some(evaluated);
        if counters.best.as_ref().is_none_or(|best| rank(&evaluated) > rank(best)) {
            counters.best = Some(evaluated);
            counters.without_gain = 0;
            state.best = learner.parameters().iter().map(|parameter| parameter.numbers.clone()).collect();
        } else {
            counters.without_gain += 1;
        }
        let is_patient = self.recipe.settings.schedule.patience.is_none_or(|most| counters.without_gain < most);
        counters.finished = counters.step >= self.plan.steps || !is_patient;
        Ok(())
    }

    fn tell(&mut self, finished_seeds: usize, seed: u64, counters: &Counters, cost: f64) {
        let progress = Progress {
            seed,
            finished_seeds,
            seeds: self.recipe.seeds().len(),
            step: counters.step,
            steps: self.plan.steps,
            sentences: self.sentences,
            cost,
            dev: counters.last,
            best: counters.best,
        };
        (self.options.progress)(&progress);
    }

    /// Writes the last and the best step of a seed as model folders, and scores the best on the test rows, if there are
    /// any.
    fn finish_seed(&self, seed: u64, folder: &Path, learner: Learner, state: State) -> Result<Finished, TrainingError> {
        let (Some(best), Some(last)) = (state.counters.best, state.counters.last) else {
            let path = crate::state::path(folder);
            return Err(TrainingError::State { path, problem: "it has no evaluation".to_owned() });
        };
        let output = self.output();
        let now: Vec<Vec<f32>> = learner.parameters().iter().map(|parameter| parameter.numbers.clone()).collect();
        output.write(learner.parameters(), &now, &folder.join("last"))?;
        output.write(learner.parameters(), &state.best, &folder.join("best"))?;
        let test = if self.rows.test.is_empty() {
            None
        } else {
            let model = load(&folder.join("best"))?;
            Some(evaluate(&model, &self.rows.test, Some(&self.rows.train))?)
        };
        Ok(Finished { learner, best: state.best, report: SeedReport { seed, best, last, test } })
    }

    fn output(&self) -> Output<'_> {
        Output { base: &self.base, method: &self.method, numbers: self.recipe.settings.output.numbers.as_deref() }
    }

    /// Writes the model of the best seed, loads it as a user would, sees that it says what was trained, and fits its
    /// temperature.
    fn keep(&self, winner: &mut Finished, summary: &mut Summary) -> Result<(), TrainingError> {
        let folder = self.options.out.join("model");
        self.output().write(winner.learner.parameters(), &winner.best, &folder)?;
        let model = load(&folder)?;
        summary.warnings = model.warnings();
        let dev = &self.rows.dev;
        self.check_faithful(winner, &model, &folder)?;
        let fit = fit_temperature(&model, dev)?;
        drop(model);
        #[expect(clippy::cast_possible_truncation, reason = "four digits are kept")]
        let temperature = ((fit.temperature * 1e4).round() / 1e4) as f32;
        store_temperature(&folder, temperature)?;
        summary.dev = Some(evaluate(&load(&folder)?, dev, Some(&self.rows.train))?);
        summary.temperature = Some(f64::from(temperature));
        summary.model = Some(folder);
        Ok(())
    }

    /// A model that was written and loaded must answer as the one that was trained, but for rows that lie on the edge, of
    /// which rounded numbers make some more.
    fn check_faithful(
        &self,
        winner: &mut Finished,
        model: &dyn Classifier,
        folder: &Path,
    ) -> Result<(), TrainingError> {
        let parameters = winner.learner.parameters_mut().iter_mut();
        parameters.zip(&winner.best).for_each(|(parameter, best)| parameter.numbers.clone_from(best));
        let trained = score(&winner.learner, &self.dev, &self.rows.dev, &self.base.meaning)?.related;
        let inputs: Vec<Input> = self.rows.dev.iter().map(|row| Input::Masked(row.masked.clone())).collect();
        let meaning = &self.base.meaning;
        let loaded = model.classify(&inputs)?.into_iter().map(|found| {
            // A row that it refuses is answered otherwise.
            found.map_or(f64::NAN, |found| meaning.related(&found.probabilities))
        });
        let rounded = self.recipe.settings.output.numbers.as_deref().is_some_and(|numbers| numbers != "f32");
        let (share, edge) = if rounded { (ROUNDED_SHARE, ROUNDED_EDGE) } else { (DIFFERING_SHARE, EDGE) };
        let otherwise =
            |loaded: f64, trained: f64| (loaded >= 0.5) != (trained >= 0.5) && (loaded - trained).abs() >= edge;
        let differs = |pair: &(f64, &f64)| pair.0.is_nan() || otherwise(pair.0, *pair.1);
        let differing = loaded.zip(&trained).filter(differs).count();
        let rows = self.rows.dev.len();
        if differing as f64 <= (share * rows as f64).max(1.0) {
            return Ok(());
        }
        Err(TrainingError::Unfaithful { path: folder.to_owned(), differing, rows })
    }
}
