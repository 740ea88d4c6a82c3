//! Ctrl-C: a flag for the work that is going on, instead of an end without farewell.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// Exit code of a program that Ctrl-C ended, by the custom of shells (128 + SIGINT).
pub(crate) const EXIT_CODE: u8 = 130;

/// What a second Ctrl-C does while the first has not been heeded yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Second {
    /// Ends the program at once.
    Exits,
    /// Nothing: the interactive shell lives on.
    IsIgnored,
}

/// The flag that Ctrl-C sets. The first call decides what a second Ctrl-C does.
pub(crate) fn flag(second: Second) -> Arc<AtomicBool> {
    static FLAG: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    let flag = FLAG.get_or_init(|| {
        let flag = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&flag);
        let handler = move || {
            if seen.swap(true, Ordering::Relaxed) && second == Second::Exits {
                std::process::exit(i32::from(EXIT_CODE));
            }
        };
        if let Err(error) = ctrlc::set_handler(handler) {
            // Without a handler Ctrl-C ends the program, which the store survives.
            let _ = writeln!(std::io::stderr(), "warning: Ctrl-C will end the program at once: {error}");
        }
        flag
    });
    Arc::clone(flag)
}
