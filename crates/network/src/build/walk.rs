//! Walks through the layers and groups of a description.

use super::budget::Budget;
use super::fault::Fault;
use super::layer::Context;
use super::numbers::Numbers;
use crate::description::{At, Description, Element};
use crate::error::{NetworkError, Place};
use crate::expression::shortened;
use crate::layer::{AutomaticName, Layer};
use crate::limits;
use crate::suggestion::one_of;
use crate::template::Template;
use minima_autodiff::{Graph, GraphBuilder, Value};
use std::collections::BTreeMap;

/// The graph of a description. `file` is its name in errors.
pub(crate) fn graph(description: &Description, file: &str) -> Result<Graph, NetworkError> {
    let Description { input, classes, normalize, options, layers, .. } = description;
    let at = |line, key: &str| Place { file: file.to_owned(), line, layer: key.to_owned() };
    let axes = input.value.len();
    if axes == 0 || axes as u64 > limits::AXES || input.value.contains(&0) {
        return Err(NetworkError::Content {
            place: at(input.line, "input"),
            found: format!("shape {:?}", input.value),
            expected: format!("from 1 to {} positive sizes", limits::AXES),
        });
    }
    let mut budget = Budget::default();
    let too_large = |fault| located(fault, at(input.line, "input"), &[]);
    budget.value(&input.value).map_err(too_large)?;
    let mut walk = Walk {
        file,
        context: Context {
            graph: GraphBuilder::new(&input.value),
            numbers: Numbers { options, classes: classes.value, indices: Vec::new() },
            budget,
        },
        module: String::new(),
        unnamed: BTreeMap::new(),
        values: BTreeMap::new(),
    };
    let mut x = walk.context.graph.input();
    if let Some(normalize) = normalize {
        let place = || at(normalize.line, "normalize");
        let (mean, deviation) = (&normalize.value.mean, &normalize.value.deviation);
        let channels = input.value.last().copied().unwrap_or(0);
        if mean.len() != channels || deviation.len() != channels {
            return Err(NetworkError::Content {
                place: place(),
                found: format!("{} means and {} deviations", mean.len(), deviation.len()),
                expected: format!("one of each for the last axis of the input {:?}", input.value),
            });
        }
        walk.context.budget.value(&input.value).map_err(|fault| located(fault, place(), &input.value))?;
        let normalized = walk.context.graph.normalize(x, mean, deviation);
        x = normalized.map_err(|error| located(error.into(), place(), &input.value))?;
    }
    walk.values.insert(INPUT.to_owned(), x);
    let logits = walk.list(layers, x)?;
    let shape = walk.context.graph.shape(logits).to_vec();
    let last = layers.last().map_or_else(
        || at(classes.line, "layers"),
        |last| at(last.line, &format!("the output of {}", last.value.label())),
    );
    if shape != [classes.value] {
        return Err(NetworkError::Content {
            place: last,
            found: format!("shape {shape:?}"),
            expected: format!("shape [{}], one logit for each class", classes.value),
        });
    }
    walk.context.graph.finish(logits).map_err(|error| located(error.into(), last, &shape))
}

/// An error with its place.
fn located(fault: Fault, place: Place, shape: &[usize]) -> NetworkError {
    match fault {
        Fault::Content { found, expected } => NetworkError::Content { place, found, expected },
        Fault::Graph(source) => NetworkError::Layer { place, shape: shape.to_vec(), source: Box::new(source) },
        Fault::Limit { what, found, most } => NetworkError::Limit { place, what, found, most },
    }
}

struct Walk<'a> {
    file: &'a str,
    context: Context<'a>,
    /// The names of the modules around the place, each with a point after it.
    module: String,
    /// For each module and kind of layer, the number of layers without a name.
    unnamed: BTreeMap<String, usize>,
    /// The values that the text names.
    values: BTreeMap<String, Value>,
}

/// The name of the input after its normalisation.
const INPUT: &str = "input";

impl<'a> Walk<'a> {
    /// The output of layers on `x`.
    fn list(&mut self, elements: &'a [At<Element>], mut x: Value) -> Result<Value, NetworkError> {
        for element in elements {
            x = self.element(element, x)?;
        }
        Ok(x)
    }

    fn element(&mut self, At { line, value }: &'a At<Element>, x: Value) -> Result<Value, NetworkError> {
        let step = self.context.budget.step();
        step.map_err(|fault| self.located(fault, *line, &value.label(), x))?;
        match value {
            Element::Layer(layer) => self.layer(layer, *line, x),
            Element::Repeat { count, index, first, layers } => {
                let numbers = &self.context.numbers;
                let range = numbers.size(count).and_then(|count| Ok((count as u64, numbers.size(first)? as i64)));
                let (count, first) = range.map_err(|fault| self.located(fault, *line, "repeat", x))?;
                let mut x = x;
                for (_, number) in (0..count).zip(first..) {
                    if let Some(index) = index {
                        self.context.numbers.indices.push((index, number));
                    }
                    x = self.list(layers, x)?;
                    if index.is_some() {
                        self.context.numbers.indices.pop();
                    }
                }
                Ok(x)
            }
            Element::Residual { residual, shortcut } => {
                let branch = self.list(residual, x)?;
                let other = shortcut.as_ref().map_or(Ok(x), |shortcut| self.list(shortcut, x))?;
                let expected = "equal shapes of the branch and the shortcut (or the input, without a shortcut)";
                self.context.sum(branch, other, expected).map_err(|fault| self.located(fault, *line, "residual", x))
            }
            Element::Module { name, layers } => {
                let outer = self.module.len();
                let entered = self.full_name(name).map(|module| self.module = module + ".");
                entered.map_err(|fault| self.located(fault, *line, &value.label(), x))?;
                let y = self.list(layers, x)?;
                self.module.truncate(outer);
                Ok(y)
            }
        }
    }

    fn layer(&mut self, layer: &Layer, line: usize, x: Value) -> Result<Value, NetworkError> {
        let Layer { name, from, save, operation } = layer;
        let kind = operation.kind();
        let read = |name: &Template| self.value(name);
        let x = from.as_ref().map_or(Ok(x), read).map_err(|fault| self.located(fault, line, &layer.label(), x))?;
        let others: Result<Vec<Value>, Fault> = operation.with().iter().map(read).collect();
        let others = others.map_err(|fault| self.located(fault, line, &layer.label(), x))?;
        let full = match (name, operation.automatic_name()) {
            (Some(name), _) => self.full_name(name),
            (None, AutomaticName::None) => Ok(String::new()),
            (None, AutomaticName::Fixed(name)) => Ok(format!("{}{name}", self.module)),
            (None, AutomaticName::Counted(word)) => {
                let word = format!("{}{word}", self.module);
                let count = self.unnamed.entry(word.clone()).or_default();
                *count += 1;
                Ok(format!("{word}_{}", *count - 1))
            }
        };
        let full = full.map_err(|fault| self.located(fault, line, kind, x))?;
        let built = self.context.layer(operation, &full, x, &others);
        let label = if full.is_empty() { kind.to_owned() } else { format!("{kind} {full}") };
        let saved = built.and_then(|y| save.as_ref().map_or(Ok(()), |name| self.save(name, y)).map(|()| y));
        saved.map_err(|fault| self.located(fault, line, &label, x))
    }

    /// The value of a name.
    fn value(&self, name: &Template) -> Result<Value, Fault> {
        let name = name.filled(&|index| self.context.numbers.of(index));
        self.values.get(&name).copied().ok_or_else(|| {
            let known = one_of(self.values.keys().map(String::as_str), &name);
            let expected = format!("one that an earlier layer names with as: {known}");
            Fault::content(format!("a value named {}", shortened(&name)), expected)
        })
    }

    /// Gives a value a name.
    fn save(&mut self, name: &Template, value: Value) -> Result<(), Fault> {
        let name = name.filled(&|index| self.context.numbers.of(index));
        Fault::check("characters in a name", name.len() as u128, limits::NAME)?;
        match self.values.insert(name.clone(), value) {
            None => Ok(()),
            Some(_) => Err(Fault::content(format!("a second value named {}", shortened(&name)), "unique names")),
        }
    }

    /// A name with its modules.
    fn full_name(&self, name: &Template) -> Result<String, Fault> {
        let name = format!("{}{}", self.module, name.filled(&|index| self.context.numbers.of(index)));
        Fault::check("characters in a name", name.len() as u128, limits::NAME)?;
        Ok(name)
    }

    /// An error with its place, the indices there, and the shape of the layer's input.
    fn located(&self, fault: Fault, line: usize, layer: &str, x: Value) -> NetworkError {
        let indices: Vec<String> =
            self.context.numbers.indices.iter().map(|(index, number)| format!("{index} = {number}")).collect();
        let layer = if indices.is_empty() { layer.to_owned() } else { format!("{layer} ({})", indices.join(", ")) };
        let place = Place { file: self.file.to_owned(), line, layer };
        located(fault, place, self.context.graph.shape(x))
    }
}
