//! Steps as a description of a network in TOML, with the numbers of its parameters.

use crate::program::{Convolution, Function, Norm, Operation, Pool, Program, Step, StepId};
use std::collections::{HashMap, HashSet};

/// A description and the numbers of each array of parameters, by the array's name.
#[derive(Debug)]
pub(crate) struct Text {
    pub layers: String,
    pub parameters: HashMap<String, Vec<f32>>,
}

/// The layers of the steps that `output` depends on.
pub(crate) fn write(program: &mut Program, output: StepId) -> Text {
    let order = program.needed(output);
    let named = named(program, &order);
    let mut layers = String::new();
    let mut parameters = HashMap::new();
    let mut before = None;
    let mut written = 0;
    for &id in &order {
        let Some(step) = program.steps.get_mut(id) else { continue };
        if step.operation == Operation::Input {
            before = Some(id);
            continue;
        }
        written += 1;
        let layer = layer(id, step, before, &named);
        layers += &format!("    {layer},\n");
        take_parameters(step, &mut parameters);
        before = Some(id);
    }
    if written == 0 {
        layers += "    { layer = \"affine\" },\n";
    }
    Text { layers, parameters }
}

/// The steps whose outputs need a name, because another step than the next one reads them.
fn named(program: &Program, order: &[StepId]) -> HashSet<StepId> {
    let mut named = HashSet::new();
    let mut before = None;
    for &id in order {
        if let Some(step) = program.step(id) {
            let inputs = read(step, before);
            named.extend(
                inputs
                    .iter()
                    .enumerate()
                    .filter(|(place, input)| *place > 0 || before != Some(**input))
                    .map(|(_, &input)| input),
            );
        }
        before = Some(id);
    }
    named
}

/// The inputs of a step. The two inputs of a sum or product are exchanged if the second is the output of the step before.
fn read(step: &Step, before: Option<StepId>) -> Vec<StepId> {
    match (&step.operation, &step.inputs[..]) {
        (Operation::Add | Operation::Multiply, &[a, b]) if before == Some(b) && a != b => vec![b, a],
        _ => step.inputs.clone(),
    }
}

/// The name of a value.
fn value(program_step: StepId) -> String {
    if program_step == 0 { "input".to_owned() } else { format!("v{program_step}") }
}

/// A layer as an inline table.
fn layer(id: StepId, step: &Step, before: Option<StepId>, named: &HashSet<StepId>) -> String {
    let (kind, keys) = described(step);
    let inputs = read(step, before);
    let from = inputs.first().filter(|first| before != Some(**first)).map(|&first| ("from", quoted(&value(first))));
    let others: Vec<String> = inputs.iter().skip(1).map(|&input| quoted(&value(input))).collect();
    let with = match step.operation {
        Operation::Concat { .. } => Some(("with", format!("[{}]", others.join(", ")))),
        _ => others.into_iter().next().map(|other| ("with", other)),
    };
    let name = (!step.name.is_empty()).then(|| ("name", quoted(&step.name)));
    let saved = named.contains(&id).then(|| ("as", quoted(&value(id))));
    let all = name.into_iter().chain(from).chain(keys).chain(with).chain(saved);
    let all: Vec<String> = all.map(|(key, value)| format!("{key} = {value}")).collect();
    if all.is_empty() {
        return quoted(kind);
    }
    format!("{{ layer = \"{kind}\", {} }}", all.join(", "))
}

type Keys = Vec<(&'static str, String)>;

/// The kind of a layer and its own keys.
fn described(step: &Step) -> (&'static str, Keys) {
    let last = step.shape.last().copied().unwrap_or(0);
    match &step.operation {
        Operation::Input => ("affine", Vec::new()),
        Operation::Convolution(convolution) => ("conv", convolution_keys(convolution)),
        Operation::Dense { bias, .. } => ("dense", vec![("features", last.to_string()), flag("bias", bias.is_some())]),
        Operation::Affine { scale, shift } => ("affine", vec![("scale", numbers(scale)), ("shift", numbers(shift))]),
        Operation::Function(function) => function_keys(*function),
        Operation::LayerNorm(norm) => ("layer_norm", norm_keys(norm)),
        Operation::GroupNorm { groups, norm } => {
            ("group_norm", [vec![("groups", groups.to_string())], norm_keys(norm)].concat())
        }
        Operation::Pool(pool) => pool_keys(pool),
        Operation::Reduce { axes, mean } => (if *mean { "mean" } else { "sum" }, vec![("axes", format!("{axes:?}"))]),
        Operation::Reshape => ("reshape", vec![("shape", format!("{:?}", step.shape))]),
        Operation::Transpose { axes } => ("transpose", vec![("axes", format!("{axes:?}"))]),
        Operation::Slice { axis, start, end } => {
            ("slice", vec![("axis", axis.to_string()), ("start", start.to_string()), ("end", end.to_string())])
        }
        Operation::Pad { axis, before, after, value } => {
            let sizes = [("axis", axis), ("before", before), ("after", after)];
            let keys = sizes.map(|(key, size)| (key, size.to_string())).into_iter().chain([("value", number(*value))]);
            ("pad", keys.collect())
        }
        Operation::Concat { axis } => ("concat", vec![("axis", axis.to_string())]),
        Operation::Add => ("add", Vec::new()),
        Operation::Multiply => ("multiply", Vec::new()),
        Operation::Matmul => ("matmul", Vec::new()),
        Operation::Softmax { axis } => ("softmax", vec![("axis", axis.to_string())]),
        Operation::Broadcast => ("broadcast", vec![("shape", format!("{:?}", step.shape))]),
        Operation::Embedding { .. } => ("embedding", vec![("shape", format!("{:?}", step.shape))]),
    }
}

fn convolution_keys(convolution: &Convolution) -> Keys {
    let Convolution { features, kernel, stride, padding, dilation, groups, bias, .. } = convolution;
    let all = [
        Some(("features", features.to_string())),
        Some(("kernel", pair(kernel))),
        (*stride != [1; 2]).then(|| ("stride", pair(stride))),
        Some(("padding", border(padding))),
        (*dilation != [1; 2]).then(|| ("dilation", pair(dilation))),
        (*groups != 1).then(|| ("groups", groups.to_string())),
        bias.is_none().then(|| flag("bias", false)),
    ];
    all.into_iter().flatten().collect()
}

fn pool_keys(pool: &Pool) -> (&'static str, Keys) {
    let Pool { mean, window, stride, padding, count_padding } = pool;
    let keys = vec![("window", pair(window)), ("stride", pair(stride)), ("padding", border(padding))];
    let counts = (*mean && !count_padding).then(|| flag("count_padding", false));
    (if *mean { "avg_pool" } else { "max_pool" }, keys.into_iter().chain(counts).collect())
}

fn norm_keys(norm: &Norm) -> Keys {
    let scale = norm.scale.is_none().then(|| flag("scale", false));
    let shift = norm.shift.is_none().then(|| flag("shift", false));
    [Some(("epsilon", number(norm.epsilon))), scale, shift].into_iter().flatten().collect()
}

fn function_keys(function: Function) -> (&'static str, Keys) {
    match function {
        Function::Relu => ("relu", Vec::new()),
        Function::LeakyRelu { slope } => ("leaky_relu", vec![("slope", number(slope))]),
        Function::Elu { alpha } => ("elu", vec![("alpha", number(alpha))]),
        Function::Gelu => ("gelu", Vec::new()),
        Function::GeluTanh => ("gelu_tanh", Vec::new()),
        Function::Silu => ("silu", Vec::new()),
        Function::Sigmoid => ("sigmoid", Vec::new()),
        Function::Softplus => ("softplus", Vec::new()),
        Function::Tanh => ("tanh", Vec::new()),
        Function::Clip { low, high } => ("clip", vec![("low", number(low)), ("high", number(high))]),
        Function::Sqrt => ("sqrt", Vec::new()),
        Function::Reciprocal => ("reciprocal", Vec::new()),
        // A network with it is refused before.
        Function::Erf => ("erf", Vec::new()),
    }
}

fn flag(key: &'static str, value: bool) -> (&'static str, String) {
    (key, value.to_string())
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

fn pair([vertical, horizontal]: &[usize; 2]) -> String {
    if vertical == horizontal { vertical.to_string() } else { format!("[{vertical}, {horizontal}]") }
}

fn border([vertical, horizontal]: &[[usize; 2]; 2]) -> String {
    if vertical == horizontal && vertical[0] == vertical[1] {
        return vertical[0].to_string();
    }
    format!("[{}, {}]", pair(vertical), pair(horizontal))
}

fn numbers(of: &[f64]) -> String {
    match of {
        [one] => number(*one),
        _ => format!("[{}]", of.iter().map(|&x| number(x)).collect::<Vec<_>>().join(", ")),
    }
}

/// The shortest text that is read as the same number.
fn number(x: f64) -> String {
    format!("{x:?}")
}

/// Moves the numbers of a step's parameters to their names.
fn take_parameters(step: &mut Step, parameters: &mut HashMap<String, Vec<f32>>) {
    let name = step.name.clone();
    let mut put = |role: &str, numbers: Vec<f32>| parameters.insert(format!("{name}.{role}"), numbers);
    match &mut step.operation {
        Operation::Convolution(Convolution { weights, bias, .. }) | Operation::Dense { weights, bias } => {
            put("kernel", std::mem::take(weights));
            bias.take().map(|bias| put("bias", bias));
        }
        Operation::LayerNorm(norm) | Operation::GroupNorm { norm, .. } => {
            norm.scale.take().map(|scale| put("scale", scale));
            norm.shift.take().map(|shift| put("bias", shift));
        }
        Operation::Embedding { numbers } => {
            parameters.insert(name, std::mem::take(numbers));
        }
        _ => {}
    }
}
