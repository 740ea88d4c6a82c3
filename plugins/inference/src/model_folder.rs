//! A model folder: `model.toml`, the weights and, where the weights do not carry one, the tokenizer.

use std::path::{Path, PathBuf};
use std::time::Duration;

use hopgraph_model::ModelError;
use hopgraph_model::architecture::Checkpoint;
use serde::Deserialize;

use crate::mask::Masks;
use crate::prompt::Template;
use crate::{Answer, AnswerRelation, InferenceError};

/// The name of the file that describes the model.
const SETTINGS: &str = "model.toml";

/// A model folder whose `model.toml` has been read and found sound. The weights have not been touched.
#[derive(Clone, Debug)]
pub struct ModelFolder {
    pub(crate) name: String,
    pub(crate) settings: PathBuf,
    pub(crate) weights: PathBuf,
    pub(crate) adapter: Option<PathBuf>,
    pub(crate) tokenizer: Option<PathBuf>,
    pub(crate) threshold: f32,
    pub(crate) temperature: f32,
    pub(crate) template: Template,
    pub(crate) masks: Masks,
    pub(crate) answers: Vec<Answer>,
    pub(crate) remote: Option<RemoteSettings>,
    /// The folders of the models that this one joins, each with its weight.
    pub(crate) members: Vec<(PathBuf, f32)>,
}

/// A model behind somebody else's server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RemoteSettings {
    /// Where requests go.
    pub(crate) endpoint: String,
    /// What the server calls the model.
    pub(crate) model: String,
    /// The environment variable that holds the key, if the server wants one.
    pub(crate) key_variable: Option<String>,
    /// Requests under way at once.
    pub(crate) requests_max: usize,
    /// How long one request may take.
    pub(crate) timeout: Duration,
}

/// `[remote]` as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RemoteTable {
    endpoint: String,
    #[serde(default)]
    model: String,
    key_variable: Option<String>,
    requests: Option<usize>,
    seconds: Option<u64>,
}

/// `model.toml` as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    name: String,
    weights: Option<PathBuf>,
    adapter: Option<PathBuf>,
    tokenizer: Option<PathBuf>,
    remote: Option<RemoteTable>,
    #[serde(default)]
    members: Vec<MemberSettings>,
    #[serde(default)]
    threshold: f32,
    temperature: Option<f32>,
    #[serde(default = "sentence_alone")]
    prompt: String,
    /// In the order of the file, since the first label is the source of a relation with a direction.
    #[serde(default)]
    masks: toml::Table,
    #[serde(default)]
    answers: Vec<AnswerSettings>,
}

/// One of the `[[members]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MemberSettings {
    model: PathBuf,
    #[serde(default = "one")]
    weight: f32,
}

fn one() -> f32 {
    1.0
}

/// What an encoder reads unless it is told otherwise.
fn sentence_alone() -> String {
    "{sentence}".to_owned()
}

/// One of the `[[answers]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnswerSettings {
    text: String,
    relation: Option<String>,
    #[serde(default)]
    denied: bool,
    #[serde(default)]
    symmetric: bool,
}

impl ModelFolder {
    /// Reads the `model.toml` of a folder:
    ///
    /// ```toml
    /// name = "starter-llama-15m"
    /// weights = "starter-llama-15m-q8_0.gguf"   # or model.safetensors, or model.safetensors.index.json
    /// # adapter = "adapter.gguf"          # or adapter_model.safetensors; added to the weights
    /// # tokenizer = "tokenizer.json"      # without it the tokenizer comes from the weights, or lies beside them
    /// threshold = 0.0                     # least probability at which an answer makes an edge
    /// # temperature = 1.2                 # what the logits are divided by, so that probabilities are honest
    /// prompt = """
    /// Is @GENE$ related to @DISEASE$ in this sentence?
    /// {sentence}
    /// Answer:
    /// """
    ///
    /// [masks]                             # two; the first is the source of a relation with a direction
    /// gene = "@GENE$"
    /// disease = "@DISEASE$"
    ///
    /// [[answers]]                         # two or more
    /// text = "True"
    /// relation = "associated"             # without it the answer makes no edge
    /// symmetric = true
    ///
    /// [[answers]]
    /// text = "False"
    /// ```
    ///
    /// What kind of model it is, its files say. A decoder reads the prompt, and its answers are the words that it says
    /// next. An encoder such as BERT has a class for each answer, named in its `config.json` or by its number, and reads
    /// the sentence alone unless `prompt` says otherwise; `[SEP]` in it stands between two texts.
    ///
    /// In place of `weights`, a model behind a server with an OpenAI-compatible completions endpoint:
    ///
    /// ```toml
    /// [remote]
    /// endpoint = "http://127.0.0.1:8000/v1/completions"
    /// model = "llama-2-7b-gad"            # what the server calls it
    /// # key_variable = "OPENAI_API_KEY"   # the environment variable that holds the server's key
    /// # requests = 8                      # under way at once
    /// # seconds = 60                      # that one may take
    /// ```
    ///
    /// Or several models as one, whose answers are weighted and added up; masks and answers are those of the first:
    ///
    /// ```toml
    /// name = "both"
    /// threshold = 0.5
    ///
    /// [[members]]
    /// model = "../biobert-gad"            # another model folder
    /// weight = 0.6                        # 1 if it is left out; only the proportions count
    ///
    /// [[members]]
    /// model = "../starter-llama-15m"
    /// weight = 0.4
    /// ```
    ///
    /// # Errors
    /// [`InferenceError::NoSettings`] if there is no such file, with one to start from, and [`InferenceError::Settings`] if it says something
    /// that cannot be; both name the file and what to do.
    pub fn read(folder: &Path) -> Result<Self, InferenceError> {
        let path = folder.join(SETTINGS);
        let advice = "a model folder holds a model.toml beside its weights";
        let text = std::fs::read_to_string(&path).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound if folder.is_dir() => {
                InferenceError::NoSettings { path: path.clone(), suggestion: crate::suggestion::suggest(folder) }
            }
            _ => ModelError::Unreadable { path: path.clone(), source, advice }.into(),
        })?;
        Self::parse(folder, &path, &text)
    }

    /// A folder whose `model.toml` would have this text; the file need not be there.
    ///
    /// # Errors
    /// [`InferenceError::Settings`] if it says something that cannot be.
    pub fn with_settings(folder: &Path, text: &str) -> Result<Self, InferenceError> {
        Self::parse(folder, &folder.join(SETTINGS), text)
    }

    /// The weights file; empty for a model behind a server.
    pub fn weights(&self) -> &Path {
        &self.weights
    }

    /// The file of the adapter, if there is one.
    pub fn adapter(&self) -> Option<&Path> {
        self.adapter.as_deref()
    }

    /// The file of the tokenizer, if `model.toml` names one.
    pub fn tokenizer(&self) -> Option<&Path> {
        self.tokenizer.as_deref()
    }

    /// The answers, in order.
    pub fn answers(&self) -> &[Answer] {
        &self.answers
    }

    /// Whether the model is behind a server.
    pub fn is_remote(&self) -> bool {
        self.remote.is_some()
    }

    /// Opens the weights, with the adapter if there is one.
    ///
    /// # Errors
    /// If a file cannot be read, or is damaged.
    pub fn open(&self) -> Result<Checkpoint, InferenceError> {
        let mut checkpoint = Checkpoint::open(&self.weights)?;
        if let Some(adapter) = &self.adapter {
            checkpoint.adapt(adapter)?;
        }
        Ok(checkpoint)
    }

    /// What a `model.toml` with this text says.
    pub(crate) fn parse(folder: &Path, path: &Path, text: &str) -> Result<Self, InferenceError> {
        let parsed = toml::from_str::<Settings>(text).map_err(|error| error.to_string());
        parsed.and_then(|settings| Self::check(folder, path.to_owned(), settings)).map_err(|problem| {
            InferenceError::Settings { path: path.to_owned(), problem: problem.trim_end().to_owned() }
        })
    }

    fn check(folder: &Path, path: PathBuf, settings: Settings) -> Result<Self, String> {
        if !(0.0..=1.0).contains(&settings.threshold) {
            return Err(format!("`threshold` is {}; a probability lies between 0 and 1", settings.threshold));
        }
        let temperature = settings.temperature.unwrap_or(1.0);
        if !(temperature.is_finite() && temperature > 0.0) {
            return Err(format!("`temperature` is {temperature}; logits are divided by it, so give a number above 0"));
        }
        if !settings.members.is_empty() {
            return Self::check_members(folder, path, settings, temperature);
        }
        let weights = match (&settings.weights, &settings.remote) {
            (Some(name), None) => folder.join(name),
            (None, Some(_)) => PathBuf::new(),
            _ => return Err("give either `weights` or [remote], one of the two, or [[members]]".to_owned()),
        };
        Ok(Self {
            name: settings.name,
            settings: path,
            weights,
            adapter: settings.adapter.map(|name| folder.join(name)),
            tokenizer: settings.tokenizer.map(|name| folder.join(name)),
            threshold: settings.threshold,
            temperature,
            template: Template::parse(&settings.prompt)?,
            masks: masks(&settings.masks)?,
            answers: answers(settings.answers)?,
            remote: settings.remote.map(remote).transpose()?,
            members: Vec::new(),
        })
    }

    /// A folder that joins others says nothing that they say themselves.
    fn check_members(folder: &Path, path: PathBuf, settings: Settings, temperature: f32) -> Result<Self, String> {
        let own = [
            (settings.weights.is_some(), "weights"),
            (settings.adapter.is_some(), "adapter"),
            (settings.tokenizer.is_some(), "tokenizer"),
            (settings.remote.is_some(), "remote"),
            (settings.prompt != sentence_alone(), "prompt"),
            (!settings.masks.is_empty(), "masks"),
            (!settings.answers.is_empty(), "answers"),
        ];
        if let Some((_, key)) = own.into_iter().find(|(given, _)| *given) {
            return Err(format!("`{key}` stands beside [[members]], whose folders say it themselves; take it out"));
        }
        if let Some(member) =
            settings.members.iter().find(|member| !(member.weight >= 0.0 && member.weight.is_finite()))
        {
            return Err(format!("the weight {} of a member is no number of 0 or more", member.weight));
        }
        Ok(Self {
            name: settings.name,
            settings: path,
            weights: PathBuf::new(),
            adapter: None,
            tokenizer: None,
            threshold: settings.threshold,
            temperature,
            template: Template::parse(&settings.prompt)?,
            masks: Masks::new(Default::default(), Default::default()),
            answers: Vec::new(),
            remote: None,
            members: settings.members.into_iter().map(|member| (folder.join(member.model), member.weight)).collect(),
        })
    }
}

fn remote(table: RemoteTable) -> Result<RemoteSettings, String> {
    if !["http://", "https://"].iter().any(|scheme| table.endpoint.starts_with(scheme)) {
        return Err(format!("the `endpoint` {:?} of [remote] is no address that begins with http", table.endpoint));
    }
    let (requests_max, seconds) = (table.requests.unwrap_or(8), table.seconds.unwrap_or(60));
    if requests_max == 0 || seconds == 0 {
        return Err("`requests` and `seconds` of [remote] must be 1 or more".to_owned());
    }
    Ok(RemoteSettings {
        endpoint: table.endpoint,
        model: table.model,
        key_variable: table.key_variable,
        requests_max,
        timeout: Duration::from_secs(seconds),
    })
}

fn masks(table: &toml::Table) -> Result<Masks, String> {
    let entries: Vec<(&String, &toml::Value)> = table.iter().collect();
    let [(first, first_mask), (second, second_mask)] = entries.as_slice() else {
        return Err(format!("[masks] has {} entries; give two, such as gene = \"@GENE$\"", entries.len()));
    };
    let word = |label: &str, mask: &toml::Value| match mask.as_str() {
        Some(mask) if !mask.trim().is_empty() => Ok(mask.to_owned()),
        _ => Err(format!("the mask of `{label}` must be a word in quotes, such as \"@GENE$\"")),
    };
    let words = [word(first, first_mask)?, word(second, second_mask)?];
    if words[0].contains(&words[1]) || words[1].contains(&words[0]) {
        return Err(format!("the masks {} and {} cannot be told apart; give two different words", words[0], words[1]));
    }
    if first.to_lowercase() == second.to_lowercase() {
        return Err(format!("the labels `{first}` and `{second}` are the same, since labels ignore case"));
    }
    Ok(Masks::new([(*first).clone(), (*second).clone()], words))
}

fn answers(settings: Vec<AnswerSettings>) -> Result<Vec<Answer>, String> {
    if settings.len() < 2 {
        return Err(format!("[[answers]] has {} entries; a choice needs two or more", settings.len()));
    }
    settings.into_iter().map(answer).collect()
}

fn answer(settings: AnswerSettings) -> Result<Answer, String> {
    let AnswerSettings { text, relation, denied, symmetric } = settings;
    if text.is_empty() {
        return Err("an answer has an empty `text`; give the word that the model says".to_owned());
    }
    if relation.is_none() && (denied || symmetric) {
        return Err(format!("the answer `{text}` is `denied` or `symmetric` but names no `relation`; add one"));
    }
    let relation = relation.map(|name| AnswerRelation { name, denied, symmetric });
    Ok(Answer { text, relation })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = r#"name = "m"
weights = "m.gguf"
threshold = 0.5
prompt = """
Question
{sentence}
Answer:
"""
[masks]
gene = "@GENE$"
disease = "@DISEASE$"
[[answers]]
text = "Yes"
relation = "causes"
denied = true
[[answers]]
text = "No"
"#;

    fn read(text: &str) -> Result<ModelFolder, InferenceError> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("model.toml"), text).unwrap();
        ModelFolder::read(folder.path())
    }

    #[test]
    fn reads_what_is_written() {
        let folder = read(SOUND).unwrap();
        assert_eq!((folder.name.as_str(), folder.threshold), ("m", 0.5));
        assert!(folder.weights.ends_with("m.gguf") && folder.tokenizer.is_none());
        assert_eq!(folder.masks.labels(), &["gene".to_owned(), "disease".to_owned()], "in the order of the file");
        assert_eq!(folder.template.text(), "Question\n{sentence}\nAnswer:\n");
        let causes = AnswerRelation { name: "causes".into(), denied: true, symmetric: false };
        assert_eq!(folder.answers[0], Answer { text: "Yes".into(), relation: Some(causes) });
        assert_eq!(folder.answers[1].relation, None);
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        let cases = [
            ("name = \"m\"\n", "nmae = \"m\"\n", "unknown field `nmae`"),
            ("name = \"m\"\n", "", "missing field `name`"),
            ("weights = \"m.gguf\"\n", "", "give either `weights` or [remote]"),
            ("[masks]", "[remote]\nendpoint = \"http://x\"\n[masks]", "one of the two"),
            ("weights = \"m.gguf\"\n", "remote = {endpoint = \"x\"}\n", "begins with http"),
            ("weights = \"m.gguf\"\n", "remote = {endpoint = \"http://x\", requests = 0}\n", "1 or more"),
            ("threshold = 0.5", "threshold = 2.0", "between 0 and 1"),
            ("threshold = 0.5", "temperature = 0.0", "give a number above 0"),
            ("{sentence}", "sentence", "no {sentence}"),
            ("{sentence}", "{sentence}\n{sentence}", "more than one {sentence}"),
            ("{sentence}", "In: {sentence}", "on a line of its own"),
            ("{sentence}", "{sentence} .", "on a line of its own"),
            ("gene = \"@GENE$\"\n", "", "[masks] has 1 entries; give two"),
            ("[masks]\ngene = \"@GENE$\"\ndisease = \"@DISEASE$\"\n", "", "[masks] has 0 entries"),
            ("weights = \"m.gguf\"\n", "members = [{model = \"a\"}]\n", "`prompt` stands beside [[members]]"),
            ("\"@GENE$\"", "\" \"", "the mask of `gene`"),
            ("\"@GENE$\"", "7", "the mask of `gene`"),
            ("\"@GENE$\"", "\"@DISEASE$\"", "cannot be told apart"),
            ("gene =", "Disease =", "are the same"),
            ("[[answers]]\ntext = \"No\"\n", "", "[[answers]] has 1 entries"),
            ("relation = \"causes\"\n", "", "names no `relation`"),
            ("text = \"No\"", "text = \"\"", "empty `text`"),
            ("denied = true", "denid = true", "unknown field `denid`"),
        ];
        for (from, to, expected) in cases {
            assert!(SOUND.contains(from), "{from}");
            let message = read(&SOUND.replacen(from, to, 1)).unwrap_err().to_string();
            assert!(message.contains(expected) && message.contains("model.toml"), "{from} -> {to}: {message}");
        }
    }

    #[test]
    fn the_examples_of_the_readme_can_be_read() {
        let readme = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md"));
        let examples: Vec<&str> =
            readme.split("```toml\n").skip(1).filter_map(|rest| Some(rest.split_once("```")?.0)).collect();
        let names: Vec<String> = examples.into_iter().map(|example| read(example).unwrap().name).collect();
        assert_eq!(names, ["llama-2-7b-gad", "biobert-gad"]);
    }

    #[test]
    fn a_folder_without_settings_is_no_model_folder() {
        let folder = tempfile::tempdir().unwrap();
        let message = ModelFolder::read(folder.path()).unwrap_err().to_string();
        assert!(message.contains("a model folder holds a model.toml"), "{message}");
        let (_, suggestion) = message.split_once("\n\n").unwrap();
        assert_eq!(read(suggestion).unwrap().answers.len(), 2, "what is suggested can be read");
    }
}
