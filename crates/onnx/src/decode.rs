//! Tensors of a file as arrays: every type of number, in the file or beside it.

use crate::error::Refusal;
use crate::proto::{EXTERNAL, TensorProto, data_type};
use crate::tensor::{Data, Tensor, count};
use bytes::Bytes;

/// Reads the file beside the model that a tensor names.
pub(crate) type Beside<'a> = dyn FnMut(&str) -> Result<Bytes, Refusal> + 'a;

/// The array of a tensor.
pub(crate) fn tensor(proto: &TensorProto, beside: &mut Beside<'_>) -> Result<Tensor, Refusal> {
    let shape = sizes(&proto.dims)?;
    let raw = if proto.data_location == EXTERNAL { external(proto, beside)? } else { proto.raw_data.clone() };
    let wide = || -> Vec<i64> { proto.int32_data.iter().map(|&n| i64::from(n)).collect() };
    let data = match proto.data_type {
        data_type::FLOAT if raw.is_empty() => Data::Float(proto.float_data.clone()),
        data_type::FLOAT => Data::Float(numbers(&raw, f32::from_le_bytes)?),
        data_type::DOUBLE if raw.is_empty() => Data::Float(proto.double_data.iter().map(|&x| x as f32).collect()),
        data_type::DOUBLE => Data::Float(numbers(&raw, |bytes| f64::from_le_bytes(bytes) as f32)?),
        data_type::FLOAT16 if raw.is_empty() => {
            Data::Float(proto.int32_data.iter().map(|&bits| half(bits as u16)).collect())
        }
        data_type::FLOAT16 => Data::Float(numbers(&raw, |bytes| half(u16::from_le_bytes(bytes)))?),
        data_type::BFLOAT16 => {
            Data::Float(numbers(&raw, |bytes: [u8; 2]| f32::from_bits(u32::from(u16::from_le_bytes(bytes)) << 16))?)
        }
        data_type::INT64 if raw.is_empty() => Data::Int(proto.int64_data.clone()),
        data_type::INT64 => Data::Int(numbers(&raw, i64::from_le_bytes)?),
        data_type::INT32 | data_type::INT8 | data_type::UINT8 | data_type::BOOL if raw.is_empty() => Data::Int(wide()),
        data_type::INT32 => Data::Int(numbers(&raw, |bytes| i64::from(i32::from_le_bytes(bytes)))?),
        data_type::INT8 => Data::Int(numbers(&raw, |bytes| i64::from(i8::from_le_bytes(bytes)))?),
        data_type::UINT8 | data_type::BOOL => Data::Int(numbers(&raw, |[byte]: [u8; 1]| i64::from(byte))?),
        other => {
            let expected = "1 (float), 10 (float16), 11 (double), 16 (bfloat16), or integers of type 2, 3, 6, 7 or 9";
            return Err(Refusal::new(format!("the data type {other}"), expected));
        }
    };
    if let Data::Float(numbers) = &data
        && let Some(place) = numbers.iter().position(|x| x.is_nan())
    {
        return Err(Refusal::new(format!("a NaN at position {place}"), "numbers"));
    }
    Tensor::new(shape, data)
}

/// Sizes of a shape.
pub(crate) fn sizes(dims: &[i64]) -> Result<Vec<usize>, Refusal> {
    let shape: Option<Vec<usize>> = dims.iter().map(|&size| usize::try_from(size).ok()).collect();
    let shape = shape.filter(|shape| shape.len() <= 16 && count(shape).is_some());
    shape.ok_or_else(|| Refusal::new(format!("the shape {dims:?}"), "at most 16 sizes that are not negative"))
}

/// The numbers of little-endian bytes.
fn numbers<const N: usize, T>(bytes: &[u8], number: impl Fn([u8; N]) -> T) -> Result<Vec<T>, Refusal> {
    let (chunks, rest) = bytes.as_chunks::<N>();
    if rest.is_empty() {
        return Ok(chunks.iter().map(|&chunk| number(chunk)).collect());
    }
    Err(Refusal::new(format!("{} bytes", bytes.len()), format!("a multiple of {N}")))
}

/// A number in half precision.
fn half(bits: u16) -> f32 {
    let (sign, exponent, fraction) = (bits >> 15, i32::from(bits >> 10 & 31), f32::from(bits & 1023));
    let size = match exponent {
        0 => fraction * (-24_f32).exp2(),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1024.0 + fraction) * ((exponent - 25) as f32).exp2(),
    };
    if sign == 1 { -size } else { size }
}

/// The bytes of a tensor in a file beside the model.
fn external(proto: &TensorProto, beside: &mut Beside<'_>) -> Result<Bytes, Refusal> {
    let entry = |key: &str| proto.external_data.iter().find(|entry| entry.key == key).map(|entry| entry.value.as_str());
    let number = |key: &str| match entry(key) {
        None => Ok(None),
        Some(text) => match text.parse::<usize>() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(Refusal::new(format!("external data with {key} {text}"), "a whole number")),
        },
    };
    let location = entry("location").ok_or_else(|| Refusal::new("external data without a location", "one"))?;
    let (offset, length) = (number("offset")?.unwrap_or(0), number("length")?);
    let file = beside(location)?;
    let end = length.map_or(Some(file.len()), |length| offset.checked_add(length));
    match end {
        Some(end) if offset <= end && end <= file.len() => Ok(file.slice(offset..end)),
        _ => {
            let found = format!("bytes from {offset} of length {length:?} in {location}");
            Err(Refusal::new(found, format!("bytes within its {}", file.len())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn none(location: &str) -> Result<Bytes, Refusal> {
        Err(Refusal::new(location, "no file"))
    }

    #[test]
    fn half_precision_is_exact() {
        for (bits, number) in [
            (0x0000, 0.0),
            (0x0001, 5.960_464_5e-8),
            (0x03ff, 6.097_555e-5),
            (0x0400, 6.103_515_6e-5),
            (0x3c00, 1.0),
            (0x3555, 0.333_251_95),
            (0x7bff, 65504.0),
            (0xc000, -2.0),
            (0x7c00, f32::INFINITY),
        ] {
            assert_eq!(half(bits), number, "{bits:x}");
        }
        assert!(half(0x7e00).is_nan());
    }

    #[test]
    fn every_type_and_place_of_numbers() {
        let of = |data_type, raw: &[u8]| TensorProto {
            dims: vec![2],
            data_type,
            raw_data: Bytes::copy_from_slice(raw),
            ..TensorProto::default()
        };
        let float = Data::Float(vec![1.0, -2.0]);
        let int = Data::Int(vec![1, -2]);
        let single: Vec<u8> = [1.0_f32, -2.0].iter().flat_map(|x| x.to_le_bytes()).collect();
        let double: Vec<u8> = [1.0_f64, -2.0].iter().flat_map(|x| x.to_le_bytes()).collect();
        let cases = [
            (of(data_type::FLOAT, &single), &float),
            (of(data_type::DOUBLE, &double), &float),
            (of(data_type::FLOAT16, &[0x00, 0x3c, 0x00, 0xc0]), &float),
            (of(data_type::BFLOAT16, &[0x80, 0x3f, 0x00, 0xc0]), &float),
            (of(data_type::INT8, &[1, 0xfe]), &int),
            (of(data_type::INT32, &[1, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff]), &int),
            (TensorProto { float_data: vec![1.0, -2.0], ..of(data_type::FLOAT, &[]) }, &float),
            (TensorProto { double_data: vec![1.0, -2.0], ..of(data_type::DOUBLE, &[]) }, &float),
            (TensorProto { int64_data: vec![1, -2], ..of(data_type::INT64, &[]) }, &int),
            (TensorProto { int32_data: vec![1, -2], ..of(data_type::INT32, &[]) }, &int),
        ];
        for (proto, expected) in cases {
            assert_eq!(&tensor(&proto, &mut none).unwrap().data, expected, "{proto:?}");
        }
        for proto in [
            of(data_type::FLOAT, &single[..7]),
            of(data_type::FLOAT, &single[..4]),
            of(8, &single),
            of(data_type::FLOAT16, &[0, 0x7e, 0, 0]),
            TensorProto { dims: vec![-1], ..TensorProto::default() },
            TensorProto { dims: vec![i64::MAX, i64::MAX], ..TensorProto::default() },
            TensorProto { data_location: EXTERNAL, ..of(data_type::FLOAT, &[]) },
        ] {
            assert!(tensor(&proto, &mut none).is_err(), "{proto:?}");
        }
    }

    #[test]
    fn numbers_beside_the_model_are_bounded_by_their_file() {
        let entry =
            |key: &str, value: &str| crate::proto::StringStringEntryProto { key: key.into(), value: value.into() };
        let proto = |offset: &str, length: &str| TensorProto {
            dims: vec![1],
            data_type: data_type::FLOAT,
            data_location: EXTERNAL,
            external_data: vec![entry("location", "w"), entry("offset", offset), entry("length", length)],
            ..TensorProto::default()
        };
        let mut file = |_: &str| Ok(Bytes::from_static(&[0, 0, 0, 0, 0, 0, 0x80, 0x3f]));
        assert_eq!(tensor(&proto("4", "4"), &mut file).unwrap().data, Data::Float(vec![1.0]));
        for (offset, length) in [("5", "4"), ("-1", "4"), ("18446744073709551615", "4"), ("9", "0"), ("x", "4")] {
            assert!(tensor(&proto(offset, length), &mut file).is_err());
        }
    }
}
