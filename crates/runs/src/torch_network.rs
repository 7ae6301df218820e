//! What differs between a network and the same network in PyTorch: the order in which a feature map is flattened, and borders.

use minima_autodiff::{Conv2dSpec, Graph, Layer, LayerOperation, Padding, ParameterSpec, Pooling};

/// The shape (height, width, channels) of a feature map.
type Map = [usize; 3];

/// For each parameter, the feature map whose flattened numbers its layer reads; and a sentence for each layer that reads parts of
/// several maps.
pub(crate) fn flattened_shapes(graph: &Graph) -> (Vec<Option<Map>>, Vec<String>) {
    let shapes = graph.value_shapes();
    // For each value: the map whose numbers it has, in that order.
    let mut maps: Vec<Option<Map>> = shapes.iter().map(|shape| shape.as_slice().try_into().ok()).collect();
    // Values with numbers of maps in an order that is not followed.
    let mut mixed = vec![false; shapes.len()];
    let (mut of_parameters, mut refused) = (vec![None; graph.parameters().len()], Vec::new());
    for layer in graph.layers() {
        let map = layer.inputs.iter().find_map(|&input| maps.get(input).copied().flatten());
        let reads_mixed = layer.inputs.iter().any(|&input| mixed.get(input) == Some(&true));
        let flat = shapes.get(layer.output).is_some_and(|shape| shape.len() == 1);
        let size: usize = map.map_or(0, |map| map.iter().product());
        match layer.operation {
            LayerOperation::Dense { inputs, .. } => {
                if reads_mixed {
                    refused.push(format!(
                        "{}: found a dense layer on several flattened maps, expected one map or means of channels",
                        name(graph, &layer)
                    ));
                }
                set(graph, &layer, map.filter(|_| size == inputs), &mut of_parameters);
            }
            LayerOperation::Normalization { layout: [_, _, _, features], .. } => {
                if flat {
                    set(graph, &layer, map.filter(|_| size == features), &mut of_parameters);
                }
                follow(&layer, map.filter(|_| flat), reads_mixed, &mut maps, &mut mixed);
            }
            LayerOperation::Relu { .. }
            | LayerOperation::Activation { .. }
            | LayerOperation::ChannelAffine { .. }
            | LayerOperation::Add { .. }
            | LayerOperation::Multiply { .. } => {
                follow(&layer, map.filter(|_| flat), reads_mixed, &mut maps, &mut mixed);
            }
            LayerOperation::Concat { outer: 1, .. } | LayerOperation::Rearrange(_) if flat => {
                let above_one = |map: Map| map[0] * map[1] > 1 && map[2] > 1;
                let mixes = reads_mixed || map.is_some_and(above_one);
                follow(&layer, None, mixes, &mut maps, &mut mixed);
            }
            _ => {}
        }
    }
    (of_parameters, refused)
}

/// A vector has the numbers of this map, or of several.
fn follow(layer: &Layer, map: Option<Map>, mixes: bool, maps: &mut [Option<Map>], mixed: &mut [bool]) {
    if let (Some(own), Some(map)) = (maps.get_mut(layer.output), map) {
        *own = Some(map);
    }
    if let Some(own) = mixed.get_mut(layer.output) {
        *own = mixes;
    }
}

fn set(graph: &Graph, layer: &Layer, map: Option<Map>, of_parameters: &mut [Option<Map>]) {
    for (spec, own) in graph.parameters().iter().zip(of_parameters) {
        if layer.params.contains(&spec.range.start) {
            *own = map;
        }
    }
}

/// A sentence for each layer whose border has more rows below than above, or more columns to the right than to the left, because
/// its padding is `same`. Layers of PyTorch with a stride have equal borders.
pub(crate) fn other_borders(graph: &Graph) -> Vec<String> {
    let uneven = |layer: &Layer| {
        let (padding, map, reach, stride) = match &layer.operation {
            LayerOperation::Conv2d { spec, input } => (spec.padding, *input, reach(spec), spec.stride),
            LayerOperation::AvgPool2d(Pooling { size, stride, padding, input, .. })
            | LayerOperation::MaxPool2d(Pooling { size, stride, padding, input, .. }) => {
                (*padding, *input, *size, *stride)
            }
            _ => return None,
        };
        // With stride 1, PyTorch's own `same` has its extra row below too.
        if padding != Padding::Same || stride == [1; 2] {
            return None;
        }
        let border = [0, 1].map(|axis| {
            let last = (map[axis].div_ceil(stride[axis]) - 1) * stride[axis];
            (last + reach[axis]).saturating_sub(map[axis])
        });
        border.iter().any(|border| border % 2 == 1).then(|| {
            format!(
                "{}: found padding \"same\" with stride {stride:?}, which has {} and {} rows above and below and {} and {} \
                 columns on the sides, expected the padding of PyTorch's layer, such as padding = {}",
                name(graph, layer),
                border[0] / 2,
                border[0].div_ceil(2),
                border[1] / 2,
                border[1].div_ceil(2),
                border[0].div_ceil(2)
            )
        })
    };
    graph.layers().iter().filter_map(uneven).collect()
}

/// The part of a map that one output of a convolution reads.
fn reach(spec: &Conv2dSpec) -> [usize; 2] {
    [0, 1].map(|axis| (spec.kernel[axis] - 1) * spec.dilation[axis] + 1)
}

fn name(graph: &Graph, layer: &Layer) -> String {
    let own = |spec: &&ParameterSpec| layer.params.contains(&spec.range.start);
    let module = graph.parameters().iter().find(own).map(|spec| format!(" {}", spec.module));
    format!("{}{}", layer.operation.name(), module.unwrap_or_default())
}
