//! A `model.toml` to start from, for a folder of weights that has none.

use std::path::{Path, PathBuf};

use hopgraph_model::architecture::{Architecture, Checkpoint};

/// The weights of a folder: the index of several files before a file, GGUF before safetensors, else by name. None if
/// there are none.
pub fn find_weights(folder: &Path) -> Option<PathBuf> {
    let files = std::fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    let rank = |path: &PathBuf| {
        let name = path.file_name()?.to_str()?;
        let is_adapter = name.starts_with("adapter");
        let rank = match () {
            () if name.ends_with(".safetensors.index.json") => 0,
            () if name.ends_with(".gguf") => 1,
            () if name == "model.safetensors" => 2,
            () if name.ends_with(".safetensors") => 3,
            () => return None,
        };
        Some((is_adapter, rank, name.to_owned()))
    };
    files.filter_map(|path| Some((rank(&path)?, path))).min().map(|(_, path)| path)
}

/// What a `model.toml` for the weights of this folder might say; its relations are the user's to choose.
pub(crate) fn suggest(folder: &Path) -> String {
    let weights = find_weights(folder);
    let file = weights.as_deref().and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or("model.gguf");
    let name = folder.canonicalize().ok().and_then(|path| Some(path.file_name()?.to_str()?.to_owned()));
    let classes = weights.as_deref().and_then(classes);
    let (name, file) = (literal(&name.unwrap_or_else(|| "my-model".into())), literal(file));
    let mut text = format!("name = {name}\nweights = {file}\nthreshold = 0.5\n");
    if classes.is_none() {
        text += concat!(
            "prompt = \"\"\"\n### Instruction:\nIs @GENE$ related to @DISEASE$ in this sentence? Answer True or False.\n",
            "### Sentence:\n{sentence}\n### Response:\n\"\"\"\n"
        );
    }
    text += "\n[masks]\ngene = \"@GENE$\"\ndisease = \"@DISEASE$\"\n";
    let answers = classes.unwrap_or_else(|| vec!["False".into(), "True".into()]);
    for (number, answer) in answers.iter().enumerate() {
        text += &format!("\n[[answers]]\ntext = {}\n", literal(answer));
        // The last class is usually the one that says yes.
        if number + 1 == answers.len() {
            text += "relation = \"associated\"\nsymmetric = true\n";
        }
    }
    text
}

/// The classes of an encoder. None for a decoder, and for what cannot be read.
fn classes(file: &Path) -> Option<Vec<String>> {
    let mut checkpoint = Checkpoint::open(file).ok()?;
    match Architecture::measures(&mut checkpoint).ok()? {
        Architecture::Encoder(encoder) => Some(encoder.classes),
        Architecture::Decoder(_) => None,
    }
}

/// A string of TOML, in the quotes that need no escapes where there are such.
fn literal(text: &str) -> String {
    let plain = |quote| !text.contains(|c: char| c == quote || c == '\\' || c.is_control());
    if !plain('"') && plain('\'') { format!("'{text}'") } else { format!("{text:?}") }
}
