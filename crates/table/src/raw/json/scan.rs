//! Where JSON values end: enough to cut a file between them, without looking at what they say.

use memchr::{memchr_iter, memchr2};
use stage::Fault;

use crate::raw::feed::Place;
use crate::raw::limits::{Limits, exceeded};

/// JSON's white space.
pub(crate) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Where a value ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Before this place.
    At(usize),
    /// Beyond the bytes.
    Beyond,
    /// Its brackets are nested too deeply, here.
    TooDeep(usize),
}

/// Where the value ends that begins at `start`. Brackets are counted, not matched: that is the parser's business.
pub(crate) fn value_end(bytes: &[u8], start: usize, depth_max: usize) -> End {
    let mut depth = 0;
    let mut at = start;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => match string_end(bytes, at) {
                Some(end) => at = end,
                None => return End::Beyond,
            },
            b'{' | b'[' => {
                depth += 1;
                if depth > depth_max {
                    return End::TooDeep(at);
                }
                at += 1;
                continue;
            }
            b'}' | b']' if depth > 0 => {
                depth -= 1;
                at += 1;
            }
            _ if depth > 0 => {
                at += 1;
                continue;
            }
            b',' | b'}' | b']' => return End::At(at),
            byte if is_blank(*byte) => return End::At(at),
            _ => {
                at += 1;
                continue;
            }
        }
        if depth == 0 {
            return End::At(at);
        }
    }
    End::Beyond
}

/// The place after the string that begins at `start`.
fn string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        let found = at + memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[found] == b'"' {
            return Some(found + 1);
        }
        at = found + 2;
    }
}

/// Where the last whole value ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Before this place; 0 when none is whole.
    Whole(usize),
    /// Before this place, and nothing comes after it.
    Last(usize),
}

/// Cuts values, the elements of an array or one after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Values {
    pub(crate) array: bool,
    /// Whether no value was cut yet.
    pub(crate) first: bool,
}

impl Values {
    /// Where the last whole value of `bytes` ends, which begin after a value (or at the first). `line` is where they
    /// begin, `ended` whether the file ends with them.
    pub(crate) fn cut(
        &self,
        bytes: &[u8],
        ended: bool,
        limits: &Limits,
        place: &Place,
        line: u64,
    ) -> Result<Cut, Fault> {
        let fault_at = |at: usize, fault: Fault| {
            let before = memchr_iter(b'\n', &bytes[..at.min(bytes.len())]).count() as u64;
            place.fault_at(line + before, fault)
        };
        let expected = |at: usize, expected: &str| {
            let found = match String::from_utf8_lossy(&bytes[at..bytes.len().min(at + 4)])
                .chars()
                .next()
            {
                Some(found) => format!("`{found}`"),
                None => "the end of the file".to_owned(),
            };
            fault_at(
                at,
                Fault::item(format!("expected {expected}, found {found}")),
            )
        };
        let mut first = self.first;
        let mut whole = 0;
        loop {
            let mut at = skip_blanks(bytes, whole);
            if self.array {
                match bytes.get(at) {
                    None if ended => return Err(expected(at, "`,` or `]`")),
                    None => return Ok(Cut::Whole(whole)),
                    Some(b']') => return self.after(bytes, whole, at, expected),
                    Some(b',') if !first => at = skip_blanks(bytes, at + 1),
                    Some(_) if !first => return Err(expected(at, "`,` or `]`")),
                    Some(_) => {}
                }
            }
            if at == bytes.len() {
                return match (ended, self.array) {
                    (true, true) => Err(expected(at, "a value")),
                    (true, false) => Ok(Cut::Last(whole)),
                    (false, _) => Ok(Cut::Whole(whole)),
                };
            }
            whole = match value_end(bytes, at, limits.depth) {
                End::At(end) if end > at => end,
                End::At(_) => return Err(expected(at, "a value")),
                End::TooDeep(at) => {
                    let message = format!("more than {} brackets within brackets", limits.depth);
                    return Err(fault_at(at, exceeded(message, "depth")));
                }
                End::Beyond if ended && !self.array && scalar(bytes, at) => bytes.len(),
                End::Beyond if ended => {
                    let message = "a value is never closed";
                    return Err(fault_at(at, Fault::item(message)));
                }
                End::Beyond => return Ok(Cut::Whole(whole)),
            };
            first = false;
        }
    }

    /// Nothing but blanks may come after the end of an array.
    fn after(
        &self,
        bytes: &[u8],
        whole: usize,
        close: usize,
        expected: impl Fn(usize, &str) -> Fault,
    ) -> Result<Cut, Fault> {
        let at = skip_blanks(bytes, close + 1);
        if at < bytes.len() {
            return Err(expected(at, "the end of the file"));
        }
        Ok(Cut::Last(whole))
    }
}

/// Whether the value that begins here is neither text nor nested, so that the end of the file ends it.
fn scalar(bytes: &[u8], at: usize) -> bool {
    !matches!(bytes.get(at), Some(b'"' | b'{' | b'['))
}

fn skip_blanks(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    from + rest.iter().take_while(|byte| is_blank(**byte)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: End) {
        assert_eq!(value_end(text.as_bytes(), 0, 3), expected);
    }

    #[test]
    fn a_value_ends_where_its_brackets_close() {
        check("{\"a\": [1, \"]}\\\"\"]} ", End::At(18));
        check("{\"a\"", End::Beyond);
        check("\"a\\\\\",", End::At(5));
        check("12,", End::At(2));
        check("12", End::Beyond);
        check("[[[]]]", End::At(6));
        check("[[[[]]]]", End::TooDeep(3));
        check("]", End::At(0));
    }
}
