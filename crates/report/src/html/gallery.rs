//! Figure 1: images next to their adversarial images.

use super::section::Section;
use crate::figures::{FigureError, encode_pixels};
use crate::studies::percent;
use maud::{Markup, html};
use minima_rows::optimizers::{distinct, label};
use minima_rows::significant::Radius;
use minima_rows::{AdversarialRow, class_name};

/// The gallery; `None` without images.
pub(super) fn section(rows: &[AdversarialRow], class_names: &[String]) -> Result<Option<Section>, FigureError> {
    let Some(first) = rows.first() else { return Ok(None) };
    let mut groups = Vec::new();
    for name in distinct(rows.iter().map(|row| row.optimizer.as_str())) {
        let mut items = Vec::new();
        for row in rows.iter().filter(|row| row.optimizer == name) {
            items.push(item(row, class_names)?);
        }
        groups.push((label(name), items));
    }
    let body = html! {
        p {
            "Correctly classified test images and their adversarial images by FGSM at ε = " (Radius(first.epsilon).to_string()) ": the first image of at most six \
             classes for each optimizer, " (first.labels) " labels, seed " (first.seed) ". Percentages are the model's confidence."
        }
        @for (name, items) in groups {
            h3 { (name) }
            ul class="gallery" { @for item in items { (item) } }
        }
    };
    Ok(Some(Section::new("gallery", "Figure 1: adversarial images", body)))
}

fn item(row: &AdversarialRow, class_names: &[String]) -> Result<Markup, FigureError> {
    let [label, predicted] = [row.label, row.predicted].map(|class| class_name(class_names, class as usize));
    let size = (row.width, row.height);
    let [original, adversarial] = row.pixels().unwrap_or_default();
    let source = |pixels: &[u8]| -> Result<String, FigureError> {
        Ok(format!("data:image/png;base64,{}", base64(&encode_pixels(pixels, size, row.channels)?)))
    };
    Ok(html! {
        li {
            div class="twins" {
                img src=(source(&original)?) width=(row.width) height=(row.height) alt={ "Test image " (row.image) ", class " (label) };
                img src=(source(&adversarial)?) width=(row.width) height=(row.height)
                    alt={ "The same image after the attack, classified as " (predicted) };
            }
            p { strong { (label) " → " (predicted) } }
            p { (percent(row.confidence_before)) " confidence in " (label) ", then " (percent(row.confidence_after)) " in " (predicted) }
        }
    })
}

/// Base 64 with padding, as in RFC 4648.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let word = (0..3).fold(0u32, |word, place| (word << 8) | u32::from(group.get(place).copied().unwrap_or(0)));
        for place in 0..4 {
            let letter = LETTERS.get((word >> (18 - 6 * place)) as usize & 63).copied().unwrap_or(b'=');
            text.push(if place <= group.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn the_standards_own_examples() {
        // RFC 4648, section 10.
        let found = ["", "f", "fo", "foo", "foob", "fooba", "foobar"].map(|text| base64(text.as_bytes()));
        assert_eq!(found, ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"]);
    }
}
