//! The named networks.

/// The names of the networks with their descriptions.
pub(crate) const NETWORKS: [(&str, &str); 6] = [
    ("paper-cnn", include_str!("../networks/paper-cnn.toml")),
    ("mlp", include_str!("../networks/mlp.toml")),
    ("lenet5", include_str!("../networks/lenet5.toml")),
    ("resnet20", include_str!("../networks/resnet20.toml")),
    ("resnet18", include_str!("../networks/resnet18.toml")),
    ("vit", include_str!("../networks/vit.toml")),
];
