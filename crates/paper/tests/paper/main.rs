//! Tests of the paper’s report.
#![cfg(test)]

mod claims;
mod figures;
mod html_report;
mod report;
