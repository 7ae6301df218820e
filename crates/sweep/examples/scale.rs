//! Times a sweep at scale: plans jobs, lets workers claim and end them on one folder, and lists their states.
//!
//! Usage: `cargo run --release --package minima-sweep --example scale [JOBS] [WORKERS] [MICROSECONDS]`, with 2000 jobs, 20 workers and no
//! work by default. A worker waits for a random time around the given one before it ends a job, as a job would take.

use minima_sweep::{JobState, Owner, Plan, PlannedJob, Search, Sweep};
use serde_json::json;
use std::error::Error;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = std::env::args().skip(1).map(|text| text.parse()).collect::<Result<Vec<u64>, _>>()?;
    let argument = |place: usize, default: u64| arguments.get(place).copied().unwrap_or(default);
    let (jobs, workers, micros) = (argument(0, 2_000), argument(1, 20), argument(2, 0));
    let folder = std::env::temp_dir().join(format!("minima-sweep-scale-{}", std::process::id()));

    let start = Instant::now();
    let job = |number: u64| PlannedJob {
        number,
        hash: format!("{number:064x}"),
        name: format!("clean-adam-{number}"),
        cost_seconds: 60.0,
        job: json!({ "point": ["epochs=3", "optimizers.adam.learning_rate=0.001"], "labels": "clean", "optimizer": "adam", "seed": number }),
    };
    let plan = Plan::write(&folder, json!({ "preset": "scale" }), (0..jobs).map(job).collect())?;
    println!("planned {jobs} jobs in {:.2} s", start.elapsed().as_secs_f64());

    let start = Instant::now();
    for number in (0..jobs).step_by((jobs as usize / 1_000).max(1)) {
        Plan::open(&folder)?.job(number)?;
    }
    println!("opened the plan and read one job in {:.3} ms", start.elapsed().as_secs_f64());

    let counts: Vec<AtomicU64> = (0..jobs).map(|_| AtomicU64::new(0)).collect();
    let (claims, nanos, most, failures) =
        (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0), AtomicUsize::new(0));
    let start = Instant::now();
    std::thread::scope(|scope| {
        for worker in 0..workers {
            let (plan, counts) = (plan.clone(), &counts);
            let (claims, nanos, most, failures) = (&claims, &nanos, &most, &failures);
            scope.spawn(move || {
                let sweep = Sweep::new(plan).owned_by(Owner::here().on_host(&format!("host-{worker}")));
                let mut search = Search::new(&sweep);
                let mut draw = 0x9e37_79b9_u64.wrapping_mul(worker + 1);
                loop {
                    let asked = Instant::now();
                    let claim = match search.claim_next() {
                        Ok(Some(claim)) => claim,
                        Ok(None) => break,
                        Err(error) => {
                            eprintln!("{error}");
                            failures.fetch_add(1, Ordering::Relaxed);
                            break;
                        }
                    };
                    let took = u64::try_from(asked.elapsed().as_nanos()).unwrap_or(u64::MAX);
                    claims.fetch_add(1, Ordering::Relaxed);
                    nanos.fetch_add(took, Ordering::Relaxed);
                    most.fetch_max(took, Ordering::Relaxed);
                    if let Some(count) = counts.get(claim.job() as usize) {
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                    draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    std::thread::sleep(Duration::from_micros(micros / 2 + (draw >> 33) % micros.max(1)));
                    if let Err(error) = sweep.lease(claim, || ()).done(&json!({ "seconds": 0.0 })) {
                        eprintln!("{error}");
                        failures.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let seconds = start.elapsed().as_secs_f64();
    let (claims, nanos) = (claims.into_inner(), nanos.into_inner());
    println!(
        "{workers} workers claimed and ended {claims} jobs in {seconds:.1} s, {:.0} a second; a claim took {:.2} ms, at most {:.0} ms",
        claims as f64 / seconds,
        nanos as f64 / 1e6 / claims.max(1) as f64,
        most.into_inner() as f64 / 1e6
    );
    let lost = counts.iter().filter(|count| count.load(Ordering::Relaxed) == 0).count();
    let doubled = counts.iter().filter(|count| count.load(Ordering::Relaxed) > 1).count();
    println!("{lost} jobs lost, {doubled} claimed twice, {} failures", failures.into_inner());

    let sweep = Sweep::new(plan);
    let start = Instant::now();
    let states = sweep.all_states()?;
    println!("listed the states in {:.2} s", start.elapsed().as_secs_f64());
    let start = Instant::now();
    let (read, ends) =
        (sweep.plan().jobs()?.len(), states.iter().filter(|(job, state)| sweep.end(*job, *state).is_some()).count());
    println!("read {read} jobs and {ends} ends in {:.2} s", start.elapsed().as_secs_f64());
    let start = Instant::now();
    let late = Search::new(&sweep).claim_next()?.is_none();
    println!("a late worker saw in {:.1} ms that no job waits", 1e3 * start.elapsed().as_secs_f64());
    std::fs::remove_dir_all(&folder)?;
    let whole = late && lost + doubled == 0 && states.iter().all(|(_, state)| *state == JobState::Done);
    if whole { Ok(()) } else { Err("a job is lost, was claimed twice or is not done".into()) }
}
