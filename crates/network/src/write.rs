//! Writes a description as TOML, always in the same form: every key with its value, one layer a line.

use crate::description::{At, Description, Element};
use crate::expression::Expression;
use crate::layer::{Border, Convolution, Function, Layer, Norm, Operation, Pair, Window};
use crate::template::Template;

/// The canonical text of a description.
pub(crate) fn write(description: &Description) -> String {
    let Description { name, input, classes, normalize, options, layers } = description;
    let input: Vec<String> = input.value.iter().map(usize::to_string).collect();
    let name = name.as_ref().map_or(String::new(), |name| format!("name = {}\n", toml::Value::String(name.clone())));
    let mut text = format!("{name}input = [{}]\nclasses = {}\n", input.join(", "), classes.value);
    if let Some(At { value, .. }) = normalize {
        let [mean, deviation] = [&value.mean, &value.deviation].map(|of| numbers(of));
        text += &format!("normalize = {{ mean = {mean}, deviation = {deviation} }}\n");
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
fn layer(Layer { name, from, save, operation }: &Layer) -> String {
    let keys = keys(operation);
    let kind = operation.kind();
    if [name, from, save].iter().all(|name| name.is_none()) && keys.is_empty() {
        return format!("\"{kind}\"");
    }
    let named = |key, name: &Option<Template>| name.as_ref().map(|name| (key, format!("\"{name}\"")));
    let head = [("layer", format!("\"{kind}\""))].into_iter().chain(named("name", name)).chain(named("from", from));
    let keys = head.chain(keys).chain(named("as", save));
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
        Operation::Activation(Function::Clip { low, high }) => vec![("low", number(*low)), ("high", number(*high))],
        Operation::GroupNorm { groups, norm: of } => [vec![("groups", size(groups))], norm(of)].concat(),
        Operation::LayerNorm { norm: of } => norm(of),
        Operation::RmsNorm { epsilon } => vec![("epsilon", number(*epsilon))],
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
        Operation::Softmax { axis } => axis.iter().map(|axis| ("axis", size(axis))).collect(),
        Operation::Add { with } | Operation::Multiply { with } => vec![("with", format!("\"{with}\""))],
        Operation::Matmul { with, scale } => vec![("with", format!("\"{with}\"")), ("scale", number(*scale))],
        Operation::Concat { with, axis } => {
            let with: Vec<String> = with.iter().map(|name| format!("\"{name}\"")).collect();
            vec![("with", format!("[{}]", with.join(", "))), ("axis", size(axis))]
        }
        Operation::Affine { scale, shift } => vec![("scale", numbers(scale)), ("shift", numbers(shift))],
        Operation::Pad { axis, before, after, value } => {
            vec![("axis", size(axis)), ("before", size(before)), ("after", size(after)), ("value", number(*value))]
        }
        Operation::Broadcast { shape } => vec![("shape", list(shape))],
        Operation::Embedding { shape, deviation } => vec![("shape", list(shape)), ("deviation", number(*deviation))],
        Operation::Activation(_) | Operation::GlobalAvgPool | Operation::Flatten => Vec::new(),
    }
}

fn norm(Norm { epsilon, scale, shift }: &Norm) -> Vec<(&'static str, String)> {
    // Both parameters are the rule.
    let flag = |key, value: bool| (!value).then(|| (key, value.to_string()));
    let epsilon = ("epsilon", number(*epsilon));
    [Some(epsilon), flag("scale", *scale), flag("shift", *shift)].into_iter().flatten().collect()
}

fn numbers(of: &[f64]) -> String {
    format!("[{}]", of.iter().map(|&n| number(n)).collect::<Vec<_>>().join(", "))
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
