//! One JSON record: strictly what RFC 8259 says, and `NaN`, `Infinity` and `-Infinity`, which Python writes.

use super::Keys;
use crate::raw::batch::{Entry, Kind, Span};
use crate::raw::limits::Limits;

/// Why a record cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// The row's fault: it is no JSON object.
    Row { at: usize, message: String },
    /// The item's fault: a limit, by its setting's name, is exceeded.
    Limit(&'static str, String),
}

/// Parses the records of a text.
pub(crate) struct Parser<'a> {
    pub(super) text: &'a str,
    limits: &'a Limits,
    pub(super) at: usize,
    pub(super) end: usize,
    /// Text that had escapes, without them; its places begin after the text.
    pub(crate) rewritten: String,
    closers: Vec<u8>,
}

impl<'a> Parser<'a> {
    pub(crate) fn new(text: &'a str, limits: &'a Limits) -> Self {
        Self {
            text,
            limits,
            at: 0,
            end: 0,
            rewritten: String::new(),
            closers: Vec::new(),
        }
    }

    /// Parses the object that is all of `start..end`.
    pub(crate) fn record(
        &mut self,
        start: usize,
        end: usize,
        keys: &mut Keys<'_>,
        entries: &mut Vec<Entry>,
    ) -> Result<(), Wrong> {
        (self.at, self.end) = (start, end);
        self.skip_blanks();
        if self.peek() != Some(b'{') {
            return Err(self.expected("a JSON object"));
        }
        self.at += 1;
        self.skip_blanks();
        let mut guess = 0;
        if !self.eat(b'}') {
            loop {
                let column = self.key(keys, guess)?;
                guess = column as usize + 1;
                let (kind, span) = self.value()?;
                entries.push(Entry { column, kind, span });
                self.skip_blanks();
                if self.eat(b'}') {
                    break;
                }
                if !self.eat(b',') {
                    return Err(self.expected("`,` or `}`"));
                }
                self.skip_blanks();
            }
        }
        self.skip_blanks();
        if self.at < self.end {
            return Err(self.expected("the end of the record"));
        }
        Ok(())
    }

    fn key(&mut self, keys: &mut Keys<'_>, guess: usize) -> Result<u32, Wrong> {
        if self.peek() != Some(b'"') {
            return Err(self.expected("a key"));
        }
        let start = self.at;
        let kept = self.rewritten.len();
        let span = self.string()?;
        let column = match (span.start as usize).checked_sub(self.text.len()) {
            None => keys.position(&self.text[span.start as usize..span.end as usize], guess)?,
            Some(from) => {
                let column = keys.position(&self.rewritten[from..], guess)?;
                self.rewritten.truncate(kept);
                column
            }
        };
        self.check_cell(start)?;
        self.skip_blanks();
        if !self.eat(b':') {
            return Err(self.expected("`:`"));
        }
        self.skip_blanks();
        Ok(column)
    }

    fn value(&mut self) -> Result<(Kind, Span), Wrong> {
        let start = self.at;
        let kind = match self.peek() {
            Some(b'"') => {
                let span = self.string()?;
                self.check_cell(start)?;
                return Ok((Kind::Text, span));
            }
            Some(b'{' | b'[') => {
                self.nested()?;
                Kind::Json
            }
            _ => self.scalar()?,
        };
        self.check_cell(start)?;
        Ok((kind, span(start, self.at)))
    }

    fn scalar(&mut self) -> Result<Kind, Wrong> {
        let words: [(&str, Kind); 6] = [
            ("null", Kind::Null),
            ("true", Kind::True),
            ("false", Kind::False),
            ("NaN", Kind::Number),
            ("Infinity", Kind::Number),
            ("-Infinity", Kind::Number),
        ];
        let rest = &self.text.as_bytes()[self.at..self.end];
        if matches!(rest.first(), Some(b'0'..=b'9')) || matches!(rest, [b'-', b'0'..=b'9', ..]) {
            return self.number();
        }
        for (word, kind) in words {
            if rest.starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(kind);
            }
        }
        Err(self.expected("a value"))
    }

    fn number(&mut self) -> Result<Kind, Wrong> {
        self.eat(b'-');
        if !self.eat(b'0') {
            self.digits()?;
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            let _ = self.eat(b'+') || self.eat(b'-');
            self.digits()?;
        }
        match self.peek() {
            Some(b'0'..=b'9') => Err(self.expected("no digit after a leading zero")),
            _ => Ok(Kind::Number),
        }
    }

    fn digits(&mut self) -> Result<(), Wrong> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start {
            return Err(self.expected("a digit"));
        }
        Ok(())
    }

    /// Checks a nested value and leaves it as it is.
    fn nested(&mut self) -> Result<(), Wrong> {
        self.closers.clear();
        loop {
            let mut closed = false;
            match self.peek() {
                Some(open @ (b'{' | b'[')) => {
                    self.at += 1;
                    let closer = if open == b'{' { b'}' } else { b']' };
                    self.closers.push(closer);
                    // The record itself is the outermost bracket.
                    if self.closers.len() >= self.limits.depth {
                        let message =
                            format!("more than {} brackets within brackets", self.limits.depth);
                        return Err(Wrong::Limit("depth", message));
                    }
                    self.skip_blanks();
                    if self.eat(closer) {
                        self.closers.pop();
                        closed = true;
                    }
                }
                Some(b'"') => {
                    let kept = self.rewritten.len();
                    self.string()?;
                    self.rewritten.truncate(kept);
                    closed = true;
                }
                _ => {
                    self.scalar()?;
                    closed = true;
                }
            }
            if closed && !self.next_nested()? {
                return Ok(());
            }
            if self.closers.last() == Some(&b'}') {
                self.nested_key()?;
            }
        }
    }

    /// After a value within brackets: goes on to the next one, closing brackets. `false` when all are closed.
    fn next_nested(&mut self) -> Result<bool, Wrong> {
        while let Some(closer) = self.closers.last().copied() {
            self.skip_blanks();
            if self.eat(b',') {
                self.skip_blanks();
                return Ok(true);
            }
            if !self.eat(closer) {
                let closer = char::from(closer);
                return Err(self.expected(&format!("`,` or `{closer}`")));
            }
            self.closers.pop();
        }
        Ok(false)
    }

    fn nested_key(&mut self) -> Result<(), Wrong> {
        if self.peek() != Some(b'"') {
            return Err(self.expected("a key"));
        }
        let kept = self.rewritten.len();
        self.string()?;
        self.rewritten.truncate(kept);
        self.skip_blanks();
        if !self.eat(b':') {
            return Err(self.expected("`:`"));
        }
        self.skip_blanks();
        Ok(())
    }

    fn check_cell(&self, start: usize) -> Result<(), Wrong> {
        let (length, most) = (self.at - start, self.limits.cell_bytes);
        if length <= most {
            return Ok(());
        }
        let message = format!("a cell of {length} bytes, more than {most}");
        Err(Wrong::Limit("cell_bytes", message))
    }

    pub(super) fn peek(&self) -> Option<u8> {
        let byte = self.text.as_bytes().get(self.at)?;
        (self.at < self.end).then_some(*byte)
    }

    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn skip_blanks(&mut self) {
        while self.peek().is_some_and(super::is_blank) {
            self.at += 1;
        }
    }

    pub(super) fn expected(&self, expected: &str) -> Wrong {
        let at = self.at.min(self.end);
        let found = self
            .text
            .get(at..self.end)
            .and_then(|rest| rest.chars().next());
        let found = match found {
            Some(found) => format!("`{}`", found.escape_debug()),
            None => "its end".to_owned(),
        };
        Wrong::Row {
            at,
            message: format!("expected {expected}, found {found}"),
        }
    }
}

pub(super) fn span(start: usize, end: usize) -> Span {
    Span {
        start: start as u32,
        end: end as u32,
    }
}
