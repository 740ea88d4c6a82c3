//! `TRAIN.toml`: what is to be trained, on what, and how.

use std::path::{Path, PathBuf};

use hopgraph_compute::training::{AdamWSettings, LowRank, Method};
use hopgraph_labelled::NamedSplit;
use serde::Deserialize;

use crate::TrainingError;

/// A training run as `TRAIN.toml` describes it.
///
/// ```toml
/// name = "minilm-gad"                # what the model is called
/// base = "../minilm"                 # a model folder, or a folder of weights
///
/// [data]
/// train = ["gad.tsv", "eu-adr.tsv"]  # in every format that `hopgraph eval` reads
/// split = "clean"                    # or dev = [...] and perhaps test = [...], or dev_share = 0.1
///
/// [model]                            # what model.toml will say; what is missing comes from the base's
/// answers = [{text = "yes", relation = "associated", symmetric = true}, {text = "no"}]
/// masks = {gene = "@GENE$", disease = "@DISEASE$"}
///
/// [method]
/// kind = "all"                       # or "lora", with rank, alpha, rslora, targets
/// dropout = 0.1
///
/// [schedule]
/// epochs = 4
/// batch = 32                         # sentences of a step
/// rate = 5e-5
/// seeds = [0, 1, 2]
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    /// Where it was read.
    pub path: PathBuf,
    /// What it says, with what was set over it; kept in `run.json`.
    pub table: toml::Table,
    pub(crate) settings: Settings,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) name: String,
    pub(crate) base: PathBuf,
    pub(crate) data: Data,
    #[serde(default)]
    pub(crate) model: toml::Table,
    #[serde(default)]
    pub(crate) method: MethodTable,
    #[serde(default)]
    pub(crate) schedule: Schedule,
    #[serde(default)]
    pub(crate) output: Output,
}

/// `[data]`
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Data {
    pub(crate) train: Vec<PathBuf>,
    #[serde(default)]
    pub(crate) dev: Vec<PathBuf>,
    #[serde(default)]
    pub(crate) test: Vec<PathBuf>,
    split: Option<String>,
    pub(crate) dev_share: Option<f64>,
    /// Whether the test part of a named split is scored, once, at the end.
    #[serde(default)]
    pub(crate) score_test: bool,
    #[serde(default)]
    pub(crate) allow_leak: bool,
}

/// What of a model is trained.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum MethodKind {
    /// All weights.
    #[default]
    All,
    /// Adapters beside the matrices of the layers.
    Lora,
}

/// `[method]`
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct MethodTable {
    kind: MethodKind,
    dropout: f32,
    rank: usize,
    alpha: f32,
    rslora: bool,
    targets: Vec<String>,
}

impl Default for MethodTable {
    fn default() -> Self {
        Self { kind: MethodKind::All, dropout: 0.1, rank: 16, alpha: 32.0, rslora: false, targets: Vec::new() }
    }
}

/// How the rate falls after it has risen.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Decay {
    /// Straight to 0.
    Linear,
    /// Along half a cosine to 0.
    Cosine,
    /// Not at all.
    None,
}

/// What says which step is best.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Choice {
    /// The harmonic mean of precision and recall of "related".
    F1,
    /// Matthews' correlation.
    Mcc,
}

/// `[schedule]`
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Schedule {
    pub(crate) epochs: f64,
    pub(crate) batch: usize,
    pub(crate) rate: f32,
    pub(crate) warm_up: f64,
    pub(crate) decay: Decay,
    pub(crate) weight_decay: f32,
    pub(crate) clip: Option<f32>,
    pub(crate) label_smoothing: f32,
    /// Tokens that are worked on at once; a step takes as many pieces as it needs.
    pub(crate) tokens: usize,
    pub(crate) evaluations: f64,
    pub(crate) patience: Option<usize>,
    pub(crate) seeds: Vec<u64>,
    pub(crate) choose_by: Choice,
}

impl Default for Schedule {
    fn default() -> Self {
        Self {
            epochs: 3.0,
            batch: 32,
            rate: 5e-5,
            warm_up: 0.1,
            decay: Decay::Linear,
            weight_decay: 0.01,
            clip: Some(1.0),
            label_smoothing: 0.0,
            tokens: 2048,
            evaluations: 1.0,
            patience: None,
            seeds: vec![0],
            choose_by: Choice::F1,
        }
    }
}

/// `[output]`
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Output {
    /// How the numbers of whole weights are written: `f32` or `f16`; of a GGUF also a quantization, such as `q8_0`.
    pub(crate) numbers: Option<String>,
}

impl Recipe {
    /// Reads a `TRAIN.toml`. Each of `overrides` is `key=value` with a dotted key; a value that is no TOML is text.
    ///
    /// # Errors
    /// If the file cannot be read, or says something that cannot be.
    pub fn read(path: &Path, overrides: &[String]) -> Result<Self, TrainingError> {
        let text = std::fs::read_to_string(path).map_err(TrainingError::file(path))?;
        Self::parse(path, &text, overrides)
            .map_err(|problem| TrainingError::Recipe { path: path.to_owned(), problem: problem.trim_end().to_owned() })
    }

    fn parse(path: &Path, text: &str, overrides: &[String]) -> Result<Self, String> {
        let mut table: toml::Table = text.parse().map_err(|error: toml::de::Error| error.to_string())?;
        overrides.iter().try_for_each(|setting| set(&mut table, setting))?;
        let settings: Settings = table.clone().try_into().map_err(|error: toml::de::Error| error.to_string())?;
        settings.check()?;
        Ok(Self { path: path.to_owned(), table, settings })
    }

    /// A path of the recipe, which is told from the recipe's folder.
    pub(crate) fn resolve(&self, path: &Path) -> PathBuf {
        self.path.parent().unwrap_or(Path::new("")).join(path)
    }

    /// The seeds, one run each.
    pub fn seeds(&self) -> &[u64] {
        &self.settings.schedule.seeds
    }
}

impl Settings {
    fn check(&self) -> Result<(), String> {
        let (schedule, method) = (&self.schedule, &self.method);
        let share = |number: f32| (0.0..1.0).contains(&number);
        let rules = [
            (!self.data.train.is_empty(), "`data.train` names no file"),
            (schedule.epochs > 0.0 && schedule.epochs.is_finite(), "`schedule.epochs` must be above 0"),
            (schedule.batch > 0 && schedule.tokens > 0, "`schedule.batch` and `tokens` must be 1 or more"),
            (schedule.rate > 0.0 && schedule.rate.is_finite(), "`schedule.rate` must be above 0"),
            ((0.0..=1.0).contains(&schedule.warm_up), "`schedule.warm_up` is a share of all steps, from 0 to 1"),
            (schedule.evaluations > 0.0, "`schedule.evaluations` of an epoch must be above 0"),
            (!schedule.seeds.is_empty(), "`schedule.seeds` must have one at least"),
            (schedule.weight_decay >= 0.0, "`schedule.weight_decay` must be 0 or more"),
            (schedule.clip.is_none_or(|clip| clip > 0.0), "`schedule.clip` must be above 0"),
            (share(schedule.label_smoothing), "`schedule.label_smoothing` must be from 0 to below 1"),
            (share(method.dropout), "`method.dropout` must be from 0 to below 1"),
            (method.rank > 0 && method.alpha > 0.0, "`method.rank` and `alpha` must be above 0"),
            (
                self.data.dev_share.is_none_or(|share| share > 0.0 && share < 1.0),
                "`data.dev_share` lies between 0 and 1",
            ),
        ];
        match rules.into_iter().find(|(holds, _)| !holds) {
            Some((_, problem)) => return Err(problem.to_owned()),
            None => self.data.split()?,
        };
        let ways = [self.data.split.is_some(), !self.data.dev.is_empty(), self.data.dev_share.is_some()];
        match ways.into_iter().filter(|given| *given).count() {
            1 => Ok(()),
            0 => Err("`data` names no development rows to choose by; give `split`, `dev` or `dev_share`".to_owned()),
            _ => Err("`data` has more than one of `split`, `dev` and `dev_share`; give one".to_owned()),
        }
    }

    pub(crate) fn optimizer(&self) -> AdamWSettings {
        AdamWSettings { weight_decay: self.schedule.weight_decay, ..AdamWSettings::default() }
    }
}

impl Data {
    /// The split by its name.
    pub(crate) fn split(&self) -> Result<Option<NamedSplit>, String> {
        self.split.as_deref().map(str::parse).transpose()
    }
}

/// The matrices by the names that people know, and by ours.
const TARGETS: [(&str, &str); 11] = [
    ("q_proj", "attn_q"),
    ("query", "attn_q"),
    ("k_proj", "attn_k"),
    ("key", "attn_k"),
    ("v_proj", "attn_v"),
    ("value", "attn_v"),
    ("o_proj", "attn_output"),
    ("gate_proj", "ffn_gate"),
    ("up_proj", "ffn_up"),
    ("intermediate", "ffn_up"),
    ("down_proj", "ffn_down"),
];

impl MethodTable {
    pub(crate) fn method(&self) -> Result<Method, String> {
        if self.kind == MethodKind::All {
            return Ok(Method::All { dropout: self.dropout });
        }
        let own = |target: &String| {
            let known = TARGETS.iter().find(|(theirs, ours)| target == theirs || target == ours);
            known.map(|(_, ours)| (*ours).to_owned()).ok_or_else(|| {
                format!("`method.targets` has `{target}`; known are {}", TARGETS.map(|(theirs, _)| theirs).join(", "))
            })
        };
        let targets: Vec<String> = if self.targets.is_empty() {
            TARGETS.iter().map(|(_, ours)| (*ours).to_owned()).collect()
        } else {
            self.targets.iter().map(own).collect::<Result<_, _>>()?
        };
        let (rank, alpha, root_scale) = (self.rank, self.alpha, self.rslora);
        Ok(Method::LowRank(LowRank { rank, alpha, root_scale, dropout: self.dropout, targets }))
    }
}

/// Sets a dotted key of a table.
fn set(table: &mut toml::Table, setting: &str) -> Result<(), String> {
    let (key, value) = setting.split_once('=').ok_or_else(|| format!("`{setting}` is no setting; write key=value"))?;
    let parsed = format!("value = {value}").parse::<toml::Table>().ok().and_then(|mut table| table.remove("value"));
    let value = parsed.unwrap_or_else(|| toml::Value::String(value.to_owned()));
    let mut words: Vec<&str> = key.trim().split('.').collect();
    let last = words.pop().unwrap_or_default();
    let mut inner = table;
    for word in words {
        let entry = inner.entry(word).or_insert_with(|| toml::Value::Table(toml::Table::new()));
        inner = entry.as_table_mut().ok_or_else(|| format!("`{word}` of `{key}` is no table"))?;
    }
    inner.insert(last.to_owned(), value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = "name = 'm'\nbase = 'b'\n[data]\ntrain = ['t.tsv']\nsplit = 'clean'\n";

    fn parse(text: &str, overrides: &[&str]) -> Result<Recipe, String> {
        let overrides: Vec<String> = overrides.iter().map(|&setting| setting.to_owned()).collect();
        Recipe::parse(Path::new("folder/TRAIN.toml"), text, &overrides)
    }

    #[test]
    fn settings_on_the_command_line_stand_over_the_file() {
        let recipe = parse(SOUND, &["schedule.rate=1e-4", "schedule.seeds=[4, 5]", "name=other", "method.kind=lora"]);
        let recipe = recipe.unwrap();
        assert_eq!((recipe.settings.schedule.rate, recipe.seeds()), (1e-4, &[4, 5][..]));
        assert_eq!(recipe.settings.name, "other", "what is no TOML is text");
        assert!(matches!(recipe.settings.method.method(), Ok(Method::LowRank(_))));
        assert_eq!(recipe.resolve(Path::new("x")), Path::new("folder/x"));
        assert_eq!(recipe.table["schedule"]["seeds"].as_array().map(Vec::len), Some(2), "and is kept for run.json");
    }

    #[test]
    fn what_cannot_be_is_refused_and_says_so() {
        for (overrides, expected) in [
            (&["schedule.epochs=0"][..], "`schedule.epochs` must be above 0"),
            (&["schedule.epoch=3"], "unknown field `epoch`"),
            (&["schedule.rate=-1.0"], "`schedule.rate`"),
            (&["schedule.seeds=[]"], "`schedule.seeds`"),
            (&["method.dropout=1.0"], "`method.dropout`"),
            (&["data.split=cleen"], "the only split with a name is `clean`"),
            (&["data.dev=['d.tsv']"], "more than one of"),
            (&["data.train=[]"], "names no file"),
            (&["name.x=1"], "`name` of `name.x` is no table"),
            (&["epochs"], "write key=value"),
        ] {
            let problem = parse(SOUND, overrides).unwrap_err();
            assert!(problem.contains(expected), "{overrides:?}: {problem}");
        }
        let problem = parse(&SOUND.replace("split = 'clean'\n", ""), &[]).unwrap_err();
        assert!(problem.contains("no development rows"), "{problem}");
        let recipe = parse(SOUND, &["method.kind=lora", "method.targets=['q_proj', 'mlp']"]).unwrap();
        assert!(recipe.settings.method.method().unwrap_err().contains("has `mlp`"));
    }
}
