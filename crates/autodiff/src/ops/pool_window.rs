//! The pooling windows of a feature map, all within its border.

/// The windows of a pooling layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pooling {
    /// Height and width of a window.
    pub size: [usize; 2],
    /// Vertical and horizontal stride.
    pub stride: [usize; 2],
    /// The input's shape.
    pub input: [usize; 3],
}

/// Windows on feature maps `(height, width, channels)`.
#[derive(Clone, Debug)]
pub(crate) struct PoolWindow {
    size: [usize; 2],
    stride: [usize; 2],
    input: [usize; 3],
    output: [usize; 3],
}

impl PoolWindow {
    /// Returns `None` if a size is zero or the window does not fit.
    pub(crate) fn new(size: [usize; 2], stride: [usize; 2], input: [usize; 3]) -> Option<Self> {
        let mut output = [0, 0, input[2]];
        for axis in 0..2 {
            if size[axis] == 0 || stride[axis] == 0 {
                return None;
            }
            output[axis] = input[axis].checked_sub(size[axis])? / stride[axis] + 1;
        }
        (input[2] > 0).then_some(Self { size, stride, input, output })
    }

    /// The sizes it was built with.
    pub(crate) fn description(&self) -> Pooling {
        Pooling { size: self.size, stride: self.stride, input: self.input }
    }

    /// Shape of the output `(height, width, channels)`.
    pub(crate) fn output(&self) -> [usize; 3] {
        self.output
    }

    /// The number of entries in a window.
    pub(crate) fn area(&self) -> usize {
        self.size[0] * self.size[1]
    }

    /// Whether every input entry lies in exactly one window.
    pub(crate) fn tiles(&self) -> bool {
        (0..2)
            .all(|axis| self.size[axis] == self.stride[axis] && self.output[axis] * self.size[axis] == self.input[axis])
    }

    /// The rows of windows, each with the number of input entries up to its end, for windows that tile the input.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let entries = self.size[0] * self.input[1] * self.input[2];
        (0..self.output[0]).map(move |row| (row, (row + 1) * entries))
    }

    /// Calls `visit(output entry, input entry)` for each entry of each output's window, one window after another.
    #[inline(always)]
    pub(crate) fn for_each(&self, mut visit: impl FnMut(usize, usize)) {
        for h in 0..self.output[0] {
            self.for_each_in_row(h, &mut visit);
        }
    }

    /// Calls `visit` as [`for_each`](Self::for_each) does, for one row of windows.
    #[inline(always)]
    pub(crate) fn for_each_in_row(&self, h: usize, mut visit: impl FnMut(usize, usize)) {
        let [_, width, channels] = self.output;
        for w in 0..width {
            for c in 0..channels {
                let y = (h * width + w) * channels + c;
                for k in 0..self.size[0] {
                    let row = (h * self.stride[0] + k) * self.input[1] + w * self.stride[1];
                    for l in 0..self.size[1] {
                        visit(y, (row + l) * channels + c);
                    }
                }
            }
        }
    }
}
