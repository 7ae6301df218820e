//! A part of the page with its own heading.

use maud::{Markup, html};

/// A section.
pub(super) struct Section {
    /// The id, unique on the page.
    pub id: &'static str,
    /// The heading.
    pub title: String,
    /// The content.
    pub body: Markup,
}

impl Section {
    pub(super) fn new(id: &'static str, title: impl Into<String>, body: Markup) -> Self {
        Self { id, title: title.into(), body }
    }

    pub(super) fn markup(&self) -> Markup {
        html! {
            section id=(self.id) aria-labelledby={ (self.id) "-title" } {
                h2 id={ (self.id) "-title" } { (self.title) }
                (self.body)
            }
        }
    }
}
