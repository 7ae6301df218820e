//! Files that nobody should trust: those of `corpus`, and many deterministic mutations of each, go through every reader, which
//! neither panics, nor holds more memory than its input accounts for, nor breaks what it promises.

use minima_rng::Key;
use minima_tests::hostile::{TARGETS, Target};
use std::error::Error;
use std::fs;
use std::path::PathBuf;

/// Mutations of each target's files, in all.
const MUTATIONS: usize = 4_000;

/// The files of a target, by name.
fn corpus(target: &Target) -> Result<Vec<(String, Vec<u8>)>, Box<dyn Error>> {
    let folder: PathBuf = [env!("CARGO_MANIFEST_DIR"), "corpus", target.name].iter().collect();
    let mut files = Vec::new();
    for entry in fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))? {
        let path = entry?.path();
        files.push((path.display().to_string(), fs::read(&path)?));
    }
    files.sort();
    Ok(files)
}

/// Random numbers that are a function of a seed.
struct Draws {
    key: Key,
    position: u64,
}

impl Draws {
    /// A number below `bound`, 0 where that is 0.
    fn below(&mut self, bound: usize) -> usize {
        self.position += 1;
        self.key.word(self.position) as usize % bound.max(1)
    }
}

/// Numbers that overflow something, as text and as bytes of either order.
fn extreme(draws: &mut Draws) -> Vec<u8> {
    const NUMBERS: [u64; 12] =
        [0, 1, 0x7f, 0xff, 0x7fff_ffff, 0xffff_ffff, 1 << 32, 1 << 60, 1 << 61, 1 << 63, u64::MAX - 7, u64::MAX];
    const TEXTS: [&str; 8] = ["nan", "-inf", "1e999", "-1", "18446744073709551616", "0x", "\"", "[[[[{{{{"];
    let number = NUMBERS[draws.below(NUMBERS.len())];
    match draws.below(6) {
        0 => number.to_le_bytes().to_vec(),
        1 => number.to_be_bytes().to_vec(),
        2 => (number as u32).to_le_bytes().to_vec(),
        3 => (number as u32).to_be_bytes().to_vec(),
        4 => number.to_string().into_bytes(),
        _ => TEXTS[draws.below(TEXTS.len())].as_bytes().to_vec(),
    }
}

/// One to four changes of a file.
fn mutated(file: &[u8], others: &[(String, Vec<u8>)], draws: &mut Draws) -> Vec<u8> {
    let mut bytes = file.to_vec();
    for _ in 0..=draws.below(4) {
        // Headers decide most: half of all changes are among the first bytes.
        let reach = if draws.below(2) == 0 { bytes.len().min(24) } else { bytes.len() };
        let at = draws.below(reach + 1).min(bytes.len());
        let end = at + draws.below((bytes.len() - at).min(40) + 1);
        match draws.below(8) {
            0 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << draws.below(8);
                }
            }
            1 => bytes.truncate(at),
            2 => drop(bytes.drain(at..end)),
            3 => drop(bytes.splice(at..at, vec![draws.below(256) as u8; 1 + draws.below(9)])),
            4 => {
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
            5 => {
                let other = &others[draws.below(others.len())].1;
                bytes.truncate(at);
                bytes.extend_from_slice(&other[draws.below(other.len() + 1)..]);
            }
            6 => {
                // In place of as many bytes.
                let number = extreme(draws);
                let end = (at + number.len()).min(bytes.len());
                bytes.splice(at..end, number);
            }
            _ => {
                // In place of what looks like a number.
                let digit = (at..bytes.len()).find(|&place| bytes[place].is_ascii_digit()).unwrap_or(at);
                let digits = bytes[digit..].iter().take_while(|byte| byte.is_ascii_digit()).count();
                bytes.splice(digit..digit + digits, extreme(draws));
            }
        }
    }
    bytes
}

/// Runs a target on bytes and holds it to its bound on memory. Returns whether they were accepted.
fn hold(target: &Target, bytes: &[u8], what: &dyn Fn() -> String) -> bool {
    let allowed = (target.memory)(bytes.len() as u64);
    let mut accepted = false;
    let counted = allocation_counter::measure(|| accepted = (target.run)(bytes));
    assert!(
        counted.bytes_max <= allowed,
        "{}, {}: {} bytes held {}, expected at most {allowed}",
        target.name,
        what(),
        bytes.len(),
        counted.bytes_max
    );
    accepted
}

#[test]
fn every_reader_stands_what_it_is_given() -> Result<(), Box<dyn Error>> {
    for target in TARGETS {
        let files = corpus(target)?;
        assert!(!files.is_empty(), "{}", target.name);
        // What is made once and kept is made here.
        (target.run)(b"");
        let (accepted, refused): (Vec<_>, Vec<_>) =
            files.iter().partition(|(name, bytes)| hold(target, bytes, &|| name.clone()));
        assert!(!accepted.is_empty() && !refused.is_empty(), "{}: {} accepted", target.name, accepted.len());
        let mut draws = Draws { key: Key::new(7), position: 0 };
        for number in 0..MUTATIONS {
            let (name, bytes) = &files[number % files.len()];
            let bytes = mutated(bytes, &files, &mut draws);
            hold(target, &bytes, &|| format!("mutation {number} of {name}: {:?}", String::from_utf8_lossy(&bytes)));
        }
    }
    Ok(())
}
