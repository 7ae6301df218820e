//! Findings on the paper's numbers.

use super::run::{PUBLISHED, Run, TF32};
use minima_paper::PAPER;
use minima_report::{Agreement, Commentary};

#[test]
fn the_papers_own_numbers_match() {
    let run = Run::the_papers();
    let found = PAPER.findings(&run.input(true));
    assert!(found.iter().all(|finding| finding.agreement != Agreement::Differs), "{found:#?}");
    assert_eq!(found.iter().filter(|finding| finding.agreement == Agreement::Matches).count(), 9);

    let text = run.report();
    assert!(text.contains("Of 9 comparisons with the paper, 9 match and 0 do not"));
    assert!(text.contains("The paper reports 4937 of 9585 (51.5 %); the difference is within the tolerance of ±120"));
    assert!(text.contains("SGD, clean: all counts are within the tolerance"));
    assert!(text.contains("in training and not at a minimum: Gauss-Newton (published) (1.03)"));
    assert!(text.contains("(figures/figure1.png)"));
    assert!(text.contains("cargo xtask reproduce --config config.toml"));
    assert!(text.contains("- A remark."));
    assert!(!text.contains("Does not match"));
    assert!(!text.contains("TF32 emulated"));
}

#[test]
fn a_different_count_on_the_same_curve_is_a_finding() {
    let mut run = Run::the_papers();
    run.set_flips(PUBLISHED, 0.1, 6501);
    let text = run.report();
    assert!(
        text.contains("**Does not match.** Gauss-Newton (published), clean: FGSM at ε = 0.1 succeeds on 6501 of 9585")
    );
    assert!(
        text.contains("The paper reports 4937 of 9585 (51.5 %), although the training curve matches the paper's curve")
    );
    assert!(text.contains("10 bits of mantissa"));
    assert!(!text.contains("the difference is within the tolerance"));
}

#[test]
fn a_different_curve_is_not_blamed_on_rounding_alone() {
    let mut run = Run::the_papers();
    run.set_flips(PUBLISHED, 0.1, 6501);
    for row in run.training.iter_mut().filter(|row| row.optimizer == PUBLISHED) {
        row.train_loss += 0.02;
    }
    let text = run.report();
    assert!(text.contains("Gauss-Newton (published), clean: the training curve does not match the paper's curve"));
    assert!(text.contains("rounding may not be the only cause"));
}

#[test]
fn counts_outside_the_tolerance_are_named() {
    let mut run = Run::the_papers();
    run.set_flips("sgd", 0.05, 2687 + 61);
    run.table3[3].median_loss_increase *= 1.5;
    run.distributions[2].median = 0.01;
    let text = run.report();
    assert!(
        text.contains(
            "SGD, clean: outside the tolerance: 2748 successes at ε = 0.05 (paper 2687, allowed ±60); within"
        )
    );
    assert!(text.contains("Table 3: the median loss increases are not all within 10 %"));
    assert!(text.contains("The largest relative difference is for Adam: 0.0100 here, 0.0060 in the paper."));
}

#[test]
fn the_emulation_has_a_section_if_it_was_run() {
    let mut run = Run::the_papers();
    run.add("clean", TF32, PUBLISHED);
    run.set_flips(PUBLISHED, 0.1, 6501);
    let text = run.report();
    assert!(text.contains("## The published Gauss-Newton in TF32"));
    assert!(text.contains("comes nearer to the published count"));
    run.set_flips(TF32, 0.1, 8000);
    assert!(run.report().contains("comes no nearer to the published count"));
}

#[test]
fn the_mean_gauss_newton_stands_beside_the_others() {
    let mut run = Run::the_papers();
    run.add("clean", "gauss-newton", "adam");
    let text = run.report();
    assert!(text.contains("The paper reports no numbers for Gauss-Newton (mean)"));
    assert!(text.contains("For comparison: Adam 75.6 %, SGD 75.6 % and Gauss-Newton (published) 51.5 %."));
}
