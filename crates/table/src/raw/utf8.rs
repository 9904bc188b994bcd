//! Text, or where it is none.

/// Bytes that were looked at: all of them text, those that were none replaced one by one, so that places stay.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) text: String,
    /// The places of bytes that were no text, ascending.
    pub(crate) bad_bytes: Vec<u32>,
    /// The bytes as they were; only kept when some were no text.
    original: Vec<u8>,
}

/// What stands in the place of a byte that is no text: ASCII's "substitute", one byte long.
const SUBSTITUTE: u8 = 0x1a;

/// A byte that never occurs in UTF-8: what a decoder writes for what it cannot decode.
pub(crate) const UNDECODABLE: u8 = 0xff;

/// Makes text of bytes.
pub(crate) fn check(bytes: Vec<u8>) -> Checked {
    match String::from_utf8(bytes) {
        Ok(text) => Checked {
            text,
            bad_bytes: Vec::new(),
            original: Vec::new(),
        },
        Err(error) => repair(error.into_bytes()),
    }
}

fn repair(original: Vec<u8>) -> Checked {
    let mut text = Vec::with_capacity(original.len());
    let mut bad_bytes = Vec::new();
    for chunk in original.utf8_chunks() {
        text.extend_from_slice(chunk.valid().as_bytes());
        for _ in chunk.invalid() {
            bad_bytes.push(text.len() as u32);
            text.push(SUBSTITUTE);
        }
    }
    Checked {
        text: String::from_utf8_lossy(&text).into_owned(),
        bad_bytes,
        original,
    }
}

impl Checked {
    /// Part of the bytes as they were, for a message.
    pub(crate) fn original(&self, start: usize, end: usize) -> String {
        if self.original.is_empty() {
            return self.text[start..end].to_owned();
        }
        String::from_utf8_lossy(&self.original[start..end]).into_owned()
    }

    /// What is wrong at this place, and the cure.
    pub(crate) fn explain(&self, at: usize, encoding: &str) -> (String, Option<String>) {
        let byte = self.original.get(at).copied().unwrap_or(UNDECODABLE);
        if encoding != "UTF-8" {
            let message = format!("expected {encoding} text, found bytes that are none");
            return (message, Some("is `encoding` the file's own?".to_owned()));
        }
        let message = format!("expected UTF-8 text, found byte 0x{byte:02X}");
        let hint = "set `encoding` to the file's own, often `windows-1252`";
        (message, Some(hint.to_owned()))
    }
}
