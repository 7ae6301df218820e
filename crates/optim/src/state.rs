//! The state of an optimizer between steps, as named numbers that can be stored.

use crate::{OptimError, StateTensor};
use minima_autodiff::Scalar;
use minima_autodiff::engine::RuleMemory;
use ndarray::{ArcArray2, Array1, Array2, Ix1, Ix2};
use std::collections::BTreeMap;

/// The memory of an optimizer. An optimizer with the same options that restores it resumes bit for bit.
///
/// Tensors are in the precision of the optimizer, and scalars in double precision. A clone shares the tensors' memory.
///
/// ```
/// use minima_autodiff::{GraphBuilder, Graph};
/// use minima_optim::{Adam, Batch, Optimizer};
/// use ndarray::array;
///
/// let mut g = GraphBuilder::new(&[2]);
/// let y = g.dense(g.input(), "Dense_0", 2)?;
/// let graph = g.finish(y)?;
/// let images = array![[0.0_f32, 0.1], [1.0, 0.9]];
/// let batch = Batch::new(images.view(), &[0, 1])?;
/// let mut params: Vec<f32> = graph.init(42);
/// let mut optimizer = Adam::<f32>::new(0.1);
/// optimizer.step(&graph, &mut params, &batch)?;
///
/// let (state, mut same) = (optimizer.state(&graph)?, params.clone());
/// let mut another = Adam::<f32>::new(0.1);
/// another.restore(&graph, &state)?;
/// optimizer.step(&graph, &mut params, &batch)?;
/// another.step(&graph, &mut same, &batch)?;
/// assert_eq!(params, same);
/// # Ok::<(), minima_optim::OptimError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OptimizerState {
    /// Scalars by name.
    pub numbers: BTreeMap<String, f64>,
    /// Vectors and matrices by name.
    pub tensors: BTreeMap<String, StateTensor>,
}

impl OptimizerState {
    /// Stores a number.
    pub fn put_number(&mut self, name: &str, number: f64) {
        self.numbers.insert(name.to_owned(), number);
    }

    /// Stores a vector.
    pub fn put_vector<T: Scalar>(&mut self, name: &str, vector: &[T]) {
        self.tensors.insert(name.to_owned(), Array1::from(vector.to_vec()).into_dyn().into());
    }

    /// Stores a matrix.
    pub fn put_matrix<T: Scalar>(&mut self, name: &str, matrix: &Array2<T>) {
        self.tensors.insert(name.to_owned(), matrix.to_owned().into_dyn().into());
    }

    /// Stores a matrix without a copy: the state and the optimizer share its memory.
    pub fn put_shared<T: Scalar>(&mut self, name: &str, matrix: &ArcArray2<T>) {
        self.tensors.insert(name.to_owned(), matrix.clone().into_dyn().into());
    }

    /// Returns a stored number.
    ///
    /// # Errors
    /// Returns [`OptimError::State`] if the number is missing or not finite.
    pub fn number(&self, name: &str) -> Result<f64, OptimError> {
        let found = self.numbers.get(name).ok_or_else(|| missing(name, "a number"))?;
        if found.is_finite() { Ok(*found) } else { Err(wrong(name, found.to_string(), "a finite number")) }
    }

    /// Returns a stored count.
    ///
    /// # Errors
    /// Returns [`OptimError::State`] if the number is missing or not an integer from 0 to 2³² − 1.
    pub fn count(&self, name: &str) -> Result<u32, OptimError> {
        let found = self.number(name)?;
        if found.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&found) {
            return Ok(found as u32);
        }
        Err(wrong(name, found.to_string(), "a count"))
    }

    /// Returns a stored vector, which has this length or is empty.
    ///
    /// # Errors
    /// Returns [`OptimError::State`] if the vector is missing, has another length, or holds a number that is not
    /// finite.
    pub fn vector<T: Scalar>(&self, name: &str, len: usize) -> Result<Vec<T>, OptimError> {
        let tensor = self.tensors.get(name).ok_or_else(|| missing(name, "a vector"))?;
        if !matches!(tensor.shape(), [found] if [0, len].contains(found)) {
            return Err(wrong(name, format!("shape {:?}", tensor.shape()), &format!("a vector of {len} numbers")));
        }
        check_finite(name, tensor)?;
        Ok(tensor.numbers().into_iter().collect())
    }

    /// Returns a stored matrix, which shares its memory with the state if it has this precision.
    ///
    /// # Errors
    /// Returns [`OptimError::State`] if the matrix is missing, is not two-dimensional, or holds a number that is not
    /// finite.
    pub fn matrix<T: Scalar>(&self, name: &str) -> Result<ArcArray2<T>, OptimError> {
        let tensor = self.tensors.get(name).ok_or_else(|| missing(name, "a matrix"))?;
        check_finite(name, tensor)?;
        let matrix = tensor.numbers().into_dimensionality::<Ix2>();
        matrix.map_err(|_| wrong(name, format!("shape {:?}", tensor.shape()), "a matrix"))
    }

    /// Stores the memory of an update rule.
    pub fn put_rule(&mut self, memory: &RuleMemory) {
        self.put_number("steps", f64::from(memory.steps));
        for (number, vector) in memory.vectors.iter().enumerate() {
            self.put_vector(&format!("memory.{number}"), vector);
        }
    }

    /// Returns the memory of an update rule.
    ///
    /// # Errors
    /// Returns [`OptimError::State`] if the step count is missing or invalid, or if a stored vector is invalid.
    pub fn rule(&self) -> Result<RuleMemory, OptimError> {
        let mut memory = RuleMemory { steps: self.count("steps")?, vectors: Vec::new() };
        while let Some(tensor) = self.tensors.get(&format!("memory.{}", memory.vectors.len())) {
            let name = format!("memory.{}", memory.vectors.len());
            check_finite(&name, tensor)?;
            let vector = tensor.numbers().into_dimensionality::<Ix1>();
            let vector = vector.map_err(|_| wrong(&name, format!("shape {:?}", tensor.shape()), "a vector"))?;
            memory.vectors.push(vector.to_vec());
        }
        Ok(memory)
    }
}

fn check_finite(name: &str, tensor: &StateTensor) -> Result<(), OptimError> {
    match tensor.not_finite() {
        Some(x) => Err(wrong(name, x.to_string(), "finite numbers")),
        None => Ok(()),
    }
}

fn missing(name: &str, expected: &str) -> OptimError {
    wrong(name, "no entry".to_owned(), expected)
}

fn wrong(name: &str, found: String, expected: &str) -> OptimError {
    OptimError::State { name: name.to_owned(), found, expected: expected.to_owned() }
}
