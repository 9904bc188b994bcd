//! From the page model to HTML.

use anyhow::Context as _;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, context};

use crate::page::Page;

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");

impl Page {
    /// The page as HTML; the same model gives the same bytes.
    ///
    /// # Errors
    ///
    /// Only when the template itself is broken.
    pub fn render(&self) -> anyhow::Result<String> {
        let mut environment = Environment::new();
        environment.set_syntax(
            SyntaxConfig::builder()
                .trim_blocks(true)
                .lstrip_blocks(true)
                .build()?,
        );
        // The name ends in `.html`: everything but the style sheet and our own drawings is escaped.
        environment.add_template("page.html", TEMPLATE)?;
        let template = environment.get_template("page.html")?;
        template
            .render(context! { page => Serde(self), style => STYLE })
            .context("failed to fill in the page")
    }
}

#[cfg(test)]
mod tests {
    use crate::chart::{Axis, Plot};
    use crate::{Cell, Column, Figure, Ink, Page, Picture, Section, Table};

    fn page() -> Page {
        let mut table = Table::new("A <table>", [Column::text("name"), Column::number("value")]);
        table.row([Cell::from("a & b"), Cell::bar("1", 0.5)]);
        let plot = Plot::new(Axis::new("x"), Axis::new("y"))
            .line(Ink::First, vec![(0.0, 0.0), (1.0, 1.0)]);
        let picture = Picture::new("Picture", "A line that \"rises\"", &plot).unwrap();
        let mut page = Page::new("<script>alert(1)</script>");
        page.figures.push(Figure::new("AUC", "0.9", ""));
        page.section(Section::new("One").table(table).pictures(vec![picture]))
    }

    #[test]
    fn text_is_escaped() {
        let html = page().render().unwrap();
        assert!(!html.contains("<script>"), "{html}");
        assert!(html.contains("A &lt;table&gt;"), "{html}");
        assert!(html.contains("a &amp; b"), "{html}");
    }

    #[test]
    fn the_page_asks_for_nothing_from_outside() {
        let html = page().render().unwrap();
        for outside in ["http:", "https:", "src=", "url(", "@import", "<link"] {
            assert!(!html.contains(outside), "{outside} in {html}");
        }
    }

    #[test]
    fn drawings_stand_in_the_page_with_words_for_who_cannot_see_them() {
        let html = page().render().unwrap();
        assert!(html.contains("<svg viewBox"), "{html}");
        assert!(
            html.contains("aria-label=\"A line that &quot;rises&quot;\""),
            "{html}"
        );
    }

    #[test]
    fn the_same_model_gives_the_same_bytes() {
        assert_eq!(page().render().unwrap(), page().render().unwrap());
    }
}
