//! The image that a model takes, and how its axes lie in it.

use crate::error::Refusal;
use crate::tensor::count;
use crate::view::View;
use std::fmt;
use std::str::FromStr;

/// The order of the axes of images in a model's input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AxisOrder {
    /// Batch, channels, height, width: PyTorch's.
    #[default]
    Nchw,
    /// Batch, height, width, channels: TensorFlow's.
    Nhwc,
}

impl fmt::Display for AxisOrder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Nchw => "nchw",
            Self::Nhwc => "nhwc",
        })
    }
}

impl FromStr for AxisOrder {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "nchw" => Ok(Self::Nchw),
            "nhwc" => Ok(Self::Nhwc),
            _ => Err(format!("found {text}, expected nchw or nhwc")),
        }
    }
}

/// The shape of one image as minima stores it, and the model's input as a view of it.
pub(crate) fn image(
    dims: &[Option<usize>],
    order: AxisOrder,
    given: Option<[usize; 3]>,
) -> Result<(Vec<usize>, View), Refusal> {
    let shown: Vec<String> = dims.iter().map(|dim| dim.map_or("?".to_owned(), |size| size.to_string())).collect();
    let shown = format!("the shape [{}]", shown.join(", "));
    let (lead, rest) = match dims {
        [None | Some(1), rest @ ..] if !rest.is_empty() => (1, rest),
        [Some(_), _, _] | [Some(_)] => (0, dims),
        _ => return Err(Refusal::new(shown, "the first axis free or 1, for one image")),
    };
    let full = |sizes: &[usize]| -> Vec<usize> { std::iter::repeat_n(1, lead).chain(sizes.iter().copied()).collect() };
    if let &[a, b, c] = rest {
        let ([height, width, channels], own) = match order {
            AxisOrder::Nchw => ([b, c, a], given.map(|[height, width, channels]| [channels, height, width])),
            AxisOrder::Nhwc => ([a, b, c], given),
        };
        let known = |size: Option<usize>, of: usize| size.or_else(|| given.and_then(|given| given.get(of).copied()));
        let image = [known(height, 0), known(width, 1), known(channels, 2)];
        let [Some(height), Some(width), Some(channels)] = image else {
            return Err(Refusal::new(format!("{shown} with free sizes"), "the sizes of an image beside the model"));
        };
        let found = [height, width, channels];
        if let (Some(own), Some(given)) = (own, given)
            && given != found
        {
            let expected = format!("height, width and channels {given:?}, in the order {order} {own:?}");
            return Err(Refusal::new(shown, expected));
        }
        check(&found)?;
        let view = match order {
            AxisOrder::Nchw if lead == 1 => View::in_order(&[1, channels, height, width], &[0, 2, 3, 1]),
            AxisOrder::Nchw => View::in_order(&[channels, height, width], &[1, 2, 0]),
            AxisOrder::Nhwc => View::ordered(&full(&found)),
        };
        return Ok((found.to_vec(), view));
    }
    // A vector, or something else that has as many numbers as the image.
    let known: usize = rest.iter().flatten().fold(1, |product: usize, &size| product.saturating_mul(size));
    let all = given.and_then(|given| count(&given));
    let free = rest.iter().filter(|size| size.is_none()).count();
    let missing = match (free, all) {
        (0, _) => Some(1),
        (1, Some(all)) if all.is_multiple_of(known) => Some(all / known),
        _ => None,
    };
    let Some(missing) = missing else {
        return Err(Refusal::new(format!("{shown} with free sizes"), "the sizes of an image beside the model"));
    };
    let sizes: Vec<usize> = rest.iter().map(|size| size.unwrap_or(missing)).collect();
    check(&sizes)?;
    let shape = full(&sizes);
    let Some([height, width, channels]) = given else {
        return Ok((vec![sizes.iter().product()], View::ordered(&shape)));
    };
    let stored = match order {
        AxisOrder::Nchw => View::in_order(&[channels, height, width], &[1, 2, 0]),
        AxisOrder::Nhwc => View::ordered(&[height, width, channels]),
    };
    let found = || format!("{shown}, for images of height, width and channels {:?}", [height, width, channels]);
    let view = stored.reshaped(&shape).ok_or_else(|| Refusal::new(found(), "as many numbers as an image has"))?;
    Ok((vec![height, width, channels], view))
}

/// Refuses images that are too large for memory.
fn check(shape: &[usize]) -> Result<(), Refusal> {
    match count(shape) {
        Some(count) if count > 0 && count <= 1 << 26 => Ok(()),
        _ => Err(Refusal::new(format!("images of shape {shape:?}"), "from 1 to 67108864 numbers")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_of_every_form() {
        let of =
            |dims: &[Option<usize>], order, given| image(dims, order, given).map(|(shape, view)| (shape, view.shape()));
        let map = [None, Some(3), Some(8), Some(6)];
        assert_eq!(of(&map, AxisOrder::Nchw, None).unwrap(), (vec![8, 6, 3], vec![1, 3, 8, 6]));
        assert_eq!(of(&map, AxisOrder::Nhwc, None).unwrap(), (vec![3, 8, 6], vec![1, 3, 8, 6]));
        assert_eq!(of(&map[1..], AxisOrder::Nchw, None).unwrap(), (vec![8, 6, 3], vec![3, 8, 6]));
        let free = [None, Some(3), None, None];
        assert!(of(&free, AxisOrder::Nchw, None).is_err());
        assert_eq!(of(&free, AxisOrder::Nchw, Some([4, 5, 3])).unwrap(), (vec![4, 5, 3], vec![1, 3, 4, 5]));
        assert!(of(&map, AxisOrder::Nchw, Some([4, 5, 3])).is_err());
        let flat = [Some(1), Some(48)];
        assert_eq!(of(&flat, AxisOrder::Nchw, None).unwrap(), (vec![48], vec![1, 48]));
        let (shape, view) = image(&flat, AxisOrder::Nchw, Some([4, 4, 3])).unwrap();
        assert_eq!((shape, view.order(), view.sizes), (vec![4, 4, 3], vec![2, 0, 1], vec![4, 4, 3]));
        assert_eq!(of(&[Some(1), Some(48), Some(1)], AxisOrder::Nhwc, Some([4, 4, 3])).unwrap().1, [1, 48, 1]);
        assert!(of(&[Some(8), Some(48)], AxisOrder::Nchw, None).is_err());
        assert!(of(&[Some(1), Some(47)], AxisOrder::Nchw, Some([4, 4, 3])).is_err());
        assert!(of(&[], AxisOrder::Nchw, None).is_err());
        assert_eq!("NHWC".parse(), Ok(AxisOrder::Nhwc));
    }
}
