use crate::UpkeepError;
use crate::dependencies::Finding;
use cargo_metadata::Package;
use std::fs;

/// Whether a crate's README contains the example of the crate's documentation, which is compiled and run as a test. Hidden lines
/// (`# …`) are omitted.
pub(crate) fn finding(package: &Package) -> Result<Option<Finding>, UpkeepError> {
    let read = |name: &str| {
        let path = package.manifest_path.with_file_name(name).into_std_path_buf();
        match fs::read_to_string(&path) {
            Ok(text) => Ok(text),
            Err(source) if source.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
            Err(source) => Err(UpkeepError::File { path, source }),
        }
    };
    let source = read("src/lib.rs")?;
    let documentation = source.lines().map_while(|line| line.strip_prefix("//!"));
    let documented = example(documentation.map(|line| line.strip_prefix(' ').unwrap_or(line)));
    let shown = example(read("README.md")?.lines());
    let fault = match (&documented, &shown) {
        (Some(documented), Some(shown)) if documented == shown => return Ok(None),
        (None, _) => "its documentation has no example",
        (_, None) => "its README.md has no example",
        _ => "its README.md and its documentation have different examples",
    };
    Ok(Some(Finding::new(package.name.as_str(), fault)))
}

/// The lines of the first Rust code block, without hidden lines.
fn example<'a>(lines: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut block = lines.skip_while(|line| !matches!(*line, "```" | "```rust"));
    block.next()?;
    let shown: Vec<&str> =
        block.take_while(|line| *line != "```").filter(|line| *line != "#" && !line.starts_with("# ")).collect();
    Some(shown.join("\n").trim().to_owned())
}
