//! What an evaluation found, for people.

use std::io::{self, Write};

use hopgraph::chart::{Axis, Chart, Series};
use hopgraph::evaluation::{
    BinaryScores, Calibration, Class, ClassScores, Evaluation, Leak, MemberScores, TemperatureFit,
};
use serde_json::json;

use super::{Layout, plain_table};
use crate::quantity::{counted, grouped};

/// How wide the longest bar is.
const BAR_WIDTH: f64 = 40.0;

/// An evaluation, and the temperature that was fitted on its rows.
pub(crate) struct EvaluationReport<'a> {
    pub(crate) evaluation: &'a Evaluation,
    pub(crate) fit: Option<&'a TemperatureFit>,
}

impl EvaluationReport<'_> {
    /// Everything as one JSON object.
    pub(crate) fn json(&self) -> serde_json::Result<String> {
        let mut object = serde_json::to_value(self.evaluation)?;
        if let Some(leak) = self.evaluation.leak {
            object["leak"]["clean"] = json!(leak.is_clean());
        }
        if let Some(classes) = &self.evaluation.classes {
            object["classes"] = json!({
                "macro_f1": classes.macro_f1(),
                "accuracy": classes.accuracy(),
                "confusion": classes.confusion,
                "by_class": Class::ALL.map(|class| json!({"class": class, "scores": classes.one(class)})),
            });
        }
        if let Some(fit) = self.fit {
            object["temperature"] = serde_json::to_value(fit)?;
        }
        serde_json::to_string(&object)
    }

    /// Tables: the scores beside the baselines, the classes, the reliability.
    pub(crate) fn write(&self, layout: &Layout, out: &mut dyn Write) -> io::Result<()> {
        let found = self.evaluation;
        writeln!(out, "{} on {}\n", found.model, counted(found.rows, "labelled sentence"))?;
        if let Some(leak) = &found.leak {
            write_leak(leak, out)?;
        }
        write_scores(found, layout, out)?;
        if let Some(classes) = &found.classes {
            write_classes(classes, layout, out)?;
        }
        write_members(&found.members, layout, out)?;
        write_calibration(&found.calibration, layout, out)?;
        self.fit.map_or(Ok(()), |fit| write_fit(fit, layout, out))
    }
}

/// What the members of an ensemble score alone.
fn write_members(members: &[MemberScores], layout: &Layout, out: &mut dyn Write) -> io::Result<()> {
    if members.is_empty() {
        return Ok(());
    }
    let row = |member: &MemberScores| {
        let scores = [member.share, member.related.f1(), member.related.matthews()].map(|score| format!("{score:.3}"));
        [vec![member.model.clone()], scores.to_vec()].concat()
    };
    let rows: Vec<Vec<String>> = members.iter().map(row).collect();
    writeln!(out)?;
    plain_table(&["member alone", "weight", "F1", "MCC"], &rows, &[1, 2, 3], layout, out)
}

fn write_leak(leak: &Leak, out: &mut dyn Write) -> io::Result<()> {
    let share = |part: u64| format!("{} ({})", grouped(part), percent(part, leak.test_rows));
    if leak.is_clean() {
        let caution = if leak.sources_known { "" } else { "; the files do not tell the unmasked sentences" };
        return writeln!(
            out,
            "No test sentence stands among the {}{caution}.\n",
            counted(leak.train_rows, "training sentence")
        );
    }
    writeln!(out, "LEAKING SPLIT. Of {} test sentences", grouped(leak.test_rows))?;
    writeln!(
        out,
        "  {} stand word for word among the {} for training,",
        share(leak.verbatim),
        grouped(leak.train_rows)
    )?;
    if leak.verbatim > 0 {
        let times = counted(leak.verbatim_times_least, "time");
        writeln!(out, "    {} of them with the same label, each at least {times};", grouped(leak.verbatim_same_label))?;
    }
    writeln!(out, "  {} share their unmasked sentence with one of those.", share(leak.same_source))?;
    writeln!(out, "Scores on such rows show memory, not reading. Compare with `looked up`.\n")
}

fn percent(part: u64, whole: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "counts of rows are far below 2^53")]
    let share = part as f64 / whole.max(1) as f64;
    format!("{:.1} %", 100.0 * share)
}

fn write_scores(found: &Evaluation, layout: &Layout, out: &mut dyn Write) -> io::Result<()> {
    let line = |name: &str, scores: &BinaryScores| {
        let numbers = [scores.precision(), scores.recall(), scores.f1(), scores.matthews(), scores.accuracy()];
        std::iter::once(name.to_owned()).chain(numbers.map(three)).collect::<Vec<_>>()
    };
    let mut rows = vec![line(&found.model, &found.related), line("always \"related\"", &found.always_related)];
    rows.extend(found.lookup.as_ref().map(|lookup| line("looked up in training", lookup)));
    let header = ["related or not", "precision", "recall", "F1", "MCC", "accuracy"];
    plain_table(&header, &rows, &[1, 2, 3, 4, 5], layout, out)?;
    writeln!(out)
}

fn write_classes(classes: &ClassScores, layout: &Layout, out: &mut dyn Write) -> io::Result<()> {
    let line = |class: Class| {
        let scores = classes.one(class);
        let numbers = [scores.precision(), scores.recall(), scores.f1(), scores.matthews()].map(three);
        let said = classes.confusion[class as usize].map(grouped);
        std::iter::once(class.name().to_owned()).chain(numbers).chain(said).collect::<Vec<_>>()
    };
    let mut rows: Vec<Vec<String>> = Class::ALL.into_iter().map(line).collect();
    let mean = ["macro", "", "", &three(classes.macro_f1()), "", "", "", ""].map(str::to_owned);
    rows.push(mean.to_vec());
    let said = Class::ALL.map(|class| format!("said {}", class.name()));
    let header = ["class", "precision", "recall", "F1", "MCC", &said[0], &said[1], &said[2]];
    plain_table(&header, &rows, &[1, 2, 3, 4, 5, 6, 7], layout, out)?;
    writeln!(out)
}

fn write_calibration(calibration: &Calibration, layout: &Layout, out: &mut dyn Write) -> io::Result<()> {
    let rows: Vec<Vec<String>> = calibration
        .bins
        .iter()
        .map(|bin| {
            let range = format!("{:.1} to {:.1}", bin.from, bin.from + 0.1);
            vec![range, grouped(bin.rows), three(bin.stated), three(bin.observed), bar(bin.stated, bin.observed)]
        })
        .collect();
    let header = ["P(related)", "rows", "stated", "observed", "observed ■, stated |"];
    plain_table(&header, &rows, &[1, 2, 3], layout, out)?;
    let (error, brier) = (three(calibration.expected_error), three(calibration.brier));
    writeln!(out, "expected calibration error {error}, Brier score {brier}")
}

/// As long as what was observed, with a mark at what was stated.
fn bar(stated: f64, observed: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "shares lie in 0..=1")]
    let [stated, observed] = [stated, observed].map(|share| (share.clamp(0.0, 1.0) * BAR_WIDTH).round() as usize);
    let length = observed.max(stated + 1);
    let cell = |at: usize| match at {
        at if at == stated => '|',
        at if at < observed => '■',
        _ => ' ',
    };
    (0..length).map(cell).collect()
}

fn write_fit(fit: &TemperatureFit, layout: &Layout, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\ntemperature {:.4}\n", fit.temperature)?;
    let line = |name: &str, calibration: &Calibration| {
        vec![name.to_owned(), three(calibration.expected_error), three(calibration.brier)]
    };
    let rows = [
        line("without temperature", &fit.before),
        line("with it, on the rows it was fitted on", &fit.after),
        line("fitted on one half, judged on the other", &fit.held_out),
    ];
    plain_table(&["calibration", "expected error", "Brier"], &rows, &[1, 2], layout, out)
}

fn three(number: f64) -> String {
    format!("{number:.3}")
}

/// What is observed against what is stated.
pub(crate) fn reliability_chart(report: &EvaluationReport<'_>) -> Chart {
    let line = |name: &str, calibration: &Calibration| {
        Series::line(name, calibration.bins.iter().map(|bin| (bin.stated, bin.observed)).collect())
    };
    let mut series =
        vec![Series::dashed("honest", vec![(0.0, 0.0), (1.0, 1.0)]), line("as stated", &report.evaluation.calibration)];
    series.extend(report.fit.map(|fit| line(&format!("at temperature {:.2}", fit.temperature), &fit.after)));
    Chart {
        title: format!("Reliability of {}", report.evaluation.model),
        x: Axis::linear("probability stated for \"related\"").over(0.0..=1.0),
        y: Axis::linear("share that is related").over(0.0..=1.0),
        series,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_shows_both_shares() {
        assert_eq!(bar(0.0, 0.0), "|");
        assert_eq!(bar(0.1, 0.2), "■■■■|■■■");
        assert_eq!(bar(0.2, 0.1), "■■■■    |");
        assert_eq!(bar(1.0, 1.0).chars().count(), 41);
    }
}
