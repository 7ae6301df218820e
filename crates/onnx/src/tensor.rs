//! Constant arrays.

use crate::error::Refusal;
use std::sync::Arc;

/// The numbers of a constant. Truth values are the integers 0 and 1.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Data {
    Float(Vec<f32>),
    Int(Vec<i64>),
}

/// A constant array in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tensor {
    /// As many entries as there are numbers.
    pub shape: Vec<usize>,
    pub data: Data,
}

/// The number of entries of a shape, or `None` if it overflows.
pub(crate) fn count(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1_usize, |product, &size| product.checked_mul(size))
}

impl Tensor {
    /// An array of this shape. Refused if it has another number of entries.
    pub(crate) fn new(shape: Vec<usize>, data: Data) -> Result<Self, Refusal> {
        let tensor = Self { shape, data };
        if count(&tensor.shape) == Some(tensor.len()) {
            return Ok(tensor);
        }
        let found = format!("{} numbers for the shape {:?}", tensor.len(), tensor.shape);
        Err(Refusal::new(found, "one number for each entry"))
    }

    pub(crate) fn floats(shape: Vec<usize>, numbers: Vec<f32>) -> Result<Arc<Self>, Refusal> {
        Self::new(shape, Data::Float(numbers)).map(Arc::new)
    }

    pub(crate) fn ints(shape: Vec<usize>, numbers: Vec<i64>) -> Result<Arc<Self>, Refusal> {
        Self::new(shape, Data::Int(numbers)).map(Arc::new)
    }

    /// A vector of integers.
    pub(crate) fn vector(numbers: Vec<i64>) -> Arc<Self> {
        Arc::new(Self { shape: vec![numbers.len()], data: Data::Int(numbers) })
    }

    /// The number of entries.
    pub(crate) fn len(&self) -> usize {
        match &self.data {
            Data::Float(numbers) => numbers.len(),
            Data::Int(numbers) => numbers.len(),
        }
    }

    /// The entries as floating-point numbers.
    pub(crate) fn to_floats(&self) -> Vec<f32> {
        match &self.data {
            Data::Float(numbers) => numbers.clone(),
            Data::Int(numbers) => numbers.iter().map(|&n| n as f32).collect(),
        }
    }

    /// The entries in double precision.
    pub(crate) fn to_doubles(&self) -> Vec<f64> {
        match &self.data {
            Data::Float(numbers) => numbers.iter().map(|&x| f64::from(x)).collect(),
            Data::Int(numbers) => numbers.iter().map(|&n| n as f64).collect(),
        }
    }

    /// The entries, which have to be integers.
    pub(crate) fn to_ints(&self) -> Result<&[i64], Refusal> {
        match &self.data {
            Data::Int(numbers) => Ok(numbers),
            Data::Float(_) => Err(Refusal::new("floating-point numbers", "integers")),
        }
    }

    /// The only entry, if there is one only.
    pub(crate) fn scalar(&self) -> Option<f64> {
        match (&self.data, self.len()) {
            (Data::Float(numbers), 1) => numbers.first().map(|&x| f64::from(x)),
            (Data::Int(numbers), 1) => numbers.first().map(|&n| n as f64),
            _ => None,
        }
    }

    /// The same entries in another shape.
    pub(crate) fn reshaped(&self, shape: Vec<usize>) -> Result<Self, Refusal> {
        Self::new(shape, self.data.clone())
    }

    /// The entries at these places, in this order. A place that is not there is refused.
    pub(crate) fn picked(&self, shape: Vec<usize>, places: &[usize]) -> Result<Self, Refusal> {
        fn at<T: Copy>(numbers: &[T], places: &[usize]) -> Option<Vec<T>> {
            places.iter().map(|&place| numbers.get(place).copied()).collect()
        }
        let data = match &self.data {
            Data::Float(numbers) => at(numbers, places).map(Data::Float),
            Data::Int(numbers) => at(numbers, places).map(Data::Int),
        };
        data.map_or_else(
            || Err(Refusal::new("an index beyond the array", "indices within it")),
            |data| Self::new(shape, data),
        )
    }

    /// The numbers of entries before an axis, along it, and after it.
    pub(crate) fn around(&self, axis: usize) -> Result<(usize, usize, usize), Refusal> {
        match (self.shape.get(..axis), self.shape.get(axis..)) {
            (Some(lead), Some([size, rest @ ..])) => Ok((lead.iter().product(), *size, rest.iter().product())),
            _ => Err(Refusal::new(format!("axis {axis} of shape {:?}", self.shape), "an axis")),
        }
    }

    /// The axes in another order: axis k of the result is axis `axes[k]`.
    pub(crate) fn transposed(&self, axes: &[usize]) -> Result<Self, Refusal> {
        let shape = axes.iter().map(|&axis| self.shape.get(axis).copied().unwrap_or(1)).collect();
        self.picked(shape, &transposed_places(&self.shape, axes))
    }

    /// Copies along axes of size 1, and along new axes before the first one.
    pub(crate) fn broadcast(&self, shape: &[usize]) -> Result<Self, Refusal> {
        let wrong = || Refusal::new(format!("shape {:?} to be copied to {shape:?}", self.shape), "shapes that fit");
        let lead = shape.len().checked_sub(self.shape.len()).ok_or_else(wrong)?;
        let own = std::iter::repeat_n(&1, lead).chain(&self.shape);
        if !own.clone().zip(shape).all(|(own, size)| own == size || *own == 1) {
            return Err(wrong());
        }
        let strides = strides(&self.shape);
        let strides = std::iter::repeat_n(0, lead)
            .chain(strides.into_iter().zip(&self.shape).map(|(stride, &size)| if size == 1 { 0 } else { stride }));
        self.picked(shape.to_vec(), &walk(shape, &strides.collect::<Vec<_>>()))
    }
}

/// The distance between neighbours along each axis.
pub(crate) fn strides(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis];
    }
    strides
}

/// The place of every entry of an array of this shape whose axes have these strides, in row-major order.
pub(crate) fn walk(shape: &[usize], strides: &[usize]) -> Vec<usize> {
    let mut places = vec![0];
    if shape.contains(&0) {
        return Vec::new();
    }
    for (&size, &stride) in shape.iter().zip(strides) {
        places = places.iter().flat_map(|&place| (0..size).map(move |k| place + k * stride)).collect();
    }
    places
}

/// For each entry of a transposed array, its place in the array.
pub(crate) fn transposed_places(shape: &[usize], axes: &[usize]) -> Vec<usize> {
    let own = strides(shape);
    let pick =
        |of: &[usize], or| -> Vec<usize> { axes.iter().map(|&axis| of.get(axis).copied().unwrap_or(or)).collect() };
    walk(&pick(shape, 1), &pick(&own, 0))
}

/// The numbers of an array with its axes in another order.
pub(crate) fn transposed<T: Copy>(numbers: &[T], shape: &[usize], axes: &[usize]) -> Vec<T> {
    transposed_places(shape, axes).iter().filter_map(|&place| numbers.get(place).copied()).collect()
}

/// The shape to which two shapes are copied, if they fit.
pub(crate) fn common_shape(a: &[usize], b: &[usize]) -> Result<Vec<usize>, Refusal> {
    let rank = a.len().max(b.len());
    let at = |shape: &[usize], axis: usize| (axis + shape.len()).checked_sub(rank).map_or(1, |axis| shape[axis]);
    (0..rank)
        .map(|axis| match (at(a, axis), at(b, axis)) {
            (a, b) if a == b || b == 1 => Ok(a),
            (1, b) => Ok(b),
            _ => Err(Refusal::new(format!("shapes {a:?} and {b:?}"), "shapes that fit")),
        })
        .collect()
}
