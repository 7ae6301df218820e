//! Attributes of nodes.

use crate::proto::{AttributeProto, attribute_type};

pub(super) fn int(name: &str, i: i64) -> AttributeProto {
    AttributeProto { name: name.to_owned(), i, r#type: attribute_type::INT, ..AttributeProto::default() }
}

pub(super) fn float(name: &str, f: f64) -> AttributeProto {
    AttributeProto { name: name.to_owned(), f: f as f32, r#type: attribute_type::FLOAT, ..AttributeProto::default() }
}

pub(super) fn text(name: &str, s: &'static str) -> AttributeProto {
    let s = bytes::Bytes::from_static(s.as_bytes());
    AttributeProto { name: name.to_owned(), s, r#type: attribute_type::STRING, ..AttributeProto::default() }
}

pub(super) fn ints(name: &str, sizes: impl IntoIterator<Item = usize>) -> AttributeProto {
    let ints = sizes.into_iter().map(|size| i64::try_from(size).unwrap_or(i64::MAX)).collect();
    AttributeProto { name: name.to_owned(), ints, r#type: attribute_type::INTS, ..AttributeProto::default() }
}
