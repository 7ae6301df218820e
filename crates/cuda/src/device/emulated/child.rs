//! The emulator's process, and its protocol.

use crate::CudaError;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// A process that ends when this is dropped.
pub(super) struct Emulator(Mutex<State>);

struct State {
    process: Child,
    input: Option<ChildStdin>,
    output: ChildStdout,
    /// Its standard error output, complete after the process exits.
    complaints: Option<JoinHandle<String>>,
    /// The reason why the process exited.
    end: Option<String>,
    next_id: u64,
}

impl Emulator {
    pub(super) fn start(program: &Path, order: &str) -> Result<Self, CudaError> {
        let failed = |report: String| CudaError::Emulator { doing: format!("starting {}", program.display()), report };
        let mut process = Command::new(program)
            .arg(order)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| failed(error.to_string()))?;
        let pipes = (process.stdin.take(), process.stdout.take(), process.stderr.take());
        let (Some(input), Some(output), Some(mut errors)) = pipes else {
            return Err(failed("it has no pipes".to_owned()));
        };
        let complaints = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            // Reports as much as could be read.
            let _ = errors.read_to_end(&mut bytes);
            String::from_utf8_lossy(&bytes).into_owned()
        });
        let state = State { process, input: Some(input), output, complaints: Some(complaints), end: None, next_id: 0 };
        Ok(Emulator(Mutex::new(state)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Creates a buffer of zeros and returns its number.
    pub(super) fn allocate(&self, bytes: usize) -> Result<u64, CudaError> {
        let mut state = self.state();
        let id = state.next_id;
        state.next_id += 1;
        let complaint = state.ask(&header(b'A', id, bytes), &[], &mut [], "allocating")?;
        match complaint.is_empty() {
            true => Ok(id),
            false => Err(CudaError::Emulator { doing: format!("allocating {bytes} bytes"), report: complaint }),
        }
    }

    pub(super) fn free(&self, id: u64) {
        let mut state = self.state();
        if let Some(input) = &mut state.input {
            // A process that exited has nothing to free.
            let _ = input.write_all(&header(b'R', id, 0)).and_then(|()| input.flush());
        }
    }

    pub(super) fn upload(&self, id: u64, bytes: &[u8]) -> Result<(), CudaError> {
        self.state().ask(&header(b'U', id, bytes.len()), bytes, &mut [], "uploading").map(drop)
    }

    pub(super) fn download(&self, id: u64, bytes: &mut [u8]) -> Result<(), CudaError> {
        self.state().ask(&header(b'D', id, bytes.len()), &[], bytes, "downloading").map(drop)
    }

    /// Sends a launch. Returns the complaint, which is empty, or a message, or the types of the arguments and of the
    /// parameters.
    pub(super) fn launch(&self, request: &[u8], kernel: &str) -> Result<String, CudaError> {
        self.state().ask(request, &[], &mut [], kernel)
    }
}

fn header(request: u8, id: u64, bytes: usize) -> Vec<u8> {
    let mut header = vec![request];
    header.extend_from_slice(&id.to_ne_bytes());
    header.extend_from_slice(&(bytes as u64).to_ne_bytes());
    header
}

impl State {
    /// Sends `head` and `body`, waits for the reply, and fills `data` with the bytes that follow it. Returns the
    /// reply's complaint.
    fn ask(&mut self, head: &[u8], body: &[u8], data: &mut [u8], doing: &str) -> Result<String, CudaError> {
        match self.talk(head, body, data) {
            Ok(complaint) => Ok(complaint),
            Err(_) => Err(CudaError::Emulator { doing: doing.to_owned(), report: self.why_ended() }),
        }
    }

    fn talk(&mut self, head: &[u8], body: &[u8], data: &mut [u8]) -> std::io::Result<String> {
        let Some(input) = &mut self.input else {
            return Err(std::io::ErrorKind::BrokenPipe.into());
        };
        input.write_all(head)?;
        input.write_all(body)?;
        input.flush()?;
        let mut length = [0; 4];
        self.output.read_exact(&mut length)?;
        let mut complaint = vec![0; u32::from_ne_bytes(length) as usize];
        self.output.read_exact(&mut complaint)?;
        if complaint.is_empty() {
            self.output.read_exact(data)?;
        }
        Ok(String::from_utf8_lossy(&complaint).into_owned())
    }

    fn why_ended(&mut self) -> String {
        self.input = None;
        if let Some(complaints) = self.complaints.take() {
            let status = self.process.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
            let text = complaints.join().unwrap_or_default();
            self.end = Some(format!("the emulator has ended ({status}): {}", shortened(&text)));
        }
        self.end.clone().unwrap_or_default()
    }
}

/// A sanitizer's report without its memory map, the map's legend and other lines without names.
fn shortened(report: &str) -> String {
    let lines = report.lines().map(str::trim_end).filter(|line| !line.is_empty() && !line.starts_with("======"));
    let told: Vec<&str> = lines.clone().take_while(|line| !line.starts_with("Shadow bytes")).collect();
    let place = lines.skip(told.len()).filter(|line| line.starts_with("in kernel"));
    told.iter().copied().chain(place).collect::<Vec<_>>().join("\n")
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let mut state = self.state();
        state.input = None;
        // The end of its input ends the process; an error of waiting is ignored.
        let _ = state.process.wait();
    }
}
