//! Writes a description as TOML, always in the same form: every key with its value, one layer a line.

use crate::description::{At, Description, Element};
use crate::expression::Expression;
use crate::layer::{Border, Convolution, Function, Layer, Operation, Pair, Window};

/// The canonical text of a description.
pub(crate) fn write(description: &Description) -> String {
    let Description { name, input, classes, normalize, options, layers } = description;
    let input: Vec<String> = input.value.iter().map(usize::to_string).collect();
    let name = name.as_ref().map_or(String::new(), |name| format!("name = {}\n", toml::Value::String(name.clone())));
    let mut text = format!("{name}input = [{}]\nclasses = {}\n", input.join(", "), classes.value);
    if let Some(At { value, .. }) = normalize {
        let numbers = |of: &[f64]| of.iter().map(|&n| number(n)).collect::<Vec<_>>().join(", ");
        let [mean, deviation] = [&value.mean, &value.deviation].map(|of| numbers(of));
        text += &format!("normalize = {{ mean = [{mean}], deviation = [{deviation}] }}\n");
    }
    text += "\nlayers = [\n";
    elements(layers, 1, &mut text);
    text += "]\n";
    if !options.is_empty() {
        text += "\n[options]\n";
        options.iter().for_each(|(name, value)| text += &format!("{name} = {value}\n"));
    }
    text
}

/// A list of layers, without its brackets.
fn elements(list: &[At<Element>], depth: usize, text: &mut String) {
    let indent = "    ".repeat(depth);
    let group = |head: &str, layers: &[At<Element>], text: &mut String| {
        *text += &format!("{head} = [\n");
        elements(layers, depth + 1, text);
        *text += &format!("{indent}]");
    };
    for At { value, .. } in list {
        *text += &indent;
        match value {
            Element::Layer(of) => *text += &layer(of),
            Element::Repeat { count, index, first, layers } => {
                let index = index.as_ref().map_or(String::new(), |index| format!("index = \"{index}\", "));
                let head = format!("{{ repeat = {}, {index}first = {}, layers", size(count), size(first));
                group(&head, layers, text);
                *text += " }";
            }
            Element::Residual { residual, shortcut } => {
                group("{ residual", residual, text);
                if let Some(shortcut) = shortcut {
                    group(", shortcut", shortcut, text);
                }
                *text += " }";
            }
            Element::Module { name, layers } => {
                group(&format!("{{ module = \"{name}\", layers"), layers, text);
                *text += " }";
            }
        }
        *text += ",\n";
    }
}

/// A layer: its kind alone if it has no keys.
fn layer(Layer { name, operation }: &Layer) -> String {
    let keys = keys(operation);
    let kind = operation.kind();
    if name.is_none() && keys.is_empty() {
        return format!("\"{kind}\"");
    }
    let name = name.as_ref().map(|name| ("name", format!("\"{name}\"")));
    let keys = [("layer", format!("\"{kind}\""))].into_iter().chain(name).chain(keys);
    let keys: Vec<String> = keys.map(|(key, value)| format!("{key} = {value}")).collect();
    format!("{{ {} }}", keys.join(", "))
}

fn keys(operation: &Operation) -> Vec<(&'static str, String)> {
    match operation {
        Operation::Conv(Convolution { features, kernel, stride, padding, dilation, groups, bias }) => vec![
            ("features", size(features)),
            ("kernel", pair(kernel)),
            ("stride", pair(stride)),
            ("padding", border(padding)),
            ("dilation", pair(dilation)),
            ("groups", size(groups)),
            ("bias", bias.to_string()),
        ],
        Operation::Dense { features, bias } => vec![("features", size(features)), ("bias", bias.to_string())],
        Operation::Activation(Function::LeakyRelu { slope }) => vec![("slope", number(*slope))],
        Operation::Activation(Function::Elu { alpha }) => vec![("alpha", number(*alpha))],
        Operation::GroupNorm { groups, epsilon } => vec![("groups", size(groups)), ("epsilon", number(*epsilon))],
        Operation::LayerNorm { epsilon } | Operation::RmsNorm { epsilon } => vec![("epsilon", number(*epsilon))],
        Operation::AvgPool(of) => [window(of), vec![("count_padding", of.count_padding.to_string())]].concat(),
        Operation::MaxPool(of) => window(of),
        Operation::Reshape { shape } => vec![("shape", list(shape))],
        Operation::Transpose { axes } | Operation::Mean { axes } | Operation::Sum { axes } => {
            vec![("axes", list(axes))]
        }
        Operation::Slice { axis, start, end } => vec![("axis", size(axis)), ("start", size(start)), ("end", size(end))],
        Operation::Take { axis, index } => vec![("axis", size(axis)), ("index", size(index))],
        Operation::ClassToken { deviation } | Operation::PositionEmbedding { deviation } => {
            vec![("deviation", number(*deviation))]
        }
        Operation::Attention { heads } => vec![("heads", size(heads))],
        Operation::Activation(_) | Operation::GlobalAvgPool | Operation::Flatten | Operation::Softmax => Vec::new(),
    }
}

fn window(Window { window, stride, padding, .. }: &Window) -> Vec<(&'static str, String)> {
    vec![("window", pair(window)), ("stride", pair(stride)), ("padding", border(padding))]
}

fn border(border: &Border) -> String {
    match border {
        Border::Same => "\"same\"".into(),
        Border::Valid => "\"valid\"".into(),
        Border::Explicit([vertical, horizontal]) => {
            if vertical == horizontal && vertical[0] == vertical[1] {
                return size(&vertical[0]);
            }
            format!("[{}, {}]", pair(vertical), pair(horizontal))
        }
    }
}

fn pair(pair: &Pair) -> String {
    if pair[0] == pair[1] { size(&pair[0]) } else { list(pair) }
}

fn list(sizes: &[Expression]) -> String {
    format!("[{}]", sizes.iter().map(size).collect::<Vec<_>>().join(", "))
}

fn size(expression: &Expression) -> String {
    match expression {
        Expression::Number(n) => n.to_string(),
        _ => format!("\"{expression}\""),
    }
}

/// The shortest text that is read as the same number.
fn number(number: f64) -> String {
    format!("{number:?}")
}
