//! Data sets that are recognised by the SHA-256 of their files.

use crate::{
    hash::FileHash,
    mnist::{FILES, PUBLISHED},
};

/// The name of MNIST (LeCun, Bottou, Bengio & Haffner 1998).
pub const MNIST: &str = "MNIST";

/// The name of Fashion-MNIST (Xiao, Rasul & Vollgraf 2017, <https://arxiv.org/abs/1708.07747>).
pub const FASHION_MNIST: &str = "Fashion-MNIST";

/// The classes of Fashion-MNIST, in the order of their labels.
pub const FASHION_MNIST_CLASSES: [&str; 10] =
    ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"];

/// The SHA-256 of MNIST's files without compression, in the order of [`FILES`].
const MNIST_PLAIN: [&str; 4] = [
    "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
];

/// The SHA-256 of Fashion-MNIST's `.gz` files as its authors publish them, in the order of [`FILES`].
pub const FASHION_MNIST_PUBLISHED: [&str; 4] = [
    "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
];

/// The SHA-256 of the same files as Debian distributes them, without file names in their headers.
const FASHION_MNIST_DEBIAN: [&str; 4] = [
    "b0564c3eedabfbf835052cff8503ea422014ce006caf5b757f851416ee8300c7",
    "0ae29f65d86684f32d1b9c85147786c547b9c6aebcaf235f0400a0cce308b056",
    "cc1d090a38ace84dfa1aa66e3ada7c336ef481a96936906477e6dd344da56eaa",
    "8d3605d196f4be44669e46906da9733c8131fef761fdbfec72c424d5222f1a05",
];

/// The SHA-256 of Fashion-MNIST's files without compression, in the order of [`FILES`].
const FASHION_MNIST_PLAIN: [&str; 4] = [
    "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
];

/// The name of the data set with these SHA-256, in the order of [`FILES`].
///
/// MNIST and Fashion-MNIST are recognised, plain or compressed as published. Plain and compressed files may be mixed. Returns
/// `None` for any other files.
///
/// ```
/// use minima_data::{known, mnist};
///
/// assert_eq!(known::name(mnist::FILES.map(|(_, sha256)| sha256)), Some("MNIST"));
/// assert_eq!(known::name(["00"; 4]), None);
/// ```
#[must_use]
pub fn name(sha256: [&str; 4]) -> Option<&'static str> {
    let committed = FILES.map(|(_, known)| known);
    [
        (MNIST, &[committed, PUBLISHED, MNIST_PLAIN][..]),
        (FASHION_MNIST, &[FASHION_MNIST_PUBLISHED, FASHION_MNIST_DEBIAN, FASHION_MNIST_PLAIN]),
    ]
    .into_iter()
    .find(|(_, forms)| {
        let is_known = |(place, found): (usize, &&str)| forms.iter().any(|form| form.get(place) == Some(found));
        sha256.iter().enumerate().all(is_known)
    })
    .map(|(name, _)| name)
}

/// The name of the data set of four files.
pub(crate) fn name_of(files: &[FileHash]) -> Option<&'static str> {
    match files {
        [a, b, c, d] => name([&a.sha256, &b.sha256, &c.sha256, &d.sha256]),
        _ => None,
    }
}

/// The names of the classes of a data set with this name, in the order of the labels.
pub(crate) fn class_names(name: &str) -> Option<Vec<String>> {
    match name {
        MNIST => Some((0..10).map(|digit| digit.to_string()).collect()),
        FASHION_MNIST => Some(FASHION_MNIST_CLASSES.map(str::to_owned).to_vec()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_set_is_recognised_by_all_four_files() {
        let committed = FILES.map(|(_, known)| known);
        for form in [committed, PUBLISHED, MNIST_PLAIN] {
            assert_eq!(name(form), Some(MNIST));
        }
        for form in [FASHION_MNIST_PUBLISHED, FASHION_MNIST_DEBIAN, FASHION_MNIST_PLAIN] {
            assert_eq!(name(form), Some(FASHION_MNIST));
        }
        let [a, b, c, d] = committed;
        // An uncompressed file has the same data.
        assert_eq!(name([MNIST_PLAIN[0], b, c, d]), Some(MNIST));
        // A file of another data set, or two exchanged files, give another data set.
        assert_eq!(name([a, b, c, FASHION_MNIST_PUBLISHED[3]]), None);
        assert_eq!(name([c, d, a, b]), None);
        assert_eq!(name([a, b, c, ""]), None);
    }
}
