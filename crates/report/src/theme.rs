//! Inks: colours by their meaning, which the page's style sheet fills in for light, dark and paper.

use plotters::style::RGBColor;
use serde::Serialize;

/// A drawing whose colours are the page's. Only this crate makes one, so a page never shows foreign markup.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct Svg(String);

impl Svg {
    /// The drawing as markup.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A colour by its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ink {
    /// The first thing shown.
    First,
    /// The second thing shown.
    Second,
    /// The third.
    Third,
    /// The fourth.
    Fourth,
    /// The fifth.
    Fifth,
    /// The sixth.
    Sixth,
    /// What all else is compared with: dashed and grey.
    Reference,
    /// Words.
    Text,
    /// Words of less weight: numbers at axes.
    Quiet,
    /// Lines that help the eye.
    Grid,
    /// The lines that others start from.
    Axis,
}

impl Ink {
    const ALL: [Self; 11] = [
        Self::First,
        Self::Second,
        Self::Third,
        Self::Fourth,
        Self::Fifth,
        Self::Sixth,
        Self::Reference,
        Self::Text,
        Self::Quiet,
        Self::Grid,
        Self::Axis,
    ];

    /// The ink of the nth thing shown; after six they begin again.
    pub fn nth(index: usize) -> Self {
        Self::ALL[index % 6]
    }

    /// The name of its variable in the style sheet.
    fn variable(self) -> &'static str {
        match self {
            Self::First => "var(--first)",
            Self::Second => "var(--second)",
            Self::Third => "var(--third)",
            Self::Fourth => "var(--fourth)",
            Self::Fifth => "var(--fifth)",
            Self::Sixth => "var(--sixth)",
            Self::Reference => "var(--reference)",
            Self::Text => "var(--text)",
            Self::Quiet => "var(--quiet)",
            Self::Grid => "var(--grid)",
            Self::Axis => "var(--axis)",
        }
    }

    /// The colour that stands for the ink while drawing, until [`finish`] puts the variable in its place.
    pub(crate) fn colour(self) -> RGBColor {
        RGBColor(1, 2, self as u8)
    }
}

/// From plotters' SVG to one that takes its colours and its width from the page.
pub(crate) fn finish(drawing: &str, width: u32, height: u32) -> Svg {
    let body = drawing.split_once('>').map_or("", |(_, body)| body);
    let mut svg = format!(
        "<svg viewBox=\"0 0 {width} {height}\" aria-hidden=\"true\" focusable=\"false\">{body}"
    );
    let dashed = format!(
        "stroke=\"{}\" stroke-dasharray=\"14 12\"",
        Ink::Reference.variable()
    );
    svg = svg.replace(&format!("stroke=\"{}\"", hex(Ink::Reference)), &dashed);
    for ink in Ink::ALL {
        svg = svg.replace(&hex(ink), ink.variable());
    }
    for noise in [
        " opacity=\"1\"",
        " stroke=\"none\"",
        " font-family=\"sans-serif\"",
    ] {
        svg = svg.replace(noise, "");
    }
    svg = svg.replace(" \"/>", "\"/>").replace(">\n", ">");
    Svg(svg)
}

fn hex(ink: Ink) -> String {
    let RGBColor(red, green, blue) = ink.colour();
    format!("#{red:02X}{green:02X}{blue:02X}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_takes_its_colours_and_width_from_the_page() {
        let drawing = "<svg width=\"9\" height=\"8\" viewBox=\"0 0 9 8\" xmlns=\"http://www.w3.org/2000/svg\">\n\
            <line opacity=\"1\" stroke=\"#010206\" x1=\"0\"/>\n<rect opacity=\"0.5\" fill=\"#010200\" stroke=\"none\"/>\n</svg>\n";
        insta::assert_snapshot!(finish(drawing, 9, 8).as_str(), @r#"<svg viewBox="0 0 9 8" aria-hidden="true" focusable="false"><line stroke="var(--reference)" stroke-dasharray="14 12" x1="0"/><rect opacity="0.5" fill="var(--first)"/></svg>"#);
    }
}
