//! A model behind somebody else's server: vLLM, llama-server, or any other with an OpenAI-compatible completions
//! endpoint that tells log-probabilities.
//!
//! For each sentence one token is asked for, and the log-probabilities of the most probable tokens in its place. The
//! logit of an answer is the log-probability of the token that begins it.

mod client;
mod response;

#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::mask::Masks;
use crate::model_folder::RemoteSettings;
use crate::prompt::Template;
use crate::{Classification, Classifier, InferenceError, Input, InputError, ModelDescription, ModelFolder};
use client::Client;

/// A classifier that asks a server.
pub struct RemoteClassifier {
    description: ModelDescription,
    masks: Masks,
    template: Template,
    temperature: f32,
    client: Client,
    /// Requests under way at once.
    requests_max: usize,
}

impl RemoteClassifier {
    /// Prepares to ask the server that the folder's `model.toml` names in `[remote]`. Nothing is asked yet.
    ///
    /// # Errors
    /// [`InferenceError::Settings`] if there is no `[remote]`, if two answers begin alike so that one token cannot tell
    /// them apart, or if the variable that is to hold the key is not set.
    pub fn new(folder: &ModelFolder) -> Result<Self, InferenceError> {
        let problem = |problem: String| InferenceError::Settings { path: folder.settings.clone(), problem };
        let settings =
            folder.remote.as_ref().ok_or_else(|| problem("there is no [remote] with an `endpoint`".to_owned()))?;
        refuse_answers_that_begin_alike(folder).map_err(problem)?;
        let client = Client::new(settings).map_err(problem)?;
        Ok(Self {
            description: describe(folder, settings),
            masks: folder.masks.clone(),
            template: folder.template.clone(),
            temperature: folder.temperature,
            client,
            requests_max: settings.requests_max,
        })
    }

    fn ask(&self, input: &Input) -> Result<Result<Classification, InputError>, InferenceError> {
        let sentence = match self.masks.sentence(input) {
            Ok(sentence) => sentence,
            Err(problem) => return Ok(Err(problem)),
        };
        let tokens = self.client.most_probable(&self.template.fill(&sentence))?;
        let answers: Vec<&str> = self.description.answers.iter().map(|answer| answer.text.as_str()).collect();
        Ok(response::logits(&tokens, &answers)
            .map(|logits| Classification::from_logits(logits, self.temperature, Vec::new())))
    }
}

impl Classifier for RemoteClassifier {
    fn description(&self) -> &ModelDescription {
        &self.description
    }

    /// Asks for all inputs, several at once. The first request that fails for good ends the others.
    fn classify(&self, inputs: &[Input]) -> Result<Vec<Result<Classification, InputError>>, InferenceError> {
        let (next, failure) = (AtomicUsize::new(0), Mutex::new(None));
        let work = || {
            let mut answered = Vec::new();
            while let Some((index, input)) = take(inputs, &next) {
                match self.ask(input) {
                    Ok(answer) => answered.push((index, answer)),
                    Err(error) => {
                        failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                        next.store(inputs.len(), Ordering::Relaxed);
                    }
                }
            }
            answered
        };
        let mut answers = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..self.requests_max.min(inputs.len())).map(|_| scope.spawn(work)).collect();
            let joined = threads.into_iter().map(|thread| thread.join().expect("asking does not panic"));
            joined.flatten().collect::<Vec<_>>()
        });
        if let Some(error) = failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(error);
        }
        answers.sort_unstable_by_key(|&(index, _)| index);
        Ok(answers.into_iter().map(|(_, answer)| answer).collect())
    }
}

/// The next input that nobody has taken.
fn take<'i>(inputs: &'i [Input], next: &AtomicUsize) -> Option<(usize, &'i Input)> {
    let index =
        next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |index| (index < inputs.len()).then_some(index + 1));
    index.ok().map(|index| (index, &inputs[index]))
}

/// The server names the most probable tokens by their text, so no answer may be the beginning of another.
fn refuse_answers_that_begin_alike(folder: &ModelFolder) -> Result<(), String> {
    let texts: Vec<&str> = folder.answers.iter().map(|answer| answer.text.trim()).collect();
    for (index, first) in texts.iter().enumerate() {
        if let Some(second) =
            texts[index + 1..].iter().find(|second| second.starts_with(first) || first.starts_with(**second))
        {
            return Err(format!(
                "the answers `{first}` and `{second}` begin alike; choose words that begin differently"
            ));
        }
    }
    Ok(())
}

fn describe(folder: &ModelFolder, settings: &RemoteSettings) -> ModelDescription {
    let named = format!("{}\n{}", settings.endpoint, settings.model);
    let hash = Sha256::digest(named.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    ModelDescription {
        name: folder.name.clone(),
        // The weights are out of reach, so endpoint and model stand for them.
        weights_hash: hash,
        quantization: crate::description::numbers(&format!("remote {}", settings.model), folder.temperature),
        prompt: folder.template.text(),
        labels: folder.masks.labels().clone(),
        answers: folder.answers.clone(),
        threshold: folder.threshold,
    }
}
