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
    text: &'a str,
    limits: &'a Limits,
    at: usize,
    end: usize,
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

    /// Parses a string: its place without the quotes, in the text or, when it has escapes, behind it.
    fn string(&mut self) -> Result<Span, Wrong> {
        self.at += 1;
        let start = self.at;
        self.plain();
        if self.eat(b'"') {
            return Ok(span(start, self.at - 1));
        }
        let rewritten = self.text.len() + self.rewritten.len();
        let mut from = start;
        loop {
            self.rewritten.push_str(&self.text[from..self.at]);
            if self.eat(b'"') {
                return Ok(span(rewritten, self.text.len() + self.rewritten.len()));
            }
            if !self.eat(b'\\') {
                return Err(self.expected("`\"`"));
            }
            let character = self.escape()?;
            self.rewritten.push(character);
            from = self.at;
            self.plain();
        }
    }

    /// Goes on to the next quote, backslash or control character.
    fn plain(&mut self) {
        let rest = &self.text.as_bytes()[self.at..self.end];
        let special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
        self.at += rest.iter().position(special).unwrap_or(rest.len());
    }

    fn escape(&mut self) -> Result<char, Wrong> {
        let escape = self.peek();
        self.at += 1;
        Ok(match escape {
            Some(same @ (b'"' | b'\\' | b'/')) => char::from(same),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(),
            _ => {
                self.at -= 1;
                return Err(self.expected("an escape"));
            }
        })
    }

    fn unicode(&mut self) -> Result<char, Wrong> {
        let start = self.at;
        let high = self.hex()?;
        let code = if (0xd800..0xdc00).contains(&high) && self.eat(b'\\') && self.eat(b'u') {
            let low = self.hex()?;
            match low.checked_sub(0xdc00) {
                Some(low) if low < 0x400 => 0x1_0000 + ((high - 0xd800) << 10) + low,
                _ => high,
            }
        } else {
            high
        };
        char::from_u32(code).ok_or_else(|| {
            self.at = start;
            let message = "expected a character, found half of a surrogate pair".to_owned();
            Wrong::Row { at: start, message }
        })
    }

    fn hex(&mut self) -> Result<u32, Wrong> {
        let end = (self.at + 4).min(self.end);
        let digits = self.text.as_bytes().get(self.at..end).unwrap_or_default();
        let mut code = 0;
        for digit in digits {
            let value = char::from(*digit).to_digit(16);
            code = 16 * code + value.ok_or_else(|| self.expected("four hexadecimal digits"))?;
        }
        if digits.len() < 4 {
            return Err(self.expected("four hexadecimal digits"));
        }
        self.at += 4;
        Ok(code)
    }

    fn check_cell(&self, start: usize) -> Result<(), Wrong> {
        let (length, most) = (self.at - start, self.limits.cell_bytes);
        if length <= most {
            return Ok(());
        }
        let message = format!("a cell of {length} bytes, more than {most}");
        Err(Wrong::Limit("cell_bytes", message))
    }

    fn peek(&self) -> Option<u8> {
        let byte = self.text.as_bytes().get(self.at)?;
        (self.at < self.end).then_some(*byte)
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn skip_blanks(&mut self) {
        while self.peek().is_some_and(super::is_blank) {
            self.at += 1;
        }
    }

    fn expected(&self, expected: &str) -> Wrong {
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

fn span(start: usize, end: usize) -> Span {
    Span {
        start: start as u32,
        end: end as u32,
    }
}
