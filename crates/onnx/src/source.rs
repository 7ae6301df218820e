//! A model file as nodes and constants, with its weights in the file or beside it.

use crate::decode::{self, Beside};
use crate::error::{OnnxError, Refusal};
use crate::proto::{GraphProto, ModelProto, NodeProto, ValueInfoProto};
use crate::tensor::Tensor;
use bytes::Bytes;
use minima_store::bounded_file::read_at_most;
use prost::Message;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Component, Path};
use std::sync::Arc;

/// The largest file that is read: a message has no more bytes.
const MOST_BYTES: u64 = 1 << 31;
/// The opsets that are known.
const OPSETS: std::ops::RangeInclusive<i64> = 7..=24;
/// The largest number of nodes.
const MOST_NODES: usize = 100_000;

/// A model.
#[derive(Debug)]
pub(crate) struct Source {
    /// The name of the file in errors.
    pub file: String,
    pub opset: i64,
    /// The nodes that the output depends on, in the order of the file.
    pub nodes: Vec<NodeProto>,
    pub constants: HashMap<String, Arc<Tensor>>,
    /// The only input.
    pub input: String,
    /// The sizes of the input; `None` for a free one.
    pub dims: Vec<Option<usize>>,
    pub output: String,
    /// Other outputs, which are not read.
    pub other_outputs: Vec<String>,
}

/// Reads a file.
pub(crate) fn read(path: &Path) -> Result<Source, OnnxError> {
    let failed = |source| OnnxError::Read { path: path.to_owned(), source };
    let bytes = read_at_most(path, MOST_BYTES).map_err(failed)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut files: BTreeMap<String, Bytes> = BTreeMap::new();
    let mut beside = |location: &str| -> Result<Bytes, Refusal> {
        if let Some(bytes) = files.get(location) {
            return Ok(bytes.clone());
        }
        let own = Path::new(location);
        if !own.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
            return Err(Refusal::new(format!("weights in {location}"), "a file in the model's folder"));
        }
        let path = folder.join(own);
        let refused =
            |error| Refusal::new(format!("weights in {} ({error})", path.display()), "the file beside the model");
        let bytes = Bytes::from(read_at_most(&path, MOST_BYTES).map_err(refused)?);
        files.insert(location.to_owned(), bytes.clone());
        Ok(bytes)
    };
    parse(Bytes::from(bytes), &path.display().to_string(), &mut beside)
}

/// Reads a model without files beside it.
pub(crate) fn parse_alone(bytes: Vec<u8>, file: &str) -> Result<Source, OnnxError> {
    let mut beside = |location: &str| Err(Refusal::new(format!("weights in {location}"), "weights within the model"));
    parse(Bytes::from(bytes), file, &mut beside)
}

fn parse(bytes: Bytes, file: &str, beside: &mut Beside<'_>) -> Result<Source, OnnxError> {
    let content = |place: &str, found: String, expected: &str| OnnxError::Content {
        file: file.to_owned(),
        place: place.to_owned(),
        found,
        expected: expected.to_owned(),
    };
    let model = ModelProto::decode(bytes)
        .map_err(|error| OnnxError::Message { file: file.to_owned(), message: error.to_string() })?;
    let own = model.opset_import.iter().filter(|set| set.domain.is_empty() || set.domain == "ai.onnx");
    let opset = own.map(|set| set.version).max().unwrap_or(0);
    let Some(graph) = model.graph else {
        return Err(content("model", "no graph".into(), "a graph"));
    };
    if !OPSETS.contains(&opset) {
        return Err(content("opset", format!("version {opset}"), "a version from 7 to 24"));
    }
    if graph.node.len() > MOST_NODES {
        return Err(content("graph", format!("{} nodes", graph.node.len()), "at most 100000"));
    }
    let GraphProto { node, initializer, input, output, .. } = graph;
    let names: Vec<String> = output.into_iter().map(|value| value.name).collect();
    let Some((output, other_outputs)) = names.split_first() else {
        return Err(content("graph", "no output".into(), "the logits as output"));
    };
    let stored: HashSet<&str> = initializer.iter().map(|tensor| tensor.name.as_str()).collect();
    let (nodes, used) = needed(node, output);
    let inputs: Vec<ValueInfoProto> =
        input.into_iter().filter(|value| !stored.contains(value.name.as_str()) && used.contains(&value.name)).collect();
    let [value] = &inputs[..] else {
        let found: Vec<&str> = inputs.iter().map(|value| value.name.as_str()).collect();
        return Err(content("inputs", format!("{found:?}"), "one input, the images, on which the output depends"));
    };
    let mut constants = HashMap::new();
    for tensor in initializer.iter().filter(|tensor| used.contains(&tensor.name)) {
        let array = decode::tensor(tensor, beside)
            .map_err(|Refusal { found, expected }| content(&format!("tensor {}", tensor.name), found, &expected))?;
        constants.insert(tensor.name.clone(), Arc::new(array));
    }
    let shape = value.r#type.as_ref().and_then(|of| of.tensor_type.as_ref()).and_then(|of| of.shape.as_ref());
    let Some(shape) = shape else {
        return Err(content(&format!("input {}", value.name), "no shape".into(), "a shape"));
    };
    // A size of 0 was written for a free one by some programs.
    let size = |size: i64| usize::try_from(size).ok().filter(|&size| size > 0 && size <= 1 << 31);
    let dims = shape.dim.iter().map(|dim| dim.dim_value.and_then(size)).collect();
    Ok(Source {
        file: file.to_owned(),
        opset,
        nodes,
        constants,
        input: value.name.clone(),
        dims,
        output: output.clone(),
        other_outputs: other_outputs.to_vec(),
    })
}

/// The nodes that an output depends on, and the names that they and it read.
fn needed(nodes: Vec<NodeProto>, output: &str) -> (Vec<NodeProto>, HashSet<String>) {
    let mut used = HashSet::from([output.to_owned()]);
    let mut kept = Vec::new();
    for node in nodes.into_iter().rev() {
        if node.output.iter().any(|name| !name.is_empty() && used.contains(name)) {
            used.extend(node.input.iter().filter(|name| !name.is_empty()).cloned());
            kept.push(node);
        }
    }
    kept.reverse();
    (kept, used)
}
