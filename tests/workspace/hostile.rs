//! Untrusted files: the files in `corpus`, and many deterministic mutations of each, are given to every reader. No reader may
//! panic, exceed its memory bound for the input, or break its guarantees.

use minima_rng::Key;
use minima_tests::hostile::{TARGETS, Target};
use std::error::Error;
use std::fs;
use std::path::PathBuf;

/// The number of mutations for each target.
const MUTATIONS: usize = 4_000;

/// Files and their names.
type Corpus = Vec<(String, Vec<u8>)>;

/// The files of a target, sorted by name.
fn corpus(target: &Target) -> Result<Corpus, Box<dyn Error>> {
    let folder: PathBuf = [env!("CARGO_MANIFEST_DIR"), "corpus", target.name].iter().collect();
    let mut files = Vec::new();
    for entry in fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))? {
        let path = entry?.path();
        files.push((path.display().to_string(), fs::read(&path)?));
    }
    files.sort();
    Ok(files)
}

/// Random numbers, determined by a key.
struct Draws {
    key: Key,
    position: u64,
}

impl Draws {
    /// A number below `bound`; 0 if `bound` is 0.
    fn below(&mut self, bound: usize) -> usize {
        self.position += 1;
        self.key.word(self.position) as usize % bound.max(1)
    }
}

/// Numbers at the limits of types, as text or as bytes in either order.
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

/// Applies one to four changes to a file.
fn mutated(file: &[u8], others: &[(String, Vec<u8>)], draws: &mut Draws) -> Vec<u8> {
    let mut bytes = file.to_vec();
    for _ in 0..=draws.below(4) {
        // Half of the changes are in the first bytes, because headers matter most.
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
                // Replaces the same number of bytes.
                let number = extreme(draws);
                let end = (at + number.len()).min(bytes.len());
                bytes.splice(at..end, number);
            }
            _ => {
                // Replaces the next number in the text.
                let digit = (at..bytes.len()).find(|&place| bytes[place].is_ascii_digit()).unwrap_or(at);
                let digits = bytes[digit..].iter().take_while(|byte| byte.is_ascii_digit()).count();
                bytes.splice(digit..digit + digits, extreme(draws));
            }
        }
    }
    bytes
}

/// Runs a target on bytes, and asserts its memory bound. Returns whether the bytes were accepted.
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
        // Initializes everything that is computed once.
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
