//! The choice of the instruction set when the program runs.

use pulp::{Arch, NullaryFnOnce};

/// A computation that is compiled once for each instruction set.
///
/// Implement it for a struct of the arguments. `run` and everything it calls must be `#[inline(always)]`, because only
/// inlined code is compiled for the wider registers.
pub(crate) trait Kernel {
    fn run(self);
}

struct Inlined<K>(K);

impl<K: Kernel> NullaryFnOnce for Inlined<K> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.0.run();
    }
}

/// Runs `kernel` with the widest vectors of the CPU: AVX-512, AVX2 with FMA, NEON, or none.
pub(crate) fn dispatch<K: Kernel>(kernel: K) {
    Arch::new().dispatch(Inlined(kernel));
}
