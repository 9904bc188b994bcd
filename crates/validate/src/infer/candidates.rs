//! What a column may be: candidates, of which each value strikes out those that it does not fit.

use std::sync::LazyLock;

use crate::parse::{self, Pattern, TemporalFormat};
use crate::schema::{Field, OurField, Type, Zone};

/// One of the things that a column may be.
pub(super) struct Candidate {
    test: Test,
    /// Another candidate that reads the same texts differently: when both are left, neither can be trusted.
    twin: Option<usize>,
}

enum Test {
    TrueFalse,
    YesNo,
    Integer,
    Number,
    /// Digits in groups of three; decimals; a currency before or a percent sign behind.
    Grouped {
        decimals: bool,
        unit: bool,
    },
    IsoDate,
    IsoTime,
    IsoDatetime {
        offset: bool,
    },
    Pattern(Type, &'static str, TemporalFormat),
}

/// Days whose first number may be the month and the second the day, or the other way round.
const TWINS: [(&str, &str); 5] = [
    ("%m/%d/%Y", "%d/%m/%Y"),
    ("%m/%d/%y", "%d/%m/%y"),
    ("%m-%d-%Y", "%d-%m-%Y"),
    ("%m.%d.%Y", "%d.%m.%Y"),
    ("%m.%d.%y", "%d.%m.%y"),
];
const DATES: [&str; 8] = [
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d %b %Y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%b %d, %Y",
    "%d %B %Y",
    "%B %d, %Y",
];
const TIMES: [&str; 4] = ["%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M:%S %p"];
/// Every date with every time, written out as they must live as long as the program.
const DATETIMES: [&str; 20] = [
    "%m/%d/%Y %H:%M",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y %I:%M %p",
    "%d/%m/%Y %I:%M %p",
    "%m/%d/%Y %I:%M:%S %p",
    "%d/%m/%Y %I:%M:%S %p",
    "%m-%d-%Y %H:%M",
    "%d-%m-%Y %H:%M",
    "%m-%d-%Y %H:%M:%S",
    "%d-%m-%Y %H:%M:%S",
    "%m/%d/%y %H:%M",
    "%d/%m/%y %H:%M",
    "%m.%d.%Y %H:%M",
    "%d.%m.%Y %H:%M",
    "%m.%d.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d %H:%M:%S",
];

/// All candidates, the plainest first.
static CANDIDATES: LazyLock<Vec<Candidate>> = LazyLock::new(|| {
    let mut tests = vec![
        Test::TrueFalse,
        Test::YesNo,
        Test::Integer,
        Test::Number,
        Test::IsoDate,
        Test::IsoTime,
        Test::IsoDatetime { offset: false },
        Test::IsoDatetime { offset: true },
    ];
    for unit in [false, true] {
        for decimals in [false, true] {
            tests.push(Test::Grouped { decimals, unit });
        }
    }
    let twins = TWINS.iter().flat_map(|(a, b)| [*a, *b]);
    let dates = twins.chain(DATES).map(|pattern| (Type::Date, pattern));
    let datetimes = DATETIMES.iter().map(|pattern| (Type::Datetime, *pattern));
    let times = TIMES.iter().map(|pattern| (Type::Time, *pattern));
    for (kind, pattern) in dates.chain(datetimes).chain(times) {
        if let Ok(parsed) = Pattern::new(pattern) {
            tests.push(Test::Pattern(
                kind,
                pattern,
                TemporalFormat::Pattern(parsed),
            ));
        }
    }
    let twins: Vec<_> = tests.iter().map(|test| twin(&tests, test)).collect();
    let candidate = |(test, twin)| Candidate { test, twin };
    tests.into_iter().zip(twins).map(candidate).collect()
});

/// The candidate with day and month exchanged.
fn twin(tests: &[Test], test: &Test) -> Option<usize> {
    let Test::Pattern(_, pattern, _) = test else {
        return None;
    };
    let exchanged: String = pattern
        .chars()
        .map(|c| match c {
            'd' => 'm',
            'm' => 'd',
            other => other,
        })
        .collect();
    let other = |test: &Test| matches!(test, Test::Pattern(_, other, _) if *other == exchanged && other != pattern);
    tests.iter().position(other)
}

/// A set of candidates, one bit each.
pub(super) type Left = u64;

/// All of them: to begin with.
pub(super) fn all() -> Left {
    (1 << CANDIDATES.len()) - 1
}

/// Those of JSON numbers and of JSON strings, whose writer has told them apart.
pub(super) fn of_json(is_number: bool) -> Left {
    with(|test| match test {
        Test::Integer | Test::Number => is_number,
        Test::TrueFalse | Test::YesNo | Test::Grouped { .. } => false,
        _ => !is_number,
    })
}

/// That of JSON's `true` and `false`.
pub(super) fn of_json_booleans() -> Left {
    with(|test| matches!(test, Test::TrueFalse))
}

fn with(is: impl Fn(&Test) -> bool) -> Left {
    let bits = CANDIDATES
        .iter()
        .enumerate()
        .filter(|(_, candidate)| is(&candidate.test));
    bits.fold(0, |left, (place, _)| left | 1 << place)
}

/// Those that are left after a text.
pub(super) fn strike(left: Left, text: &str) -> Left {
    let mut rest = left;
    let mut kept = 0;
    while rest != 0 {
        let place = rest.trailing_zeros() as usize;
        rest &= rest - 1;
        if CANDIDATES
            .get(place)
            .is_some_and(|candidate| candidate.test.fits(text))
        {
            kept |= 1 << place;
        }
    }
    kept
}

/// The plainest of those left that can be trusted.
pub(super) fn best(left: Left) -> Option<&'static Candidate> {
    let is_left = |place: usize| left >> place & 1 == 1;
    let trusted = CANDIDATES
        .iter()
        .enumerate()
        .find(|(place, candidate)| is_left(*place) && !candidate.twin.is_some_and(is_left));
    trusted.map(|(_, candidate)| candidate)
}

impl Test {
    fn fits(&self, text: &str) -> bool {
        match self {
            Self::TrueFalse => {
                matches!(text, "true" | "True" | "TRUE" | "false" | "False" | "FALSE")
            }
            Self::YesNo => matches!(text, "yes" | "Yes" | "YES" | "no" | "No" | "NO"),
            Self::Integer => !is_padded(text) && parse::integer(text.as_bytes()).is_some(),
            Self::Number => {
                !is_padded(text) && !is_long_code(text) && parse::number(text.as_bytes()).is_some()
            }
            Self::Grouped { decimals, unit } => fits_grouped(text, *decimals, *unit),
            Self::IsoDate => TemporalFormat::Iso.date(text).is_some(),
            // A time with hours alone and minutes is a ratio as often.
            Self::IsoTime => text.len() >= 8 && TemporalFormat::Iso.time(text).is_some(),
            Self::IsoDatetime { offset } => {
                parse::iso_datetime(text.as_bytes()).is_some_and(|(_, has)| has == *offset)
            }
            Self::Pattern(Type::Date, _, format) => format.date(text).is_some(),
            Self::Pattern(Type::Time, _, format) => format.time(text).is_some(),
            Self::Pattern(_, _, format) => format.datetime(text).is_some(),
        }
    }
}

/// `007`: a number would lose what makes it a code.
fn is_padded(text: &str) -> bool {
    let digits = text.trim_start_matches(['-', '+']).as_bytes();
    digits.len() > 1 && digits[0] == b'0' && digits[1].is_ascii_digit()
}

/// More digits than a double keeps.
fn is_long_code(text: &str) -> bool {
    text.len() > 17 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn fits_grouped(text: &str, decimals: bool, unit: bool) -> bool {
    let bare = text.strip_prefix('-').unwrap_or(text);
    let bare = if unit { without_unit(bare) } else { bare };
    let (whole, rest) = bare.split_once('.').unwrap_or((bare, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(rest) || !decimals && bare.contains('.') {
        return false;
    }
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let grouped = whole.contains(',');
    let leads = first.len() <= 15
        && digits(first)
        && !first.is_empty()
        && (!grouped || first.len() <= 3)
        && !is_padded(first);
    leads && groups.all(|group| group.len() == 3 && digits(group))
}

fn without_unit(text: &str) -> &str {
    let before = text.trim_start_matches(['£', '$', '€', '¥']);
    let before = before.strip_prefix('-').unwrap_or(before);
    before.trim_end_matches(['%', '€']).trim_end()
}

impl Candidate {
    /// What the field says of it besides its name. `spellings` are the booleans met.
    pub(super) fn describe(&self, spellings: u8) -> Field {
        let of = |kind| Field {
            kind,
            ..Field::default()
        };
        match &self.test {
            Test::TrueFalse => of(Type::Boolean),
            Test::YesNo => yes_no(spellings),
            Test::Integer => of(Type::Integer),
            Test::Number => of(Type::Number),
            Test::Grouped { decimals, unit } => Field {
                group_char: Some(','),
                bare_number: unit.then_some(false),
                ..of(if *decimals {
                    Type::Number
                } else {
                    Type::Integer
                })
            },
            Test::IsoDate => of(Type::Date),
            Test::IsoTime => of(Type::Time),
            Test::IsoDatetime { offset } => Field {
                waystation: OurField {
                    zone: if *offset { Zone::Utc } else { Zone::None },
                },
                ..of(Type::Datetime)
            },
            Test::Pattern(kind, pattern, _) => Field {
                format: Some((*pattern).to_owned()),
                ..of(*kind)
            },
        }
    }

    /// Whether a text is a value of it.
    pub(super) fn fits(&self, text: &str) -> bool {
        self.test.fits(text)
    }
}

const SPELLINGS: [(&str, &str); 3] = [("yes", "no"), ("Yes", "No"), ("YES", "NO")];

/// The bit of a spelling of yes or no.
pub(super) fn spelling(text: &str) -> u8 {
    let place = SPELLINGS
        .iter()
        .position(|(yes, no)| text == *yes || text == *no);
    place.map_or(0, |place| 1 << place)
}

fn yes_no(spellings: u8) -> Field {
    let met = || {
        SPELLINGS
            .iter()
            .enumerate()
            .filter(move |(place, _)| spellings >> place & 1 == 1)
    };
    Field {
        kind: Type::Boolean,
        true_values: Some(met().map(|(_, (yes, _))| (*yes).to_owned()).collect()),
        false_values: Some(met().map(|(_, (_, no))| (*no).to_owned()).collect()),
        ..Field::default()
    }
}
