//! The content of a file: decompressed, and looked at for what it is by its first bytes.

use std::fs::File;
use std::io::{Cursor, Read, Seek};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use stage::Fault;

use super::feed::{Limit, Place};
use super::limits::{EXPANSION_FREE_BYTES, Limits};

/// How a file is compressed, seen from its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Gzip,
    Zstd,
}

/// What the first bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Magic {
    Parquet,
    ArrowFile,
    ArrowStream,
    Text,
}

/// An open file.
pub(crate) struct Content {
    pub(crate) compression: Compression,
    pub(crate) magic: Magic,
    pub(crate) stream: Stream,
    /// How many bytes there are, where that is known.
    pub(crate) bytes: Option<u64>,
}

/// Where the content comes from.
pub(crate) enum Stream {
    Plain(File),
    /// Decompressed, or read already.
    Passing(Box<dyn Read + Send>),
}

const HEAD: usize = 16;

/// Opens a file and looks at its first bytes. What it holds need not be read if that is known already.
pub(crate) fn open(
    path: &Path,
    known: Option<&Arc<[u8]>>,
    place: &Place,
    limits: &Limits,
) -> Result<Content, Fault> {
    if let Some(known) = known {
        let head = &known[..known.len().min(HEAD)];
        let bytes = Cursor::new(Arc::clone(known));
        return match compression(head) {
            Compression::None => Ok(Content {
                compression: Compression::None,
                magic: magic(head).map_err(|fault| place.fault(fault))?,
                stream: Stream::Passing(Box::new(bytes)),
                bytes: Some(known.len() as u64),
            }),
            compression => decompressed(bytes, compression, place, limits),
        };
    }
    let mut file = fs_err::File::open(path)?;
    let bytes = file.metadata()?.len();
    let head = read_head(&mut file).map_err(|error| place.read_error(error))?;
    file.rewind()?;
    let file = file.into_file();
    match compression(&head) {
        Compression::None => Ok(Content {
            compression: Compression::None,
            magic: magic(&head).map_err(|fault| place.fault(fault))?,
            stream: Stream::Plain(file),
            bytes: Some(bytes),
        }),
        compression => decompressed(file, compression, place, limits),
    }
}

fn compression(head: &[u8]) -> Compression {
    match head {
        [0x1f, 0x8b, ..] => Compression::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Compression::Zstd,
        _ => Compression::None,
    }
}

fn decompressed(
    compressed: impl Read + Send + 'static,
    compression: Compression,
    place: &Place,
    limits: &Limits,
) -> Result<Content, Fault> {
    let mut stream = decompress(compressed, compression, limits.expansion)
        .map_err(|error| place.read_error(error))?;
    let head = read_head(&mut stream).map_err(|error| place.read_error(error))?;
    Ok(Content {
        compression,
        magic: magic(&head).map_err(|fault| place.fault(fault))?,
        stream: Stream::Passing(Box::new(Cursor::new(head).chain(stream))),
        bytes: None,
    })
}

fn read_head(reader: &mut impl Read) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD);
    reader.take(HEAD as u64).read_to_end(&mut head)?;
    Ok(head)
}

fn magic(head: &[u8]) -> Result<Magic, Fault> {
    if head.starts_with(b"PAR1") {
        return Ok(Magic::Parquet);
    }
    if head.starts_with(b"ARROW1") {
        return Ok(Magic::ArrowFile);
    }
    if let [0xff, 0xff, 0xff, 0xff, _, _, length, 0, ..] = head
        && *length < 16
    {
        return Ok(Magic::ArrowStream);
    }
    match FOREIGN.iter().find(|(magic, ..)| head.starts_with(magic)) {
        Some((_, name, cure)) => Err(Fault::item(format!("{name}, which is not read")).hint(*cure)),
        None => Ok(Magic::Text),
    }
}

/// Formats that people mistake for tables of ours: first bytes, name, cure.
const FOREIGN: [(&[u8], &str, &str); 9] = [
    (
        b"PK\x03\x04",
        "a ZIP archive or an Excel workbook",
        "unpack it, or export the sheet as CSV",
    ),
    (
        b"\xd0\xcf\x11\xe0",
        "an old Excel workbook",
        "export the sheet as CSV",
    ),
    (b"BZh", "bzip2", "compress it with gzip or zstd"),
    (b"\xfd7zXZ", "xz", "compress it with gzip or zstd"),
    (
        b"\x04\x22\x4d\x18",
        "an LZ4 frame",
        "compress it with gzip or zstd",
    ),
    (
        b"SQLite format 3",
        "an SQLite database",
        "export the table as CSV or Parquet",
    ),
    (b"\x89HDF", "HDF5", "export the table as Parquet"),
    (
        b"FEA1",
        "Feather version 1",
        "write it as version 2 or Parquet",
    ),
    (b"Obj\x01", "Avro", "export it as Parquet"),
];

fn decompress(
    compressed: impl Read + Send + 'static,
    compression: Compression,
    expansion: u64,
) -> std::io::Result<Box<dyn Read + Send>> {
    let consumed = Arc::new(AtomicU64::new(0));
    let compressed = Counted {
        inner: compressed,
        consumed: Arc::clone(&consumed),
    };
    let metered = |inner: Box<dyn Read + Send>| Metered {
        inner,
        consumed,
        produced: 0,
        expansion,
    };
    Ok(Box::new(metered(match compression {
        Compression::Zstd => Box::new(zstd::stream::read::Decoder::new(compressed)?),
        _ => Box::new(flate2::read::MultiGzDecoder::new(compressed)),
    })))
}

/// Counts what is read of a file.
struct Counted<R> {
    inner: R,
    consumed: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.consumed.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Stops a decoder that makes far too much of what it reads.
struct Metered {
    inner: Box<dyn Read + Send>,
    consumed: Arc<AtomicU64>,
    produced: u64,
    expansion: u64,
}

impl Read for Metered {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.produced += read as u64;
        let consumed = self.consumed.load(Ordering::Relaxed).max(1);
        if self.produced > EXPANSION_FREE_BYTES && self.produced / consumed > self.expansion {
            let message = format!(
                "decompresses to more than {} times its size",
                self.expansion
            );
            let name = "expansion";
            return Err(std::io::Error::new(
                std::io::ErrorKind::InvalidData,
                Limit { name, message },
            ));
        }
        Ok(read)
    }
}
