//! The first screen: the answer in sentences and the two figures behind it.

use super::chart::{Axis, DotRow, Dots, Entry, Figure, Marks, Plot, Point, Series};
use super::prose::prose;
use super::theme::Look;
use super::training;
use crate::answer::Answer;
use crate::attacked::{Attacked, Attacks, attacks};
use crate::input::ReportInput;
use crate::own_optimizer::OwnOptimizer;
use crate::studies::{percent, quoted_epsilon};
use crate::words::counted;
use maud::{Markup, html};
use minima_rows::optimizers::{distinct, label};
use minima_rows::significant::Radius;
use minima_rows::{CLEAN, PathRow};
use minima_rows::{Table, in_order};
use minima_rows::{rate, same};

pub(super) fn answer(input: &ReportInput<'_>, answer: &Answer) -> Markup {
    let path = input.studies.map_or(&[][..], |studies| &studies.path);
    let first =
        if path.is_empty() { training::robust_accuracy(input) } else { Some(along_paths(path, input.optimizers)) };
    let second = robust(input).or_else(|| training::loss(input));
    html! {
        @if answer.is_empty() {
            p { "These results do not answer the question yet, because there are no two trained models to compare." }
        } @else {
            (prose(&answer.list()))
        }
        div class="pair" {
            @if let Some(figure) = first { (figure) }
            @if let Some(figure) = second { (figure) }
        }
    }
}

/// FGSM's success rate against train loss along each run, with markers at the ends.
pub(super) fn along_paths(rows: &[PathRow], brought: &[OwnOptimizer]) -> Markup {
    let epsilon = quoted_epsilon(rows.iter().map(|row| row.epsilon)).unwrap_or_default();
    let own: Vec<&PathRow> =
        rows.iter().filter(|row| row.labels == CLEAN && same(row.epsilon, epsilon) && row.step > 0).collect();
    let seeds = in_order(own.iter().map(|row| row.seed));
    let mut series = Vec::new();
    for name in distinct(own.iter().map(|row| row.optimizer.as_str())) {
        for (number, seed) in seeds.iter().enumerate() {
            let mut of: Vec<_> = own.iter().filter(|row| row.optimizer == name && row.seed == *seed).collect();
            of.sort_by_key(|row| row.step);
            let points: Vec<Point> = of
                .into_iter()
                .map(|row| Point {
                    x: row.train_loss,
                    y: rate(row.successes, row.correct),
                    note: format!("step {}, seed {}, test accuracy {}", row.step, row.seed, percent(row.test_accuracy)),
                })
                .collect();
            if !points.is_empty() {
                let one = Series::new(label(name), Look::of(brought, name), points);
                series.push(Series { marks: Marks::End, faint: number > 0, ..one });
            }
        }
    }
    let points = || series.iter().flat_map(|one| &one.points);
    let plot = Plot {
        title: "FGSM's success rate against train loss along training".to_owned(),
        x: Axis::logarithmic("train loss (decreases to the left)", points().map(|point| point.x)),
        y: Axis::share("success rate"),
        series,
        height: 350.0,
    };
    Figure {
        caption: format!("FGSM's success rate at ε = {epsilon} against train loss, along each path", epsilon = Radius(epsilon)),
        note: format!(
            "Training proceeds from right to left; a marker shows the end of a run. Clean labels, {}. Overlapping paths mean \
             that models of different optimizers are equally robust at equal loss.",
            counted(seeds.len(), "seed")
        ),
        legend: plot.legend(),
        drawn: plot.svg(),
        numbers: Some(plot.numbers()),
    }
    .markup()
}

/// Robust accuracies under FGSM and AutoAttack, the numbers behind the answer's ranking; `None` without AutoAttack.
fn robust(input: &ReportInput<'_>) -> Option<Markup> {
    let Attacks { epsilon, fgsm_images, autoattack_images, outcomes } = attacks(input)?;
    if outcomes.iter().all(|one| one.autoattack.is_empty()) {
        return None;
    }
    let mut numbers = Table::new(&["optimizer", "attack", "seed", "accuracy before", "robust accuracy"]);
    let mut rows = Vec::new();
    for one in &outcomes {
        let mut values = Vec::new();
        for (attack, found) in [("FGSM", &one.fgsm), ("AutoAttack", &one.autoattack)] {
            let said = |found: &Attacked| {
                let Attacked { seed, correct, robust } = *found;
                let words = format!(
                    "{}\n{attack} at ε = {epsilon}, seed {seed}: {} robust, {} correct before",
                    label(&one.optimizer),
                    percent(robust),
                    percent(correct),
                    epsilon = Radius(epsilon)
                );
                (robust, words)
            };
            values.push(found.iter().map(said).collect());
            for found in found {
                let cells = [
                    label(&one.optimizer),
                    attack,
                    &found.seed.to_string(),
                    &percent(found.correct),
                    &percent(found.robust),
                ];
                numbers.rows.push(cells.map(str::to_owned).to_vec());
            }
        }
        rows.push(DotRow {
            name: label(&one.optimizer).to_owned(),
            look: Look::of(input.optimizers, &one.optimizer),
            values,
        });
    }
    let seeds = outcomes.iter().map(|one| one.fgsm.len()).max().unwrap_or(0);
    let dots = Dots {
        title: "Robust accuracy under FGSM and AutoAttack for each optimizer".to_owned(),
        x: Axis::share("robust accuracy"),
        kinds: vec!["FGSM".to_owned(), "AutoAttack".to_owned()],
        rows,
    };
    let figure = Figure {
        caption: format!(
            "Robust accuracy under FGSM (filled, above) and AutoAttack (hollow, below) at ε = {}",
            Radius(epsilon)
        ),
        note: format!(
            "Share of the images that are still classified correctly after the attack: FGSM on {fgsm_images}, AutoAttack on \
             {autoattack_images}; one mark per seed, {}.",
            counted(seeds, "seed")
        ),
        legend: Vec::<Entry>::new(),
        drawn: dots.svg(),
        numbers: Some(numbers),
    };
    Some(figure.markup())
}
