//! The rule, checked; then bound to the columns of a table; then evaluated.

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Schema};
use stage::{Fault, settings};

use crate::column::Meanings;
use crate::key::{has_text, hash_rows};
use crate::rule::{Missing, Rule};
use crate::shares::Bounds;
use crate::time::{BoundCuts, Cuts};
use crate::{Partition, Shares};

/// A rule whose settings make sense by themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    columns: Vec<String>,
    group: bool,
    method: Method,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Method {
    Hash {
        bounds: Bounds,
        seed: u64,
    },
    Time {
        cuts: Cuts,
        missing: Missing,
    },
    Column {
        meanings: Meanings,
        missing: Missing,
    },
}

impl Rule {
    /// Checks all that can be checked without data.
    pub fn check(&self) -> Result<Checked, Fault> {
        let (columns, method) = match self {
            Self::Hash {
                columns,
                shares,
                seed,
            }
            | Self::Group {
                columns,
                shares,
                seed,
            } => (columns.clone(), hash(shares, *seed)?),
            Self::Time {
                column,
                columns,
                validation_from,
                test_from,
                missing,
            } => {
                let cuts = Cuts::new(validation_from.as_ref(), test_from.as_ref())?;
                let columns = time_columns(column.as_ref(), columns.as_ref())?;
                let missing = *missing;
                (columns, Method::Time { cuts, missing })
            }
            Self::Column {
                column,
                values,
                missing,
            } => {
                let meanings = Meanings::new(values)?;
                let missing = *missing;
                (vec![column.clone()], Method::Column { meanings, missing })
            }
        };
        check_names(&columns)?;
        Ok(Checked {
            columns,
            group: matches!(self, Self::Group { .. }),
            method,
        })
    }
}

fn hash(shares: &Shares, seed: u64) -> Result<Method, Fault> {
    let bounds = Bounds::new(shares)?;
    Ok(Method::Hash { bounds, seed })
}

fn time_columns(
    column: Option<&String>,
    columns: Option<&Vec<String>>,
) -> Result<Vec<String>, Fault> {
    match (column, columns) {
        (Some(column), None) => Ok(vec![column.clone()]),
        (None, Some(columns)) => Ok(columns.clone()),
        (None, None) => Err(Fault::settings(
            "expected `column` or `columns`, found neither",
        )),
        (Some(_), Some(_)) => Err(Fault::settings(
            "expected `column` or `columns`, found both",
        )),
    }
}

fn check_names(columns: &[String]) -> Result<(), Fault> {
    if columns.is_empty() {
        return Err(Fault::settings(
            "`columns`: expected at least one column, found none",
        ));
    }
    for (place, name) in columns.iter().enumerate() {
        if columns[..place].contains(name) {
            return Err(Fault::settings(format!(
                "`columns`: `{name}` is named twice"
            )));
        }
    }
    Ok(())
}

impl Checked {
    /// The columns that decide: what a table must carry for the rule to be evaluated on it.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The columns whose rows belong together, if the rule is by group.
    pub fn group(&self) -> Option<&[String]> {
        self.group.then_some(self.columns.as_slice())
    }

    /// Whether the rule cuts in time.
    pub fn is_time(&self) -> bool {
        matches!(self.method, Method::Time { .. })
    }

    /// Binds the rule to a table. A column that is missing or of the wrong type is the settings' fault.
    pub fn bind(&self, schema: &Schema) -> Result<Bound, Fault> {
        let mut places = Vec::with_capacity(self.columns.len());
        let mut data_types: Vec<&DataType> = Vec::with_capacity(self.columns.len());
        for name in &self.columns {
            let place = schema
                .index_of(name)
                .map_err(|_| unknown_column(name, schema))?;
            places.push(place);
            data_types.push(schema.field(place).data_type());
        }
        let method = match &self.method {
            Method::Hash { bounds, seed } => {
                check_texts(&self.columns, &data_types)?;
                BoundMethod::Hash {
                    bounds: *bounds,
                    seed: *seed,
                }
            }
            Method::Time { cuts, missing } => BoundMethod::Time {
                cuts: cuts.bind(&self.columns, &data_types)?,
                missing: *missing,
            },
            Method::Column { meanings, missing } => {
                check_texts(&self.columns, &data_types)?;
                BoundMethod::Column {
                    meanings: meanings.clone(),
                    missing: *missing,
                }
            }
        };
        Ok(Bound {
            names: self.columns.clone(),
            places,
            method,
        })
    }
}

fn unknown_column(name: &str, schema: &Schema) -> Fault {
    let names = schema.fields().iter().map(|field| field.name().as_str());
    let fault = Fault::settings(format!("there is no column `{name}`"));
    match settings::nearest_name(name, names) {
        Some(nearest) => fault.hint(format!("did you mean `{nearest}`?")),
        None => fault,
    }
}

fn check_texts(names: &[String], data_types: &[&DataType]) -> Result<(), Fault> {
    match names.iter().zip(data_types).find(|(_, t)| !has_text(t)) {
        None => Ok(()),
        Some((name, data_type)) => Err(Fault::settings(format!(
            "column `{name}`: expected text, numbers, dates or booleans, found type {data_type}"
        ))),
    }
}

/// A rule bound to the columns of a table.
#[derive(Clone, Debug)]
pub struct Bound {
    names: Vec<String>,
    places: Vec<usize>,
    method: BoundMethod,
}

#[derive(Clone, Debug)]
enum BoundMethod {
    Hash {
        bounds: Bounds,
        seed: u64,
    },
    Time {
        cuts: BoundCuts,
        missing: Missing,
    },
    Column {
        meanings: Meanings,
        missing: Missing,
    },
}

impl Bound {
    /// The partition of every row. A row that cannot be placed is the item's fault.
    pub fn assign(&self, batch: &RecordBatch) -> Result<Vec<Partition>, Fault> {
        let columns: Vec<ArrayRef> = self
            .places
            .iter()
            .map(|place| batch.column(*place).clone())
            .collect();
        match &self.method {
            BoundMethod::Hash { bounds, seed } => {
                let hashes = hash_rows(&columns, *seed)?;
                let partition = |hash: u64| bounds.partition(hash);
                Ok(hashes.into_iter().map(partition).collect())
            }
            BoundMethod::Time { cuts, missing } => {
                self.place_missing(cuts.assign(&columns)?, *missing)
            }
            BoundMethod::Column { meanings, missing } => {
                self.place_missing(meanings.assign(&self.names[0], &columns[0])?, *missing)
            }
        }
    }

    fn place_missing(
        &self,
        partitions: Vec<Option<Partition>>,
        missing: Missing,
    ) -> Result<Vec<Partition>, Fault> {
        let instead = match missing {
            Missing::Train => Partition::Train,
            Missing::Validation => Partition::Validation,
            Missing::Test => Partition::Test,
            Missing::Error => {
                let rows = partitions.len();
                return partitions
                    .into_iter()
                    .collect::<Option<Vec<_>>>()
                    .ok_or_else(|| self.no_value(rows));
            }
        };
        let place = |partition: Option<Partition>| partition.unwrap_or(instead);
        Ok(partitions.into_iter().map(place).collect())
    }

    fn no_value(&self, rows: usize) -> Fault {
        let names: Vec<String> = self.names.iter().map(|name| format!("`{name}`")).collect();
        Fault::item(format!(
            "column {}: some of {rows} rows have no value, so their partition is unknown",
            names.join(", ")
        ))
        .hint("drop such rows in clean, or say where they go with `\"missing\": \"test\"` in the split rule")
    }
}

#[cfg(test)]
mod tests;
