//! The page around the sections.

use super::section::Section;
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// The heading of every page.
const QUESTION: &str = "Which minimum does an optimizer find, and how robust is it?";
const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("tooltip.js");

/// A whole document: the heading, the lead and first part below it, and the sections, which the navigation lists. `colors` are the
/// style rules of the series.
pub(super) fn document(title: &str, lead: &Markup, first: &Markup, sections: &[Section], colors: &str) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) (PreEscaped(colors)) }
            }
            body {
                a class="skip" href="#answer" { "To the answer" }
                header {
                    h1 { (QUESTION) }
                    (lead)
                }
                main {
                    section id="answer" class="answer" aria-labelledby="answer-title" tabindex="-1" {
                        h2 id="answer-title" class="hidden" { "The answer" }
                        (first)
                    }
                    nav aria-label="Sections" {
                        ul {
                            @for section in sections {
                                li { a href={ "#" (section.id) } { (section.title) } }
                            }
                        }
                    }
                    @for section in sections { (section.markup()) }
                }
                footer {
                    p { "Made by minima from the CSV files next to this page. The same files give the same page." }
                }
                div id="tip" role="presentation" hidden {}
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}
