//! JSON strings, their escapes resolved.

use super::object::{Parser, Wrong, span};
use crate::raw::batch::Span;

impl Parser<'_> {
    /// Parses a string: its place without the quotes, in the text or, when it has escapes, behind it.
    pub(super) fn string(&mut self) -> Result<Span, Wrong> {
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
}
