//! Every kernel, run by the emulator, against the CPU's operation.

mod kernels;

use minima_cuda::EmulatedDevice;

#[test]
fn kernels_agree_with_the_cpu() {
    let device = match EmulatedDevice::start() {
        Ok(device) => device,
        Err(error) => {
            eprintln!("skipped: {error}");
            return;
        }
    };
    for (name, test) in kernels::all::<EmulatedDevice>() {
        let start = std::time::Instant::now();
        test(&device);
        eprintln!("{name}: {:.2} s", start.elapsed().as_secs_f64());
    }
}
