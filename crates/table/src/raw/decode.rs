//! From a file's content to text: byte order mark, encoding, and whether it is text at all.

use std::io::{Cursor, Read};

use encoding_rs::UTF_8;
use stage::Fault;

use super::content::{Content, Stream};
use super::feed::{Feed, Place};
use super::options::Options;
use super::transcode::{Transcoder, by_mark, encoding};

/// The content as UTF-8 (or what was meant to be), without byte order mark, and the name of its encoding.
pub(crate) fn feed(
    content: Content,
    place: &Place,
    options: &Options,
) -> Result<(Feed, &'static str), Fault> {
    let told = options.encoding.as_deref().map(encoding).transpose()?;
    let mut left = content.bytes;
    let mut stream: Box<dyn Read + Send> = match content.stream {
        Stream::Plain(file) => Box::new(file),
        Stream::Passing(stream) => stream,
    };
    let mut head = Vec::new();
    stream
        .by_ref()
        .take(3)
        .read_to_end(&mut head)
        .map_err(|error| place.read_error(error))?;
    let marked = by_mark(&head);
    let rest = head.split_off(marked.map_or(0, |(_, length)| length));
    let encoding = marked
        .map(|(encoding, _)| encoding)
        .or(told)
        .unwrap_or(UTF_8);
    if encoding != UTF_8 {
        left = None;
        stream = Box::new(Transcoder::new(
            Box::new(Cursor::new(rest).chain(stream)),
            encoding,
        ));
        return Ok((Feed::new(stream, place.clone(), left), encoding.name()));
    }
    left = left.map(|left| left.saturating_sub((head.len() + rest.len()) as u64));
    let mut feed = Feed::new(stream, place.clone(), left);
    feed.pending = rest;
    Ok((feed, encoding.name()))
}

/// Refuses what is no text at all.
pub(crate) fn refuse_binary(feed: &Feed, encoding: &str) -> Result<(), Fault> {
    let zeros = memchr::memchr_iter(0, &feed.pending).count();
    if zeros * 10 <= feed.pending.len() || zeros == 0 {
        return Ok(());
    }
    let message = format!("expected {encoding} text, found binary data");
    let hint = "if this is UTF-16 without a byte order mark, set `encoding` to `utf-16le`";
    Err(feed.place().fault(Fault::item(message).hint(hint)))
}
