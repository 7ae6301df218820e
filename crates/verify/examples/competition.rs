//! Bounds of the instances of the verification competition, beside reference numbers.
//!
//! Usage: `competition crown FOLDER crown_bounds.csv` or `competition verdicts FOLDER verdicts.csv NETWORK SECONDS`, where the folder holds networks (ONNX) and properties (VNN-LIB).

use minima_onnx::{ImportOptions, import};
use minima_verify::{
    Bounds, InputSet, LinearConstraint, Method, Program, Rounding, SlopeOptions, Specification, Verdict, VerifyOptions,
    verify,
};
use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// A property: a box and the outputs that must not occur.
struct Property {
    input: InputSet,
    specification: Specification,
}

/// Reads a property whose output constraints compare two outputs, or an output and a number.
fn property(path: &Path, shape: &[usize]) -> Outcome<Property> {
    let text = fs::read_to_string(path)?;
    let text: String = text.lines().map(|line| line.split(';').next().unwrap_or("")).collect::<Vec<_>>().join(" ");
    let text = text.replace('(', " ( ").replace(')', " ) ");
    let tokens: Vec<&str> = text.split_whitespace().collect();
    let count: usize = shape.iter().product();
    let (mut lower, mut upper) = (vec![f32::NEG_INFINITY; count], vec![f32::INFINITY; count]);
    let outputs = tokens.windows(2).filter(|pair| pair[0] == "declare-const" && pair[1].starts_with("Y_")).count();
    let mut targets: Vec<Vec<LinearConstraint>> = Vec::new();
    let place = |index: usize| match *shape {
        [height, width, channels] => {
            let (c, rest) = (index / (height * width), index % (height * width));
            rest * channels + c
        }
        _ => index,
    };
    let disjunction = tokens.contains(&"or");
    for (at, window) in tokens.windows(4).enumerate() {
        let ["(", operator @ ("<=" | ">="), a, b] = *window else { continue };
        let (a, b) = if operator == "<=" { (a, b) } else { (b, a) };
        // a ≤ b.
        if let Some(index) = a.strip_prefix("X_") {
            let value: f64 = b.parse()?;
            let nearest = value as f32;
            upper[place(index.parse()?)] = if f64::from(nearest) < value { nearest.next_up() } else { nearest };
        } else if let Some(index) = b.strip_prefix("X_") {
            let value: f64 = a.parse()?;
            let nearest = value as f32;
            lower[place(index.parse()?)] = if f64::from(nearest) > value { nearest.next_down() } else { nearest };
        } else {
            let mut coefficients = vec![0.0; outputs];
            let mut bound = 0.0;
            for (side, sign) in [(a, 1.0), (b, -1.0)] {
                match side.strip_prefix("Y_") {
                    Some(index) => coefficients[index.parse::<usize>()?] += sign,
                    None => bound -= sign * side.parse::<f64>()?,
                }
            }
            let constraint = LinearConstraint { coefficients, bound };
            let fresh = disjunction && tokens[..at].last() == Some(&"and");
            match targets.last_mut() {
                Some(target) if !(fresh || disjunction && tokens[..at].last() == Some(&"or")) => {
                    target.push(constraint)
                }
                _ => targets.push(vec![constraint]),
            }
        }
    }
    Ok(Property {
        input: InputSet::between(&lower, &upper)?,
        specification: Specification::unsafe_outputs(outputs, targets)?,
    })
}

fn crown(folder: &Path, reference: &Path) -> Outcome<()> {
    let mut current = (String::new(), None);
    let (mut compared, mut looser, mut worst) = (0, 0, 0.0_f64);
    for line in fs::read_to_string(reference)?.lines() {
        let fields: Vec<&str> = line.split(',').collect();
        let [network, name, expected, _, unstable, ..] = fields[..] else { continue };
        let (network_path, mut path) = (folder.join(network), folder.join(name));
        for specs in ["specs/avgpool_specs", "specs/maxpool_specs"] {
            if !path.exists() {
                path = folder.join(specs).join(name);
            }
        }
        if network == "network" || !network_path.exists() || !path.exists() {
            continue;
        }
        if current.0 != network {
            current = (network.to_owned(), Some(import(&network_path, &ImportOptions::default())?));
        }
        let Some(imported) = &current.1 else { continue };
        let graph = imported.graph();
        let program = Program::new(graph, &imported.params)?;
        let property = property(&path, graph.input_shape())?;
        let started = Instant::now();
        let least = |rounding| -> Outcome<(f64, usize)> {
            let bounds = Bounds::with_rounding(&program, &property.input, Method::Crown, rounding)?;
            let margins = bounds.margins(&property.specification)?;
            Ok((margins.iter().flatten().copied().fold(f64::INFINITY, f64::min), bounds.unstable()))
        };
        let (sound, unstable_found) = least(Rounding::Sound)?;
        let seconds = started.elapsed().as_secs_f64();
        let (margin, _) = least(Rounding::Ignored)?;
        let expected: f64 = expected.parse()?;
        let loss = (expected - margin) / expected.abs();
        compared += 1;
        looser += usize::from(loss > 1e-4);
        worst = worst.max(loss);
        println!(
            "{network} {name}: {margin:.6} sound {sound:.6} expected {expected:.6} loss {loss:.1e} unstable {unstable_found} ({unstable}) {:.1} ms",
            1e3 * seconds
        );
    }
    println!("{compared} compared, {looser} looser than 1e-4, largest loss {worst:.2e}");
    Ok(())
}

/// Verifies every instance of a list of verdicts whose network and property are in the folder.
fn verdicts(folder: &Path, reference: &Path, network_of: &str, seconds: f64) -> Outcome<()> {
    let mut current = (String::new(), None);
    let (mut count, mut decided, mut wrong) = (0, 0, 0);
    for line in fs::read_to_string(reference)?.lines() {
        let fields: Vec<&str> = line.split(',').collect();
        let [_, network, name, expected, _, _, theirs, _] = fields[..] else { continue };
        let (network_path, mut path) = (folder.join(network), folder.join(name));
        for specs in ["specs/avgpool_specs", "specs/maxpool_specs"] {
            if !path.exists() {
                path = folder.join(specs).join(name);
            }
        }
        if !network.contains(network_of) || !network_path.exists() || !path.exists() {
            continue;
        }
        if current.0 != network {
            current = (network.to_owned(), Some(import(&network_path, &ImportOptions::default())?));
        }
        let Some(imported) = &current.1 else { continue };
        let program = Program::new(imported.graph(), &imported.params)?;
        let property = property(&path, imported.graph().input_shape())?;
        let time_limit = Some(Duration::from_secs_f64(seconds));
        let options = VerifyOptions { time_limit, ..VerifyOptions::default() };
        let report = verify(&program, &property.input, &property.specification, &options)?;
        let (found, detail) = match report.verdict {
            Verdict::Proved { bound } => ("unsat", format!("{bound:.4}")),
            Verdict::Falsified { .. } => ("sat", String::new()),
            Verdict::Unknown { bound, why } => ("unknown", format!("{bound:.4} {why:?}")),
        };
        count += 1;
        decided += usize::from(found != "unknown");
        let contradicts = found != "unknown" && expected != "unknown" && found != expected;
        wrong += usize::from(contradicts);
        println!(
            "{network} {name}: {found} ({expected}, {theirs} s) {detail} {} unstable {} domains {:.2} s{}",
            report.unstable.unwrap_or(0),
            report.domains,
            report.seconds,
            if contradicts { " CONTRADICTION" } else { "" }
        );
    }
    println!("{count} instances, {decided} decided, {wrong} contradictions");
    Ok(())
}

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["crown", folder, reference] => crown(Path::new(folder), Path::new(reference)),
        ["slopes", network, path, iterations, rate, decay] => {
            let imported = import(Path::new(network), &ImportOptions::default())?;
            let program = Program::new(imported.graph(), &imported.params)?;
            let property = property(Path::new(path), imported.graph().input_shape())?;
            let (iterations, rate, decay) = (iterations.parse()?, rate.parse()?, decay.parse()?);
            let options = SlopeOptions { iterations, rate, decay, ..SlopeOptions::default() };
            let started = Instant::now();
            let mut bounds = Bounds::new(&program, &property.input, Method::Crown)?;
            let margins = bounds.optimise(&property.specification, &options)?;
            let worst = margins.iter().flatten().copied().fold(f64::INFINITY, f64::min);
            let open = margins.iter().filter(|m| m.iter().all(|&m| m <= 0.0)).count();
            let seconds = started.elapsed().as_secs_f64();
            println!(
                "{iterations} {rate} {decay}: {worst:.5}, {open} open, {} unstable, {seconds:.2} s",
                bounds.unstable()
            );
            Ok(())
        }
        ["verdicts", folder, reference, network, seconds] => {
            verdicts(Path::new(folder), Path::new(reference), network, seconds.parse()?)
        }
        _ => Err("usage: competition crown FOLDER REFERENCE, or competition verdicts FOLDER REFERENCE NETWORK SECONDS"
            .into()),
    }
}
