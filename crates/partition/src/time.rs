//! Cuts in time.

use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Timelike};
use stage::Fault;
use table::values;

use crate::{Cut, Partition};

/// A cut, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// As text: microseconds since 1970 in UTC, and as written: year, month, day, hour, minute, second.
    Instant { micros: i64, written: [i64; 6] },
    /// As numbers, the greatest unit first.
    Numbers(Vec<i64>),
}

impl Moment {
    fn read(key: &str, cut: &Cut) -> Result<Self, Fault> {
        match cut {
            Cut::Number(number) => Ok(Self::Numbers(vec![*number])),
            Cut::Numbers(numbers) if numbers.is_empty() => Err(Fault::settings(format!(
                "`{key}`: expected at least one number, found none"
            ))),
            Cut::Numbers(numbers) => Ok(Self::Numbers(numbers.clone())),
            Cut::Text(text) => instant(text).ok_or_else(|| {
                Fault::settings(format!(
                    "`{key}`: expected a date as `2014-01-25` or a time as `2014-01-25T12:00:00`, found `{text}`"
                ))
            }),
        }
    }
}

/// Without an offset, a moment is in UTC.
fn instant(text: &str) -> Option<Moment> {
    let parsed = DateTime::parse_from_rfc3339(text)
        .map(|moment| (moment.naive_local(), moment.timestamp_micros()))
        .ok()
        .or_else(|| naive(text).map(|moment| (moment, moment.and_utc().timestamp_micros())));
    let (written, micros) = parsed?;
    let written = [
        i64::from(written.year()),
        i64::from(written.month()),
        i64::from(written.day()),
        i64::from(written.hour()),
        i64::from(written.minute()),
        i64::from(written.second()),
    ];
    Some(Moment::Instant { micros, written })
}

fn naive(text: &str) -> Option<NaiveDateTime> {
    let formats = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"];
    let short = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];
    let date = || {
        NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .ok()
            .map(|date| date.and_time(NaiveTime::MIN))
    };
    formats
        .iter()
        .chain(&short)
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .or_else(date)
}

/// The first moments of validation and test, in order; at least one of them is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cuts {
    validation: Option<Moment>,
    test: Option<Moment>,
}

impl Cuts {
    pub(crate) fn new(validation: Option<&Cut>, test: Option<&Cut>) -> Result<Self, Fault> {
        let validation = validation
            .map(|cut| Moment::read("validation_from", cut))
            .transpose()?;
        let test = test.map(|cut| Moment::read("test_from", cut)).transpose()?;
        let ordered = match (&validation, &test) {
            (None, None) => {
                return Err(Fault::settings(
                    "expected `validation_from`, `test_from` or both, found neither",
                ));
            }
            (Some(Moment::Instant { micros: a, .. }), Some(Moment::Instant { micros: b, .. })) => {
                a < b
            }
            (Some(Moment::Numbers(a)), Some(Moment::Numbers(b))) => a < b,
            (Some(_), Some(_)) => {
                return Err(Fault::settings(
                    "`test_from`: expected the same form as `validation_from`, found another",
                ));
            }
            _ => true,
        };
        if ordered {
            Ok(Self { validation, test })
        } else {
            Err(Fault::settings(
                "`test_from`: expected a later moment than `validation_from`, found an earlier or the same",
            ))
        }
    }

    /// Fits the cuts to the columns' types. `data_types` holds one type for each column.
    pub(crate) fn bind(
        &self,
        columns: &[String],
        data_types: &[&DataType],
    ) -> Result<BoundCuts, Fault> {
        if let [data_type] = data_types
            && is_temporal(data_type)
        {
            let read = |moment: &Option<Moment>| match moment {
                None => Ok(None),
                Some(Moment::Instant { micros, .. }) => Ok(Some(*micros)),
                Some(Moment::Numbers(_)) => Err(Fault::settings(format!(
                    "`{}` is of type {data_type}: expected cuts as dates (`\"2014-01-25\"`), found numbers",
                    columns[0]
                ))),
            };
            return Ok(BoundCuts::Instants {
                validation: read(&self.validation)?,
                test: read(&self.test)?,
            });
        }
        for (name, data_type) in columns.iter().zip(data_types) {
            if !data_type.is_numeric() {
                return Err(wrong_type(name, data_type, columns.len()));
            }
        }
        let read = |moment: &Option<Moment>| {
            moment
                .as_ref()
                .map(|moment| numbers(moment, columns))
                .transpose()
        };
        Ok(BoundCuts::Numbers {
            validation: read(&self.validation)?,
            test: read(&self.test)?,
        })
    }
}

fn is_temporal(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Date32 | DataType::Timestamp(_, _))
}

fn wrong_type(name: &str, data_type: &DataType, columns: usize) -> Fault {
    let expected = if columns == 1 {
        "a date, a timestamp or a number"
    } else {
        "numbers"
    };
    let fault = Fault::settings(format!(
        "column `{name}`: expected {expected}, found type {data_type}"
    ));
    if columns == 1 {
        fault.hint("declare it as `date` or `datetime` in the settings of validate, or parse it in those of clean")
    } else {
        fault
    }
}

/// A moment as numbers for the columns: the units that are finer than the cut count from their start.
fn numbers(moment: &Moment, columns: &[String]) -> Result<Vec<i64>, Fault> {
    let count = columns.len();
    match moment {
        Moment::Numbers(numbers) if numbers.len() > count => Err(Fault::settings(format!(
            "expected cuts of at most {count} numbers, one for each column, found {}",
            numbers.len()
        ))),
        Moment::Numbers(numbers) => {
            let mut numbers = numbers.clone();
            numbers.resize(count, i64::MIN);
            Ok(numbers)
        }
        Moment::Instant { .. } if count == 1 => Err(Fault::settings(format!(
            "column `{}` holds numbers: expected cuts as numbers, found dates",
            columns[0]
        ))),
        Moment::Instant { written, .. } => {
            let start = [0, 1, 1, 0, 0, 0];
            if count > 6 || written[count..] != start[count..] {
                return Err(Fault::settings(format!(
                    "a cut is finer than the {count} columns can tell: expected the start of a unit"
                )));
            }
            Ok(written[..count].to_vec())
        }
    }
}

/// Cuts that fit the columns they are compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BoundCuts {
    /// Compared with one date or timestamp column, in microseconds since 1970.
    Instants {
        validation: Option<i64>,
        test: Option<i64>,
    },
    /// Compared with number columns, the first one deciding first.
    Numbers {
        validation: Option<Vec<i64>>,
        test: Option<Vec<i64>>,
    },
}

impl BoundCuts {
    /// The partition of each row; `None` where a column has no value.
    pub(crate) fn assign(&self, columns: &[ArrayRef]) -> Result<Vec<Option<Partition>>, Fault> {
        match self {
            Self::Instants { validation, test } => {
                let times = values::micros(&columns[0])?;
                let place = |time| place(&time, validation.as_ref(), test.as_ref());
                Ok(times.iter().map(|time| time.map(place)).collect())
            }
            Self::Numbers { validation, test } => {
                let columns = columns
                    .iter()
                    .map(Numbers::new)
                    .collect::<Result<Vec<_>, _>>()?;
                let rows = columns.first().map_or(0, Numbers::len);
                let mut time = vec![0; columns.len()];
                let partition = |row| {
                    for (number, column) in time.iter_mut().zip(&columns) {
                        *number = column.get(row)?;
                    }
                    Some(place(&time, validation.as_ref(), test.as_ref()))
                };
                Ok((0..rows).map(partition).collect())
            }
        }
    }
}

fn place<T: PartialOrd>(time: &T, validation: Option<&T>, test: Option<&T>) -> Partition {
    if test.is_some_and(|test| time >= test) {
        Partition::Test
    } else if validation.is_some_and(|validation| time >= validation) {
        Partition::Validation
    } else {
        Partition::Train
    }
}

/// A column of numbers, compared with whole numbers: a fraction belongs to the unit that it is in.
enum Numbers {
    Integer(arrow_array::Int64Array),
    Float(arrow_array::Float64Array),
}

impl Numbers {
    fn new(column: &ArrayRef) -> Result<Self, Fault> {
        if column.data_type().is_integer() {
            Ok(Self::Integer(values::integers(column)?))
        } else {
            Ok(Self::Float(values::numbers(column)?))
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Integer(column) => column.len(),
            Self::Float(column) => column.len(),
        }
    }

    fn get(&self, row: usize) -> Option<i64> {
        match self {
            Self::Integer(column) => column.is_valid(row).then(|| column.value(row)),
            Self::Float(column) => {
                let present = column.is_valid(row) && !column.value(row).is_nan();
                present.then(|| column.value(row).floor() as i64)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, micros: i64) {
        let Some(Moment::Instant { micros: found, .. }) = instant(text) else {
            panic!("`{text}` was not read");
        };
        assert_eq!(found, micros, "{text}");
    }

    #[test]
    fn moments_are_read_in_utc_unless_they_say_otherwise() {
        check("1970-01-02", 86_400_000_000);
        check("1970-01-01T00:00:01.5", 1_500_000);
        check("1970-01-01 00:01", 60_000_000);
        check("1970-01-01T00:00:01Z", 1_000_000);
        check("1970-01-01T01:00:00+01:00", 0);
        assert_eq!(instant("25.1.2014"), None);
        assert_eq!(instant("2014-02-30"), None);
    }

    #[test]
    fn cuts_out_of_order_are_refused() {
        let text = |text: &str| Cut::Text(text.to_owned());
        let fault = Cuts::new(Some(&text("2014-02-01")), Some(&text("2014-02-01"))).unwrap_err();
        assert_eq!(
            fault.to_string(),
            "`test_from`: expected a later moment than `validation_from`, found an earlier or the same"
        );
        let mixed = Cuts::new(Some(&text("2014-02-01")), Some(&Cut::Number(3))).unwrap_err();
        assert_eq!(
            mixed.to_string(),
            "`test_from`: expected the same form as `validation_from`, found another"
        );
        assert!(Cuts::new(None, None).is_err());
    }
}
