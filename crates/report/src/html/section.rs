//! A part of the page with a heading of its own.

use maud::{Markup, html};

/// A section.
pub(super) struct Section {
    /// Its name in addresses, unique on the page.
    pub id: &'static str,
    /// Its heading.
    pub title: String,
    /// What is in it.
    pub body: Markup,
}

impl Section {
    pub fn new(id: &'static str, title: impl Into<String>, body: Markup) -> Self {
        Self { id, title: title.into(), body }
    }

    pub fn markup(&self) -> Markup {
        html! {
            section id=(self.id) aria-labelledby={ (self.id) "-title" } {
                h2 id={ (self.id) "-title" } { (self.title) }
                (self.body)
            }
        }
    }
}
