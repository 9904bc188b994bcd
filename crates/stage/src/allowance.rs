//! How many of many may fail: a count or a share.

use std::fmt;
use std::str::FromStr;

/// A count (`3`) or a share (`1%`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Allowance {
    /// So many.
    Count(u64),
    /// So many percent of all.
    Percent(f64),
}

impl Allowance {
    /// Whether so many of so many are allowed.
    pub fn allows(self, found: u64, all: u64) -> bool {
        match self {
            Self::Count(most) => found <= most,
            Self::Percent(most) => found as f64 * 100.0 <= most * all as f64,
        }
    }
}

impl FromStr for Allowance {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = match text.strip_suffix('%') {
            Some(percent) => percent.trim().parse().ok().map(Self::Percent),
            None => text.parse().ok().map(Self::Count),
        };
        let possible = |allowance: &Self| match allowance {
            Self::Count(_) => true,
            Self::Percent(percent) => (0.0..=100.0).contains(percent),
        };
        read.filter(possible)
            .ok_or_else(|| format!("expected a count (`3`) or a share (`1%`), found `{text}`"))
    }
}

impl fmt::Display for Allowance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(formatter, "{count}"),
            Self::Percent(percent) => write!(formatter, "{percent}%"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, within: (u64, u64), beyond: (u64, u64)) {
        let allowance: Allowance = text.parse().unwrap();
        assert!(allowance.allows(within.0, within.1), "{text}");
        assert!(!allowance.allows(beyond.0, beyond.1), "{text}");
        assert_eq!(allowance.to_string(), text);
    }

    #[test]
    fn a_count_or_a_share_may_be_allowed() {
        check("3", (3, 3), (4, 100));
        check("10%", (1, 10), (1, 9));
        check("0.5%", (1, 200), (1, 199));
        for text in ["110%", "-1", "-1%", "NaN%", "half", ""] {
            let told = text.parse::<Allowance>().unwrap_err();
            let expected = format!("expected a count (`3`) or a share (`1%`), found `{text}`");
            assert_eq!(told, expected);
        }
    }
}
