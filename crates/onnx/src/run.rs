//! Goes through the nodes of a model: constants are computed, everything else becomes steps.

use crate::error::{OnnxError, Refusal, Unsupported};
use crate::fold::{Budget, fold};
use crate::importer::{Call, Importer, Operand};
use crate::node::Node;
use crate::program::{Flow, Function, Operation, Program};
use crate::source::Source;
use crate::tensor::{Data, Tensor};
use crate::view::View;
use crate::{decode, operators};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

impl<'m> Importer<'m> {
    /// The steps of a model on an image that is stored as `view` says.
    pub(crate) fn run(source: &'m Source, image: &[usize], view: View) -> Result<(Program, Flow), OnnxError> {
        let mut program = Program::default();
        let input = Operand::Flow(Flow { step: 0, view });
        let mut readers: HashMap<&str, usize> = HashMap::new();
        for name in source.nodes.iter().flat_map(|node| &node.input).chain([&source.output]) {
            *readers.entry(name).or_default() += 1;
        }
        let mut values: HashMap<&str, Operand> = source
            .constants
            .iter()
            .map(|(name, tensor)| (name.as_str(), Operand::Constant(Arc::clone(tensor))))
            .collect();
        values.insert(&source.input, input);
        let content = |found: &str, expected: &str| OnnxError::Content {
            file: source.file.clone(),
            place: format!("output {}", source.output),
            found: found.to_owned(),
            expected: expected.to_owned(),
        };
        let started = program.push(Operation::Input, &[], image, "");
        started.map_err(|Refusal { found, expected }| content(&found, &expected))?;
        let stored = source.constants.values().map(|tensor| tensor.len()).sum();
        let mut importer = Importer { program, folding: Budget::new(stored), shared: HashSet::new(), values };
        let mut refused = Vec::new();
        for (number, proto) in source.nodes.iter().enumerate() {
            importer.program.node = number;
            let node = Node { proto, opset: source.opset };
            if let Err(Refusal { found, expected }) = importer.node(node, &readers) {
                refused.push((number, unsupported(node, found, expected)));
            }
        }
        let result = importer.values.remove(source.output.as_str());
        if let Some(Operand::Flow(flow)) = &result {
            // The error function has no layer of its own.
            for step in importer.program.needed(flow.step) {
                if let Some(step) = importer.program.step(step)
                    && step.operation == Operation::Function(Function::Erf)
                    && let Some(proto) = source.nodes.get(step.node)
                {
                    let node = Node { proto, opset: source.opset };
                    let found = unsupported(node, "Erf outside of GELU".into(), "x/2 · (1 + Erf(x/√2))".into());
                    refused.push((step.node, found));
                }
            }
        }
        refused.sort_by_key(|(number, _)| *number);
        if !refused.is_empty() {
            let nodes = refused.into_iter().map(|(_, node)| node).collect();
            return Err(OnnxError::Unsupported { file: source.file.clone(), nodes });
        }
        match result {
            Some(Operand::Flow(flow)) => Ok((importer.program, flow)),
            Some(_) => Err(content("a constant", "logits that depend on the image")),
            None => Err(content("no node that computes it", "a node that computes it")),
        }
    }

    /// Computes the outputs of a node. `readers` counts the nodes that read each value.
    fn node(&mut self, node: Node<'m>, readers: &HashMap<&str, usize>) -> Result<(), Refusal> {
        let proto = node.proto;
        // Even if the node is refused, its outputs have a value.
        for name in &proto.output {
            self.values.insert(name, Operand::Unknown);
        }
        operators::check(node)?;
        let mut inputs = Vec::with_capacity(proto.input.len());
        for name in &proto.input {
            let known = self.values.get(name.as_str());
            inputs.push(match known {
                _ if name.is_empty() => None,
                Some(operand) => Some(operand.clone()),
                None => return Err(Refusal::new(format!("input {name:?}, which nothing computes"), "a value")),
            });
        }
        if inputs.iter().flatten().any(|input| matches!(input, Operand::Unknown)) {
            return Ok(());
        }
        let call = Call { node, inputs };
        let constants: Option<Vec<Option<Arc<Tensor>>>> = call
            .inputs
            .iter()
            .map(|input| match input {
                None => Some(None),
                Some(Operand::Constant(tensor)) => Some(Some(Arc::clone(tensor))),
                Some(_) => None,
            })
            .collect();
        let outputs = match (constants, node.operator()) {
            (_, "Constant") => vec![Operand::Constant(Arc::new(constant(node)?))],
            (Some(inputs), _) => {
                let folded = fold(node, &inputs, &mut self.folding)?;
                folded.into_iter().map(Operand::Constant).collect()
            }
            (None, _) => operators::apply(self, &call)?,
        };
        for (name, output) in proto.output.iter().zip(outputs) {
            if let Operand::Flow(Flow { step, .. }) = output
                && readers.get(name.as_str()).is_some_and(|&count| count > 1)
            {
                self.shared.insert(step);
            }
            self.values.insert(name, output);
        }
        Ok(())
    }
}

fn unsupported(node: Node<'_>, found: String, expected: String) -> Unsupported {
    Unsupported { node: node.name().to_owned(), operator: node.operator().to_owned(), found, expected }
}

/// The value of a node `Constant`.
fn constant(node: Node<'_>) -> Result<Tensor, Refusal> {
    let mut alone = |location: &str| Err(Refusal::new(format!("weights in {location}"), "numbers within the node"));
    if let Some(tensor) = node.tensor("value") {
        return decode::tensor(tensor, &mut alone);
    }
    if let Some(attribute) = node.attribute("value_float") {
        return Tensor::new(Vec::new(), Data::Float(vec![attribute.f]));
    }
    if let Some(attribute) = node.attribute("value_int") {
        return Tensor::new(Vec::new(), Data::Int(vec![attribute.i]));
    }
    if let Some(attribute) = node.attribute("value_floats") {
        return Tensor::new(vec![attribute.floats.len()], Data::Float(attribute.floats.clone()));
    }
    if let Some(attribute) = node.attribute("value_ints") {
        return Tensor::new(vec![attribute.ints.len()], Data::Int(attribute.ints.clone()));
    }
    Err(Refusal::new("no value", "one of the attributes value, value_float, value_int, value_floats, value_ints"))
}
