//! A model as a description of a network and its parameters.

use crate::error::{OnnxError, Refusal};
use crate::importer::Importer;
use crate::input::{AxisOrder, image};
use crate::source::{self, Source};
use crate::text;
use minima_autodiff::{Graph, Model};
use minima_network::NetworkSpec;
use std::path::Path;
use std::sync::Arc;

/// What a model file does not say itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImportOptions {
    /// The order of the axes of its input.
    pub order: AxisOrder,
    /// Height, width and channels of the images, if the model leaves them free or takes a vector.
    pub image: Option<[usize; 3]>,
    /// Whether the model takes pixels from 0 to 255. Images of minima are from 0 to 1, and are multiplied within the network.
    pub bytes: bool,
    /// The means of the channels, or one for all, that are subtracted before the model sees the image. Empty for none.
    pub mean: Vec<f64>,
    /// The numbers by which the channels are divided after that. Empty for none.
    pub deviation: Vec<f64>,
}

/// A network from an ONNX file.
#[derive(Clone, Debug)]
pub struct Imported {
    /// Its description.
    pub network: NetworkSpec,
    /// Its parameters, as one flat vector.
    pub params: Vec<f32>,
    /// What was changed, in sentences.
    pub notes: Vec<String>,
    graph: Arc<Graph>,
}

impl Imported {
    /// The graph of the network.
    #[must_use]
    pub fn graph(&self) -> &Arc<Graph> {
        &self.graph
    }

    /// The network with its parameters.
    ///
    /// # Errors
    /// Returns [`OnnxError::Autodiff`] if the parameters were replaced by another number of them.
    pub fn model(&self) -> Result<Model<f32>, OnnxError> {
        Ok(Model::new(Arc::clone(&self.graph), self.params.clone())?)
    }
}

/// Reads the network of an ONNX file, and its weights from the files beside it that it names.
///
/// # Errors
/// - Returns [`OnnxError::Read`] if the file cannot be read.
/// - Returns [`OnnxError::Message`] if it is not an ONNX model.
/// - Returns [`OnnxError::Content`] if it has no single input of known size, a tensor cannot be read, or the options do not fit.
/// - Returns [`OnnxError::Unsupported`] with every node that has no counterpart.
/// - Returns [`OnnxError::Network`] if the network is too large, or a layer does not fit.
pub fn import(path: &Path, options: &ImportOptions) -> Result<Imported, OnnxError> {
    imported(source::read(path)?, path, options)
}

/// Reads the network of a model in memory, which names no other files. `path` is its name in errors; no file is opened.
///
/// # Errors
/// Returns the errors of [`import`] but [`OnnxError::Read`].
pub fn import_bytes(bytes: Vec<u8>, path: &Path, options: &ImportOptions) -> Result<Imported, OnnxError> {
    imported(source::parse_alone(bytes, &path.display().to_string())?, path, options)
}

fn imported(mut source: Source, path: &Path, options: &ImportOptions) -> Result<Imported, OnnxError> {
    let file = source.file.clone();
    let at = |place: String| {
        let file = file.clone();
        move |Refusal { found, expected }: Refusal| OnnxError::Content { file, place, found, expected }
    };
    let mut notes = without_softmax(&mut source);
    if !source.other_outputs.is_empty() {
        notes.push(format!("the outputs {} are not used", source.other_outputs.join(", ")));
    }
    let (shape, view) =
        image(&source.dims, options.order, options.image).map_err(at(format!("input {}", source.input)))?;
    let (mut program, logits) = Importer::run(&source, &shape, view)?;
    let output = format!("output {}", source.output);
    let logits_shape = logits.view.shape();
    if logits_shape.iter().filter(|&&size| size > 1).count() > 1 {
        let refusal = Refusal::new(format!("shape {logits_shape:?}"), "a vector of logits for one image");
        return Err(at(output)(refusal));
    }
    let classes = logits_shape.iter().product();
    let ordered = program.ordered(&logits).and_then(|logits| program.shaped(logits.step, &[classes]));
    let step = ordered.map_err(at(output))?;
    drop(source);
    let text = text::write(&mut program, step);
    drop(program);
    let toml = format!("input = {shape:?}\nclasses = {classes}\nlayers = [\n{}]\n", text.layers);
    let mut network = NetworkSpec::parse(&toml, path)?;
    let name = network.name();
    network = network.with_name(&name);
    if let Some([mean, deviation]) = normalization(options, &shape).map_err(at("normalisation".to_owned()))? {
        network = network.with_normalization(&mean, &deviation);
    }
    let graph = network.graph()?;
    let mut params = vec![0.0; graph.parameter_count()];
    for spec in graph.parameters() {
        let numbers = text.parameters.get(&spec.name);
        let into = params.get_mut(spec.range.clone());
        match (numbers, into) {
            (Some(numbers), Some(into)) if numbers.len() == into.len() => into.copy_from_slice(numbers),
            _ => {
                let found = format!("{} numbers", numbers.map_or(0, Vec::len));
                let refusal = Refusal::new(found, format!("{} numbers", spec.range.len()));
                return Err(at(format!("layer {}", spec.name))(refusal));
            }
        }
        if let Some(x) = numbers.and_then(|numbers| numbers.iter().find(|x| !x.is_finite())) {
            return Err(at(format!("layer {}", spec.name))(Refusal::new(x.to_string(), "finite numbers")));
        }
    }
    Ok(Imported { network, params, notes, graph: Arc::new(graph) })
}

/// Takes a softmax at the end off, because attacks need logits.
fn without_softmax(source: &mut Source) -> Vec<String> {
    let mut notes = Vec::new();
    while let Some(place) = source.nodes.iter().rposition(|node| node.output.first() == Some(&source.output)) {
        let node = &source.nodes[place];
        let (operator, Some(input)) = (node.op_type.as_str(), node.input.first()) else { break };
        match operator {
            "Softmax" | "LogSoftmax" => {
                notes.push(format!(
                    "the {operator} at the end is left out: the network's outputs are the logits before it"
                ));
            }
            "Identity" => {}
            _ => break,
        }
        source.output = input.clone();
        source.nodes.remove(place);
    }
    notes
}

/// The mean and the deviation of each channel for images from 0 to 1.
fn normalization(options: &ImportOptions, shape: &[usize]) -> Result<Option<[Vec<f64>; 2]>, Refusal> {
    if !options.bytes && options.mean.is_empty() && options.deviation.is_empty() {
        return Ok(None);
    }
    let channels = shape.last().copied().unwrap_or(0);
    let each = |numbers: &[f64], what: &str, default: f64| match numbers {
        [] => Ok(vec![default; channels]),
        [one] => Ok(vec![*one; channels]),
        _ if numbers.len() == channels => Ok(numbers.to_vec()),
        _ => Err(Refusal::new(
            format!("{} {what}", numbers.len()),
            format!("one, or one for each of {channels} channels"),
        )),
    };
    let (mean, deviation) = (each(&options.mean, "means", 0.0)?, each(&options.deviation, "deviations", 1.0)?);
    if deviation.iter().any(|&d| !(1e-30..=1e30).contains(&d)) || mean.iter().any(|m| !m.is_finite() || m.abs() > 1e30)
    {
        return Err(Refusal::new("a mean or deviation out of range", "finite means and positive deviations"));
    }
    let largest = if options.bytes { 255.0 } else { 1.0 };
    let scaled = |numbers: Vec<f64>| numbers.into_iter().map(|x| x / largest).collect();
    Ok(Some([scaled(mean), scaled(deviation)]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::{AttributeProto, NodeProto, data_type};
    use crate::tensor::Tensor;
    use minima_autodiff::Classifier;
    use ndarray::arr2;
    use std::collections::HashMap;

    /// A node with one output.
    fn node(operator: &str, inputs: &[&str], output: &str) -> NodeProto {
        NodeProto {
            input: inputs.iter().map(|&name| name.to_owned()).collect(),
            output: vec![output.to_owned()],
            op_type: operator.to_owned(),
            ..NodeProto::default()
        }
    }

    /// The network of these nodes on two numbers `x`, with the weights `w` and the constant `c`. Its output is `y`.
    fn network(nodes: Vec<NodeProto>) -> Result<Imported, OnnxError> {
        let floats = |shape: &[usize], numbers: &[f32]| Tensor::floats(shape.to_vec(), numbers.to_vec()).unwrap();
        let constants = [("w", floats(&[2, 2], &[1.0, 2.0, 3.0, 4.0])), ("c", floats(&[2], &[10.0, 20.0]))];
        let source = Source {
            file: "nodes".to_owned(),
            opset: 17,
            nodes,
            constants: HashMap::from(constants.map(|(name, tensor)| (name.to_owned(), tensor))),
            input: "x".to_owned(),
            dims: vec![None, Some(2)],
            output: "y".to_owned(),
            other_outputs: Vec::new(),
        };
        imported(source, "nodes".as_ref(), &ImportOptions::default())
    }

    #[test]
    fn a_value_that_is_read_again_is_not_changed_under_another_name() {
        let nodes = vec![
            node("MatMul", &["x", "w"], "a"),
            node("Identity", &["a"], "b"),
            node("Add", &["b", "c"], "d"),
            node("Add", &["a", "d"], "y"),
        ];
        let model = network(nodes).unwrap().model().unwrap();
        // x w = (4, 6), and y is twice that plus c.
        assert_eq!(model.logits(arr2(&[[1.0, 1.0]]).view()).unwrap(), arr2(&[[18.0, 32.0]]));
    }

    #[test]
    fn numbers_are_not_cast_to_integers() {
        let to = |to: i32| {
            let cast = AttributeProto { name: "to".to_owned(), i: i64::from(to), ..AttributeProto::default() };
            let cast = NodeProto { attribute: vec![cast], ..node("Cast", &["a"], "y") };
            network(vec![node("MatMul", &["x", "w"], "a"), cast])
        };
        assert!(to(data_type::DOUBLE).is_ok());
        let error = to(data_type::INT64).unwrap_err().to_string();
        assert!(error.contains("(Cast): found attribute to = 7"), "{error}");
    }
}
