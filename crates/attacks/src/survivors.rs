//! The images that an attack has not yet turned.

use crate::input::{check_gradients, predictions};
use crate::loss::Loss;
use crate::subject::Subject;
use crate::{AttackError, Passes};
use minima_autodiff::{Classifier, Scalar};
use ndarray::{Array2, Axis, Slice};

/// The images still classified correctly, in the order of the batch.
pub(crate) struct Survivors<T> {
    /// Their places in the batch.
    pub indices: Vec<usize>,
    /// The originals `(survivors, features)`, in standard layout.
    pub images: Array2<T>,
    pub labels: Vec<usize>,
}

/// What the network says of the survivors' present images.
pub(crate) struct Slopes<T> {
    /// `(survivors, classes)`.
    pub logits: Array2<T>,
    /// Of each image's loss, `(survivors, features)`.
    pub gradients: Array2<T>,
    /// Each image's class.
    pub predicted: Vec<usize>,
}

impl<T: Scalar> Survivors<T> {
    /// The images that are classified correctly as they are.
    pub fn of(subject: &Subject<'_, T>) -> Self {
        let right = subject.predicted.iter().zip(subject.labels).enumerate();
        let indices: Vec<usize> = right.filter(|(_, (p, y))| p == y).map(|(i, _)| i).collect();
        let images = subject.images.select(Axis(0), &indices).as_standard_layout().into_owned();
        let labels = indices.iter().filter_map(|&i| subject.labels.get(i).copied()).collect();
        Self { indices, images, labels }
    }

    /// How many are left.
    pub fn len(&self) -> usize {
        self.indices.len()
    }

    /// Whether none is left.
    pub fn is_empty(&self) -> bool {
        self.indices.is_empty()
    }

    /// Leaves out the images whose place in `keep` says false.
    pub fn retain(&mut self, keep: &[bool]) {
        retain_items(&mut self.indices, keep);
        retain_items(&mut self.labels, keep);
        retain_rows(&mut self.images, keep);
    }

    /// Logits of the present images `(survivors, classes)` and their classes.
    ///
    /// # Errors
    /// When a logit is NaN.
    pub fn logits(
        &self,
        model: &dyn Classifier<T>,
        present: &Array2<T>,
        passes: &mut Passes,
    ) -> Result<(Array2<T>, Vec<usize>), AttackError> {
        passes.forwards += self.len();
        let logits = model.logits(present.view())?;
        let predicted = predictions(logits.view()).map_err(|e| self.placed(e))?;
        Ok((logits, predicted))
    }

    /// Logits of the present images, and the gradient of each one's `loss`, a loss for each survivor.
    ///
    /// # Errors
    /// When a logit or a gradient is NaN.
    pub fn slopes(
        &self,
        model: &dyn Classifier<T>,
        present: &Array2<T>,
        loss: &(dyn Fn(usize) -> Loss + Sync),
        passes: &mut Passes,
    ) -> Result<Slopes<T>, AttackError> {
        passes.gradients += self.len();
        let (logits, gradients) = model.logits_and_input_vjp(present.view(), &|i, logits, cotangent| {
            if let Some(&label) = self.labels.get(i) {
                loss(i).gradient_into(logits, label, cotangent);
            }
        })?;
        // A model may hand over arrays of any layout; rows are read as slices.
        let (logits, gradients) = (in_rows(logits), in_rows(gradients));
        let predicted = predictions(logits.view()).map_err(|e| self.placed(e))?;
        check_gradients(gradients.view()).map_err(|e| self.placed(e))?;
        Ok(Slopes { logits, gradients, predicted })
    }

    /// Which of the present images are still classified correctly.
    pub fn standing(&self, predicted: &[usize]) -> Vec<bool> {
        predicted.iter().zip(&self.labels).map(|(p, y)| p == y).collect()
    }

    /// Copies the present images to their places in the batch.
    pub fn write_to(&self, batch: &mut Array2<T>, present: &Array2<T>) {
        for (&place, row) in self.indices.iter().zip(present.outer_iter()) {
            batch.row_mut(place).assign(&row);
        }
    }

    /// Copies those present images to their places in the batch whose place in `keep` says false.
    pub fn write_fallen(&self, batch: &mut Array2<T>, present: &Array2<T>, keep: &[bool]) {
        for ((&place, row), &keep) in self.indices.iter().zip(present.outer_iter()).zip(keep) {
            if !keep {
                batch.row_mut(place).assign(&row);
            }
        }
    }

    /// The error with the image's place in the batch instead of that among the survivors.
    fn placed(&self, error: AttackError) -> AttackError {
        match error {
            AttackError::NotANumber { what, image } => {
                AttackError::NotANumber { what, image: self.indices.get(image).copied().unwrap_or(image) }
            }
            other => other,
        }
    }
}

/// Leaves out the items whose place in `keep` says false.
pub(crate) fn retain_items<I>(items: &mut Vec<I>, keep: &[bool]) {
    let mut keep = keep.iter();
    items.retain(|_| keep.next().is_none_or(|&k| k));
}

/// Leaves out the rows whose place in `keep` says false, of an array in standard layout; the others move up in place.
pub(crate) fn retain_rows<T: Copy>(rows: &mut Array2<T>, keep: &[bool]) {
    let width = rows.ncols();
    let mut kept = 0;
    if let Some(numbers) = rows.as_slice_mut() {
        for (row, _) in keep.iter().enumerate().filter(|&(_, &keep)| keep) {
            if row != kept {
                numbers.copy_within(row * width..(row + 1) * width, kept * width);
            }
            kept += 1;
        }
    }
    rows.slice_axis_inplace(Axis(0), Slice::from(..kept));
}

/// The array with its rows contiguous, one after the other.
fn in_rows<T: Scalar>(array: Array2<T>) -> Array2<T> {
    if array.is_standard_layout() { array } else { array.as_standard_layout().into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn rows_and_items_move_up() {
        let mut rows = array![[1, 2], [3, 4], [5, 6], [7, 8]];
        let mut items = vec!['a', 'b', 'c', 'd'];
        retain_rows(&mut rows, &[false, true, false, true]);
        retain_items(&mut items, &[false, true, false, true]);
        assert_eq!((rows, items), (array![[3, 4], [7, 8]], vec!['b', 'd']));
    }
}
