//! From a plot to SVG.

use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::prelude::{
    Circle, Color, DrawingArea, EmptyElement, IntoDrawingArea, IntoFont, IntoTextStyle,
    PathElement, Polygon, Rectangle, ShapeStyle,
};
use plotters::style::TextStyle;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::axis::Scale;
use super::{Layer, Plot, Point};
use crate::theme::{self, Ink, Svg};

/// A drawing is three times as large as it is shown, since plotters puts every point on whole numbers.
const WIDTH: i32 = 1000;
const HEIGHT: i32 = 740;
const TEXT: i32 = 38;
/// The room above the plot for the label of the y axis, and below for marks and label of the x axis.
const TOP: i32 = 64;
const BOTTOM: i32 = 118;
const RIGHT: i32 = 46;
/// About the width of a figure, in shares of the text's size.
const FIGURE: f64 = 0.58;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Where the plot lies in the drawing.
struct Frame {
    x: Scale,
    y: Scale,
    left: i32,
}

impl Frame {
    fn place(&self, point: Point) -> (i32, i32) {
        let share =
            |scale: Scale, value: f64| (scale.clamp(value) - scale.low) / (scale.high - scale.low);
        let width = f64::from(WIDTH - RIGHT - self.left);
        let height = f64::from(HEIGHT - BOTTOM - TOP);
        let x = f64::from(self.left) + share(self.x, point.0) * width;
        let y = f64::from(HEIGHT - BOTTOM) - share(self.y, point.1) * height;
        (x.round() as i32, y.round() as i32)
    }

    /// The points that are numbers, each once.
    fn path(&self, points: &[Point]) -> Vec<(i32, i32)> {
        let mut path: Vec<(i32, i32)> = points
            .iter()
            .filter(|(x, y)| x.is_finite() && y.is_finite())
            .map(|point| self.place(*point))
            .collect();
        path.dedup();
        path
    }
}

pub(super) fn draw(plot: &Plot) -> anyhow::Result<Svg> {
    let extent: Vec<Point> = plot.layers.iter().flat_map(Layer::extent).collect();
    let x = plot.x.scale(extent.iter().map(|point| point.0));
    let y = plot.y.scale(extent.iter().map(|point| point.1));
    let longest = y
        .marks()
        .iter()
        .map(|(_, label)| label.chars().count())
        .max();
    let left = (longest.unwrap_or(1) as f64 * FIGURE * f64::from(TEXT)) as i32 + 30;
    let frame = Frame { x, y, left };
    let mut drawing = String::new();
    {
        let area = SVGBackend::with_string(&mut drawing, (WIDTH as u32, HEIGHT as u32))
            .into_drawing_area();
        draw_axes(&area, &frame, plot)?;
        for layer in &plot.layers {
            draw_layer(&area, &frame, layer)?;
        }
        area.present()?;
    }
    Ok(theme::finish(&drawing, WIDTH as u32, HEIGHT as u32))
}

fn draw_axes(area: &Area<'_>, frame: &Frame, plot: &Plot) -> anyhow::Result<()> {
    let bottom = HEIGHT - BOTTOM;
    let grid = stroke(Ink::Grid, 2);
    let marks = text(Ink::Quiet);
    for (value, label) in frame.y.marks() {
        let (_, y) = frame.place((frame.x.low, value));
        area.draw(&PathElement::new(
            vec![(frame.left, y), (WIDTH - RIGHT, y)],
            grid,
        ))?;
        let style = marks.pos(Pos::new(HPos::Right, VPos::Center));
        area.draw_text(&label, &style, (frame.left - 16, y))?;
    }
    for (value, label) in frame.x.marks() {
        let (x, _) = frame.place((value, frame.y.low));
        area.draw(&PathElement::new(
            vec![(x, bottom), (x, bottom + 10)],
            stroke(Ink::Axis, 3),
        ))?;
        let style = marks.pos(Pos::new(HPos::Center, VPos::Top));
        area.draw_text(&label, &style, (x, bottom + 20))?;
    }
    let floor = vec![(frame.left, bottom), (WIDTH - RIGHT, bottom)];
    area.draw(&PathElement::new(floor, stroke(Ink::Axis, 3)))?;
    let words = text(Ink::Text);
    let above = words.pos(Pos::new(HPos::Left, VPos::Top));
    area.draw_text(&plot.y.label, &above, (0, 0))?;
    let below = words.pos(Pos::new(HPos::Right, VPos::Bottom));
    area.draw_text(&plot.x.label, &below, (WIDTH - RIGHT, HEIGHT - 2))?;
    Ok(())
}

fn draw_layer(area: &Area<'_>, frame: &Frame, layer: &Layer) -> anyhow::Result<()> {
    match layer {
        Layer::Line(ink, points) => {
            let width = if *ink == Ink::Reference { 4 } else { 5 };
            let path = frame.path(points);
            if path.len() > 1 {
                area.draw(&PathElement::new(path, stroke(*ink, width)))?;
            }
        }
        Layer::Dots(ink, points) => {
            for (x, y) in frame.path(points) {
                area.draw(
                    &(EmptyElement::at((x, y)) + Circle::new((0, 0), 10, ink.colour().filled())),
                )?;
            }
        }
        Layer::Area(ink, points) => {
            let mut path = frame.path(points);
            if let (Some(first), Some(last)) = (path.first().copied(), path.last().copied()) {
                let floor = frame.place((frame.x.low, 0.0)).1;
                path.extend([(last.0, floor), (first.0, floor)]);
                area.draw(&Polygon::new(path, ink.colour().mix(0.16)))?;
            }
        }
        Layer::Tiles(ink, tiles) => {
            for tile in tiles.iter().filter(|tile| tile.weight > 0.0) {
                let corners = [frame.place(tile.from), frame.place(tile.to)];
                // Few steps of weight: nobody sees more, and the page stays small.
                let weight = (tile.weight.min(1.0) * 50.0).ceil() / 50.0;
                area.draw(&Rectangle::new(corners, ink.colour().mix(weight).filled()))?;
            }
        }
    }
    Ok(())
}

fn stroke(ink: Ink, width: u32) -> ShapeStyle {
    ink.colour().stroke_width(width)
}

fn text(ink: Ink) -> TextStyle<'static> {
    // The backend divides by 1.24, the usual height of a line.
    ("sans-serif", f64::from(TEXT) * 1.24)
        .into_font()
        .color(&ink.colour())
        .into_text_style(&(WIDTH as u32, HEIGHT as u32))
}
