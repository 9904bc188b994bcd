//! One column of a schema, checked: its format and constraints fit its type.

use std::sync::Arc;

use arrow_schema::{DataType, TimeUnit};
use stage::settings::nearest_name;

use super::constraints::{Limits, OneOf, TextRules};
use super::descriptor::{Constraints, Field, Type, Zone};
use crate::parse::{self, NumberText, StringFormat, TemporalFormat};

/// A checked column.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    /// Its name.
    pub(crate) name: String,
    /// How its values are read and what holds of them.
    pub(crate) kind: Kind,
    /// What stands for a missing value.
    pub(crate) missing: Missing,
    /// Whether a value must be there.
    pub(crate) required: bool,
    /// What is expected of a value, for a message.
    pub(crate) expected: String,
}

/// A type with its format and constraints.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// Whole numbers.
    Integer(NumberText, Option<Limits<i64>>),
    /// Doubles.
    Number(NumberText, Option<Limits<f64>>),
    /// Years.
    Year(Option<Limits<i64>>),
    /// Text with its format.
    String(StringFormat, Option<TextRules>),
    /// Texts that are true, and that are false.
    Boolean(Vec<String>, Vec<String>, Option<OneOf<bool>>),
    /// Days since 1970-01-01.
    Date(TemporalFormat, Option<Limits<i64>>),
    /// Microseconds since midnight.
    Time(TemporalFormat, Option<Limits<i64>>),
    /// Microseconds since 1970-01-01T00:00:00.
    Datetime(TemporalFormat, Zone, Option<Limits<i64>>),
}

impl Kind {
    /// The Arrow type.
    pub(crate) fn data_type(&self) -> DataType {
        match self {
            Self::Integer(..) | Self::Year(..) => DataType::Int64,
            Self::Number(..) => DataType::Float64,
            Self::String(..) => DataType::Utf8,
            Self::Boolean(..) => DataType::Boolean,
            Self::Date(..) => DataType::Date32,
            Self::Time(..) => DataType::Time64(TimeUnit::Microsecond),
            Self::Datetime(_, zone, _) => {
                let utc = (*zone == Zone::Utc).then(|| Arc::from("UTC"));
                DataType::Timestamp(TimeUnit::Microsecond, utc)
            }
        }
    }
}

impl Column {
    /// The same column with values written as programs write them, whatever the files do.
    pub(crate) fn plain(&self) -> Self {
        let (plain, iso) = (NumberText::default(), TemporalFormat::Iso);
        let kind = match self.kind.clone() {
            Kind::Integer(_, limits) => Kind::Integer(plain, limits),
            Kind::Number(_, limits) => Kind::Number(plain, limits),
            Kind::Boolean(_, _, one_of) => {
                Kind::Boolean(vec!["true".into()], vec!["false".into()], one_of)
            }
            Kind::Date(_, limits) => Kind::Date(iso, limits),
            Kind::Time(_, limits) => Kind::Time(iso, limits),
            Kind::Datetime(_, zone, limits) => Kind::Datetime(iso, zone, limits),
            other => other,
        };
        Self {
            kind,
            ..self.clone()
        }
    }
}

/// Texts that stand for a missing value.
#[derive(Clone, Debug, Default)]
pub(crate) struct Missing {
    /// Whether the empty text does.
    empty: bool,
    texts: Vec<String>,
    /// Bit `n` is set when a text of `n` bytes is among them; the last bit stands for all longer ones.
    lengths: u64,
}

impl Missing {
    fn new(texts: &[String]) -> Self {
        let written = texts.iter().filter(|text| !text.is_empty());
        Self {
            empty: texts.iter().any(String::is_empty),
            lengths: written
                .clone()
                .fold(0, |bits, text| bits | 1 << text.len().min(63)),
            texts: written.cloned().collect(),
        }
    }

    /// Whether a text is one of them.
    #[inline]
    pub(crate) fn is(&self, text: &str) -> bool {
        if text.is_empty() {
            return self.empty;
        }
        self.lengths >> text.len().min(63) & 1 == 1
            && self.texts.iter().any(|missing| missing == text)
    }
}

/// Checks a field; `missing` are the schema's texts for missing values.
pub(super) fn column(field: &Field, missing: &[String]) -> Result<Column, String> {
    check_properties(field)?;
    check_constraints(field.kind, &field.constraints)?;
    let (kind, expected) = kind(field)?;
    Ok(Column {
        name: field.name.clone(),
        kind,
        missing: Missing::new(field.missing_values.as_deref().unwrap_or(missing)),
        required: field.constraints.required,
        expected,
    })
}

/// A property that its type does not know would be silently without effect.
fn check_properties(field: &Field) -> Result<(), String> {
    use Type::{Boolean, Date, Datetime, Integer, Number, String, Time};
    let numeric: &[Type] = &[Integer, Number];
    let temporal: &[Type] = &[Date, Time, Datetime];
    let with_format = [&[String], temporal].concat();
    let default = matches!(field.format.as_deref(), None | Some("default"));
    let properties = [
        ("format", !default, with_format.as_slice()),
        ("decimalChar", field.decimal_char.is_some(), &[Number]),
        ("groupChar", field.group_char.is_some(), numeric),
        ("bareNumber", field.bare_number.is_some(), numeric),
        ("trueValues", field.true_values.is_some(), &[Boolean]),
        ("falseValues", field.false_values.is_some(), &[Boolean]),
        (
            "waystation.zone",
            field.waystation.zone != Zone::None,
            &[Datetime],
        ),
    ];
    refuse_foreign(field.kind, &properties, "property")
}

fn check_constraints(kind: Type, constraints: &Constraints) -> Result<(), String> {
    use Type::{Any, Date, Datetime, Integer, Number, String, Time, Year};
    let ordered: &[Type] = &[Integer, Number, Year, Date, Time, Datetime];
    let text: &[Type] = &[String, Any];
    let constraints = [
        ("minimum", constraints.minimum.is_some(), ordered),
        ("maximum", constraints.maximum.is_some(), ordered),
        (
            "exclusiveMinimum",
            constraints.exclusive_minimum.is_some(),
            ordered,
        ),
        (
            "exclusiveMaximum",
            constraints.exclusive_maximum.is_some(),
            ordered,
        ),
        ("pattern", constraints.pattern.is_some(), text),
        ("minLength", constraints.min_length.is_some(), text),
        ("maxLength", constraints.max_length.is_some(), text),
    ];
    refuse_foreign(kind, &constraints, "constraint")
}

fn refuse_foreign(kind: Type, given: &[(&str, bool, &[Type])], what: &str) -> Result<(), String> {
    let foreign = given
        .iter()
        .find(|(_, is_given, types)| *is_given && !types.contains(&kind));
    match foreign {
        None => Ok(()),
        Some((name, _, types)) => {
            let types: Vec<_> = types.iter().map(|kind| kind.name()).collect();
            let kind = kind.name();
            Err(format!(
                "{what} `{name}` does not apply to type `{kind}`, only to {}",
                types.join(", ")
            ))
        }
    }
}

/// The type with its format and constraints, and what is expected of a value.
fn kind(field: &Field) -> Result<(Kind, String), String> {
    let limits = &field.constraints;
    let text = NumberText {
        decimal: field.decimal_char.unwrap_or('.'),
        group: field.group_char,
        bare: field.bare_number.unwrap_or(true),
    };
    if text.group == Some(text.decimal) {
        return Err(format!(
            "`groupChar` and `decimalChar` are both `{}`",
            text.decimal
        ));
    }
    let name = field.format.as_deref().unwrap_or("default");
    let temporal = || TemporalFormat::of(name).map_err(|message| format!("`format`: {message}"));
    Ok(match field.kind {
        Type::Integer => {
            let limits = Limits::new(limits, &|text| parse::integer(text.as_bytes()))?;
            (Kind::Integer(text, limits), "integer".to_owned())
        }
        Type::Number => {
            let limits = Limits::new(limits, &|text| parse::number(text.as_bytes()))?;
            (Kind::Number(text, limits), "number".to_owned())
        }
        Type::Year => (
            Kind::Year(Limits::new(limits, &parse::year)?),
            "year like `2014`".to_owned(),
        ),
        Type::String | Type::Any => {
            let format = StringFormat::of(name).ok_or_else(|| unknown_format(name))?;
            (
                Kind::String(format, TextRules::new(limits)?),
                format.expected().to_owned(),
            )
        }
        Type::Boolean => boolean(field)?,
        Type::Date => {
            let format = temporal()?;
            let limits = Limits::new(limits, &|text| format.date(text))?;
            let expected = format.expected("date", "2014-01-31");
            (Kind::Date(format, limits), expected)
        }
        Type::Time => {
            let format = temporal()?;
            let limits = Limits::new(limits, &|text| format.time(text))?;
            let expected = format.expected("time", "13:45:00");
            (Kind::Time(format, limits), expected)
        }
        Type::Datetime => {
            let format = temporal()?;
            let limits = Limits::new(limits, &|text| format.datetime(text))?;
            let expected = format.expected("datetime", "2014-01-31T13:45:00");
            let zone = if format.has_offset() {
                Zone::Utc
            } else {
                field.waystation.zone
            };
            (Kind::Datetime(format, zone, limits), expected)
        }
    })
}

fn boolean(field: &Field) -> Result<(Kind, String), String> {
    let texts = |given: &Option<Vec<String>>, default: [&str; 4]| {
        given
            .clone()
            .unwrap_or_else(|| default.map(str::to_owned).to_vec())
    };
    let yes = texts(&field.true_values, ["true", "True", "TRUE", "1"]);
    let no = texts(&field.false_values, ["false", "False", "FALSE", "0"]);
    if let Some(both) = yes.iter().find(|text| no.contains(text)) {
        return Err(format!(
            "`{both}` is both in `trueValues` and in `falseValues`"
        ));
    }
    let one_of = OneOf::new(&field.constraints, &|text| {
        let (yes, no) = (
            yes.iter().any(|yes| yes == text),
            no.iter().any(|no| no == text),
        );
        (yes || no).then_some(yes)
    })?;
    let example = |texts: &[String]| texts.first().cloned().unwrap_or_default();
    let expected = format!("boolean (`{}` or `{}`)", example(&yes), example(&no));
    Ok((Kind::Boolean(yes, no, one_of), expected))
}

fn unknown_format(name: &str) -> String {
    let nearest = nearest_name(name, StringFormat::NAMES);
    let known = StringFormat::NAMES
        .map(|name| format!("`{name}`"))
        .join(", ");
    match nearest {
        Some(nearest) => format!("`format`: unknown format `{name}`; did you mean `{nearest}`?"),
        None => format!("`format`: unknown format `{name}`, expected one of {known}"),
    }
}
