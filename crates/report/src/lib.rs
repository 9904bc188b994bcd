//! One self-contained HTML page from a page model: key figures, text, tables and pictures.
//!
//! The page asks for nothing from outside, follows the reader's light or dark theme, prints well, and has the
//! numbers behind every picture in a table. The same model gives the same bytes.
//!
//! ```
//! use report::{Column, Page, Section, Table};
//!
//! let mut table = Table::new("Metrics", [Column::text("metric"), Column::number("test")]);
//! table.row(["AUC", "0.927"]);
//! let page = Page::new("Evaluation").section(Section::new("Metrics").table(table));
//! assert!(page.render()?.contains("0.927"));
//! # Ok::<(), anyhow::Error>(())
//! ```

pub mod chart;
pub mod number;
mod page;
mod render;
mod theme;

pub use page::{Align, Block, Cell, Column, Figure, Legend, Page, Picture, Section, Table};
pub use theme::{Ink, Svg};
