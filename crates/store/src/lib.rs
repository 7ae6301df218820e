//! Files that appear whole or not at all, sealed JSON, bounded reads, and folders that one run at a time writes to.
//!
//! ```
//! use minima_store::{Seal, sha256};
//!
//! const SEAL: Seal = Seal { kind: "an example", version: 1 };
//! let folder = std::env::temp_dir().join(format!("minima-store-example-{}", std::process::id()));
//! let path = folder.join("numbers.json");
//! SEAL.write(&path, &vec![0.1, 0.2])?;
//! assert_eq!(SEAL.read::<Vec<f64>>(&path)?, Some(vec![0.1, 0.2]));
//! assert!(sha256(b"abc").starts_with("ba7816bf"));
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod atomic_file;
pub mod bounded_file;
mod cached;
mod hash;
mod results_folder;
mod sealed;
mod stop;

pub use atomic_file::{AtomicWriteError, remove_if_there, write_atomically, write_atomically_by};
pub use cached::cached;
pub use hash::{sha256, sha256_of};
pub use results_folder::{FolderError, ResultsFolder, Unfinished, free_name, same_lines, sweep_beside};
pub use sealed::{Seal, SealError};
pub use stop::{Heeding, Stop};
