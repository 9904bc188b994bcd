//! Axes: what they measure, from where to where, and where their marks stand.

use crate::number;

/// What an axis measures, and from where to where.
#[derive(Clone, Debug)]
pub struct Axis {
    pub(crate) label: String,
    range: Option<(f64, f64)>,
    from_zero: bool,
    round: bool,
}

impl Axis {
    /// An axis as long as what is drawn over it.
    pub fn new(label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            range: None,
            from_zero: false,
            round: false,
        }
    }

    /// From here to there, whatever is drawn.
    #[must_use]
    pub fn range(mut self, from: f64, to: f64) -> Self {
        self.range = Some((from, to));
        self
    }

    /// Begins at zero.
    #[must_use]
    pub fn from_zero(mut self) -> Self {
        self.from_zero = true;
        self
    }

    /// Begins and ends at a mark.
    #[must_use]
    pub fn round(mut self) -> Self {
        self.round = true;
        self
    }

    /// The axis over these values.
    pub(crate) fn scale(&self, values: impl Iterator<Item = f64>) -> Scale {
        let (low, high) = self.range.unwrap_or_else(|| self.span(values));
        let (low, high) = widen(low, high);
        let step = step(high - low);
        if self.round && self.range.is_none() {
            let low = (low / step + 1e-9).floor() * step;
            let high = (high / step - 1e-9).ceil() * step;
            return Scale { low, high, step };
        }
        Scale { low, high, step }
    }

    fn span(&self, values: impl Iterator<Item = f64>) -> (f64, f64) {
        let start = if self.from_zero {
            (0.0, 0.0)
        } else {
            (f64::INFINITY, f64::NEG_INFINITY)
        };
        values
            .filter(|value| value.is_finite())
            .fold(start, |(low, high), value| {
                (low.min(value), high.max(value))
            })
    }
}

/// An axis with ends and marks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    pub(crate) low: f64,
    pub(crate) high: f64,
    step: f64,
}

impl Scale {
    /// The marks with their labels.
    pub(crate) fn marks(self) -> Vec<(f64, String)> {
        let first = (self.low / self.step - 1e-9).ceil();
        let last = (self.high / self.step + 1e-9).floor();
        let largest = self.low.abs().max(self.high.abs());
        // At most a dozen: the step is chosen so.
        (0..=(last - first).clamp(0.0, 20.0) as u32)
            .map(|index| (first + f64::from(index)) * self.step)
            .map(|value| (value, number::mark(value, self.step, largest)))
            .collect()
    }

    pub(crate) fn clamp(self, value: f64) -> f64 {
        value.clamp(self.low, self.high)
    }
}

/// An axis needs two different ends.
fn widen(low: f64, high: f64) -> (f64, f64) {
    if !(low.is_finite() && high.is_finite()) {
        (0.0, 1.0)
    } else if high - low > low.abs().max(high.abs()) * 1e-12 {
        (low, high)
    } else {
        let room = if low == 0.0 { 0.5 } else { low.abs() * 0.5 };
        (low - room, high + room)
    }
}

/// 1, 2 or 5 times a power of ten, for about five marks.
fn step(span: f64) -> f64 {
    let rough = span / 5.0;
    let power = 10_f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 5.0]
        .into_iter()
        .find(|factor| factor * power >= rough * (1.0 - 1e-9));
    factor.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(axis: Axis, values: &[f64], expected: &str) {
        let scale = axis.scale(values.iter().copied());
        let marks: Vec<String> = scale.marks().into_iter().map(|mark| mark.1).collect();
        assert_eq!(marks.join(" "), expected);
    }

    #[test]
    fn marks_are_round_numbers() {
        check(
            Axis::new("").range(0.0, 1.0),
            &[],
            "0.0 0.2 0.4 0.6 0.8 1.0",
        );
        check(Axis::new(""), &[1.0, 180.0], "50 100 150");
        check(Axis::new("").round(), &[0.31, 0.44], "0.30 0.35 0.40 0.45");
        check(Axis::new("").from_zero(), &[7.0], "0 2 4 6");
    }

    #[test]
    fn one_value_or_none_still_make_an_axis() {
        check(Axis::new(""), &[], "0.0 0.2 0.4 0.6 0.8 1.0");
        check(Axis::new(""), &[4.0, 4.0], "2 3 4 5 6");
        check(Axis::new(""), &[0.0], "−0.4 −0.2 0.0 0.2 0.4");
    }
}
