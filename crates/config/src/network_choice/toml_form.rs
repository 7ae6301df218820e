//! An experiment's network as a value of TOML.

use super::{Kind, NetworkChoice, NetworkChoiceError, Normalize, read};
use minima_network::NetworkSpec;
use std::collections::BTreeMap;
use std::path::Path;
use toml::{Table, Value};

/// The value of a preset's key `network`, with the path of a file relative to this folder.
pub(crate) fn relative_to(folder: &Path, value: &mut Value) {
    if let Some(file) = value.as_table_mut().and_then(|table| table.get_mut("file"))
        && let Some(path) = file.as_str()
    {
        *file = Value::String(folder.join(path).display().to_string());
    }
}

impl TryFrom<Value> for NetworkChoice {
    type Error = NetworkChoiceError;

    fn try_from(value: Value) -> Result<Self, NetworkChoiceError> {
        let expected = "a name of the zoo, or a table with name, file or layers";
        let mut table = match value {
            Value::String(name) => return Self::from_argument(&name),
            Value::Table(table) => table,
            other => return Err(NetworkChoiceError::Key { found: other.to_string(), expected }),
        };
        if table.contains_key("layers") {
            let by_data = table.get("normalize").and_then(Value::as_str) == Some("data");
            let normalize = by_data.then_some(Normalize::Data);
            if by_data {
                table.remove("normalize");
            }
            let text = toml::to_string(&table)
                .map_err(|_| NetworkChoiceError::Key { found: "a table".to_owned(), expected })?;
            return Ok(Self { normalize, ..Self::described(NetworkSpec::parse(&text, "network")?) });
        }
        let normalize = table.remove("normalize").map(normalization).transpose()?;
        let (name, file) = (table.remove("name"), table.remove("file"));
        let options = options(table)?;
        let kind = match (name, file) {
            (Some(Value::String(name)), None) => {
                let named = Self { kind: Kind::Named { name, options }, normalize };
                named.check()?;
                return Ok(named);
            }
            (None, Some(Value::String(file))) => {
                let spec = options
                    .iter()
                    .try_fold(read(Path::new(&file))?, |spec, (name, value)| spec.with_option(name, *value));
                Kind::Described(Box::new(spec?))
            }
            (name, file) => {
                let found = if name.is_some() && file.is_some() { "name and file" } else { "neither name nor file" };
                return Err(NetworkChoiceError::Key { found: found.to_owned(), expected });
            }
        };
        Ok(Self { kind, normalize }.folded())
    }
}

/// The options in a table.
pub(super) fn options(table: Table) -> Result<BTreeMap<String, i64>, NetworkChoiceError> {
    let option = |(name, value): (String, Value)| match value.as_integer() {
        Some(number) => Ok((name, number)),
        None => Err(NetworkChoiceError::Key { found: format!("{name} = {value}"), expected: "a whole number" }),
    };
    table.into_iter().map(option).collect()
}

fn normalization(value: Value) -> Result<Normalize, NetworkChoiceError> {
    let wrong = |found: &Value| NetworkChoiceError::Key {
        found: format!("normalize = {found}"),
        expected: "\"data\", or mean and deviation, one number for each channel",
    };
    let numbers = |key: &str| -> Option<Vec<f64>> {
        let list = value.get(key)?.as_array()?;
        list.iter().map(|x| x.as_float().or_else(|| x.as_integer().map(|x| x as f64))).collect()
    };
    match (value.as_str(), numbers("mean"), numbers("deviation")) {
        (Some("data"), ..) => Ok(Normalize::Data),
        (None, Some(mean), Some(deviation)) => Ok(Normalize::By { mean, deviation }),
        _ => Err(wrong(&value)),
    }
}

impl From<NetworkChoice> for Value {
    fn from(NetworkChoice { kind, normalize }: NetworkChoice) -> Self {
        let mut table = Table::new();
        match kind {
            Kind::Named { name, options } if options.is_empty() && normalize.is_none() => return Self::String(name),
            Kind::Named { name, options } => {
                table.insert("name".to_owned(), Self::String(name));
                table.extend(options.into_iter().map(|(name, value)| (name, Self::Integer(value))));
            }
            Kind::Described(spec) => {
                // The text of a description is valid TOML.
                table = spec.to_toml().parse().unwrap_or_default();
            }
        }
        match normalize {
            None => {}
            Some(Normalize::Data) => {
                table.insert("normalize".to_owned(), Self::String("data".to_owned()));
            }
            Some(Normalize::By { mean, deviation }) => {
                let list = |values: Vec<f64>| Self::Array(values.into_iter().map(Self::Float).collect());
                let numbers = [("mean".to_owned(), list(mean)), ("deviation".to_owned(), list(deviation))];
                table.insert("normalize".to_owned(), Self::Table(numbers.into_iter().collect()));
            }
        }
        Self::Table(table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minima_data::Dataset;
    use ndarray::Array2;

    const OWN: &str =
        "input = [2, 2, 1]\nclasses = 2\nlayers = ['flatten', { layer = 'dense', features = 'classes' }]\n";

    fn read(text: &str) -> Result<NetworkChoice, NetworkChoiceError> {
        let table: Table = text.parse().unwrap();
        NetworkChoice::try_from(table["network"].clone())
    }

    fn images(shape: [usize; 3], classes: usize) -> Dataset {
        let pixels = Array2::from_shape_fn((2, shape.iter().product()), |(image, _)| 255 * image as u8);
        Dataset::new(pixels, vec![0, 1], shape, classes).unwrap()
    }

    #[test]
    fn every_form_is_equal_when_written_and_read_again() {
        let own = OWN.replace("input", "network.input").replace("classes =", "network.classes =");
        let own = own.replace("layers =", "network.layers =");
        for text in [
            "network = \"ResNet20\"",
            "network = { name = \"vit\", depth = 2 }",
            "network = { name = \"vit\", normalize = \"data\" }",
            "network = { name = \"mlp\", normalize = { mean = [0.5], deviation = [1] } }",
            &own,
            &format!("{own}network.normalize = \"data\"\n"),
            &format!("{own}network.normalize = {{ mean = [0.5], deviation = [0.25] }}\n"),
        ] {
            let choice = read(text).unwrap();
            assert_eq!(NetworkChoice::try_from(Value::from(choice.clone())).unwrap(), choice, "{text}");
            let resolved = choice.for_data(&images([2, 2, 1], 2));
            // A vision transformer has no patches of 4 in an image of 2 pixels, but its description is valid.
            let resolved = resolved.unwrap();
            assert_eq!(NetworkChoice::try_from(Value::from(resolved.clone())).unwrap(), resolved, "{text}");
        }
    }

    #[test]
    fn normalisation_by_the_data_becomes_numbers() {
        let choice = read("network = { name = \"mlp\", normalize = \"data\" }").unwrap();
        assert!(matches!(choice.spec([2, 2, 1], 2), Err(NetworkChoiceError::Key { .. })));
        let spec = choice.for_data(&images([2, 2, 1], 2)).unwrap().spec([2, 2, 1], 2).unwrap();
        assert_eq!(spec.normalization(), Some((&[0.5][..], &[0.5][..])));
        assert_eq!((spec.input(), spec.classes()), (&[2, 2, 1][..], 2));
    }

    #[test]
    fn another_network_keeps_the_normalisation_by_the_data() {
        let (by_data, plain) = ("network = { name = \"mlp\", normalize = \"data\" }", "network = \"vit\"");
        let by_numbers = "network = { name = \"vit\", normalize = { mean = [0.5], deviation = [1] } }";
        let (by_data, plain, by_numbers) = (read(by_data).unwrap(), read(plain).unwrap(), read(by_numbers).unwrap());
        let kept = plain.clone().normalized_as(&by_data);
        assert_eq!(kept, read("network = { name = \"vit\", normalize = \"data\" }").unwrap());
        assert_eq!(plain.clone().normalized_as(&by_numbers), plain);
        assert_eq!(by_numbers.clone().normalized_as(&by_data), by_numbers);
        let described = NetworkChoice::described(NetworkSpec::parse(OWN, "own").unwrap());
        let resolved = described.clone().normalized_as(&by_data).for_data(&images([2, 2, 1], 2)).unwrap();
        assert_eq!(resolved.own_spec().unwrap().normalization(), Some((&[0.5][..], &[0.5][..])));
        assert_eq!(resolved.clone().normalized_as(&by_data), resolved);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.toml");
        std::fs::write(&path, OWN).unwrap();
        let choice = NetworkChoice::from_argument(&path.display().to_string()).unwrap();
        assert_eq!(choice.name(), "mine");
        let message = choice.for_data(&images([3, 2, 1], 2)).unwrap_err().to_string();
        assert_eq!(
            message,
            "mine: found a network for inputs of shape [2, 2, 1] in 2 classes, expected one for images of shape [3, 2, 1] in 2 \
             classes, as in the data"
        );
        for (text, part) in [
            ("network = \"resnet2\"", "did you mean resnet20?"),
            ("network = { name = \"vit\", dept = 2 }", "did you mean depth?"),
            ("network = { name = \"vit\", depth = 1.5 }", "found depth = 1.5, expected a whole number"),
            ("network = { name = \"vit\", file = \"a.toml\" }", "found name and file"),
            ("network = { depth = 2 }", "found neither name nor file"),
            ("network = { name = \"mlp\", normalize = 3 }", "found normalize = 3"),
            ("network = 3", "found 3, expected a name of the zoo"),
            ("network = { file = \"/no/such.toml\" }", "cannot read /no/such.toml"),
            ("network = \"/no/such.toml\"", "cannot read /no/such.toml"),
            ("network = { name = \"vit\", depth = -1 }", "depth = -1"),
        ] {
            let message = read(text).unwrap_err().to_string();
            assert!(message.contains(part), "{text}: {message}");
        }
    }
}
