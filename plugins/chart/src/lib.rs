//! Line charts as SVG and PNG, for what hopgraph measures.
//!
//! A [`Chart`] is named lines over two axes. [`Chart::write`] draws it into a file whose ending says which kind of
//! picture is wanted.
//!
//! ```
//! use hopgraph_chart::{Axis, Chart, Series};
//!
//! let chart = Chart {
//!     title: "Pairs found".into(),
//!     x: Axis::linear("relations known"),
//!     y: Axis::logarithmic("pairs found"),
//!     series: vec![Series::line("2 hops", vec![(35.0, 10.0), (355.0, 820.0)])],
//! };
//! let folder = tempfile::tempdir()?;
//! chart.write(&folder.path().join("pairs.svg"))?;
//! chart.write(&folder.path().join("pairs.png"))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod draw;
mod scale;

#[cfg(test)]
mod tests;

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use plotters::backend::{BitMapBackend, SVGBackend};

/// Width and height of a picture, in pixels.
const SIZE: (u32, u32) = (900, 600);

/// Named lines over two axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// What the chart shows.
    pub title: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// The lines, in the order of the legend. A point that an axis cannot show (not finite; not positive on a
    /// logarithmic axis) is left out.
    pub series: Vec<Series>,
}

/// One axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// What is measured along it, with its unit.
    pub name: String,
    /// Whether equal distances are equal factors.
    pub logarithmic: bool,
    /// What it spans; `None`: all points, with zero on a linear axis.
    pub range: Option<RangeInclusive<f64>>,
}

impl Axis {
    /// An axis on which equal distances are equal differences.
    pub fn linear(name: impl Into<String>) -> Self {
        Self { name: name.into(), logarithmic: false, range: None }
    }

    /// An axis on which equal distances are equal factors.
    pub fn logarithmic(name: impl Into<String>) -> Self {
        Self { name: name.into(), logarithmic: true, range: None }
    }

    /// The same axis over just this range.
    #[must_use]
    pub fn over(self, range: RangeInclusive<f64>) -> Self {
        Self { range: Some(range), ..self }
    }
}

/// One line of a chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Its name in the legend.
    pub name: String,
    /// Its points, from left to right.
    pub points: Vec<(f64, f64)>,
    /// How it is drawn.
    pub style: Style,
}

impl Series {
    /// A line through points that are marked.
    pub fn line(name: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        Self { name: name.into(), points, style: Style::Line }
    }

    /// A dashed line, for what others are compared with.
    pub fn dashed(name: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        Self { name: name.into(), points, style: Style::Dashed }
    }
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// Through, with its points marked.
    #[default]
    Line,
    /// Dashed and without marks.
    Dashed,
}

/// Why a chart could not be drawn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChartError {
    /// The ending of the file names no kind of picture.
    #[error("{}: charts are written as .svg or .png", path.display())]
    Kind {
        /// The file.
        path: PathBuf,
    },
    /// No point can be shown.
    #[error("the chart {title:?} has no point that its axes can show")]
    Empty {
        /// The title of the chart.
        title: String,
    },
    /// Writing the picture failed.
    #[error("{}: {cause}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the library or the system said.
        cause: String,
    },
}

impl Chart {
    /// Draws the chart into a file, as the ending `.svg` or `.png` says. An older file is replaced.
    ///
    /// # Errors
    /// If the ending is another one, if there is nothing to show, or if the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), ChartError> {
        let failed = |cause: String| ChartError::File { path: path.to_owned(), cause };
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_lowercase();
        match ending.as_str() {
            "svg" => std::fs::write(path, self.svg()?).map_err(|error| failed(error.to_string())),
            "png" => draw::draw(self, BitMapBackend::new(path, SIZE))?.map_err(failed),
            _ => Err(ChartError::Kind { path: path.to_owned() }),
        }
    }

    /// The chart as the text of an SVG file.
    ///
    /// # Errors
    /// If there is nothing to show.
    pub fn svg(&self) -> Result<String, ChartError> {
        let mut text = String::new();
        draw::draw(self, SVGBackend::with_string(&mut text, SIZE))?.expect("drawing into memory does not fail");
        Ok(text)
    }
}
