//! A part of the page with its own heading.

use maud::{Markup, html};
use std::borrow::Cow;

/// A section.
pub(super) struct Section {
    /// The id, unique on the page.
    pub id: Cow<'static, str>,
    /// The heading.
    pub title: String,
    /// The content.
    pub body: Markup,
}

impl Section {
    pub(super) fn new(id: impl Into<Cow<'static, str>>, title: impl Into<String>, body: Markup) -> Self {
        Self { id: id.into(), title: title.into(), body }
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
