//! The parameters of a search that all images share.

use super::bumps::Bumps;
use super::picture::Picture;
use crate::options::check_count;
use crate::{AttackError, Ball, Norm};

/// The numbers of proposals, out of 10 000, after which the share is halved.
const HALVINGS: [usize; 9] = [10, 50, 200, 500, 1_000, 2_000, 4_000, 6_000, 8_000];

/// The parameters that all images share.
pub(super) struct Plan {
    /// The largest number of proposals per image after the start.
    pub queries: usize,
    /// The share of the image that the first squares cover.
    initial_share: f64,
    /// Whether [`HALVINGS`] are scaled to `queries`.
    rescale: bool,
    pub ball: Ball,
    pub picture: Picture,
    /// Shapes of the changes in L2, one per number of halvings.
    pub bumps: Vec<Bumps>,
}

impl Plan {
    /// Checks the options and computes the shapes.
    pub(super) fn new(
        queries: usize,
        initial_share: f64,
        rescale: bool,
        picture: Picture,
        ball: Ball,
    ) -> Result<Self, AttackError> {
        if !(initial_share > 0.0 && initial_share <= 1.0) {
            let (option, found) = ("initial share", initial_share.to_string());
            return Err(AttackError::Option { option, found, expected: "a number above 0 and at most 1" });
        }
        check_count("queries", queries)?;
        let mut plan = Self { queries, initial_share, rescale, ball, picture, bumps: Vec::new() };
        if ball.norm() == Norm::L2 {
            plan.bumps = (0..=HALVINGS.len()).map(|halvings| Bumps::new(plan.l2_side(halvings))).collect();
        }
        Ok(plan)
    }

    /// How often the share has been halved at a proposal; proposals start at 0.
    pub(super) fn halvings(&self, step: usize) -> usize {
        let at = if self.rescale { (step as f64 / self.queries.max(1) as f64 * 10_000.0) as usize } else { step };
        HALVINGS.iter().filter(|&&halving| at > halving).count()
    }

    /// The side of the squares after this many halvings.
    pub(super) fn side(&self, halvings: usize) -> usize {
        let share = self.initial_share / f64::from(1_u32 << halvings.min(31));
        let Picture { height, width, .. } = self.picture;
        let side = (share * (height * width) as f64).sqrt().round() as usize;
        side.clamp(1, height.min(width).max(1))
    }

    /// The side of the squares in L2 after this many halvings: odd, and at least 3. In an image of at most 3 rows or
    /// columns, 3 would cover the whole image, so 1 is allowed.
    fn l2_side(&self, halvings: usize) -> usize {
        let shorter = self.picture.height.min(self.picture.width).max(1);
        let least = if shorter > 3 { 3 } else { 1 };
        (self.side(halvings).max(least) | 1).min(shorter)
    }
}
