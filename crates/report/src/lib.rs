//! Reports from result files (tables, figures, Markdown and one HTML page), and comparisons of two results folders.
//!
//! A report depends only on the rows: equal rows give equal bytes. It may compare its numbers with a published result, a
//! [`Reference`]. Without a reference it has no column, section or sentence about one.
//!
//! ```
//! use minima_report::fgsm_table;
//! use minima_rows::FgsmRow;
//!
//! let rows = [FgsmRow::new("clean", "adam", 42, 0.1, 9_778, 7_396)];
//! assert!(fgsm_table(&rows, None).to_text().contains("75.6 %"));
//! ```

mod answer;
mod appearance;
mod attacked;
mod certified;
mod claim_verdict;
mod commentary;
pub mod comparison;
mod curvature;
mod document;
mod error;
pub mod figures;
mod goal;
pub mod histograms;
pub mod html;
mod input;
mod markdown;
mod own_optimizer;
mod parts;
mod reference;
mod result_tables;
pub mod results;
mod robustness;
mod studies;
mod summary;
mod table_parts;
pub mod words;
mod writing;

pub use certified::certified_table;
pub use claim_verdict::{verdict, word};
pub use commentary::{Agreement, Commentary, Comments, Finding, Place, ReferenceSection};
pub use curvature::curvature_table;
pub use document::{Block, Document};
pub use error::ReportError;
pub use input::ReportInput;
pub use markdown::report;
pub use own_optimizer::OwnOptimizer;
pub use parts::{Part, attacks_table, models_table, part_rows, read_parts, write_parts_reports};
pub use reference::{Center, CurvePoint, FgsmCount, Reference, Remarks};
pub use result_tables::{fgsm_table, sharpness_table};
pub use robustness::robustness_table;
pub use writing::write_reports;
