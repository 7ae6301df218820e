//! Presets, the runner, tables, figures and the report.
