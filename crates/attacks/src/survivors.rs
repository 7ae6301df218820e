//! The images on which an attack has not yet succeeded.

use crate::checked_model::{Answer, CheckedModel, Slopes};
use crate::subject::Subject;
use crate::{AttackError, Passes};
use minima_autodiff::{ImageLoss, Scalar};
use ndarray::{Array2, Axis, Slice};

/// The images that are still robust, in the order of the batch.
pub(crate) struct Survivors<T> {
    /// Their indices in the batch.
    pub indices: Vec<usize>,
    /// The originals `(survivors, features)`, in standard layout.
    pub images: Array2<T>,
    pub labels: Vec<usize>,
}

impl<T: Scalar> Survivors<T> {
    /// The images that are classified correctly before the attack.
    pub(crate) fn of(subject: &Subject<'_, T>) -> Self {
        let right = subject.predicted.iter().zip(subject.labels).enumerate();
        let indices: Vec<usize> = right.filter(|(_, (p, y))| p == y).map(|(i, _)| i).collect();
        let images = subject.images.select(Axis(0), &indices).as_standard_layout().into_owned();
        let labels = indices.iter().filter_map(|&i| subject.labels.get(i).copied()).collect();
        Self { indices, images, labels }
    }

    /// The number of survivors.
    pub(crate) fn len(&self) -> usize {
        self.indices.len()
    }

    /// Whether there are no survivors.
    pub(crate) fn is_empty(&self) -> bool {
        self.indices.is_empty()
    }

    /// Removes the images whose entry in `keep` is false.
    pub(crate) fn retain(&mut self, keep: &[bool]) {
        retain_items(&mut self.indices, keep);
        retain_items(&mut self.labels, keep);
        retain_rows(&mut self.images, keep);
    }

    /// Logits of the present images `(survivors, classes)` and their classes.
    ///
    /// # Errors
    /// Returns the errors of [`CheckedModel::logits`].
    pub(crate) fn logits(
        &self,
        model: CheckedModel<'_, T>,
        present: &Array2<T>,
        passes: &mut Passes,
    ) -> Result<Answer<T>, AttackError> {
        passes.forwards += self.len();
        model.logits(present.view()).map_err(|error| self.placed(error))
    }

    /// Logits of the present images, and the gradient of `loss` for each image; `loss` selects the loss of a survivor.
    ///
    /// # Errors
    /// Returns the errors of [`CheckedModel::slopes`].
    pub(crate) fn slopes<L: ImageLoss<T>>(
        &self,
        model: CheckedModel<'_, T>,
        present: &Array2<T>,
        loss: &(dyn Fn(usize) -> L + Sync),
        passes: &mut Passes,
    ) -> Result<Slopes<T>, AttackError> {
        passes.gradients += self.len();
        let slopes = model.slopes(present.view(), &|i, logits, cotangent| {
            if let Some(&label) = self.labels.get(i) {
                loss(i).gradient_into(logits, label, T::one(), cotangent);
            }
        });
        slopes.map_err(|error| self.placed(error))
    }

    /// Which of the present images are still classified correctly.
    pub(crate) fn standing(&self, predicted: &[usize]) -> Vec<bool> {
        predicted.iter().zip(&self.labels).map(|(p, y)| p == y).collect()
    }

    /// Copies the present images to their rows of the batch.
    pub(crate) fn write_to(&self, batch: &mut Array2<T>, present: &Array2<T>) {
        for (&place, row) in self.indices.iter().zip(present.outer_iter()) {
            batch.row_mut(place).assign(&row);
        }
    }

    /// Copies the present images whose entry in `keep` is false to their rows of the batch.
    pub(crate) fn write_fallen(&self, batch: &mut Array2<T>, present: &Array2<T>, keep: &[bool]) {
        for ((&place, row), &keep) in self.indices.iter().zip(present.outer_iter()).zip(keep) {
            if !keep {
                batch.row_mut(place).assign(&row);
            }
        }
    }

    /// Returns the error with the image's index in the batch.
    fn placed(&self, error: AttackError) -> AttackError {
        error.placed(|image| self.indices.get(image).copied())
    }
}

/// Removes the items whose entry in `keep` is false.
pub(crate) fn retain_items<I>(items: &mut Vec<I>, keep: &[bool]) {
    let mut keep = keep.iter();
    items.retain(|_| keep.next().is_none_or(|&k| k));
}

/// Removes the rows whose entry in `keep` is false from an array in standard layout. The other rows move up in place.
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
