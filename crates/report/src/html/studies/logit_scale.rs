//! Quantities as trained and with scaled logits.

use crate::html::chart::{Axis, DotRow, Dots, Figure, panels, short};
use crate::html::prose::prose;
use crate::html::section::Section;
use crate::html::table::table;
use crate::html::theme::Look;
use crate::own_optimizer::OwnOptimizer;
use crate::studies::logit_scale::{TITLE, quantities, quantity_label, sentences, table as numbers, values};
use crate::words::capitalised;
use maud::html;
use minima_rows::LogitScaleRow;
use minima_rows::optimizers::label;

pub(super) fn section(rows: &[LogitScaleRow], own: &[OwnOptimizer]) -> Option<Section> {
    let words = sentences(rows)?;
    let mut drawn = Vec::new();
    for (quantity, rho) in quantities(rows) {
        let found = values(rows, quantity, rho);
        let what = quantity_label(quantity, rho);
        let positive = found.iter().all(|(_, before, after)| before.mean > 0.0 && after.mean > 0.0);
        let all = found.iter().flat_map(|(_, before, after)| [before.mean, after.mean]);
        let x = if positive { Axis::logarithmic(&what, all) } else { Axis::linear(&what, all) };
        let dots = Dots {
            title: format!("{} as trained and with scaled logits", capitalised(&what)),
            x,
            kinds: vec!["as trained".to_owned(), "with scaled logits".to_owned()],
            rows: found
                .iter()
                .map(|(name, before, after)| {
                    let said =
                        |how: &str, value: f64| vec![(value, format!("{}, {how}: {}", label(name), short(value)))];
                    let values = vec![said("as trained", before.mean), said("logits scaled", after.mean)];
                    DotRow { name: label(name).to_owned(), look: Look::of(own, name), values }
                })
                .collect(),
        };
        drawn.push((capitalised(&what), dots.svg()));
    }
    let figure = Figure {
        caption: "As trained (filled, above) and with logits scaled to the same mean margin (hollow, below)".to_owned(),
        note: "Clean labels, means over seeds; logarithmic if all values are positive.".to_owned(),
        legend: Vec::new(),
        drawn: panels(drawn),
        numbers: None,
    };
    let body = html! {
        (prose(&words))
        (figure.markup())
        details { summary { "All numbers" } (table("Before and after scaling, mean ± standard deviation over seeds", &numbers(rows))) }
    };
    Some(Section::new("logit-scale", TITLE, body))
}
