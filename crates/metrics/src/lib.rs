//! What a trained network looks like around its minimum: input gradients, margins, sharpness.
