//! `cargo xtask network`.

use super::Device;
use super::network_files::{Export, Import};
use crate::data_options::DataOptions;
use crate::outcome::Outcome;
use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use minima_autodiff::{Graph, Role};
use minima_bench::floors::{DeviceStep, StepFloor};
use minima_config::NetworkChoice;
use minima_config::registry::own_networks;
use minima_cuda::PlannedDevice;
use minima_cuda::device::Products;
use minima_network::NetworkSpec;
use minima_rows::Table;
use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;

/// Show networks, and read and write ONNX files.
#[derive(Debug, Args)]
pub struct Network {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the networks of the zoo, and those that this program registered, with their options
    List,
    /// Print the layers of a network, and what a step costs
    Show(Show),
    /// Read an ONNX file and write its network and parameters as a checkpoint
    Import(Import),
    /// Write the network and the parameters of a checkpoint as an ONNX file
    Export(Export),
}

/// Print the layers of a network with their shapes and parameters, the arithmetic of a forward pass, and the memory of a step.
#[derive(Debug, Args)]
#[command(after_help = "Example: cargo xtask network show resnet20 --option width=32 --input 32,32,3")]
struct Show {
    /// A name of the zoo, or the file of a description
    network: String,
    /// Another value of an option of the network; may be repeated
    #[arg(long = "option", value_name = "NAME=NUMBER", value_parser = option)]
    options: Vec<(String, i64)>,
    /// Height, width and channels of the images [default: the network's own]
    #[arg(long, value_delimiter = ',', value_name = "H,W,C")]
    input: Vec<usize>,
    /// The number of classes [default: the network's own]
    #[arg(long)]
    classes: Option<usize>,
    #[command(flatten)]
    data: DataOptions,
    /// Images in a step
    #[arg(long, default_value_t = 128)]
    batch_size: usize,
    /// The device whose memory and costs of a step are printed
    #[arg(long, value_enum, default_value_t = Device::Cpu)]
    device: Device,
    /// Print the description in TOML, with all values
    #[arg(long)]
    toml: bool,
}

fn option(text: &str) -> Result<(String, i64), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=NUMBER")?;
    let value = value.trim().parse().map_err(|_| format!("found {value}, expected a whole number"))?;
    Ok((name.trim().to_owned(), value))
}

impl Network {
    pub(crate) fn run(self) -> Result<Outcome> {
        match self.command {
            Command::List => {
                let mut table = Table::new(&["network", "options", "parameters"]);
                for name in NetworkSpec::names() {
                    let spec = NetworkSpec::named(name, &[])?;
                    let options: Vec<String> =
                        spec.options().map(|(name, value)| format!("{name} = {value}")).collect();
                    let parameters = grouped(spec.graph()?.parameter_count() as u64);
                    table.rows.push(vec![name.to_owned(), options.join(", "), parameters]);
                }
                for own in own_networks() {
                    let options: Vec<String> =
                        own.options().iter().map(|(name, value)| format!("{name} = {value}")).collect();
                    // Without data, the size of a registered network is not known.
                    table.rows.push(vec![own.name().to_owned(), options.join(", "), "registered".to_owned()]);
                }
                say!("{}", table.to_text().trim_end());
            }
            Command::Show(show) => say!("{}", show.text()?.trim_end()),
            Command::Import(import) => import.run()?,
            Command::Export(export) => export.run()?,
        }
        Ok(Outcome::Fine)
    }
}

impl Show {
    /// The network with the options of the command line.
    fn choice(&self) -> Result<NetworkChoice> {
        let choice = NetworkChoice::from_argument(&self.network)?;
        Ok(self.options.iter().try_fold(choice, |choice, (name, value)| choice.with_option(name, *value))?)
    }

    /// The shape of the images and the number of classes that the command line gives, as far as it does.
    fn sizes(&self) -> Result<(Option<Vec<usize>>, Option<usize>)> {
        let data = self.data.source(None).map(|source| source.load()).transpose()?;
        let of_data = data.map(|data| (data.train.shape().to_vec(), data.train.classes()));
        let (input, classes) = of_data.unzip();
        let given = (!self.input.is_empty()).then(|| self.input.clone());
        Ok((given.or(input), self.classes.or(classes)))
    }

    fn text(&self) -> Result<String> {
        let (choice, (input, classes)) = (self.choice()?, self.sizes()?);
        if choice.registered().is_some() && !self.toml {
            let (Some(input), Some(classes)) = (input, classes) else {
                bail!("{} is a registered network; expected --data, or --input and --classes", choice.name());
            };
            let Ok(shape) = <[usize; 3]>::try_from(input.as_slice()) else {
                bail!("--input has {} numbers; expected height, width and channels", input.len());
            };
            return Ok(self.described(&choice.name(), &choice.graph_for(shape, classes)?));
        }
        let mut spec = choice.own_spec()?;
        spec = input.map_or(spec.clone(), |input| spec.with_input(input));
        spec = classes.map_or(spec.clone(), |classes| spec.with_classes(classes));
        if self.toml {
            return Ok(spec.to_toml());
        }
        Ok(self.described(&spec.name(), &spec.graph()?))
    }

    /// The layers and the costs of a network.
    fn described(&self, name: &str, graph: &Graph) -> String {
        let mut table = Table::new(&["layer", "operation", "output", "parameters"]);
        let shapes = graph.value_shapes();
        for layer in graph.layers() {
            let shape = shapes.get(layer.output).map_or(String::new(), |shape| shape_text(shape));
            let module =
                graph.parameters().iter().find(|p| p.range.start == layer.params.start && !layer.params.is_empty());
            let name = module.map_or("", |p| if p.role == Role::Embedding { &p.name } else { &p.module }).to_owned();
            let rectified = if layer.rectified { " and ReLU" } else { "" };
            let parameters = if layer.params.is_empty() { String::new() } else { grouped(layer.params.len() as u64) };
            table.rows.push(vec![name, format!("{}{rectified}", layer.operation.name()), shape, parameters]);
        }
        let title = format!("{name}: images {} in {} classes", shape_text(graph.input_shape()), graph.classes());
        format!("{title}\n\n{}\n{}", table.to_text(), self.costs(graph))
    }

    /// Parameters, arithmetic and memory.
    fn costs(&self, graph: &Graph) -> String {
        let images = self.batch_size;
        let parameters = graph.parameter_count() as u64;
        let single = size_of::<f32>() as u64;
        let directions = graph.classes().saturating_sub(1);
        let system = graph.system_size::<f32, f64>(images, directions);
        let threads = available_parallelism().map_or(1, NonZero::get);
        let memory = graph.step_memory::<f32, f64>(images, directions, threads);
        let on = format!("{images} images, {threads} {}", if threads == 1 { "thread" } else { "threads" });
        let lines = [
            ("parameters".to_owned(), grouped(parameters)),
            (
                "multiply-adds of a forward pass, one image".to_owned(),
                grouped((graph.operations().forward / 2.0) as u64),
            ),
            ("memory of parameters and gradient".to_owned(), bytes(2 * parameters * single)),
            (format!("memory of an evaluation of {on}"), bytes(memory.evaluation)),
            (format!("memory of a gradient of {on}"), bytes(memory.gradient)),
            (format!("memory of a K-FAC step on {on}"), bytes(memory.kfac)),
            (
                format!("memory of an exact Gauss-Newton step on {on}"),
                format!("{}, with a dense system of order {}", bytes(memory.gauss_newton), grouped(system.order)),
            ),
        ];
        let of_cpu: String = lines.iter().map(|(what, value)| format!("{what}: {value}\n")).collect();
        if self.device.products().is_some() { of_cpu + &self.on_a_gpu(graph) } else { of_cpu }
    }

    /// What a step costs on a GPU, counted without one.
    fn on_a_gpu(&self, graph: &Graph) -> String {
        let graph = Arc::new(graph.clone());
        let line = |step: DeviceStep| {
            let device = match self.device.products() {
                Some(Products::Kernels) => PlannedDevice::new().without_library(),
                _ => PlannedDevice::new(),
            };
            let counted = match StepFloor::on(device, &graph, self.batch_size, step) {
                Ok(floor) => format!(
                    "at most {} of memory at once, {} launches, {} moved, {} copied, {:.1} GFLOP",
                    bytes(floor.memory),
                    grouped(floor.launches),
                    bytes(floor.bytes),
                    bytes(floor.copied),
                    (floor.single + floor.double) / 1e9
                ),
                Err(refused) => refused.to_string(),
            };
            format!("{} step on a GPU, {} images: {counted}\n", step.name(), self.batch_size)
        };
        DeviceStep::ALL.into_iter().map(line).collect()
    }
}

/// `32 × 32 × 3`.
fn shape_text(shape: &[usize]) -> String {
    shape.iter().map(usize::to_string).collect::<Vec<_>>().join(" × ")
}

/// A number with a space between groups of three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// A size in the unit that gives at least one.
fn bytes(size: u64) -> String {
    let units = [("GB", 1e9), ("MB", 1e6), ("kB", 1e3)];
    let unit = units.into_iter().find(|(_, unit)| size as f64 >= *unit);
    unit.map_or(format!("{size} bytes"), |(name, unit)| format!("{:.1} {name}", size as f64 / unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([0, 999, 1_000, 1_084_010].map(grouped), ["0", "999", "1 000", "1 084 010"]);
        assert_eq!([12, 1_200, 3_500_000_000].map(bytes), ["12 bytes", "1.2 kB", "3.5 GB"]);
    }
}
