//! The memory and the open files of a stopped process.

use std::fs::File;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use nix::unistd::Pid;

/// Reads bytes; fewer where its memory ends.
pub(super) fn read(pid: Pid, address: u64, bytes: usize) -> Vec<u8> {
    let mut content = vec![0; bytes];
    let mut filled = 0;
    if let Ok(memory) = File::open(format!("/proc/{pid}/mem")) {
        while filled < bytes {
            match memory.read_at(&mut content[filled..], address + filled as u64) {
                Ok(0) | Err(_) => break,
                Ok(read) => filled += read,
            }
        }
    }
    content.truncate(filled);
    content
}

/// Overwrites bytes.
pub(super) fn write(pid: Pid, address: u64, content: &[u8]) {
    let memory = File::options().write(true).open(format!("/proc/{pid}/mem"));
    // A process that has died meanwhile needs nothing more.
    let _ = memory.and_then(|memory| memory.write_all_at(content, address));
}

/// Reads a number.
pub(super) fn read_number(pid: Pid, address: u64) -> Option<u64> {
    let bytes = read(pid, address, 8);
    bytes.try_into().ok().map(u64::from_ne_bytes)
}

/// Reads a path, which ends with a zero.
pub(super) fn read_path(pid: Pid, address: u64) -> PathBuf {
    const PAGE: u64 = 4096;
    let mut path = Vec::new();
    while path.len() < usize::from(u16::MAX) {
        // The page after it may not be there.
        let from = address + path.len() as u64;
        let bytes = read(pid, from, usize::try_from(PAGE - from % PAGE).unwrap_or(1));
        if let Some(end) = bytes.iter().position(|byte| *byte == 0) {
            path.extend_from_slice(&bytes[..end]);
            break;
        }
        if bytes.is_empty() {
            break;
        }
        path.extend(bytes);
    }
    std::ffi::OsString::from_vec(path).into()
}

/// What a file descriptor stands for.
pub(super) fn path_of(pid: Pid, descriptor: u64) -> Option<PathBuf> {
    const CURRENT_DIRECTORY: i32 = -100;
    // Descriptors are numbers of 32 bits.
    let descriptor = (descriptor as u32).cast_signed();
    let link = if descriptor == CURRENT_DIRECTORY {
        format!("/proc/{pid}/cwd")
    } else {
        format!("/proc/{pid}/fd/{descriptor}")
    };
    std::fs::read_link(link).ok()
}
