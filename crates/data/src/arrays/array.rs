use std::path::Path;

/// The type of the entries of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Unsigned bytes.
    U8,
    /// Signed bytes.
    I8,
    /// Unsigned whole numbers of 2 bytes.
    U16,
    /// Signed whole numbers of 2 bytes.
    I16,
    /// Unsigned whole numbers of 4 bytes.
    U32,
    /// Signed whole numbers of 4 bytes.
    I32,
    /// Unsigned whole numbers of 8 bytes.
    U64,
    /// Signed whole numbers of 8 bytes.
    I64,
    /// Single precision.
    F32,
    /// Double precision.
    F64,
}

impl Kind {
    /// The size of an entry in bytes.
    #[must_use]
    pub fn bytes(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }
}

/// An array of a file, in the type and the axes of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Array {
    /// The type of the entries.
    pub kind: Kind,
    /// Whether the bytes of an entry begin with the most significant one.
    pub big_endian: bool,
    /// Whether the first axis, not the last, changes fastest (Fortran's order).
    pub fortran_order: bool,
    /// The size of each axis.
    pub shape: Vec<usize>,
    /// The bytes of all entries.
    pub bytes: Vec<u8>,
}

impl Array {
    /// The number of bytes of an array of this kind and shape. Returns `None` if it overflows.
    pub(super) fn size(kind: Kind, shape: &[usize]) -> Option<usize> {
        shape.iter().try_fold(kind.bytes(), |product, &size| product.checked_mul(size))
    }

    /// The bytes of each entry, the least significant one first. Entries have `B` bytes.
    pub(super) fn entries<const B: usize>(&self) -> impl Iterator<Item = [u8; B]> {
        self.bytes.as_chunks::<B>().0.iter().map(|&entry| {
            let mut entry = entry;
            if self.big_endian {
                entry.reverse();
            }
            entry
        })
    }

    /// The shape as Python writes it.
    pub(super) fn shown(&self) -> String {
        let sizes: Vec<String> = self.shape.iter().map(usize::to_string).collect();
        format!("shape ({})", sizes.join(", "))
    }
}

/// How errors name an array of a file.
pub(super) fn named(file: &Path, key: &str) -> String {
    format!("{}: {key}", file.display())
}
