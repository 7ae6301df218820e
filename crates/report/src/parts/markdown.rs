//! The report of all parts in Markdown.

use super::across::{across, caveats, missing};
use super::again::again;
use super::part::Part;
use super::tables::{attacked_images, attacks_table, models_table};
use crate::answer::Answer;
use crate::commentary::Comments;
use crate::document::Document;
use crate::result_tables::{fgsm_table, final_epoch_table};
use crate::words::{counted, listed};
use crate::{robustness, summary};

/// "2 parts: `a` and `b`."
pub(crate) fn what_was_run(parts: &[Part]) -> String {
    let names: Vec<String> = parts.iter().map(Part::title).collect();
    format!("{}: {}.", counted(parts.len(), "part"), listed(&names))
}

/// The whole report.
pub(super) fn report(parts: &[Part]) -> String {
    let names: Vec<&str> = parts.iter().map(|part| part.name.as_str()).collect();
    let mut text = format!("# Which minimum, how robust: {}\n\n", names.join(", "));
    text.push_str(&Document::of_paragraph(what_was_run(parts)).to_markdown());
    let models = Document::default().table("All models", models_table(parts));
    let attacks = attacks_table(parts);
    let attacks = if attacks.rows.is_empty() {
        Document::default()
    } else {
        Document::of_paragraph(attacked_images(parts)).table("Attacks", attacks)
    };
    for (title, body) in [
        ("Unfinished parts", missing(parts)),
        ("What holds where", across(parts)),
        ("All models", models),
        ("Attacks", attacks),
    ] {
        section(&mut text, title, &body);
    }
    for part in parts {
        if let Some(body) = of_part(part) {
            section(&mut text, &part.title(), &body);
            let name = &part.name;
            text.push_str(&format!("\nThe whole report of this part: [{name}/report.md]({name}/report.md).\n"));
        }
    }
    section(&mut text, "Caveats", &caveats(parts));
    section(&mut text, "Run it again", &again(parts));
    text
}

fn section(text: &mut String, title: &str, body: &Document) {
    if !body.is_empty() {
        text.push_str(&format!("\n## {title}\n\n{}", body.to_markdown()));
    }
}

/// A part's headline and its main tables.
fn of_part(part: &Part) -> Option<Document> {
    let input = part.input()?;
    let comments = Comments::of(part.commentary, &input);
    let answer = Answer::of(&input, &comments.findings);
    let document = Document::of_paragraph(summary::what_was_run(&input))
        .then(answer.list())
        .table("The last epoch of every run", final_epoch_table(input.training))
        .table("FGSM on the models trained on clean labels", fgsm_table(input.clean_fgsm, input.beside()));
    Some(document.then(robustness::section(&input).unwrap_or_default()))
}
