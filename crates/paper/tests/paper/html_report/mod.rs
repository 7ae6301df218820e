//! The page is well-formed, self-contained and escaped, and contains exactly the sections that have rows.

mod markup;
mod rows;

use markup::{check, headings, ids};
use minima_paper::PAPER;
use minima_report::html::page;
use minima_report::results::{DataSet, Results};
use minima_report::write_reports;
use minima_rows::write_csv;
use rows::Folder;
use std::fs;

#[test]
fn the_page_is_well_formed_and_needs_nothing_else() {
    let folder = Folder::full();
    let text = page(&folder.read(), Some(&PAPER)).unwrap();
    check(&text);
    for outside in ["http:", "https:", "//", "@import", "url(", " src=\"f", "<link"] {
        let found = text.find(outside).filter(|_| outside != "//");
        assert_eq!(found, None, "{outside}");
    }
    // No script, style or link refers to another file.
    for (place, _) in text.match_indices("href=\"") {
        assert!(text[place + 6..].starts_with('#'), "{}", &text[place..place + 40]);
    }
    for (place, _) in text.match_indices("src=\"") {
        assert!(text[place + 5..].starts_with("data:image/png;base64,"), "{}", &text[place..place + 40]);
    }
    assert_eq!(text.matches("<h1").count(), 1);
    assert!(text.contains("<html lang=\"en\">") && text.contains("class=\"skip\"") && text.contains("<main>"));
    assert_eq!(text.matches("role=\"img\"").count(), text.matches("<desc>").count());
    assert!(text.matches("role=\"img\"").count() > 20);
    // Navigation links point to sections.
    let ids = ids(&text);
    for (place, _) in text.match_indices("href=\"#") {
        let target = text[place + 7..].split('"').next().unwrap();
        assert!(ids.iter().any(|id| id == target), "{target}");
    }
}

#[test]
fn headings_come_in_order() {
    let text = page(&Folder::full().read(), Some(&PAPER)).unwrap();
    let levels = headings(&text);
    assert_eq!(levels.first(), Some(&1));
    for pair in levels.windows(2) {
        assert!(pair[1] as i32 - pair[0] as i32 <= 1, "{levels:?}");
    }
}

#[test]
fn a_section_is_there_exactly_if_its_file_is() {
    for (file, section) in [
        ("tables/fgsm.csv", "fgsm-clean"),
        ("tables/fgsm.csv", "fgsm-poisoned"),
        ("tables/sharpness.csv", "sharpness"),
        ("tables/adversarial.csv", "gallery"),
        ("studies/seeds/claims.csv", "claims"),
        ("studies/logit-scale/logit_scale.csv", "logit-scale"),
        ("studies/predictors/correlations.csv", "predictors"),
        ("studies/radii/radii.csv", "radii"),
        ("studies/poison/poison.csv", "poison"),
        ("studies/damping/damping.csv", "damping"),
        ("training.csv", "training"),
        ("config.toml", "again"),
    ] {
        let folder = Folder::full();
        let title = format!("<section id=\"{section}\"");
        assert!(page(&folder.read(), Some(&PAPER)).unwrap().contains(&title), "{section}");
        fs::remove_file(folder.path(file)).unwrap();
        let without = page(&folder.read(), Some(&PAPER)).unwrap();
        assert!(!without.contains(&title) && !without.contains(&format!("href=\"#{section}\"")), "{section}");
        check(&without);
    }
    let folder = Folder::full();
    for file in ["tables/robustness.csv", "tables/robustness_curves.csv"] {
        assert!(page(&folder.read(), Some(&PAPER)).unwrap().contains("<section id=\"attacks\""), "{file}");
        fs::remove_file(folder.path(file)).unwrap();
    }
    assert!(!page(&folder.read(), Some(&PAPER)).unwrap().contains("<section id=\"attacks\""));
    for study in ["seeds", "matched", "precision", "landscape"] {
        let folder = Folder::full();
        let title = format!("<section id=\"{study}\"");
        assert!(page(&folder.read(), Some(&PAPER)).unwrap().contains(&title), "{study}");
        fs::remove_dir_all(folder.path("studies").join(study)).unwrap();
        assert!(!page(&folder.read(), Some(&PAPER)).unwrap().contains(&title), "{study}");
    }
}

#[test]
fn one_file_of_a_study_is_enough() {
    let all = [
        "studies/matched/path.csv",
        "studies/matched/matches.csv",
        "studies/precision/precision.csv",
        "studies/precision/drift.csv",
        "studies/landscape/surface.csv",
        "studies/landscape/segments.csv",
    ];
    for kept in all {
        let folder = Folder::full();
        for other in all.iter().filter(|other| **other != kept) {
            fs::remove_file(folder.path(other)).unwrap();
        }
        let section = kept.split('/').nth(1).unwrap();
        let text = page(&folder.read(), Some(&PAPER)).unwrap();
        assert!(text.contains(&format!("<section id=\"{section}\"")), "{kept}");
        check(&text);
    }
}

#[test]
fn what_comes_from_files_is_escaped() {
    let folder = Folder::full();
    let mut training = folder.read().training;
    let evil = "\"><script>alert(1)</script><b>&amp;`x` [a](http://b.c)";
    training.iter_mut().filter(|row| row.optimizer == "adam").for_each(|row| row.optimizer = evil.to_owned());
    write_csv(&folder.path("training.csv"), &training).unwrap();
    let mut claims = folder.read().studies.claims;
    claims.iter_mut().for_each(|row| row.quantity = evil.to_owned());
    write_csv(&folder.path("studies/seeds/claims.csv"), &claims).unwrap();
    let mut damping = folder.read().studies.damping;
    damping.iter_mut().for_each(|row| row.failure = evil.to_owned());
    write_csv(&folder.path("studies/damping/damping.csv"), &damping).unwrap();
    let text = page(&folder.read(), Some(&PAPER)).unwrap();
    check(&text);
    assert!(!text.contains("<script>alert") && !text.contains("<b>") && !text.contains("href=\"http"));
    assert_eq!(text.matches("<script").count(), 1);
}

#[test]
fn the_same_files_make_the_same_reports() {
    let folder = Folder::full();
    write_reports(&folder.path(""), &folder.read(), Some(&PAPER)).unwrap();
    let first = [folder.text("report.md"), folder.text("report.html")];
    write_reports(&folder.path(""), &folder.read(), Some(&PAPER)).unwrap();
    assert_eq!(first, [folder.text("report.md"), folder.text("report.html")]);
    for title in ["## Claims and verdicts", "## Poisoned labels", "## Learning rate and damping", "## Logit scale"] {
        assert!(first[0].contains(title), "{title}");
    }
}

#[test]
fn seeds_stand_in_where_there_are_no_tables() {
    let folder = Folder::full();
    fs::rename(folder.path("training.csv"), folder.path("studies/seeds/training.csv")).unwrap();
    fs::rename(folder.path("tables"), folder.path("studies/seeds/tables")).unwrap();
    let results = folder.read();
    assert!(!results.training.is_empty() && !results.clean_fgsm.is_empty() && !results.adversarial.is_empty());
    assert!(page(&results, Some(&PAPER)).unwrap().contains("<section id=\"fgsm-clean\""));
}

#[test]
fn a_malformed_file_is_named_with_what_was_expected() {
    let folder = Folder::full();
    fs::write(folder.path("studies/poison/poison.csv"), "flips,rate\nuniform,0.1\n").unwrap();
    let error = Results::read(&folder.path("")).unwrap_err().to_string();
    assert!(error.contains("poison.csv: found the header \"flips,rate\", expected \"flips,rate,optimizer"), "{error}");

    let folder = Folder::full();
    let mut rows = folder.read().adversarial;
    rows[0].original.pop();
    write_csv(&folder.path("tables/adversarial.csv"), &rows).unwrap();
    let error = Results::read(&folder.path("")).unwrap_err().to_string();
    assert!(error.contains("adversarial.csv: found") && error.contains("expected two digits"), "{error}");

    let folder = Folder::full();
    fs::write(folder.path("manifest.json"), "{\"version\": 1").unwrap();
    let error = Results::read(&folder.path("")).unwrap_err().to_string();
    assert!(error.contains("manifest.json: cannot be read as a manifest: "), "{error}");

    let nothing = tempfile::tempdir().unwrap();
    let error = Results::read(nothing.path()).unwrap_err().to_string();
    assert!(error.contains("found no result, expected training.csv"), "{error}");
    assert!(Results::read(&nothing.path().join("a")).unwrap_err().to_string().contains("found no folder"));
}

#[test]
fn a_study_alone_makes_a_page() {
    let folder = Folder::full();
    for gone in ["tables", "studies/seeds", "studies/matched", "studies/precision", "studies/landscape"] {
        fs::remove_dir_all(folder.path(gone)).unwrap();
    }
    for gone in ["training.csv", "config.toml", "manifest.json"] {
        fs::remove_file(folder.path(gone)).unwrap();
    }
    let text = page(&folder.read(), Some(&PAPER)).unwrap();
    check(&text);
    assert!(text.contains("<section id=\"poison\"") && text.contains("do not answer the question yet"));
}

#[test]
fn sentences_follow_from_the_rows() {
    let folder = Folder::full();
    write_reports(&folder.path(""), &folder.read(), Some(&PAPER)).unwrap();
    let (text, page) = (folder.text("report.md"), folder.text("report.html"));
    for sentence in [
        "From the same initial weights, SGD ends at the lowest train loss, 0.1667, and Gauss-Newton (mean) at the highest, 0.3667.",
        "After FGSM at ε = 0.1, tried on the first 1000 test images, it lies between 44.0 % (SGD) and 46.0 % (Gauss-Newton (mean)), 2.0 points \
         apart (means over 3 seeds).",
        "differs by \u{2212}1.0 points for Gauss-Newton (mean) against Adam (2 of 2 seeds). SGD never reaches the train loss of \
         Gauss-Newton (mean).",
        "Of 3 claims, each for one optimizer: holding 1, failing 1, without a difference that matters 0, undecided 1.",
        "SGD 56.0 % ± 2.0, Adam 54.0 % ± 0.0 and Gauss-Newton (mean) 54.0 % ± 0.0.",
        "For Adam and Gauss-Newton (mean), the rate varies more over the last 3 epochs of a run than between seeds",
        "(a) FGSM succeeds less often against Gauss-Newton than against SGD and Adam. This fails for Gauss-Newton (mean).",
        "(d) Gauss-Newton has larger input gradients than SGD and Adam. This is undecided for Gauss-Newton (mean).",
        "(e) Gauss-Newton has smaller logit margins than SGD and Adam. This holds for Gauss-Newton (mean).",
        "Gauss-Newton (mean), at equal train loss: FGSM at ε = 0.1 succeeds about as often as on Adam's equal model (60.0 % against 61.0 %, 2 of \
         2 seeds); SGD never reaches its train loss.",
        "Logit margin: the largest is 3.0 times the smallest as trained and 1.0 times with scaled logits.",
        "With 40 % of the labels wrong (from 0 %; 1 seed), test accuracy: SGD 93.0 % (from 97.0 %),",
        "wrong labels memorised: SGD 25.0 %, Adam 25.0 % and",
        "Gauss-Newton (mean): 2 of 3 pairs of η and λ reach 95.0 % test accuracy or more in 2 epochs, and training failed for 1. The \
         lowest train loss, 0.2000, is at η = 0.1, λ = 0.1. Among these pairs, FGSM's success rate at ε = 0.1 ranges from 70.0 % (η = 0.01, λ = \
         0.1) to 80.0 % (η = 0.1, λ = 0.1).",
        "by arithmetic: f64 66.7 % and tf32 50.0 %, a range of 16.7 points.",
        "tf32 25.0 % (most of it, 75 %, at curvatures from",
        "the mean loss is SGD 0.35 (from 0.100), Adam 0.60 (from 0.100) and",
        "Between SGD and Adam (clean, seed 1), the loss rises by 1.000 along a straight line.",
    ] {
        assert!(text.contains(sentence), "report.md: {sentence}");
        let escaped = sentence.replace('&', "&amp;").replace('<', "&lt;").replace(" %", "\u{a0}%");
        assert!(page.contains(&escaped), "report.html: {sentence}");
    }
}

/// The visible text of HTML.
fn seen(markup: &str) -> String {
    let mut text = String::new();
    let without_style = markup
        .split_once("<style>")
        .map_or(markup.to_owned(), |(before, rest)| format!("{before}{}", rest.split_once("</style>").unwrap().1));
    for (place, part) in without_style.split('<').enumerate() {
        text.push_str(if place == 0 { part } else { part.split_once('>').map_or("", |tag| tag.1) });
    }
    let plain = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
    plain.replace('\u{a0}', " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The visible text of Markdown.
fn read(markdown: &str) -> String {
    markdown.replace("**", "").replace('`', "").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// One section of `report.md`.
fn part<'a>(text: &'a str, title: &str) -> &'a str {
    let start = text.find(&format!("## {title}\n")).unwrap_or_else(|| panic!("no section {title}"));
    let body = text[start..].split_once('\n').unwrap().1;
    &body[..body.find("\n## ").unwrap_or(body.len())]
}

/// Both reports have the same answer, line by line, and the same caveats and methods.
#[test]
fn both_reports_have_the_same_answer() {
    let other = "\"data\": {\"a.gz\": \"00ff\"}, \"data_name\": \"fashion\"";
    for (data, studies) in
        [(None, true), (None, false), (Some(other), true), (Some(other), false), (Some("\"data\": {}"), true)]
    {
        let folder = Folder::full();
        if let Some(data) = data {
            folder.made_with(data);
        }
        if !studies {
            fs::remove_dir_all(folder.path("studies")).unwrap();
        }
        write_reports(&folder.path(""), &folder.read(), Some(&PAPER)).unwrap();
        let (text, page) = (folder.text("report.md"), folder.text("report.html"));
        let list = page.split("id=\"answer-title\"").nth(1).unwrap();
        let list = &list[list.find("<ul>").unwrap()..list.find("</ul>").unwrap()];
        let items: Vec<String> = list.split("<li>").skip(1).map(seen).collect();
        let lines: Vec<String> = part(&text, "The answer").split("- **").skip(1).map(read).collect();
        assert_eq!(lines, items);
        assert!(lines.len() >= 3, "{lines:?}");
        let lead = text.lines().nth(2).unwrap();
        let header = seen(page.split("<header>").nth(1).unwrap().split("</header>").next().unwrap());
        assert!(header.contains(&read(lead)), "{lead}\n{header}");
        let page = seen(&page);
        for title in ["Caveats", "Methods", "How training ended"] {
            let body = part(&text, title_of(&text, title));
            for sentence in body.lines().filter_map(|line| line.strip_prefix("- ")) {
                assert!(page.contains(&read(sentence)), "{title}: {sentence}");
            }
        }
    }
}

/// A heading of the report, with the data set's name appended if it is not MNIST.
fn title_of<'a>(text: &'a str, title: &str) -> &'a str {
    let heading = text.lines().filter_map(|line| line.strip_prefix("## ")).find(|heading| heading.starts_with(title));
    heading.unwrap_or_else(|| panic!("no heading {title}"))
}

/// The paper's claims and numbers are for MNIST. On another data set neither report contains them, in any section.
#[test]
fn other_data_is_named_and_not_held_against_the_paper() {
    let folder = Folder::full();
    folder.made_with("\"data\": {\"a.gz\": \"00ff\"}, \"data_name\": \"fashion\"");
    write_reports(&folder.path(""), &folder.read(), Some(&PAPER)).unwrap();
    let (text, page) = (folder.text("report.md"), folder.text("report.html"));
    check(&page);
    assert!(
        page.contains("<title>minima: made-up on fashion</title>") && page.contains("FGSM, clean labels (fashion)")
    );
    let said = [read(&text), seen(&page)];
    for said in &said {
        assert!(
            said.contains("--data FOLDER --out again") && said.contains("The paper has no numbers for fashion"),
            "{said}"
        );
        assert!(said.contains("The paper's claims are about MNIST and are not judged on this data set."), "{said}");
        for absent in
            ["Δ ours", "(a) FGSM succeeds", "Claims and verdicts", "What matches", "holding", "orientation", "paper Δ"]
        {
            assert!(!said.contains(absent), "{absent}");
        }
    }
    // Differences between optimizers are still shown, without verdicts.
    assert!(page.contains("Optimizers compared") && page.contains("\u{2212}0.0600 to \u{2212}0.0400"));
    assert!(!page.contains(">holds<") && !page.contains(">undecided<"));
}

/// A folder with only studies has no manifest. The data set is then taken from the recipes of the runs.
#[test]
fn the_recipes_of_runs_tell_the_data_of_a_study() {
    let folder = Folder::full();
    fs::remove_file(folder.path("manifest.json")).unwrap();
    assert_eq!(folder.read().data_set, DataSet::Unknown);
    let hashes = minima_data::mnist::FILES.map(|(_, hash)| format!("\"{hash}\"")).join(", ");
    let recipe = |run: &str, data: &str| {
        let place = folder.path("studies/runs").join(run);
        fs::create_dir_all(&place).unwrap();
        fs::write(place.join("run.toml"), format!("seed = 1\ndata = [{data}]\n")).unwrap();
    };
    recipe("clean-adam-1", &hashes);
    assert_eq!(folder.read().data_set, DataSet::Mnist);
    recipe("clean-adam-2", "\"00ff\"");
    assert_eq!(folder.read().data_set, DataSet::Unknown);
}

/// Reports use one vocabulary: images are misclassified or robust, attacks succeed.
#[test]
fn images_are_misclassified_or_robust() {
    let folder = Folder::full();
    write_reports(&folder.path(""), &folder.read(), Some(&PAPER)).unwrap();
    for said in [read(&folder.text("report.md")), seen(&folder.text("report.html"))] {
        for word in ["flipped", "flips", "turned", "stands best", "that stand ", "twin"] {
            let place =
                said.find(word).map(|place| said[place.saturating_sub(60)..].chars().take(120).collect::<String>());
            assert_eq!(place, None, "{word}");
        }
    }
}
