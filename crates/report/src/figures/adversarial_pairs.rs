//! Figure 1: images above their adversarial images.

use plotters::prelude::DrawingBackend;
use plotters::style::RGBColor;

use super::canvas::{Anchor, Canvas, Stroke};
use super::series_style::{GRID, HEADING, LABEL, SUBTITLE, TITLE};
use super::{Figure, FigureError};
use minima_rows::optimizers::distinct;
use minima_rows::same;
use minima_rows::significant::Radius;
use minima_rows::{AdversarialExample, class_name};

const WIDTH: f64 = 1600.0;
const MARGIN: f64 = 40.0;
const HEAD: f64 = 120.0;
const COLUMNS: usize = 6;
const ROW_LABEL: f64 = 150.0;
const CELL: f64 = 228.0;
const IMAGE: f64 = 208.0;
const HEADING_HEIGHT: f64 = 56.0;
const CAPTION: f64 = 60.0;
/// The widest caption that leaves a gap to its neighbour.
const CAPTION_WIDTH: f64 = CELL - 16.0;
/// The distance of a caption's two lines.
const LINE: f64 = 30.0;
const GROUP: f64 = HEADING_HEIGHT + 2.0 * CELL + CAPTION + 20.0;

/// Successful attacks: one column per attack and one pair of rows per optimizer. The first six of each optimizer are shown.
#[derive(Clone, Debug, PartialEq)]
pub struct AdversarialPairs {
    /// The examples of all optimizers.
    pub examples: Vec<AdversarialExample>,
    /// The names of the classes; classes without a name have their number.
    pub class_names: Vec<String>,
}

impl AdversarialPairs {
    fn groups(&self) -> Vec<(&str, Vec<&AdversarialExample>)> {
        let names = self.examples.iter().map(|one| one.optimizer.as_str());
        distinct(names)
            .into_iter()
            .map(|name| {
                let own = self.examples.iter().filter(|one| one.optimizer == name);
                (name, own.take(COLUMNS).collect())
            })
            .collect()
    }
}

impl Figure for AdversarialPairs {
    fn name(&self) -> &str {
        "adversarial-images"
    }

    fn size(&self) -> (u32, u32) {
        let height = HEAD + self.groups().len().max(1) as f64 * GROUP;
        (WIDTH as u32, height as u32)
    }

    fn draw<DB: DrawingBackend>(&self, canvas: &Canvas<'_, DB>) -> Result<(), FigureError> {
        canvas.text("Images and their adversarial images", (MARGIN, 42.0), Anchor::Start, &TITLE)?;
        canvas.text(
            "Below each pair: true label → label predicted after the attack.",
            (MARGIN, 86.0),
            Anchor::Start,
            &SUBTITLE,
        )?;
        if self.examples.is_empty() {
            let nothing = "No attack succeeded.";
            canvas.text(nothing, (MARGIN, HEAD + 60.0), Anchor::Start, &HEADING)?;
        }
        for (index, (optimizer, examples)) in self.groups().into_iter().enumerate() {
            draw_group(canvas, HEAD + index as f64 * GROUP, optimizer, &examples, &self.class_names)?;
        }
        Ok(())
    }
}

fn draw_group<DB: DrawingBackend>(
    canvas: &Canvas<'_, DB>,
    top: f64,
    optimizer: &str,
    examples: &[&AdversarialExample],
    class_names: &[String],
) -> Result<(), FigureError> {
    let epsilon = examples.first().map_or(0.0, |one| one.epsilon);
    let shared = examples.iter().all(|one| same(one.epsilon, epsilon));
    let heading = if shared {
        format!("{}, ε = {}", canvas.label(optimizer), Radius(epsilon))
    } else {
        canvas.label(optimizer).to_owned()
    };
    canvas.text(&heading, (MARGIN, top + 24.0), Anchor::Start, &HEADING)?;

    let originals = top + HEADING_HEIGHT;
    for (row, name) in ["original", "attacked"].into_iter().enumerate() {
        let middle = originals + row as f64 * CELL + IMAGE / 2.0;
        canvas.text(name, (MARGIN, middle), Anchor::Start, &LABEL)?;
    }
    for (column, example) in examples.iter().enumerate() {
        let left = MARGIN + ROW_LABEL + column as f64 * CELL;
        draw_image(canvas, (left, originals), &example.original, example)?;
        draw_image(canvas, (left, originals + CELL), &example.adversarial, example)?;
    }
    let captions: Vec<[String; 2]> = examples.iter().map(|example| caption(example, class_names, shared)).collect();
    draw_captions(canvas, originals + CELL + IMAGE + 30.0, &captions)
}

/// The true label, and the label after the attack.
fn caption(example: &AdversarialExample, class_names: &[String], shared: bool) -> [String; 2] {
    let [label, mut predicted] =
        [example.label, example.predicted].map(|class| class_name(class_names, class).to_string());
    if !shared {
        predicted.push_str(&format!(", ε = {}", Radius(example.epsilon)));
    }
    [format!("{label} →"), predicted]
}

/// Writes all captions in the largest style in which each fits on one line, else on two lines.
fn draw_captions<DB: DrawingBackend>(
    canvas: &Canvas<'_, DB>,
    top: f64,
    captions: &[[String; 2]],
) -> Result<(), FigureError> {
    let lines: Vec<String> = captions.iter().map(|both| both.join(" ")).collect();
    let mut chosen = None;
    for look in [&HEADING, &LABEL] {
        let widths = lines.iter().map(|line| canvas.text_width(line, look)).collect::<Result<Vec<f64>, _>>()?;
        if chosen.is_none() && widths.iter().all(|&width| width <= CAPTION_WIDTH) {
            chosen = Some(look);
        }
    }
    for (column, (line, both)) in lines.iter().zip(captions).enumerate() {
        let middle = MARGIN + ROW_LABEL + column as f64 * CELL + IMAGE / 2.0;
        match chosen {
            Some(look) => canvas.text(line, (middle, top), Anchor::Middle, look)?,
            None => {
                for (row, part) in both.iter().enumerate() {
                    canvas.text(part, (middle, top + row as f64 * LINE), Anchor::Middle, &LABEL)?;
                }
            }
        }
    }
    Ok(())
}

fn draw_image<DB: DrawingBackend>(
    canvas: &Canvas<'_, DB>,
    (left, top): (f64, f64),
    pixels: &[f32],
    example: &AdversarialExample,
) -> Result<(), FigureError> {
    let [height, width, channels] = example.shape;
    let fits = matches!(channels, 1 | 3) && height > 0 && width > 0 && pixels.len() == height * width * channels;
    if !fits {
        return Err(FigureError::Data {
            figure: "adversarial-images".to_owned(),
            found: format!("{} pixels of shape {:?}", pixels.len(), example.shape),
            expected: "height × width × channels pixels, with 1 or 3 channels".to_owned(),
        });
    }
    let side = IMAGE / height.max(width) as f64;
    let (shown_width, shown_height) = (side * width as f64, side * height as f64);
    let left = left + (IMAGE - shown_width) / 2.0;
    let top = top + (IMAGE - shown_height) / 2.0;
    for (row, line) in pixels.chunks_exact(width * channels).enumerate() {
        let colors: Vec<RGBColor> = line.chunks_exact(channels).map(color).collect();
        let y = top + row as f64 * side;
        let mut column = 0;
        for run in colors.chunk_by(|one, next| one == next) {
            let x = left + column as f64 * side;
            column += run.len();
            if let Some(color) = run.first() {
                // Each cell extends one cell too far and is painted over by the next. Otherwise scaled images show seams.
                let right = (x + (run.len() + 1) as f64 * side).min(left + shown_width);
                let bottom = (y + 2.0 * side).min(top + shown_height);
                canvas.rectangle((x, y), (right, bottom), *color)?;
            }
        }
    }
    let corners = [
        (left, top),
        (left + shown_width, top),
        (left + shown_width, top + shown_height),
        (left, top + shown_height),
        (left, top),
    ];
    canvas.line(&corners, &Stroke::solid(GRID, 1.0))
}

fn color(pixel: &[f32]) -> RGBColor {
    let byte = |channel: f32| (channel.clamp(0.0, 1.0) * 255.0).round() as u8;
    match pixel {
        [red, green, blue] => RGBColor(byte(*red), byte(*green), byte(*blue)),
        [grey] => RGBColor(byte(*grey), byte(*grey), byte(*grey)),
        _ => RGBColor(0, 0, 0),
    }
}
