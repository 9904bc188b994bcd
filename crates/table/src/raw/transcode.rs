//! Text in other encodings, made UTF-8 while it is read.

use std::io::Read;

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8};
use stage::Fault;

use super::utf8::UNDECODABLE;

const BUFFER: usize = 1 << 16;

/// The encoding that a label names.
pub(crate) fn encoding(label: &str) -> Result<&'static Encoding, Fault> {
    Encoding::for_label_no_replacement(label.as_bytes()).ok_or_else(|| {
        let message =
            format!("`encoding`: expected a label of the Encoding Standard, found `{label}`");
        Fault::settings(message)
            .hint("for example `utf-8`, `windows-1252`, `latin1`, `utf-16le`, `shift_jis`")
    })
}

/// The encoding that a byte order mark names, and the mark's length.
pub(crate) fn by_mark(head: &[u8]) -> Option<(&'static Encoding, usize)> {
    Encoding::for_bom(head)
}

/// Makes UTF-8 of text in another encoding. What cannot be decoded becomes a byte that UTF-8 never has, so that the
/// row it is in, and no other, is at fault.
pub(crate) struct Transcoder {
    inner: Box<dyn Read + Send>,
    decoder: Decoder,
    source: Vec<u8>,
    source_at: usize,
    decoded: Vec<u8>,
    decoded_at: usize,
    ended: bool,
    finished: bool,
}

impl Transcoder {
    pub(crate) fn new(inner: Box<dyn Read + Send>, encoding: &'static Encoding) -> Self {
        debug_assert!(encoding != UTF_8, "UTF-8 is read as it is");
        Self {
            inner,
            decoder: encoding.new_decoder_without_bom_handling(),
            source: Vec::new(),
            source_at: 0,
            decoded: Vec::new(),
            decoded_at: 0,
            ended: false,
            finished: false,
        }
    }

    /// Decodes some more, at least one byte of output or the end of the input.
    fn decode(&mut self) -> std::io::Result<()> {
        if self.source_at == self.source.len() && !self.ended {
            self.source.resize(BUFFER, 0);
            let read = self.inner.read(&mut self.source)?;
            self.source.truncate(read);
            self.source_at = 0;
            self.ended = read == 0;
        }
        self.decoded.resize(2 * BUFFER, 0);
        self.decoded_at = 0;
        let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(
            &self.source[self.source_at..],
            &mut self.decoded,
            self.ended,
        );
        self.source_at += read;
        self.decoded.truncate(written);
        match result {
            DecoderResult::Malformed(..) => self.decoded.push(UNDECODABLE),
            DecoderResult::InputEmpty => self.finished = self.ended,
            DecoderResult::OutputFull => {}
        }
        Ok(())
    }
}

impl Read for Transcoder {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        while self.decoded_at == self.decoded.len() {
            if self.finished {
                return Ok(0);
            }
            self.decode()?;
        }
        let rest = &self.decoded[self.decoded_at..];
        let read = rest.len().min(buffer.len());
        buffer[..read].copy_from_slice(&rest[..read]);
        self.decoded_at += read;
        Ok(read)
    }
}
