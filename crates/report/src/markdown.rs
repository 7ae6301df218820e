//! The report's sections in order.

use crate::answer::Answer;
use crate::commentary::{Agreement, Comments, Finding, Place};
use crate::document::Document;
use crate::input::ReportInput;
use crate::reference::Reference;
use crate::result_tables::{distribution_table, final_epoch_table};
use crate::results::{DataSet, SEEDS_CONFIGURATION};
use crate::table_parts::parts;
use crate::words::listed;
use crate::{certified, curvature, goal, own_optimizer, robustness, studies, summary};
use minima_rows::optimizers::{distinct, label};
use minima_rows::significant::decimal;
use minima_rows::{CLEAN, Quantity};

const METHODS: [&str; 4] = [
    "Train loss and accuracy are means over an epoch's batches, each measured before its step.",
    "FGSM: `clip(x + ε · sign(∇ₓ loss), 0, 1)` on the test images that are classified correctly. It succeeds if the perturbed image \
     is misclassified. The success rate is the share of successes among these images. Robust accuracy is the share of all images \
     that are still classified correctly.",
    "Sharpness: the loss increase under `ρ g / ‖g‖` added to the weights. Scope `batch`: one perturbation per batch, with the \
     increase measured for each image. Scope `example`: one perturbation per image.",
    "Input-gradient norm: `‖∇ₓ loss‖₂` of a test image. Logit margin: the logit of the true class minus the largest other logit.",
];

/// The command that repeats the run; `None` without a configuration.
pub(crate) fn again(input: &ReportInput<'_>) -> Option<Document> {
    let place = input.configuration?;
    let command = if place == SEEDS_CONFIGURATION { "study seeds" } else { "reproduce" };
    let (data, which) = match input.data_set {
        DataSet::Mnist => (String::new(), None),
        DataSet::Other(name) => match input.data_folder.filter(|folder| is_plain(folder)) {
            Some(folder) => (format!(" --data {folder}"), None),
            None => (" --data FOLDER".to_owned(), Some(format!("`FOLDER` contains the four files of {name}."))),
        },
        DataSet::Unknown => (
            " --data FOLDER".to_owned(),
            Some(
                "The data set that `FOLDER` must contain is not known. Without `--data` the run uses MNIST.".to_owned(),
            ),
        ),
    };
    let details = input.manifest.then(|| "Times and host details are in `manifest.json`.".to_owned());
    let document = Document::of_paragraph(format!("`{place}` next to this report contains all settings of this run:"))
        .command(format!("cargo xtask {command} --config {place}{data} --out again"));
    Some([which, details].into_iter().flatten().fold(document, Document::paragraph))
}

/// Whether a path needs no escaping in a shell command or in Markdown.
fn is_plain(path: &str) -> bool {
    !path.is_empty()
        && !path.starts_with('-')
        && path.chars().all(|letter| letter.is_alphanumeric() || "/._-".contains(letter))
}

/// A model trained on clean labels with a higher train loss is still in training: the geometric mean over images of the label's
/// probability is below 0.61.
const FAR_FROM_A_MINIMUM: f64 = 0.5;

/// The whole report in Markdown, with the comments of its reference.
#[must_use]
pub fn report(input: &ReportInput<'_>, comments: &Comments) -> String {
    let Comments { findings, curve_differences, .. } = comments;
    let mut text = format!("# Which minimum, how robust: {}\n\n", input.source_on_data());
    text.push_str(&Document::of_paragraph(summary::what_was_run(input)).to_markdown());
    let answer = Answer::of(input, findings);
    if !answer.is_empty() {
        section(&mut text, "The answer", &answer.list());
    }

    if input.beside().is_some() {
        section(&mut text, "What matches and what does not", &findings_list(findings));
    }
    let ended = Document::default()
        .table("The last epoch of every run", final_epoch_table(input.training))
        .then(goal::sentences(input).unwrap_or_default());
    if !ended.is_empty() {
        section(&mut text, &input.heading("How training ended"), &ended);
    }
    let judged = input.reference.filter(|_| input.is_reference_configuration);
    if let Some(reference) = judged.filter(|_| !curve_differences.rows.is_empty()) {
        let caption = curve_caption(reference);
        let body = Document::of_paragraph(format!("{caption}.")).table(caption, curve_differences.clone());
        section(&mut text, &curve_title(reference), &body);
    }
    tables(&mut text, input);
    for (title, body) in [
        ("Stronger attacks", robustness::section(input)),
        ("Proofs", certified::section(input)),
        ("Masked gradients", robustness::masking(input.masking, "All checks of each model")),
        ("Transfer", robustness::transfer(input.transfer)),
    ] {
        if let Some(body) = body {
            section(&mut text, &input.heading(title), &body);
        }
    }
    of_reference(&mut text, comments, Place::AfterAttacks);
    for (title, body) in studies::sections(input) {
        section(&mut text, title, &body);
    }
    if !input.figures.is_empty() {
        text.push_str(&format!("\n## Figures\n\n{}", figures(input.figures)));
    }
    of_reference(&mut text, comments, Place::BeforeMethods);
    section(&mut text, "Methods", &methods(input));
    section(&mut text, "Caveats", &caveats(input));
    if !input.notes.is_empty() {
        section(&mut text, "Notes", &Document::of_list(input.notes.iter().cloned()));
    }
    if let Some(body) = again(input) {
        section(&mut text, "Run it again", &body);
    }
    text
}

/// The heading of the section that compares training curves with a reference.
pub(crate) fn curve_title(reference: &dyn Reference) -> String {
    format!("Training curves against the {}'s", reference.noun())
}

/// The caption of the table that compares training curves with a reference.
pub(crate) fn curve_caption(reference: &dyn Reference) -> String {
    let (noun, seed) = (reference.noun(), reference.seed());
    format!("Largest absolute difference from the {noun}'s curve over the epochs, clean labels, seed {seed}")
}

/// Adds the reference's sections for this place.
fn of_reference(text: &mut String, comments: &Comments, place: Place) {
    for one in comments.sections_at(place) {
        section(text, one.title, &one.text);
    }
}

/// The methods of the experiment, as a list, and the optimizers that bring their appearance.
pub(crate) fn methods(input: &ReportInput<'_>) -> Document {
    let judged = input.reference.filter(|_| input.is_reference_configuration);
    let setting = match input.configuration {
        _ if judged.is_some() => owned(judged.map_or(&[], |reference| reference.methods())),
        Some(place) => vec![format!("`{place}` next to this report sets data, network and training.")],
        None => owned(&["There is no configuration next to this report, so data, network and training are not known."]),
    };
    Document::of_list(setting.into_iter().chain(owned(&METHODS)))
        .table("The optimizers with names of their own", own_optimizer::table(input.optimizers))
}

fn owned(items: &[&str]) -> Vec<String> {
    items.iter().map(|item| (*item).to_owned()).collect()
}

fn section(text: &mut String, title: &str, body: &Document) {
    text.push_str(&format!("\n## {title}\n\n{}", body.to_markdown()));
}

fn findings_list(findings: &[Finding]) -> Document {
    if findings.is_empty() {
        return Document::of_paragraph("There is nothing to compare.");
    }
    let lines = findings.iter().map(|finding| {
        let verdict = match finding.agreement {
            Agreement::Matches => "**Matches.**",
            Agreement::Differs => "**Does not match.**",
            Agreement::Unjudged => "**Not judged.**",
        };
        format!("{verdict} {}", finding.text)
    });
    Document::of_list(lines)
}

fn tables(text: &mut String, input: &ReportInput<'_>) {
    for part in parts(input) {
        section(text, &part.title, &Document::of_paragraph(part.words).table(part.caption, part.table));
    }
    if let Some(body) = curvature::section(input) {
        section(text, &input.heading("Curvature at the end"), &body);
    }
    for (quantity, title) in
        [(Quantity::InputGradientNorm, "Input-gradient norms"), (Quantity::LogitMargin, "Logit margins")]
    {
        let table = distribution_table(input.distributions, quantity, input.beside());
        if let Some(body) = Document::default().table(title, table).non_empty() {
            section(text, &input.heading(title), &body);
        }
    }
}

fn figures(names: &[String]) -> String {
    let shown: Vec<String> = names
        .iter()
        .map(|name| {
            let caption = match name.as_str() {
                "adversarial-images" => "Images and their adversarial images",
                "input-gradient-norms" => "Input-gradient norms",
                "logit-margins" => "Logit margins",
                "certified-accuracy" => "Proved and attacked accuracy against the radius",
                "robust-accuracy" => "Robust accuracy against the attack's radius",
                "spectral-density" => "Distribution of the Hessian's eigenvalues",
                "training" => "Training curves",
                other => other,
            };
            format!("[![{caption}](figures/{name}.png)](figures/{name}.svg)\n\n{caption}.\n")
        })
        .collect();
    shown.join("\n")
}

pub(crate) fn caveats(input: &ReportInput<'_>) -> Document {
    let mut caveats = Vec::new();
    caveats.push(match input.seeds.len() {
        0 | 1 => "One seed: this run does not show how much these numbers vary between seeds.".to_owned(),
        many => format!(
            "{many} seeds: a table cell shows mean and range. A sentence quotes seed {} unless it says otherwise.",
            input.quoted_seed()
        ),
    });
    caveats.push(
        "FGSM is a weak attack of a single step. A model that is robust under FGSM may not be robust under a stronger attack, \
         and a small gradient can hide a small distance to the decision boundary."
            .to_owned(),
    );
    let names = distinct(input.training.iter().map(|row| row.optimizer.as_str()));
    let far = names.into_iter().filter_map(|name| Some((name, input.final_epoch(CLEAN, name)?.train_loss)));
    let far: Vec<String> = far
        // A NaN loss is not at a minimum either.
        .filter(|(_, loss)| loss.is_nan() || *loss > FAR_FROM_A_MINIMUM)
        .map(|(name, loss)| format!("{} ({})", label(name), decimal(loss, 2)))
        .collect();
    if !far.is_empty() {
        caveats.push(format!(
            "At a train loss above {FAR_FROM_A_MINIMUM} a model is in training and not at a minimum{}: {}.",
            input.quoted(),
            listed(&far)
        ));
    }
    Document::of_list(caveats)
}
