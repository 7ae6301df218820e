/// The element types of this backend.
pub trait Element: faer::traits::RealField + Copy + Send + Sync + 'static {}

impl Element for f32 {}
impl Element for f64 {}
