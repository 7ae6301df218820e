//! What a reference says about the results of a report.

use crate::document::Document;
use crate::input::ReportInput;
use crate::reference::Reference;
use minima_rows::Table;

/// Whether a result agrees with the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// The result agrees.
    Matches,
    /// The result does not agree.
    Differs,
    /// The reference has no number to compare with.
    Unjudged,
}

/// A sentence or two on how one result compares with the reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whether the result agrees.
    pub agreement: Agreement,
    /// The result and the reference's result, as text of a [`Document`].
    pub text: String,
}

/// The place of a section of a [`Reference`] in a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// After the tables of attacks.
    AfterAttacks,
    /// Before the methods.
    BeforeMethods,
}

/// An additional section of a report, provided by a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReferenceSection {
    /// The id of the section.
    pub id: &'static str,
    /// The heading.
    pub title: &'static str,
    /// The text.
    pub text: Document,
    /// The place in the report.
    pub place: Place,
}

/// A [`Reference`] that comments on the results of a report.
pub trait Commentary: Reference {
    /// The largest differences between training curves and the reference's curves; no rows if there is nothing to compare.
    fn curve_differences(&self, input: &ReportInput<'_>) -> Table;

    /// Findings on how the results compare; empty on other data sets.
    fn findings(&self, input: &ReportInput<'_>) -> Vec<Finding>;

    /// Additional sections.
    fn sections(&self, input: &ReportInput<'_>) -> Vec<ReferenceSection>;
}

/// The comments of a reference on the results of one report. The default has no comment.
#[derive(Clone, Debug, Default)]
pub struct Comments {
    /// Findings on how the results compare.
    pub findings: Vec<Finding>,
    /// The largest differences between training curves; no rows if there is nothing to compare.
    pub curve_differences: Table,
    /// Additional sections.
    pub sections: Vec<ReferenceSection>,
}

impl Comments {
    /// The comments on these results; none without a reference.
    #[must_use]
    pub fn of(commentary: Option<&dyn Commentary>, input: &ReportInput<'_>) -> Self {
        commentary.map_or_else(Self::default, |own| Self {
            findings: own.findings(input),
            curve_differences: own.curve_differences(input),
            sections: own.sections(input),
        })
    }

    /// The sections for a place in the report.
    pub(crate) fn sections_at(&self, place: Place) -> impl Iterator<Item = &ReferenceSection> {
        self.sections.iter().filter(move |section| section.place == place)
    }
}
