//! Robustness during training, against quantities at which models can be compared.

use crate::html::answer::along_paths;
use crate::html::chart::{Axis, Figure, Marks, Plot, Point, Series, panels};
use crate::html::prose::prose;
use crate::html::section::Section;
use crate::html::table::table;
use crate::html::theme::Look;
use crate::own_optimizer::OwnOptimizer;
use crate::results::StudyResults;
use crate::studies::matched::{DIFFERENCES, TITLE, differences, sentences, table as matches};
use crate::studies::{percent, quoted_epsilon};
use maud::{Markup, html};
use minima_rows::in_order;
use minima_rows::optimizers::{distinct, label};
use minima_rows::significant::{Radius, decimal};
use minima_rows::{CLEAN, PathRow};
use minima_rows::{rate, same};

pub(super) fn section(studies: &StudyResults, own: &[OwnOptimizer]) -> Option<Section> {
    let words = sentences(studies)?;
    let (matched, over_seeds) = (matches(&studies.matches), differences(&studies.differences));
    let epsilon = quoted_epsilon(studies.matches.iter().map(|row| row.epsilon)).unwrap_or_default();
    let body = html! {
        (prose(&words))
        @if !studies.path.is_empty() {
            (along_paths(&studies.path, own))
            (others(&studies.path, own))
        }
        @if !matched.rows.is_empty() {
            (table(
                &format!(
                    "Final models and equal models on other paths: success rates of FGSM at ε = {epsilon}, means over \
                     the seeds that reach the value; Δ in points", epsilon = Radius(epsilon)
                ),
                &matched
            ))
        }
        @if !over_seeds.rows.is_empty() { (table(DIFFERENCES, &over_seeds)) }
    };
    Some(Section::new("matched", TITLE, body))
}

/// FGSM's success rate against test accuracy and mean margin.
fn others(rows: &[PathRow], brought: &[OwnOptimizer]) -> Markup {
    let epsilon = quoted_epsilon(rows.iter().map(|row| row.epsilon)).unwrap_or_default();
    let own: Vec<&PathRow> =
        rows.iter().filter(|row| row.labels == CLEAN && same(row.epsilon, epsilon) && row.step > 0).collect();
    let seeds = in_order(own.iter().map(|row| row.seed));
    let panel = |title: &str, value: fn(&PathRow) -> f64, axis: fn(Vec<f64>) -> Axis| {
        let mut series = Vec::new();
        for name in distinct(own.iter().map(|row| row.optimizer.as_str())) {
            for (number, seed) in seeds.iter().enumerate() {
                let mut of: Vec<_> = own.iter().filter(|row| row.optimizer == name && row.seed == *seed).collect();
                of.sort_by_key(|row| row.step);
                let points = of.into_iter().map(|row| Point {
                    x: value(row),
                    y: rate(row.successes, row.correct),
                    note: format!("step {}, seed {}, train loss {}", row.step, row.seed, decimal(row.train_loss, 4)),
                });
                let one = Series::new(label(name), Look::of(brought, name), points.collect());
                if !one.points.is_empty() {
                    series.push(Series { marks: Marks::End, faint: number > 0, ..one });
                }
            }
        }
        Plot {
            title: format!("FGSM's success rate against {title}"),
            x: axis(own.iter().map(|row| value(row)).collect()),
            y: Axis::share("success rate"),
            series,
            height: 320.0,
        }
    };
    let accuracy = panel(
        "test error",
        |row| (1.0 - row.test_accuracy).max(1e-4) * 100.0,
        |values| Axis::logarithmic("test error in %, logarithmic", values),
    );
    let margin = panel("mean logit margin", |row| row.mean_margin, |values| Axis::linear("mean logit margin", values));
    let figure = Figure {
        caption: format!(
            "The same paths against test error and against mean margin, ε = {epsilon}",
            epsilon = Radius(epsilon)
        ),
        note: format!(
            "Clean labels. Final success rates of the first seed: {}.",
            distinct(own.iter().map(|row| row.optimizer.as_str()))
                .into_iter()
                .filter_map(|name| {
                    let of = own.iter().filter(|row| row.optimizer == name && Some(&row.seed) == seeds.first());
                    let last = of.max_by_key(|row| row.step)?;
                    Some(format!("{} {}", label(name), percent(rate(last.successes, last.correct))))
                })
                .collect::<Vec<_>>()
                .join(", ")
        ),
        legend: accuracy.legend(),
        drawn: panels(vec![
            ("Against test error".to_owned(), accuracy.svg()),
            ("Against mean margin".to_owned(), margin.svg()),
        ]),
        numbers: None,
    };
    figure.markup()
}
