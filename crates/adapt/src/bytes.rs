//! Sizes as people write them.

use std::fmt;
use std::str::FromStr;

/// A number of bytes: `512M`, `2G`, `1.5G`, in powers of 1024.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Bytes(pub(crate) u64);

const UNITS: [(&str, u64); 4] = [
    ("T", 1 << 40),
    ("G", 1 << 30),
    ("M", 1 << 20),
    ("K", 1 << 10),
];

impl FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("expected a size (`512M`, `2G`), found `{text}`");
        let upper = text.trim().to_uppercase();
        let plain = upper.strip_suffix("IB").or(upper.strip_suffix('B'));
        let plain = plain.unwrap_or(&upper);
        let (number, unit) = UNITS
            .iter()
            .find_map(|(suffix, unit)| Some((plain.strip_suffix(suffix)?, *unit)))
            .unwrap_or((plain, 1));
        let number: f64 = number.trim().parse().map_err(|_| wrong())?;
        let bytes = number * unit as f64;
        if bytes >= 1.0 && bytes < (1u64 << 62) as f64 {
            Ok(Self(bytes as u64))
        } else {
            Err(wrong())
        }
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match UNITS.iter().find(|(_, unit)| self.0 >= *unit) {
            Some((name, unit)) if self.0.is_multiple_of(*unit) => {
                write!(formatter, "{} {name}iB", self.0 / unit)
            }
            Some((name, unit)) => write!(formatter, "{:.1} {name}iB", self.0 as f64 / *unit as f64),
            None => write!(formatter, "{} bytes", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<(u64, &str)>) {
        let bytes = text.parse::<Bytes>().ok();
        let found = bytes.map(|bytes| (bytes.0, bytes.to_string()));
        let expected = expected.map(|(bytes, text)| (bytes, text.to_owned()));
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn a_size_is_a_number_and_a_unit() {
        check("100", Some((100, "100 bytes")));
        check("64k", Some((65_536, "64 KiB")));
        check("2G", Some((2 << 30, "2 GiB")));
        check("1.5 GiB", Some((3 << 29, "1.5 GiB")));
        check("512MB", Some((512 << 20, "512 MiB")));
        for wrong in ["", "G", "0", "-1G", "2X", "nan", "99999999T"] {
            check(wrong, None);
        }
    }
}
