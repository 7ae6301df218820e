//! The positions of open ReLUs in lists of slopes.

use crate::CertificateError;
use crate::certificate::Part;
use crate::network::Network;
use crate::slopes::Slopes;

/// The ReLUs that slopes of a part are stored of.
pub(crate) struct OpenRelus<'a> {
    open: &'a [Vec<u32>],
    /// For each ReLU layer, the number of open ReLUs before it, and the number of all.
    before: Vec<usize>,
}

impl<'a> OpenRelus<'a> {
    /// The list of a part, which must fit the network.
    pub(crate) fn new(part: &'a Part, network: &Network, place: &str) -> Result<Self, CertificateError> {
        let (found, expected) = (part.open.len(), network.relus.len());
        if found != 0 && found != expected {
            return Err(CertificateError::field(place, format!("open ReLUs of {found} layers"), expected.to_string()));
        }
        let mut before = vec![0];
        for (layer, open) in part.open.iter().enumerate() {
            let width = network.relu_width(layer).unwrap_or(0);
            if !(open.is_sorted_by(|a, b| a < b) && open.last().is_none_or(|&last| (last as usize) < width)) {
                let found = format!("other open ReLUs of layer {layer}");
                return Err(CertificateError::field(place, found, format!("numbers below {width} in ascending order")));
            }
            before.push(before[layer] + open.len());
        }
        Ok(Self { open: &part.open, before })
    }

    /// Fails if there are slopes beyond the list.
    pub(crate) fn check(&self, slopes: &Slopes, place: &str) -> Result<(), CertificateError> {
        let (found, count) = (slopes.end(), self.before.last().copied().unwrap_or(0));
        if found <= count {
            return Ok(());
        }
        Err(CertificateError::field(place, format!("slopes up to {found}"), format!("slopes of {count} open ReLUs")))
    }

    /// The stored slope of a ReLU, from 0 to 1.
    pub(crate) fn share(&self, slopes: &Slopes, relu: usize, feature: usize) -> Option<f64> {
        let position = self.open.get(relu)?.binary_search(&(feature as u32)).ok()?;
        Some(slopes.share(self.before[relu] + position))
    }
}
