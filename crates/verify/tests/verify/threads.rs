//! The same bits for any number of threads.

use super::random_networks::{Random, network};
use minima_verify::{InputSet, Program, Report, Specification, VerifyOptions, verify};

#[test]
fn one_and_two_threads_agree() {
    for seed in 0..12 {
        let random = &mut Random(seed);
        let (graph, params) = network(random);
        let program = Program::new(&graph, &params).unwrap();
        let image: Vec<f32> = (0..graph.features()).map(|_| random.unit()).collect();
        let input = InputSet::linf(&image, 0.05).unwrap();
        let specification = Specification::classification(3, 0).unwrap();
        let options = VerifyOptions { domains: 200, attack_steps: 0, ..VerifyOptions::default() };
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let report = pool.install(|| verify(&program, &input, &specification, &options)).unwrap();
            Report { seconds: 0.0, ..report }
        };
        assert_eq!(run(1), run(2), "seed {seed}");
    }
}
