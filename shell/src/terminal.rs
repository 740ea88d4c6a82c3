//! What standard output and standard error are: a terminal, or something that wants plain text.

use std::io::{IsTerminal, stderr, stdout};

use crate::render::Layout;

/// The narrowest table that COLUMNS may ask for.
const NARROWEST: u16 = 20;

/// Whether rows go to a person.
pub(crate) fn stdout_is_terminal() -> bool {
    stdout().is_terminal()
}

/// Whether messages go to a person.
pub(crate) fn stderr_is_terminal() -> bool {
    stderr().is_terminal()
}

/// Whether colours are welcome where there is a terminal; see <https://no-color.org>.
pub(crate) fn colours_allowed() -> bool {
    let unset = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    unset && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// How tables are drawn on standard output: as wide as the terminal; elsewhere as wide as the environment says with
/// COLUMNS, or else as the content is.
pub(crate) fn layout() -> Layout {
    if stdout_is_terminal() {
        // A terminal that does not know its width says 0.
        let width = comfy_table::Table::new().width().filter(|columns| *columns >= NARROWEST);
        return Layout { width, styled: colours_allowed() };
    }
    let columns = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    Layout { width: columns.filter(|columns| *columns >= NARROWEST), styled: false }
}

/// `error:` as it begins a message on standard error.
pub(crate) fn error_prefix() -> &'static str {
    if stderr_is_terminal() && colours_allowed() { "\x1b[1;31merror:\x1b[0m" } else { "error:" }
}
