//! Parts: what one item contributes to what is known of the whole queue.
//!
//! Most are small, and ten thousand small files would cost more than the items they are about. So a small part
//! travels inside its receipt's journal line until the commit puts all of them, in item order, into one file,
//! `_parts.bin`; a large one is a file of its own below `_parts`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::fault::Fault;
use crate::layout;
use crate::output::{Output, OutputFile};
use crate::receipt::{Manifest, Phase};

/// Above this size a part is a file of its own, so that memory does not grow with the items.
const INLINE_BYTES_MAX: usize = 64 << 10;

/// What one item contributes to what is known of the whole queue.
#[derive(Clone, Debug)]
pub struct Part {
    item: String,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    /// Shared: of ten thousand parts none is copied.
    Memory(Bytes),
    File(PathBuf),
}

impl Part {
    /// A part held in memory.
    pub fn new(item: impl Into<String>, content: impl Into<Bytes>) -> Self {
        Self {
            item: item.into(),
            content: Content::Memory(content.into()),
        }
    }

    /// A part in a file.
    pub fn in_file(item: impl Into<String>, path: PathBuf) -> Self {
        Self {
            item: item.into(),
            content: Content::File(path),
        }
    }

    /// The name of the item it comes from.
    pub fn item(&self) -> &str {
        &self.item
    }

    /// Its size in bytes.
    pub fn bytes(&self) -> Result<u64, Fault> {
        match &self.content {
            Content::Memory(content) => Ok(content.len() as u64),
            Content::File(path) => Ok(fs_err::metadata(path)?.len()),
        }
    }

    /// Its whole content.
    pub fn read(&self) -> Result<Cow<'_, [u8]>, Fault> {
        match &self.content {
            Content::Memory(content) => Ok(Cow::Borrowed(content)),
            Content::File(path) => Ok(Cow::Owned(fs_err::read(path)?)),
        }
    }

    /// Opens it for reading piece by piece.
    pub fn open(&self) -> Result<PartReader<'_>, Fault> {
        match &self.content {
            Content::Memory(content) => Ok(PartReader::Memory(Cursor::new(content))),
            Content::File(path) => Ok(PartReader::File(fs_err::File::open(path)?)),
        }
    }
}

/// A part, open for reading.
#[derive(Debug)]
pub enum PartReader<'a> {
    /// From memory.
    Memory(Cursor<&'a [u8]>),
    /// From its file.
    File(fs_err::File),
}

impl Read for PartReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Memory(content) => content.read(buffer),
            Self::File(file) => file.read(buffer),
        }
    }
}

impl Seek for PartReader<'_> {
    fn seek(&mut self, place: SeekFrom) -> io::Result<u64> {
        match self {
            Self::Memory(content) => content.seek(place),
            Self::File(file) => file.seek(place),
        }
    }
}

/// Takes a part while it is written, and moves to a file when it gets large.
#[derive(Debug)]
pub(crate) struct PartSink<'a> {
    output: &'a Output,
    phase: Phase,
    buffer: Vec<u8>,
    file: Option<OutputFile>,
}

impl<'a> PartSink<'a> {
    pub(crate) fn new(output: &'a Output, phase: Phase) -> Self {
        Self {
            output,
            phase,
            buffer: Vec::new(),
            file: None,
        }
    }

    /// Enters the part into the receipt.
    pub(crate) fn finish(self) -> Result<(), Fault> {
        match self.file {
            Some(file) => file.finish(),
            None => {
                self.output.set_part(self.buffer);
                Ok(())
            }
        }
    }
}

impl Write for PartSink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(file) = &mut self.file {
            return file.write(bytes);
        }
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() > INLINE_BYTES_MAX {
            let name = file_name(self.phase, self.output.item());
            let mut file = self
                .output
                .create_reserved(&name)
                .map_err(io::Error::other)?;
            file.write_all(&self.buffer)?;
            (self.buffer, self.file) = (Vec::new(), Some(file));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}

/// The file of a large part.
pub(crate) fn file_name(phase: Phase, item: &str) -> String {
    format!("{}/{}/{item}", layout::PARTS, phase.word())
}

/// The small parts of a complete queue.
#[derive(Debug, Default)]
pub(crate) struct Pack {
    content: Bytes,
    places: HashMap<(Phase, String), (usize, usize)>,
}

impl Pack {
    /// Reads the parts of the queue with this manifest.
    pub(crate) fn read(directory: &Path, manifest: &Manifest) -> io::Result<Self> {
        let has_parts = manifest.receipts().iter().any(|(_, receipts)| {
            let mut sizes = receipts.iter().filter_map(|receipt| receipt.part);
            sizes.any(|bytes| bytes > 0)
        });
        let content = if has_parts {
            fs_err::read(directory.join(layout::PACK))?
        } else {
            Vec::new()
        };
        Ok(Self::of(manifest, content))
    }

    /// The parts in the content of the file that holds them.
    pub(crate) fn of(manifest: &Manifest, content: Vec<u8>) -> Self {
        let mut places = HashMap::new();
        let mut from: usize = 0;
        for (phase, receipts) in manifest.receipts() {
            for receipt in receipts {
                let Some(bytes) = receipt.part.and_then(|bytes| usize::try_from(bytes).ok()) else {
                    continue;
                };
                places.insert((phase, receipt.item.clone()), (from, bytes));
                from = from.saturating_add(bytes);
            }
        }
        Self {
            content: content.into(),
            places,
        }
    }

    /// The part of one piece of work.
    pub(crate) fn get(&self, phase: Phase, item: &str) -> Option<Bytes> {
        let (from, bytes) = *self.places.get(&(phase, item.to_owned()))?;
        let part = self.content.get(from..from.checked_add(bytes)?)?;
        Some(self.content.slice_ref(part))
    }
}

/// A part inside a journal line: text as it is, anything else as hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Inline(pub(crate) Bytes);

impl Serialize for Inline {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(&self.0) {
            Ok(text) => serializer.serialize_str(&format!("text:{text}")),
            Err(_) => {
                let mut hex = String::with_capacity(4 + 2 * self.0.len());
                hex.push_str("hex:");
                for byte in &self.0 {
                    hex.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
                    hex.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
                }
                serializer.serialize_str(&hex)
            }
        }
    }
}

impl<'de> Deserialize<'de> for Inline {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        if let Some(text) = text.strip_prefix("text:") {
            return Ok(Self(Bytes::copy_from_slice(text.as_bytes())));
        }
        let hex = text.strip_prefix("hex:").and_then(|hex| {
            let digit = |byte: u8| char::from(byte).to_digit(16);
            let byte =
                |pair: &[u8]| u8::try_from(digit(pair[0])? << 4 | digit(*pair.get(1)?)?).ok();
            hex.as_bytes()
                .chunks(2)
                .map(byte)
                .collect::<Option<Vec<u8>>>()
        });
        hex.map(|bytes| Self(bytes.into()))
            .ok_or_else(|| serde::de::Error::custom("expected `text:…` or `hex:…`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(content: &[u8], expected: &str) {
        let json = serde_json::to_string(&Inline(Bytes::copy_from_slice(content))).unwrap();
        assert_eq!(json, expected);
        assert_eq!(serde_json::from_str::<Inline>(&json).unwrap().0, content);
    }

    #[test]
    fn a_part_travels_in_a_journal_line() {
        check(b"{\"rows\": 3}", r#""text:{\"rows\": 3}""#);
        check(&[0xff, 0x00, 0x3a], r#""hex:ff003a""#);
        check(b"", r#""text:""#);
    }

    #[test]
    fn a_torn_part_is_refused() {
        for torn in [r#""hex:f""#, r#""hex:zz""#, r#""bare""#] {
            assert!(serde_json::from_str::<Inline>(torn).is_err(), "{torn}");
        }
    }
}
