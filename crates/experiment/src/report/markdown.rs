//! The report's sections in order.

use super::answer::Answer;
use super::findings::{Finding, Verdict, findings};
use super::{ReportInput, curvature, gauss_newton, goal, listed, paper_tables, robustness, studies, summary, tf32};
use crate::agreement::check_curve;
use crate::optimizers::{distinct, label};
use crate::paper::PaperError;
use crate::records::{CLEAN, Quantity};
use crate::results::{DataSet, SEEDS_CONFIGURATION};
use crate::significant::decimal;
use crate::tables::{Table, distribution_table, final_epoch_table};

const PAPER_METHODS: &str = "\
- Data: MNIST, 60 000 training and 10 000 test images, pixels divided by 255.
- Network: convolution 3×3 to 4 channels, ReLU, average pool 2×2; convolution 3×3 to 8 channels, ReLU, average pool 2×2;
  dense 16, ReLU; dense 10. 6 794 parameters, LeCun-normal weights, zero biases.
- Training: softmax cross-entropy, batches of 128, 15 epochs. Adam 0.001, SGD 0.01 without momentum. The generator, the
  initial weights and the order of the samples are those of the paper's run.
- Poisoning: 10 % of the training labels, distinct and drawn from the seed, each replaced by a wrong one.
";

const METHODS: &str = "\
- Train loss and accuracy are means over an epoch's batches, each measured before its step.
- FGSM: `clip(x + ε · sign(∇ₓ loss), 0, 1)` on the test images that are classified correctly; it succeeds where the image is
  misclassified after. The success rate is the share of those images, robust accuracy the share of all images that are still
  classified correctly.
- Table 3: the loss increase under `ρ g / ‖g‖` added to the weights. Scope `batch`: one perturbation a batch, its increase
  counted for each image, as in the paper. Scope `example`: one perturbation an image.
- Input-gradient norm: `‖∇ₓ loss‖₂` of a test image. Logit margin: the true class's logit less the largest other one.
";

/// How to do it again; none where the configuration is not there.
pub(super) fn again(input: &ReportInput<'_>) -> Option<String> {
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

/// The whole report.
///
/// # Errors
/// None that its content can cause.
pub fn report(input: &ReportInput<'_>) -> Result<String, PaperError> {
    let findings = findings(input)?;
    let mut text = format!("# Which minimum, how robust: {}\n\n", input.source_on_data());
    text.push_str(&summary::what_was_run(input));
    let answer = Answer::of(input, &findings);
    if !answer.is_empty() {
        section(&mut text, "The answer", &answer.list());
    }

    if input.data_set.is_the_papers() {
        section(&mut text, "What matches and what does not", &findings_list(&findings));
    }
    let mut ended = final_epoch_table(input.training).to_markdown();
    if let Some(sentences) = goal::sentences(input) {
        ended.push('\n');
        ended.push_str(&sentences);
    }
    section(&mut text, &input.heading("How training ended"), &ended);
    if input.paper_configuration {
        let curves = curve_checks(input)?;
        if !curves.rows.is_empty() {
            let body = format!(
                "Largest absolute difference from the paper's curve over the epochs, clean training, seed 42.\n\n{}",
                curves.to_markdown()
            );
            section(&mut text, "Training curves against the paper's", &body);
        }
    }
    tables(&mut text, input)?;
    for (title, body) in [
        ("Stronger attacks", robustness::section(input)),
        ("Masked gradients", robustness::masking(input.masking)),
        ("Transfer", robustness::transfer(input.transfer)),
    ] {
        if let Some(body) = body {
            section(&mut text, &input.heading(title), &body);
        }
    }
    if let Some(body) = tf32::section(input)? {
        section(&mut text, "The published Gauss-Newton in TF32", &body);
    }
    if let Some(studied) = input.studies {
        for (title, body) in studies::sections(studied, input.beside()) {
            section(&mut text, title, &body);
        }
    }
    if !input.figures.is_empty() {
        section(&mut text, "Figures", &figures(input.figures));
    }
    section(&mut text, "Three Gauss-Newtons", gauss_newton::SECTION);
    section(&mut text, "Methods", &methods(input));
    section(&mut text, "Caveats", &caveats(input));
    if !input.notes.is_empty() {
        section(&mut text, "Notes", &list(input.notes));
    }
    if let Some(body) = again(input) {
        section(&mut text, "Run it again", &body);
    }
    Ok(text)
}

/// How things were done.
pub(super) fn methods(input: &ReportInput<'_>) -> String {
    let setting = match input.configuration {
        _ if input.paper_configuration => PAPER_METHODS.to_owned(),
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

pub(super) fn findings_list(findings: &[Finding]) -> String {
    if findings.is_empty() {
        return "There is nothing to compare.\n".to_owned();
    }
    let lines: Vec<String> = findings
        .iter()
        .map(|finding| {
            let verdict = match finding.verdict {
                Verdict::Matches => "**Matches.**",
                Verdict::Differs => "**Does not match.**",
                Verdict::Unjudged => "**Not judged.**",
            };
            format!("{verdict} {}", finding.text)
        })
        .collect();
    list(&lines)
}

pub(super) fn curve_checks(input: &ReportInput<'_>) -> Result<Table, PaperError> {
    let mut table = Table::new(&[
        "optimizer",
        "epochs",
        "train loss",
        "allowed",
        "train acc.",
        "allowed",
        "test acc.",
        "allowed",
        "within",
    ]);
    for optimizer in distinct(input.training.iter().map(|row| row.optimizer.as_str())) {
        if let Some(check) = check_curve(input.training, CLEAN, optimizer)? {
            table.rows.push(vec![
                label(optimizer).to_owned(),
                check.epochs.to_string(),
                format!("{:.4}", check.train_loss),
                check.band.train_loss.to_string(),
                format!("{:.4}", check.train_accuracy),
                check.band.train_accuracy.to_string(),
                format!("{:.4}", check.test_accuracy),
                check.band.test_accuracy.to_string(),
                if check.passes() { "yes" } else { "no" }.to_owned(),
            ]);
        }
    }
    Ok(table)
}

fn tables(text: &mut String, input: &ReportInput<'_>) -> Result<(), PaperError> {
    for part in paper_tables::parts(input)? {
        section(text, &part.title, &format!("{}\n\n{}", part.words, part.table.to_markdown()));
    }
    if let Some(body) = curvature::section(input) {
        section(text, &input.heading("Curvature at the end"), &body);
    }
    for (quantity, title) in [
        (Quantity::InputGradientNorm, "Figure 2 in numbers: input-gradient norms"),
        (Quantity::LogitMargin, "Figure 3 in numbers: logit margins"),
    ] {
        let table = distribution_table(input.distributions, quantity, input.beside())?;
        if !table.rows.is_empty() {
            section(text, &input.heading(title), &table.to_markdown());
        }
    }
    Ok(())
}

fn figures(names: &[String]) -> String {
    let shown: Vec<String> = names
        .iter()
        .map(|name| {
            let caption = match name.as_str() {
                "figure1" => "Figure 1: images above their adversarial images",
                "figure2" => "Figure 2: input-gradient norms",
                "figure3" => "Figure 3: logit margins",
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

pub(super) fn caveats(input: &ReportInput<'_>) -> String {
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
