//! `hopgraph discover`: what multi-hop paths find in relations that are known, and whether it is worth finding.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use hopgraph::Value;
use hopgraph::chart::{Axis, Chart, Series};
use hopgraph::discovery::{
    GrowthRow, Hiding, METHODS, PAPER, PaperFigure, RankingReport, Relations, growth, rank_hidden,
};
use hopgraph::engine::Budget;

use super::open_for_reading;
use crate::arguments::DiscoverArguments;
use crate::interrupt::{self, Second};
use crate::quantity::{counted, grouped};
use crate::render::{self, Row};

/// For how many of the first pairs the precision is told.
const FIRST: [usize; 3] = [10, 100, 1000];

/// In how many steps the samples grow, unless sizes are given.
const STEPS: usize = 10;

pub(crate) fn run(arguments: &DiscoverArguments) -> Result<ExitCode> {
    let relations = read(arguments)?;
    let total = relations.relations.len();
    if total == 0 {
        bail!("there are no relations in {}", arguments.input.display());
    }
    let sizes = match arguments.sizes.as_slice() {
        [] => (1..=STEPS).map(|step| (total * step / STEPS).max(1)).collect(),
        given => given.to_vec(),
    };
    let budget = Arc::new(Budget::unlimited().with_cancel_flag(interrupt::flag(Second::Exits)));
    let rows = growth(&relations, &sizes, arguments.samples, arguments.seed, &budget)?;
    let mut out = std::io::stdout().lock();
    let entities = counted(relations.names.len() as u64, "entity").replace("entitys", "entities");
    writeln!(std::io::stderr(), "{}, {entities}, seed {}", counted(total as u64, "relation"), arguments.seed)?;
    write_growth(arguments, &rows, &mut out)?;
    writeln!(out)?;
    let hiding = arguments.after.map_or(Hiding::Share(arguments.hide), Hiding::After);
    let reports: Vec<RankingReport> = (0..arguments.samples.max(1) as u64)
        .map(|sample| rank_hidden(&relations, hiding, &FIRST, arguments.seed + sample))
        .take(if arguments.after.is_some() { 1 } else { usize::MAX })
        .collect();
    write_ranking(arguments, &reports, &mut out)?;
    if let Some(path) = &arguments.plot {
        plot(arguments, &rows, path)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A folder is a graph, anything else a table.
fn read(arguments: &DiscoverArguments) -> Result<Relations> {
    let pair = |names: &Option<Vec<String>>, what: &str| match names.as_deref() {
        None => Ok(None),
        Some([one, other]) => Ok(Some([one.clone(), other.clone()])),
        Some(_) => bail!("{what} takes two names with a comma between"),
    };
    if arguments.input.is_dir() {
        let graph = open_for_reading(&arguments.input, false)?;
        let labels = pair(&arguments.labels, "--labels")?;
        let labels = labels.unwrap_or_else(|| ["gene".to_owned(), "disease".to_owned()]);
        let moment = graph.read()?;
        return Ok(Relations::from_graph(&moment, [&labels[0], &labels[1]])?);
    }
    let columns = pair(&arguments.columns, "--columns")?;
    let columns = columns.as_ref().map(|[source, target]| [source.as_str(), target.as_str()]);
    let filter =
        arguments.only.as_deref().map(|only| only.split_once('=').context("--only takes COLUMN=VALUE")).transpose()?;
    let filter = filter.map(|(column, value)| [column, value]);
    Ok(Relations::from_table(&arguments.input, columns, filter)?)
}

fn write_growth(arguments: &DiscoverArguments, rows: &[GrowthRow], out: &mut dyn Write) -> Result<()> {
    let columns = ["relations", "samples", "2 hops %", "2..3 hops %", "2..4 hops %", "least to most %", "paper %"];
    let cells = rows.iter().map(|row| {
        let paper = PAPER.iter().find(|figure| figure.relations == row.relations && is_of_the_paper(arguments));
        let paper = paper.map(|figure| format!("{} by 2, {} by 4", figure.by_2_hops, figure.by_4_hops));
        vec![
            Value::Integer(row.relations as i64),
            Value::Integer(row.samples as i64),
            percent(row.percent.by_2_hops),
            percent(row.percent.by_3_hops),
            percent(row.percent.by_4_hops),
            Value::Text(row.spread_by_2_hops.map(|found| format!("{found:.2}")).join(" to ")),
            paper.map_or(Value::Null, Value::Text),
        ]
    });
    write(arguments, &columns, cells.collect(), out)
}

fn write_ranking(arguments: &DiscoverArguments, reports: &[RankingReport], out: &mut dyn Write) -> Result<()> {
    let mean = |of: &dyn Fn(&RankingReport) -> f64| {
        let values: Vec<f64> = reports.iter().map(of).filter(|value| value.is_finite()).collect();
        values.iter().sum::<f64>() / values.len() as f64
    };
    let count = |of: fn(&RankingReport) -> usize| grouped(mean(&|report| of(report) as f64).round() as u64);
    let (known, hidden) = (count(|report| report.known), count(|report| report.hidden));
    let (candidates, found) = (count(|report| report.candidates), count(|report| report.hidden_found));
    let chance = mean(&|report| report.hidden_found as f64 / report.candidates as f64);
    writeln!(
        std::io::stderr(),
        "{known} pairs known, {hidden} hidden (mean of {}); 2 to 4 hops find {candidates} pairs, {found} of the hidden \
         among them: {:.2} % by chance",
        counted(reports.len() as u64, "hiding"),
        100.0 * chance
    )?;
    let columns = ["ranked by", "AUC", "first 10 %", "first 100 %", "first 1000 %"];
    let rows = METHODS.iter().enumerate().map(|(place, method)| {
        let auc = mean(&|report| report.methods[place].auc);
        let precision =
            (0..FIRST.len()).map(|first| percent(100.0 * mean(&|report| report.methods[place].precision[first])));
        let auc = Value::Float((auc * 1e4).round() / 1e4);
        [Value::Text(method.name().to_owned()), auc].into_iter().chain(precision).collect()
    });
    write(arguments, &columns, rows.collect(), out)
}

/// The paper's figures are of the gene-disease table of EU-ADR, whole.
fn is_of_the_paper(arguments: &DiscoverArguments) -> bool {
    let folder = arguments.input.parent().and_then(|folder| folder.file_name());
    folder.is_some_and(|name| name == "eu-adr")
        && arguments.input.ends_with("gene_disease.tsv")
        && arguments.only.is_none()
}

fn percent(value: f64) -> Value {
    Value::Float((value * 100.0).round() / 100.0)
}

fn write(arguments: &DiscoverArguments, columns: &[&str], rows: Vec<Row>, out: &mut dyn Write) -> Result<()> {
    render::write_values(columns, &mut rows.into_iter().map(Ok), arguments.format, out)
}

/// The growth as a picture, with the paper's points beside it.
fn plot(arguments: &DiscoverArguments, rows: &[GrowthRow], path: &Path) -> Result<()> {
    let line = |name: &str, of: fn(&GrowthRow) -> f64| {
        Series::line(name, rows.iter().map(|row| (row.relations as f64, of(row))).collect())
    };
    let mut series = vec![
        line("2 hops", |row| row.percent.by_2_hops),
        line("2 or 3 hops", |row| row.percent.by_3_hops),
        line("2 to 4 hops", |row| row.percent.by_4_hops),
    ];
    if is_of_the_paper(arguments) {
        let points = |of: fn(&PaperFigure) -> f64| PAPER.iter().map(|one| (one.relations as f64, of(one))).collect();
        series.push(Series::dashed("2 hops, paper", points(|figure| figure.by_2_hops)));
        series.push(Series::dashed("to 4 hops, paper", points(|figure| figure.by_4_hops)));
    }
    let (x, y) = (Axis::linear("relations known"), Axis::linear("further pairs found, % of the relations"));
    Chart { title: "Pairs that paths find".to_owned(), x, y, series }.write(path)?;
    Ok(())
}
