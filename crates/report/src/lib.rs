//! One self-contained HTML page with pictures, from a page model.
