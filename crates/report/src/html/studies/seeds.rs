//! Variation over seeds and over the last epochs.

use crate::html::chart::{Axis, DotRow, Dots, Figure, panels};
use crate::html::prose::prose;
use crate::html::section::Section;
use crate::html::table::table;
use crate::html::theme::Look;
use crate::own_optimizer::OwnOptimizer;
use crate::results::StudyResults;
use crate::studies::seeds::{TITLE, attack_label, last_epochs, sentences, success_rate, table as numbers};
use crate::studies::{percent, quoted_epsilon};
use maud::{Markup, html};
use minima_rows::in_order;
use minima_rows::optimizers::{distinct, label};
use minima_rows::significant::Radius;
use minima_rows::{CLEAN, LateAttackRow};

pub(super) fn section(studies: &StudyResults, own: &[OwnOptimizer]) -> Option<Section> {
    let words = sentences(studies)?;
    let late = numbers(&studies.late);
    let body = html! {
        (prose(&words))
        @if let Some(figure) = spreads(&studies.late, own) { (figure) }
        @if !late.rows.is_empty() {
            (table("Success rates; standard deviations in points", &late))
        }
    };
    Some(Section::new("seeds", TITLE, body))
}

/// One panel per attack, with each seed's rate after the last epoch and the rates of the last epochs of the first seed.
fn spreads(rows: &[LateAttackRow], brought: &[OwnOptimizer]) -> Option<Markup> {
    let epsilon = quoted_epsilon(rows.iter().map(|row| row.epsilon))?;
    let own: Vec<LateAttackRow> =
        rows.iter().filter(|row| row.labels == CLEAN && row.epsilon == epsilon).cloned().collect();
    let first = own.first()?.seed;
    let last: Vec<&LateAttackRow> = last_epochs(&own).collect();
    let mut drawn = Vec::new();
    for attack in in_order(own.iter().map(|row| row.attack.as_str())) {
        let rows = distinct(own.iter().map(|row| row.optimizer.as_str())).into_iter().map(|name| {
            let said = |row: &LateAttackRow| {
                let share = success_rate(row);
                (share, format!("{}, seed {}, epoch {}: {}", label(name), row.seed, row.epoch, percent(share)))
            };
            let of = |row: &&LateAttackRow| row.optimizer == name && row.attack == attack;
            let seeds = last.iter().copied().filter(of).map(said).collect();
            let epochs = own.iter().filter(of).filter(|row| row.seed == first).map(said).collect();
            DotRow { name: label(name).to_owned(), look: Look::of(brought, name), values: vec![seeds, epochs] }
        });
        let rows: Vec<DotRow> = rows.collect();
        let values = rows.iter().flat_map(|row| row.values.iter().flatten()).map(|value| value.0);
        let dots = Dots {
            title: format!("{} over seeds and over the last epochs", attack_label(attack)),
            x: Axis::shares("success rate", values),
            kinds: vec!["the last epoch of each seed".to_owned(), format!("the last epochs of seed {first}")],
            rows,
        };
        drawn.push((attack_label(attack).to_owned(), dots.svg()));
    }
    let figure = Figure {
        caption: format!(
            "Over seeds (filled, above) and over the last epochs of seed {first} (hollow, below), ε = {epsilon}", epsilon = Radius(epsilon)
        ),
        note: "Success rate: the share of the correctly classified images that are misclassified after the attack; clean labels.".to_owned(),
        legend: Vec::new(),
        drawn: panels(drawn),
        numbers: None,
    };
    Some(figure.markup())
}
