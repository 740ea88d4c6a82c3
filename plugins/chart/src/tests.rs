//! What comes out as a picture, and what is refused.

use crate::{Axis, Chart, ChartError, Series};

fn chart(points: Vec<(f64, f64)>) -> Chart {
    Chart {
        title: "Reliability".into(),
        x: Axis::linear("stated").over(0.0..=1.0),
        y: Axis::linear("observed").over(0.0..=1.0),
        series: vec![
            Series::line("model <15M>", points),
            Series::dashed("perfect", vec![(0.0, 0.0), (1.0, 1.0), (f64::NAN, 1.0)]),
        ],
    }
}

#[test]
fn an_svg_shows_title_axes_and_every_line() {
    let svg = chart(vec![(0.1, 0.2), (0.9, 0.8)]).svg().unwrap();
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
    for text in ["Reliability", "stated", "observed", "model &lt;15M&gt;", "perfect"] {
        assert!(svg.contains(text), "{text} is missing in {svg}");
    }
    assert_eq!(svg.matches("<circle").count(), 2, "one mark for each point of the line");
    assert_eq!(svg, chart(vec![(0.1, 0.2), (0.9, 0.8)]).svg().unwrap(), "the same chart is the same text");
}

#[test]
fn a_png_is_a_picture_with_something_on_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chart.PNG");
    chart(vec![(0.1, 0.2)]).write(&path).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(bytes[..8], *b"\x89PNG\r\n\x1a\n");
    assert!(bytes.len() > 4_000, "a white picture would be smaller than {} bytes", bytes.len());
}

#[test]
fn what_cannot_be_drawn_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let kind = chart(vec![]).write(&folder.path().join("chart.jpg")).unwrap_err();
    assert!(matches!(kind, ChartError::Kind { .. }) && kind.to_string().ends_with("written as .svg or .png"));
    let missing = chart(vec![(0.5, 0.5)]).write(&folder.path().join("nowhere/chart.png")).unwrap_err();
    assert!(matches!(missing, ChartError::File { .. }), "{missing}");
    let nothing = Chart {
        title: "Empty".into(),
        x: Axis::linear("x"),
        y: Axis::logarithmic("y"),
        series: vec![Series::line("zero", vec![(1.0, 0.0)])],
    };
    assert!(matches!(nothing.svg(), Err(ChartError::Empty { .. })));
}
