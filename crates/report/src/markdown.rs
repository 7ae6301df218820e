//! The report's sections in order.

use crate::answer::Answer;
use crate::input::ReportInput;
use crate::reference::{Agreement, Finding, Place, Reference};
use crate::result_tables::{distribution_table, final_epoch_table};
use crate::results::{DataSet, SEEDS_CONFIGURATION};
use crate::table_parts::parts;
use crate::words::listed;
use crate::{curvature, goal, robustness, studies, summary};
use minima_rows::optimizers::{distinct, label};
use minima_rows::significant::decimal;
use minima_rows::{CLEAN, Quantity};

const METHODS: &str = "\
- Train loss and accuracy are means over an epoch's batches, each measured before its step.
- FGSM: `clip(x + ε · sign(∇ₓ loss), 0, 1)` on the test images that are classified correctly; it succeeds where the image is
  misclassified after. The success rate is the share of those images, robust accuracy the share of all images that are still
  classified correctly.
- Sharpness: the loss increase under `ρ g / ‖g‖` added to the weights. Scope `batch`: one perturbation a batch, its increase
  counted for each image. Scope `example`: one perturbation an image.
- Input-gradient norm: `‖∇ₓ loss‖₂` of a test image. Logit margin: the true class's logit less the largest other one.
";

/// How to do it again; none where the configuration is not there.
pub(crate) fn again(input: &ReportInput<'_>) -> Option<String> {
    let place = input.configuration?;
    let command = if place == SEEDS_CONFIGURATION { "study seeds" } else { "reproduce" };
    let (data, which) = match input.data_set {
        DataSet::Mnist => (String::new(), String::new()),
        DataSet::Other(name) => match input.data_folder.filter(|folder| is_plain(folder)) {
            Some(folder) => (format!(" --data {folder}"), String::new()),
            None => (" --data FOLDER".to_owned(), format!("\n`FOLDER` has the four files of {name}.\n")),
        },
        DataSet::Unknown => (
            " --data FOLDER".to_owned(),
            "\nWhich data set `FOLDER` has to have is not known here. Without `--data` the run is on MNIST.\n"
                .to_owned(),
        ),
    };
    let mut text = format!(
        "`{place}` beside this report holds every setting of this run:\n\n```sh\ncargo xtask {command} --config {place}{data} --out \
         again\n```\n{which}"
    );
    if input.manifest {
        text.push_str("\nTimes and facts about the machine are in `manifest.json`.\n");
    }
    Some(text)
}

/// Whether a path can be in a command as it is: no shell reads anything into it, and no reader of Markdown.
fn is_plain(path: &str) -> bool {
    !path.is_empty()
        && !path.starts_with('-')
        && path.chars().all(|letter| letter.is_alphanumeric() || "/._-".contains(letter))
}

/// A model trained on clean labels with a higher train loss is still in training: the label's probability, in the geometric
/// mean over the images, is below 0.61.
const FAR_FROM_A_MINIMUM: f64 = 0.5;

/// The whole report in Markdown.
#[must_use]
pub fn report(input: &ReportInput<'_>) -> String {
    let findings = input.reference.map_or_else(Vec::new, |reference| reference.findings(input));
    let mut text = format!("# Which minimum, how robust: {}\n\n", input.source_on_data());
    text.push_str(&summary::what_was_run(input));
    let answer = Answer::of(input, &findings);
    if !answer.is_empty() {
        section(&mut text, "The answer", &answer.list());
    }

    if input.beside().is_some() {
        section(&mut text, "What matches and what does not", &findings_list(&findings));
    }
    let mut ended = final_epoch_table(input.training).to_markdown();
    if let Some(sentences) = goal::sentences(input) {
        ended.push('\n');
        ended.push_str(&sentences);
    }
    section(&mut text, &input.heading("How training ended"), &ended);
    if let Some(reference) = input.reference.filter(|_| input.is_reference_configuration) {
        let differences = reference.curve_differences(input);
        if !differences.rows.is_empty() {
            let body = format!("{}.\n\n{}", curve_caption(reference), differences.to_markdown());
            section(&mut text, &curve_title(reference), &body);
        }
    }
    tables(&mut text, input);
    for (title, body) in [
        ("Stronger attacks", robustness::section(input)),
        ("Masked gradients", robustness::masking(input.masking)),
        ("Transfer", robustness::transfer(input.transfer)),
    ] {
        if let Some(body) = body {
            section(&mut text, &input.heading(title), &body);
        }
    }
    of_reference(&mut text, input, Place::AfterAttacks);
    for (title, body) in studies::sections(input) {
        section(&mut text, title, &body);
    }
    if !input.figures.is_empty() {
        section(&mut text, "Figures", &figures(input.figures));
    }
    of_reference(&mut text, input, Place::BeforeMethods);
    section(&mut text, "Methods", &methods(input));
    section(&mut text, "Caveats", &caveats(input));
    if !input.notes.is_empty() {
        section(&mut text, "Notes", &list(input.notes));
    }
    if let Some(body) = again(input) {
        section(&mut text, "Run it again", &body);
    }
    text
}

/// The heading of the differences between training curves and a reference's.
pub(crate) fn curve_title(reference: &dyn Reference) -> String {
    format!("Training curves against the {}'s", reference.noun())
}

/// The caption of these differences.
pub(crate) fn curve_caption(reference: &dyn Reference) -> String {
    let (noun, seed) = (reference.noun(), reference.seed());
    format!("Largest absolute difference from the {noun}'s curve over the epochs, clean labels, seed {seed}")
}

/// The reference's own sections that stand at this place.
fn of_reference(text: &mut String, input: &ReportInput<'_>, place: Place) {
    let own = input.reference.map_or_else(Vec::new, |reference| reference.sections(input));
    for one in own.into_iter().filter(|one| one.place == place) {
        section(text, one.title, &one.text);
    }
}

/// How things were done.
pub(crate) fn methods(input: &ReportInput<'_>) -> String {
    let judged = input.reference.filter(|_| input.is_reference_configuration);
    let setting = match input.configuration {
        _ if judged.is_some() => judged.map_or("", |reference| reference.methods()).to_owned(),
        Some(place) => format!("- Data, network and training are as `{place}` beside this report sets them.\n"),
        None => "- No configuration lies beside this report: how data, network and training were set is not known.\n"
            .to_owned(),
    };
    format!("{setting}{METHODS}")
}

fn section(text: &mut String, title: &str, body: &str) {
    text.push_str(&format!("\n## {title}\n\n{body}"));
}

fn list(items: &[String]) -> String {
    items.iter().map(|item| format!("- {item}\n")).collect()
}

pub(crate) fn findings_list(findings: &[Finding]) -> String {
    if findings.is_empty() {
        return "There is nothing to compare.\n".to_owned();
    }
    let lines: Vec<String> = findings
        .iter()
        .map(|finding| {
            let verdict = match finding.agreement {
                Agreement::Matches => "**Matches.**",
                Agreement::Differs => "**Does not match.**",
                Agreement::Unjudged => "**Not judged.**",
            };
            format!("{verdict} {}", finding.text)
        })
        .collect();
    list(&lines)
}

fn tables(text: &mut String, input: &ReportInput<'_>) {
    for part in parts(input) {
        section(text, &part.title, &format!("{}\n\n{}", part.words, part.table.to_markdown()));
    }
    if let Some(body) = curvature::section(input) {
        section(text, &input.heading("Curvature at the end"), &body);
    }
    for (quantity, title) in
        [(Quantity::InputGradientNorm, "Input-gradient norms"), (Quantity::LogitMargin, "Logit margins")]
    {
        let table = distribution_table(input.distributions, quantity, input.beside());
        if !table.rows.is_empty() {
            section(text, &input.heading(title), &table.to_markdown());
        }
    }
}

fn figures(names: &[String]) -> String {
    let shown: Vec<String> = names
        .iter()
        .map(|name| {
            let caption = match name.as_str() {
                "adversarial-images" => "Images above their adversarial images",
                "input-gradient-norms" => "Input-gradient norms",
                "logit-margins" => "Logit margins",
                "robust-accuracy" => "Robust accuracy as the attack's radius grows",
                "spectral-density" => "How the Hessian's eigenvalues are distributed",
                "training" => "Training curves",
                other => other,
            };
            format!("[![{caption}](figures/{name}.png)](figures/{name}.svg)\n\n{caption}.\n")
        })
        .collect();
    shown.join("\n")
}

pub(crate) fn caveats(input: &ReportInput<'_>) -> String {
    let mut caveats = Vec::new();
    caveats.push(match input.seeds.len() {
        0 | 1 => "One seed: how far another one would move these numbers is not known from this run.".to_owned(),
        many => format!(
            "{many} seeds: a cell shows their mean and their range; a sentence that does not say otherwise quotes seed {}.",
            input.quoted_seed()
        ),
    });
    caveats.push(
        "FGSM is one step and a weak attack. A model that withstands it need not withstand a stronger one, and a small \
         gradient can hide a small distance to the boundary."
            .to_owned(),
    );
    let names = distinct(input.training.iter().map(|row| row.optimizer.as_str()));
    let far = names.into_iter().filter_map(|name| Some((name, input.final_epoch(CLEAN, name)?.train_loss)));
    let far: Vec<String> = far
        // A loss that is no number is no minimum either.
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
    list(&caveats)
}
