//! The page model: what a page says, not how it looks.

use serde::Serialize;

use crate::chart::Plot;
use crate::theme::{Ink, Svg};

/// A page.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Page {
    /// The heading, and the title of the window.
    pub title: String,
    /// One or two sentences under the heading.
    pub lead: String,
    /// The few numbers a reader came for.
    pub figures: Vec<Figure>,
    /// The parts, in order.
    pub sections: Vec<Section>,
    /// The last line.
    pub footer: String,
}

/// One number a reader came for.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    /// What it is.
    pub name: String,
    /// The number, as it is to be read.
    pub value: String,
    /// What to compare it with.
    pub note: String,
}

/// A part of a page.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Section {
    /// Its heading.
    pub title: String,
    /// What it consists of, in order.
    pub blocks: Vec<Block>,
}

/// A paragraph, a table or some pictures.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Block {
    /// A paragraph.
    Text {
        /// Its text.
        text: String,
    },
    /// A table.
    Table {
        /// The table.
        table: Table,
    },
    /// Tables side by side, as many as fit.
    Tables {
        /// The tables.
        tables: Vec<Table>,
    },
    /// Pictures side by side, as many as fit.
    Pictures {
        /// The pictures.
        pictures: Vec<Picture>,
    },
}

/// A table.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Table {
    /// What it shows; also its name for screen readers.
    pub caption: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows, each with a cell for every column.
    pub rows: Vec<Vec<Cell>>,
}

/// A column of a table.
#[derive(Clone, Debug, Serialize)]
pub struct Column {
    /// Its heading.
    pub title: String,
    /// The side its cells keep to.
    pub align: Align,
}

/// The side cells keep to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Align {
    /// Left, for words.
    Start,
    /// Right, for numbers.
    End,
    /// In the middle, for matrices.
    Center,
}

/// A cell of a table.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Cell {
    /// What it says.
    pub text: String,
    /// A smaller second line.
    pub note: String,
    /// How dark its ground is, from 0 to 1, in percent of the ink; for matrices.
    pub shade: Option<f64>,
    /// How long the bar beside the text is, from 0 to 1.
    pub bar: Option<f64>,
    /// Whether it heads its row.
    pub heading: bool,
}

/// A picture with its words and the numbers behind it.
#[derive(Clone, Debug, Serialize)]
pub struct Picture {
    /// Its title.
    pub title: String,
    /// What it shows, for who cannot see it.
    pub alt: String,
    /// How to read it.
    pub caption: String,
    /// What its inks stand for.
    pub legend: Vec<Legend>,
    /// The drawing.
    pub svg: Svg,
    /// The numbers behind it.
    pub table: Option<Table>,
}

/// What an ink stands for.
#[derive(Clone, Debug, Serialize)]
pub struct Legend {
    /// The name of what is drawn in this ink.
    pub name: String,
    /// The ink.
    pub ink: Ink,
}

impl Page {
    /// A page with nothing but its title.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            ..Self::default()
        }
    }

    /// Adds a part.
    #[must_use]
    pub fn section(mut self, section: Section) -> Self {
        self.sections.push(section);
        self
    }
}

impl Section {
    /// A part with nothing but its heading.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            blocks: Vec::new(),
        }
    }

    /// Adds a paragraph.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.blocks.push(Block::Text { text: text.into() });
        self
    }

    /// Adds a table.
    #[must_use]
    pub fn table(mut self, table: Table) -> Self {
        self.blocks.push(Block::Table { table });
        self
    }

    /// Adds tables side by side.
    #[must_use]
    pub fn tables(mut self, tables: Vec<Table>) -> Self {
        if !tables.is_empty() {
            self.blocks.push(Block::Tables { tables });
        }
        self
    }

    /// Adds pictures side by side.
    #[must_use]
    pub fn pictures(mut self, pictures: Vec<Picture>) -> Self {
        if !pictures.is_empty() {
            self.blocks.push(Block::Pictures { pictures });
        }
        self
    }
}

impl Table {
    /// A table without rows.
    pub fn new(caption: impl Into<String>, columns: impl IntoIterator<Item = Column>) -> Self {
        Self {
            caption: caption.into(),
            columns: columns.into_iter().collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row, whose first cell heads it.
    pub fn row<C: Into<Cell>>(&mut self, cells: impl IntoIterator<Item = C>) {
        let mut cells: Vec<Cell> = cells.into_iter().map(Into::into).collect();
        if let Some(first) = cells.first_mut() {
            first.heading = true;
        }
        self.rows.push(cells);
    }
}

impl Column {
    /// A column of words.
    pub fn text(title: impl Into<String>) -> Self {
        Self::new(title, Align::Start)
    }

    /// A column of numbers.
    pub fn number(title: impl Into<String>) -> Self {
        Self::new(title, Align::End)
    }

    /// A column of a matrix.
    pub fn center(title: impl Into<String>) -> Self {
        Self::new(title, Align::Center)
    }

    fn new(title: impl Into<String>, align: Align) -> Self {
        Self {
            title: title.into(),
            align,
        }
    }
}

impl Picture {
    /// A picture of a plot: its title, and what it shows in words for who cannot see it.
    ///
    /// # Errors
    ///
    /// Only when the drawing library fails.
    pub fn new(
        title: impl Into<String>,
        alt: impl Into<String>,
        plot: &Plot,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            title: title.into(),
            alt: alt.into(),
            caption: String::new(),
            legend: Vec::new(),
            svg: plot.draw()?,
            table: None,
        })
    }

    /// Says how to read it.
    #[must_use]
    pub fn caption(mut self, caption: impl Into<String>) -> Self {
        self.caption = caption.into();
        self
    }

    /// Says what an ink stands for.
    #[must_use]
    pub fn legend(mut self, ink: Ink, name: impl Into<String>) -> Self {
        let name = name.into();
        self.legend.push(Legend { name, ink });
        self
    }

    /// Puts the numbers behind it.
    #[must_use]
    pub fn table(mut self, table: Table) -> Self {
        self.table = Some(table);
        self
    }
}

impl Figure {
    /// A number, and what to compare it with.
    pub fn new(name: impl Into<String>, value: impl Into<String>, note: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
            note: note.into(),
        }
    }
}

impl Cell {
    /// A cell of a matrix, on a ground as dark as `shade` says, from 0 to 1.
    pub fn shaded(text: impl Into<String>, note: impl Into<String>, shade: f64) -> Self {
        Self {
            text: text.into(),
            note: note.into(),
            shade: Some(share(shade)),
            ..Self::default()
        }
    }

    /// A number with a bar beside it, as long as `bar` says, from 0 to 1.
    pub fn bar(text: impl Into<String>, bar: f64) -> Self {
        Self {
            text: text.into(),
            bar: Some(share(bar)),
            ..Self::default()
        }
    }
}

/// In percent with one decimal, so that the page stays small and has no rounding noise.
fn share(value: f64) -> f64 {
    let bounded = if value.is_nan() {
        0.0
    } else {
        value.clamp(0.0, 1.0)
    };
    (bounded * 1000.0).round() / 10.0
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self {
            text,
            ..Self::default()
        }
    }
}
