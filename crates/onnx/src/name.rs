//! Names of layers from names in ONNX files.

/// The largest number of characters.
const MOST_CHARACTERS: usize = 80;

/// The endings of names of arrays that the layer's name does not have.
const ROLES: [&str; 4] = [".weight", ".bias", ".kernel", ".scale"];

/// The layer of an array: `layer1.0.conv1` for `layer1.0.conv1.weight`. Names without a meaning, such as `onnx::Conv_193`, give
/// none.
pub(crate) fn of_array(array: &str) -> Option<&str> {
    let meaningless = array.is_empty() || array.contains("::") || array.chars().all(|c| c.is_ascii_digit());
    if meaningless || array.starts_with("val_") {
        return None;
    }
    Some(ROLES.iter().find_map(|role| array.strip_suffix(role)).unwrap_or(array))
}

/// The layer of a node: `layer1.0.conv1` for `/layer1/layer1.0/conv1/Conv`.
pub(crate) fn of_node(node: &str) -> String {
    let parts: Vec<&str> = node.split('/').filter(|part| !part.is_empty()).collect();
    let modules = parts.split_last().map_or(&[][..], |(_, modules)| modules);
    if modules.is_empty() {
        return node.to_owned();
    }
    let mut kept: Vec<&str> = Vec::new();
    for module in modules {
        // A container within a container repeats its name.
        if kept.last().is_some_and(|last| module.strip_prefix(last).is_some_and(|rest| rest.starts_with('.'))) {
            kept.pop();
        }
        kept.push(module);
    }
    kept.join(".")
}

/// A name with the characters that names of layers may have: letters, digits, `_`, `-`, and `.` between parts.
pub(crate) fn layer(name: &str) -> String {
    let valid = |c: char| if c.is_ascii_alphanumeric() || c == '_' || c == '-' { c } else { '_' };
    let parts = name.split(['.', '/']).map(|part| part.chars().map(valid).collect::<String>());
    let mut text = String::new();
    for part in parts.filter(|part| !part.is_empty()) {
        if text.len() + part.len() > MOST_CHARACTERS {
            break;
        }
        if !text.is_empty() {
            text.push('.');
        }
        text += &part;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_modules() {
        assert_eq!(of_array("layer1.0.conv1.weight"), Some("layer1.0.conv1"));
        assert_eq!((of_array("onnx::Conv_193"), of_array("17"), of_array("")), (None, None, None));
        assert_eq!(of_node("/layer1/layer1.0/conv1/Conv"), "layer1.0.conv1");
        assert_eq!(of_node("node_conv2d"), "node_conv2d");
        assert_eq!(layer("a b..c/é{i}"), "a_b.c.__i_");
        assert_eq!(layer(&"x".repeat(200)), "");
    }
}
