//! Pictures: lines, dots, areas and shaded cells over two axes.

mod axis;
mod draw;

pub use axis::Axis;

use crate::theme::{Ink, Svg};

/// A picture in the making: two axes and what is drawn over them, the first layer lowest.
#[derive(Clone, Debug)]
pub struct Plot {
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) layers: Vec<Layer>,
}

/// A point in the units of the axes.
pub type Point = (f64, f64);

/// A rectangle in the units of the axes, filled with so much of its ink.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tile {
    /// One corner.
    pub from: Point,
    /// The opposite corner.
    pub to: Point,
    /// How much ink, from 0 to 1.
    pub weight: f64,
}

#[derive(Clone, Debug)]
pub(crate) enum Layer {
    Line(Ink, Vec<Point>),
    Dots(Ink, Vec<Point>),
    Area(Ink, Vec<Point>),
    Tiles(Ink, Vec<Tile>),
}

impl Plot {
    /// Two axes and nothing else.
    pub fn new(x: Axis, y: Axis) -> Self {
        Self {
            x,
            y,
            layers: Vec::new(),
        }
    }

    /// A line through the points. [`Ink::Reference`] draws it dashed and thin.
    #[must_use]
    pub fn line(self, ink: Ink, points: Vec<Point>) -> Self {
        self.layer(Layer::Line(ink, points))
    }

    /// A dot on each point.
    #[must_use]
    pub fn dots(self, ink: Ink, points: Vec<Point>) -> Self {
        self.layer(Layer::Dots(ink, points))
    }

    /// A tinted area between the points and zero, with a line along its edge.
    #[must_use]
    pub fn area(self, ink: Ink, points: Vec<Point>) -> Self {
        self.layer(Layer::Area(ink, points.clone()))
            .line(ink, points)
    }

    /// Rectangles of more or less ink.
    #[must_use]
    pub fn tiles(self, ink: Ink, tiles: Vec<Tile>) -> Self {
        self.layer(Layer::Tiles(ink, tiles))
    }

    fn layer(mut self, layer: Layer) -> Self {
        self.layers.push(layer);
        self
    }

    /// The drawing. Points that are not numbers are left out; points beyond a fixed range lie on its edge.
    ///
    /// # Errors
    ///
    /// Only when the drawing library fails.
    pub fn draw(&self) -> anyhow::Result<Svg> {
        draw::draw(self)
    }
}

impl Layer {
    /// Every point that must be inside the axes.
    pub(crate) fn extent(&self) -> Vec<Point> {
        match self {
            Self::Line(_, points) | Self::Dots(_, points) => points.clone(),
            Self::Area(_, points) => points
                .iter()
                .flat_map(|(x, y)| [(*x, *y), (*x, 0.0)])
                .collect(),
            Self::Tiles(_, tiles) => tiles.iter().flat_map(|tile| [tile.from, tile.to]).collect(),
        }
    }
}

/// The outline of a histogram: two points per bin, and down to zero at both ends.
pub fn steps(edges: &[f64], heights: &[f64]) -> Vec<Point> {
    let mut points = Vec::with_capacity(heights.len() * 2 + 2);
    let (Some(first), Some(last)) = (edges.first(), edges.last()) else {
        return points;
    };
    points.push((*first, 0.0));
    for (bin, height) in edges.windows(2).zip(heights) {
        points.push((bin[0], *height));
        points.push((bin[1], *height));
    }
    points.push((*last, 0.0));
    points
}

/// Leaves out points that lie closer than `distance` (in shares of both ranges) to the last one kept; the ends stay.
/// A curve of a million points looks the same with a few hundred.
pub fn thin(points: &[Point], distance: f64) -> Vec<Point> {
    let span = |pick: fn(&Point) -> f64| {
        let (low, high) = points
            .iter()
            .map(pick)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(value), high.max(value))
            });
        if high > low { high - low } else { 1.0 }
    };
    let (width, height) = (span(|point| point.0), span(|point| point.1));
    let mut kept: Vec<Point> = Vec::new();
    for (index, point) in points.iter().enumerate() {
        let far = kept.last().is_none_or(|last| {
            ((point.0 - last.0) / width).abs() + ((point.1 - last.1) / height).abs() >= distance
        });
        if far || index + 1 == points.len() {
            kept.push(*point);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_begins_and_ends_at_zero() {
        let found = steps(&[0.0, 1.0, 3.0], &[2.0, 5.0]);
        let expected = [
            (0.0, 0.0),
            (0.0, 2.0),
            (1.0, 2.0),
            (1.0, 5.0),
            (3.0, 5.0),
            (3.0, 0.0),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn thinning_keeps_both_ends() {
        let points: Vec<Point> = (0..=1000).map(|i| (f64::from(i), f64::from(i))).collect();
        let kept = thin(&points, 0.1);
        assert!(kept.len() < 30, "{}", kept.len());
        assert_eq!((kept[0], kept[kept.len() - 1]), (points[0], points[1000]));
    }

    #[test]
    fn a_plot_without_points_is_still_a_plot() {
        let svg = Plot::new(Axis::new("x"), Axis::new("y")).draw().unwrap();
        assert!(svg.as_str().starts_with("<svg"), "{}", svg.as_str());
    }

    #[test]
    fn points_that_are_not_numbers_are_left_out() {
        let points = vec![
            (0.0, 1.0),
            (1.0, f64::NAN),
            (2.0, f64::INFINITY),
            (3.0, 2.0),
        ];
        let svg = Plot::new(Axis::new("x"), Axis::new("y"))
            .line(Ink::First, points)
            .draw()
            .unwrap();
        assert!(!svg.as_str().contains("NaN"), "{}", svg.as_str());
        assert!(!svg.as_str().contains("-2147483648"), "{}", svg.as_str());
    }
}
