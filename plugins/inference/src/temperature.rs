//! Keeps what was fitted on a development set in a `model.toml`: the temperature, and the weights of members.

use std::io::Write;
use std::path::Path;

use hopgraph_model::ModelError;

use crate::{InferenceError, ModelFolder};

const KEY: &str = "temperature";

/// Writes the temperature into the `model.toml` of a folder, in the place of an older one; every other line stays as it
/// is. The file is replaced as a whole, or not at all.
///
/// # Errors
/// If the folder is no model folder, if the temperature is not a positive number, or if the file cannot be written.
pub fn store_temperature(folder: &Path, temperature: f32) -> Result<(), InferenceError> {
    store(folder, |text| with_temperature(text, temperature))
}

/// Writes the weights of an ensemble's members into the `model.toml` of a folder, in order, in the place of older ones;
/// every other line stays as it is. The file is replaced as a whole, or not at all.
///
/// # Errors
/// If the folder is no model folder with as many members, or if the file cannot be written.
pub fn store_weights(folder: &Path, weights: &[f32]) -> Result<(), InferenceError> {
    let members = ModelFolder::read(folder)?.members.len();
    if members != weights.len() {
        let problem = format!("there are {} weights for {members} members", weights.len());
        return Err(InferenceError::Ensemble(problem));
    }
    store(folder, |text| with_weights(text, weights))
}

/// Replaces the `model.toml` of a folder by what is made of its text, if that can be read.
fn store(folder: &Path, change: impl Fn(&str) -> String) -> Result<(), InferenceError> {
    let path = ModelFolder::read(folder)?.settings;
    let failed = |source| ModelError::Unreadable {
        path: path.clone(),
        source,
        advice: "nothing was stored; see that the file can be written",
    };
    let text = std::fs::read_to_string(&path).map_err(failed)?;
    let written = change(&text);
    ModelFolder::parse(folder, &path, &written)?;
    let replace = || {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(written.as_bytes())?;
        file.as_file().set_permissions(std::fs::metadata(&path)?.permissions())?;
        file.as_file().sync_all()?;
        file.persist(&path).map_err(|error| error.error)
    };
    Ok(replace().map(drop).map_err(failed)?)
}

/// The text with this line in the place of the one that sets a temperature, or else before the first table.
fn with_temperature(text: &str, temperature: f32) -> String {
    let line = format!("{KEY} = {temperature:?}");
    let mut lines: Vec<&str> = text.lines().collect();
    let before_tables = before_tables(&lines);
    match before_tables.iter().find(|&&index| sets(lines[index])) {
        Some(&old) => lines[old] = &line,
        None => {
            let place = before_tables.last().map_or(0, |last| last + 1);
            let comment =
                "# What logits are divided by, so that probabilities are honest; fitted on a development set.";
            lines.splice(place..place, [comment, &line, ""]).for_each(drop);
        }
    }
    lines.join("\n") + "\n"
}

/// The text with a weight in each table of `[[members]]`.
fn with_weights(text: &str, weights: &[f32]) -> String {
    let (mut lines, mut weights) = (Vec::new(), weights.iter());
    let mut in_member = false;
    for line in text.lines() {
        if line.trim_start().starts_with('[') {
            in_member = line.trim() == "[[members]]";
            lines.push(line.to_owned());
            lines.extend(in_member.then(|| weights.next()).flatten().map(|weight| format!("weight = {weight:?}")));
        } else if !(in_member && line.split_once('=').is_some_and(|(key, _)| key.trim() == "weight")) {
            lines.push(line.to_owned());
        }
    }
    lines.join("\n") + "\n"
}

fn sets(line: &str) -> bool {
    line.split_once('=').is_some_and(|(key, _)| key.trim() == KEY)
}

/// The lines before the first table that stand in no text of several lines, without the comment that belongs to the
/// table.
fn before_tables(lines: &[&str]) -> Vec<usize> {
    let (mut found, mut in_text, mut ended_by_table) = (Vec::new(), false, false);
    for (index, line) in lines.iter().enumerate() {
        if !in_text && line.trim_start().starts_with('[') {
            ended_by_table = true;
            break;
        }
        let opens_or_closes = (line.matches("\"\"\"").count() + line.matches("'''").count()) % 2 == 1;
        in_text ^= opens_or_closes;
        // The line that ends a text belongs to it as much as those within, but nothing may come before its end.
        if !in_text {
            found.push(index);
        }
    }
    while ended_by_table && found.last().is_some_and(|&last| lines[last].starts_with('#')) {
        found.pop();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: &str = "# A model.\nname = \"m\"\nweights = \"m.gguf\"\nprompt = \"\"\"\n[Question]\ntemperature = 3\n\
        {sentence}\nAnswer:\n\"\"\"\n\n# The masks.\n[masks]\ngene = \"@GENE$\"\ndisease = \"@DISEASE$\"\n\n\
        [[answers]]\ntext = \"Yes\"\nrelation = \"causes\"\n[[answers]]\ntext = \"No\"\n";

    #[test]
    fn is_stored_once_and_leaves_the_rest_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.toml");
        std::fs::write(&path, SETTINGS).unwrap();
        assert_eq!(ModelFolder::read(folder.path()).unwrap().temperature, 1.0, "without one, nothing is divided");
        store_temperature(folder.path(), 1.25).unwrap();
        let first = std::fs::read_to_string(&path).unwrap();
        assert_eq!(ModelFolder::read(folder.path()).unwrap().temperature, 1.25, "{first}");
        let kept: Vec<&str> = first.lines().filter(|line| SETTINGS.lines().any(|old| old == *line)).collect();
        assert!(kept.len() >= SETTINGS.lines().count(), "every line is still there:\n{first}");
        assert!(first.contains("temperature = 1.25\n\n# The masks.\n[masks]"), "{first}");

        store_temperature(folder.path(), 0.5).unwrap();
        let second = std::fs::read_to_string(&path).unwrap();
        assert_eq!(second, first.replace("temperature = 1.25", "temperature = 0.5"));
    }

    #[test]
    fn weights_stand_in_their_members_and_nothing_else_changes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.toml");
        let settings = "name = \"both\"\n[[members]]\nmodel = \"a\"\nweight = 1.0 # half\n\n# The other.\n[[members]]\nmodel = \"b\"\n";
        std::fs::write(&path, settings).unwrap();
        store_weights(folder.path(), &[0.25, 0.75]).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let weights: Vec<f32> =
            ModelFolder::read(folder.path()).unwrap().members.iter().map(|member| member.1).collect();
        assert_eq!(weights, [0.25, 0.75], "{text}");
        assert!(text.contains("# The other.\n[[members]]\nweight = 0.75\nmodel = \"b\""), "{text}");
        assert!(store_weights(folder.path(), &[1.0]).unwrap_err().to_string().contains("1 weights for 2 members"));
    }

    #[test]
    fn a_temperature_that_cannot_be_is_refused_and_nothing_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.toml");
        std::fs::write(&path, SETTINGS).unwrap();
        for temperature in [0.0, -1.0, f32::INFINITY] {
            let message = store_temperature(folder.path(), temperature).unwrap_err().to_string();
            assert!(message.contains("`temperature`"), "{message}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), SETTINGS);
        }
    }
}
