//! How far a long task is: a bar on a terminal, a line now and then elsewhere.

use std::io::Write;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::quantity::{grouped, spoken};
use crate::terminal;

/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Shows how far a task is, on standard error.
pub(crate) struct Meter {
    bar: Option<ProgressBar>,
    started: Instant,
    last_line: Instant,
    /// What is counted, such as `rows`.
    unit: &'static str,
}

/// How far a task is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Position {
    /// Work done, in whatever the total is in.
    pub(crate) done: u64,
    /// All work, if it is known.
    pub(crate) total: Option<u64>,
    /// Units done, such as rows, for the rate.
    pub(crate) units: u64,
    /// What else there is to say, such as the file.
    pub(crate) note: String,
}

impl Meter {
    /// A meter for a task that counts in this unit.
    pub(crate) fn new(unit: &'static str) -> Self {
        let bar = terminal::stderr_is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
            bar.set_style(ProgressStyle::default_spinner());
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        let now = Instant::now();
        Self { bar, started: now, last_line: now, unit }
    }

    /// Shows where the task is now.
    pub(crate) fn show(&mut self, position: &Position) {
        match &self.bar {
            Some(bar) => self.draw(bar, position),
            None if self.last_line.elapsed() >= LINE_EVERY => {
                self.last_line = Instant::now();
                // Progress that cannot be shown is no reason to fail.
                let _ = writeln!(std::io::stderr(), "{}", describe(position, self.unit, self.started.elapsed()));
            }
            None => {}
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    /// How long the task has run.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    fn draw(&self, bar: &ProgressBar, position: &Position) {
        if let (Some(total), None) = (position.total, bar.length()) {
            bar.set_length(total);
            let plain = terminal::colours_allowed();
            let template =
                if plain { "{bar:30.cyan} {percent:>3}% {wide_msg}" } else { "{bar:30} {percent:>3}% {wide_msg}" };
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style.progress_chars("━╸─"));
            }
        }
        bar.set_position(position.done);
        bar.set_message(describe_rate(position, self.unit, self.started.elapsed()));
    }
}

/// `42% 1,200 rows, 400 rows/s, 3 s left, edges.tsv`
fn describe(position: &Position, unit: &str, elapsed: Duration) -> String {
    let rate = describe_rate(position, unit, elapsed);
    match position.total {
        Some(total) if total > 0 => format!("{:3.0}% {rate}", 100.0 * position.done as f64 / total as f64),
        _ => rate,
    }
}

fn describe_rate(position: &Position, unit: &str, elapsed: Duration) -> String {
    let mut text = format!("{} {unit}", grouped(position.units));
    let seconds = elapsed.as_secs_f64();
    if seconds >= 0.5 {
        text += &format!(", {} {unit}/s", grouped((position.units as f64 / seconds) as u64));
        if let Some(left) = time_left(position, elapsed) {
            text += &format!(", {} left", rounded(left));
        }
    }
    if !position.note.is_empty() {
        text += &format!(", {}", position.note);
    }
    text
}

/// A remaining time to the second: fractions would only flicker.
fn rounded(time: Duration) -> String {
    if time < Duration::from_secs(60) { format!("{} s", time.as_secs().max(1)) } else { spoken(time) }
}

/// The time that the rest will take at the rate so far.
fn time_left(position: &Position, elapsed: Duration) -> Option<Duration> {
    let total = position.total?;
    if position.done == 0 || position.done >= total {
        return None;
    }
    let left = elapsed.as_secs_f64() * (total - position.done) as f64 / position.done as f64;
    Duration::try_from_secs_f64(left).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_told_with_rate_and_time_left() {
        let position = Position { done: 25, total: Some(100), units: 5000, note: "edges.tsv".to_owned() };
        let text = describe(&position, "rows", Duration::from_secs(10));
        assert_eq!(text, " 25% 5,000 rows, 500 rows/s, 30 s left, edges.tsv");
        let unknown = Position { total: None, note: String::new(), ..position };
        assert_eq!(describe(&unknown, "rows", Duration::from_secs(10)), "5,000 rows, 500 rows/s");
    }
}
