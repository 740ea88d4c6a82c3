//! What decides a model's answers beside its weights, prompt and answers: the masks, and the small files of its folder.

use std::path::Path;

use hopgraph_model::sha256;

use crate::{InferenceError, ModelFolder};

/// Files beside the weights, the tokenizer or an adapter that change what a model computes: how wide it is and which class
/// is which, how text becomes tokens, how strong the adapter is.
const FILES: [&str; 8] = [
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "tokenizer.model",
    "vocab.txt",
    "special_tokens_map.json",
    "added_tokens.json",
    "adapter_config.json",
];

/// How many digits of a hash tell files apart.
const DIGITS: usize = 16;

impl ModelFolder {
    /// The parts, each with its name.
    pub(crate) fn identity_parts(&self) -> Result<Vec<(String, String)>, InferenceError> {
        let mut parts = vec![("masks".to_owned(), self.masks.words().join(", "))];
        let places = [Some(&self.weights), self.adapter.as_ref(), self.tokenizer.as_ref()];
        let mut folders: Vec<&Path> = places.into_iter().flatten().map(|path| folder_of(path)).collect();
        folders.dedup();
        for (number, folder) in folders.iter().enumerate() {
            for name in FILES {
                let path = folder.join(name);
                if path.is_file() {
                    let place = if number == 0 { name.to_owned() } else { format!("{name} {}", number + 1) };
                    parts.push((place, sha256(&path)?[..DIGITS].to_owned()));
                }
            }
        }
        Ok(parts)
    }
}

fn folder_of(path: &Path) -> &Path {
    if path.is_dir() { path } else { path.parent().unwrap_or(Path::new("")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_and_every_file_that_changes_answers_are_parts() {
        let folder = tempfile::tempdir().unwrap();
        let starter = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/models/starter-llama-15m");
        for entry in std::fs::read_dir(starter).unwrap() {
            let path = entry.unwrap().path();
            std::fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
        }
        let parts = || ModelFolder::read(folder.path()).unwrap().identity_parts().unwrap();
        let mut before = parts();
        for name in FILES {
            let path = folder.path().join(name);
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            std::fs::write(&path, text + "\n").unwrap();
            let after = parts();
            assert_ne!(after, before, "{name}");
            before = after;
        }
        let settings = folder.path().join("model.toml");
        let text = std::fs::read_to_string(&settings).unwrap();
        std::fs::write(&settings, text.replace("@GENE$", "@GEN$")).unwrap();
        assert_ne!(parts(), before, "a renamed mask");
    }
}
