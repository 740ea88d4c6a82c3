//! Draws a chart on whatever can be drawn on.

use std::sync::Once;

use plotters::chart::{ChartBuilder, ChartContext, SeriesLabelPosition};
use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::types::RangedCoordf64;
use plotters::drawing::DrawingArea;
use plotters::element::{Circle, PathElement};
use plotters::prelude::{DrawingBackend, IntoDrawingArea};
use plotters::series::{DashedLineSeries, LineSeries};
use plotters::style::{BLACK, Color, FontStyle, RGBColor, WHITE, register_font};

use crate::scale::Scale;
use crate::{Chart, ChartError, Series, Style};

/// DejaVu Sans, cut down to Latin letters and a few signs, so that charts look the same on every machine.
const FONT: &[u8] = include_bytes!("../font/DejaVuSans-subset.ttf");
const FAMILY: &str = "sans-serif";

/// Colours that differ for the colour-blind too (Okabe and Ito, "Color Universal Design", 2008), taken in turn.
const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(230, 159, 0),
    RGBColor(60, 60, 60),
];

type Canvas<'a, B> = ChartContext<'a, B, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Draws the chart. The inner error is what the backend said.
pub(crate) fn draw<B: DrawingBackend>(chart: &Chart, backend: B) -> Result<Result<(), String>, ChartError>
where
    B::ErrorType: 'static,
{
    let points = || chart.series.iter().flat_map(|series| &series.points);
    let x = Scale::new(&chart.x, points().map(|point| point.0));
    let y = Scale::new(&chart.y, points().map(|point| point.1));
    let (Some(x), Some(y)) = (x, y) else { return Err(ChartError::Empty { title: chart.title.clone() }) };
    bring_font();
    let area = backend.into_drawing_area();
    Ok(draw_on(chart, &area, &x, &y).map_err(|error| error.to_string()))
}

fn bring_font() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        assert!(register_font(FAMILY, FontStyle::Normal, FONT).is_ok(), "the font that comes with this crate is sound");
    });
}

fn draw_on<B: DrawingBackend>(
    chart: &Chart,
    area: &DrawingArea<B, Shift>,
    x: &Scale,
    y: &Scale,
) -> Result<(), Box<dyn std::error::Error>>
where
    B::ErrorType: 'static,
{
    area.fill(&WHITE)?;
    let mut canvas = ChartBuilder::on(area)
        .caption(&chart.title, (FAMILY, 22))
        .margin(16)
        .x_label_area_size(50)
        .y_label_area_size(70)
        .build_cartesian_2d(x.range(), y.range())?;
    canvas
        .configure_mesh()
        .x_desc(&chart.x.name)
        .y_desc(&chart.y.name)
        .label_style((FAMILY, 14))
        .axis_desc_style((FAMILY, 15))
        .light_line_style(WHITE)
        .x_label_formatter(&|place| x.label(*place))
        .y_label_formatter(&|place| y.label(*place))
        .draw()?;
    for (series, colour) in chart.series.iter().zip(COLOURS.into_iter().cycle()) {
        draw_series(&mut canvas, series, colour, x, y)?;
    }
    canvas
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.85))
        .border_style(BLACK.mix(0.3))
        .label_font((FAMILY, 14))
        .draw()?;
    area.present()?;
    Ok(())
}

fn draw_series<B: DrawingBackend>(
    canvas: &mut Canvas<'_, B>,
    series: &Series,
    colour: RGBColor,
    x: &Scale,
    y: &Scale,
) -> Result<(), Box<dyn std::error::Error>>
where
    B::ErrorType: 'static,
{
    let place = |&(across, up): &(f64, f64)| Some((x.place(across)?, y.place(up)?));
    let points: Vec<(f64, f64)> = series.points.iter().filter_map(place).collect();
    let line = colour.stroke_width(2);
    let drawn = match series.style {
        Style::Line => {
            canvas.draw_series(points.iter().map(|&point| Circle::new(point, 3, colour.filled())))?;
            canvas.draw_series(LineSeries::new(points, line))?
        }
        Style::Dashed => canvas.draw_series(DashedLineSeries::new(points, 6, 4, line))?,
    };
    drawn.label(&series.name).legend(move |(left, up)| PathElement::new(vec![(left, up), (left + 20, up)], line));
    Ok(())
}
