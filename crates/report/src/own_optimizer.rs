//! Optimizers that bring their appearance in the preset.

use crate::appearance::{Appearance, Color, Marker, OPTIMIZERS, OTHER};
use minima_config::preset::Preset;
use minima_rows::{Record, Table};

/// Markers and dashes, which distinguish series without colour, in order of assignment.
const STYLES: [(Marker, &[f64], &str); 5] = [
    (Marker::Circle, &[18.0, 5.0, 3.0, 5.0], "8 3 2 3"),
    (Marker::Square, &[], ""),
    (Marker::Diamond, &[10.0, 6.0], "8 4"),
    (Marker::Triangle, &[7.0, 5.0], "4 3"),
    (Marker::Nabla, &[24.0, 5.0, 6.0, 5.0], "12 3 3 3"),
];
/// The share of white in a colour on a dark background.
const LIGHTER: f64 = 0.45;

/// An optimizer with a name of its own and at least one key of appearance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnOptimizer {
    /// The name in the preset and in the files.
    pub name: String,
    /// The name for readers.
    pub label: String,
    /// Red, green and blue on a light background; grey if `None`.
    pub colour: Option<[u8; 3]>,
    /// The family.
    pub family: Option<String>,
}

impl OwnOptimizer {
    /// The preset's optimizers with keys of appearance, by family and label. Those without a family come last.
    #[must_use]
    pub fn all(preset: &Preset) -> Vec<Self> {
        let with_keys = preset.optimizers.iter().filter(|(_, own)| !own.appearance.is_default());
        let mut all: Vec<Self> = with_keys
            .map(|(name, own)| Self {
                name: name.clone(),
                label: own.appearance.label.clone().unwrap_or_else(|| name.clone()),
                colour: own.appearance.rgb(),
                family: own.appearance.family.clone(),
            })
            .collect();
        all.sort_by_key(|own| (own.family.is_none(), own.family.clone(), own.label.clone()));
        all
    }
}

/// The place of an optimizer among those with their own appearance, by its name or its label.
pub(crate) fn place(own: &[OwnOptimizer], optimizer: &str) -> Option<usize> {
    own.iter().position(|one| one.name == optimizer || one.label == optimizer)
}

/// The label of an optimizer, whether or not it has its own appearance.
pub(crate) fn label<'a>(own: &'a [OwnOptimizer], optimizer: &'a str) -> &'a str {
    match own.iter().find(|one| one.name == optimizer) {
        Some(one) => &one.label,
        None => minima_rows::optimizers::label(optimizer),
    }
}

/// Replaces the names of optimizers in these rows by their labels.
pub(crate) fn name_by_label<R: Record>(own: &[OwnOptimizer], rows: &mut [R]) {
    if own.is_empty() {
        return;
    }
    for name in rows.iter_mut().flat_map(Record::optimizers_mut) {
        if let Some(one) = own.iter().find(|one| one.name == *name) {
            name.clone_from(&one.label);
        }
    }
}

/// The appearance of each, in their order.
pub(crate) fn appearances(own: &[OwnOptimizer]) -> impl Iterator<Item = Appearance> {
    own.iter().zip(STYLES.into_iter().cycle()).map(|(one, (marker, dashes, page_dashes))| {
        let (on_light, on_dark) =
            one.colour.map_or((OTHER.on_light, OTHER.on_dark), |colour| (colour, lighter(colour)));
        Appearance { on_light, on_dark, dashes, page_dashes, marker }
    })
}

/// The appearance of an optimizer: built in, brought by the preset, or grey.
pub(crate) fn appearance(own: &[OwnOptimizer], optimizer: &str) -> Appearance {
    let built_in = OPTIMIZERS.iter().find(|(name, _)| *name == optimizer).map(|(_, built_in)| *built_in);
    let brought = || appearances(own).nth(place(own, optimizer)?);
    built_in.or_else(brought).unwrap_or(OTHER)
}

/// The optimizers with their names in the files and their families.
pub(crate) fn table(own: &[OwnOptimizer]) -> Table {
    let mut table = Table::new(&["optimizer", "name in the files", "family"]);
    table.rows = own
        .iter()
        .map(|one| vec![one.label.clone(), format!("`{}`", one.name), one.family.clone().unwrap_or_default()])
        .collect();
    table
}

/// The colour on a dark background.
fn lighter(colour: Color) -> Color {
    colour.map(|channel| (f64::from(channel) + LIGHTER * (255.0 - f64::from(channel))).round() as u8)
}
