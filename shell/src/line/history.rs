//! Where the lines typed before are kept.

use std::path::PathBuf;

use rustyline::history::FileHistory;
use rustyline::{Editor, Helper};

/// The file of lines typed before.
pub(crate) struct History {
    path: Option<PathBuf>,
}

impl History {
    /// The user's history: in the state folder of XDG if that is set, else in the home folder.
    pub(crate) fn of_user() -> Self {
        let folder = |variable: &str| std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from);
        Self { path: place(folder("XDG_STATE_HOME"), folder("HOME")) }
    }

    /// Reads it. A history that cannot be read is an empty one.
    pub(crate) fn load<H: Helper>(&self, editor: &mut Editor<H, FileHistory>) {
        if let Some(path) = &self.path {
            let _ = editor.load_history(path);
        }
    }

    /// Adds what was typed. The statement has run already, so a failure is not worth a word.
    pub(crate) fn save<H: Helper>(&self, editor: &mut Editor<H, FileHistory>) {
        let Some(path) = &self.path else { return };
        if let Some(folder) = path.parent() {
            let _ = std::fs::create_dir_all(folder);
        }
        let _ = editor.append_history(path);
    }
}

fn place(state: Option<PathBuf>, home: Option<PathBuf>) -> Option<PathBuf> {
    match (state, home) {
        (Some(state), _) => Some(state.join("hopgraph").join("history")),
        (None, Some(home)) => Some(home.join(".hopgraph_history")),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_history_follows_xdg_then_home() {
        let (state, home) = (Some(PathBuf::from("/s")), Some(PathBuf::from("/h")));
        assert_eq!(place(state, home.clone()), Some(PathBuf::from("/s/hopgraph/history")));
        assert_eq!(place(None, home), Some(PathBuf::from("/h/.hopgraph_history")));
        assert_eq!(place(None, None), None);
    }
}
