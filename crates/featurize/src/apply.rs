//! The transform phase: a fitted transform applied to batches.

mod coded;
pub(crate) mod lookup;
mod steps;

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch};
use arrow_schema::{Field, Schema, SchemaRef};
use partition::{Bound, Checked, Partition};
use stage::{Digest, Fault};
use table::roles::{Role, with_categories, with_roles};

use crate::fit::{column, digests_over};
use crate::kind::{Column, columns};
use crate::label::{LabelCoder, batch};
use crate::transform::{FittedFeature, Transform, VERSION};
use steps::Steps;

/// The roles of columns that are carried along.
const ROLES: [Role; 4] = [Role::Weight, Role::Key, Role::Slice, Role::Time];

/// A fitted transform, ready to be applied to tables.
#[derive(Debug)]
pub struct Fitted {
    transform: Transform,
    digest: Digest,
    label: LabelCoder,
    features: Vec<Steps>,
}

impl Fitted {
    /// Prepares a transform; one of another version is the settings' fault.
    pub fn new(transform: Transform) -> Result<Self, Fault> {
        if transform.version != VERSION {
            return Err(Fault::settings(format!(
                "the transform has version {}, expected {VERSION}",
                transform.version
            ))
            .hint("run `featurize` again"));
        }
        Ok(Self {
            label: LabelCoder::new(&transform.label)?,
            features: transform.features.iter().map(Steps::new).collect(),
            digest: transform.digest(),
            transform,
        })
    }

    /// The digest of all that decides results.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// What it was made of.
    pub fn transform(&self) -> &Transform {
        &self.transform
    }

    /// Whether the rows of train are treated apart.
    fn has_folds(&self) -> bool {
        self.features.iter().any(Steps::has_folds)
    }

    /// The features of a batch of new rows, and nothing else. What does not fit is the item's fault.
    pub fn features(&self, rows: &RecordBatch) -> Result<RecordBatch, Fault> {
        let found = columns(&rows.schema())?;
        let mut fields = Vec::new();
        let mut arrays = Vec::new();
        for (feature, steps) in self.transform.features.iter().zip(&self.features) {
            check_kind(feature, &found)?;
            let input = column(rows, &feature.column)?;
            fields.extend(feature_fields(feature, steps, input.data_type()));
            arrays.extend(feature_columns(feature, steps, &input, None)?);
        }
        batch(&Arc::new(Schema::new(fields)), arrays, rows.num_rows())
    }

    /// Fits the transform to tables with this schema, label, carried columns and train rows included.
    pub fn bind(&self, rule: &Checked, schema: &Schema) -> Result<Applier<'_>, Fault> {
        let found = columns(schema)?;
        let mut fields: Vec<Field> = Vec::new();
        for (feature, steps) in self.transform.features.iter().zip(&self.features) {
            check_kind(feature, &found)?;
            let place = table::columns::find(schema, &feature.column)?;
            fields.extend(feature_fields(
                feature,
                steps,
                schema.field(place).data_type(),
            ));
        }
        fields.push(self.transform.label.field());
        for carried in &self.transform.carried {
            let place = table::columns::find(schema, &carried.column)?;
            let role = |name: &String| ROLES.into_iter().find(|role| role.name() == name);
            let mut roles: Vec<Role> = carried.roles.iter().filter_map(role).collect();
            if let Some(feature) = fields
                .iter_mut()
                .find(|field| field.name() == &carried.column)
            {
                roles.push(Role::Feature);
                *feature = with_roles(feature.clone(), &roles);
            } else {
                let field = schema.field(place);
                let field = Field::new(field.name(), field.data_type().clone(), true);
                fields.push(with_roles(field, &roles));
            }
        }
        Ok(Applier {
            fitted: self,
            partitions: self.has_folds().then(|| rule.bind(schema)).transpose()?,
            schema: Arc::new(Schema::new(fields)),
        })
    }
}

/// A fitted transform, bound to the columns of a table.
#[derive(Debug)]
pub struct Applier<'a> {
    fitted: &'a Fitted,
    /// Only where train rows are treated apart.
    partitions: Option<Bound>,
    schema: SchemaRef,
}

impl Applier<'_> {
    /// The columns of the result: features, label, and what is carried along.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Transforms a batch, on so many threads at most. What does not fit is the item's fault.
    pub fn apply(&self, rows: &RecordBatch, threads: usize) -> Result<RecordBatch, Fault> {
        let transform = &self.fitted.transform;
        let train = self.train_digests(rows)?;
        let features = transform.features.iter().zip(&self.fitted.features);
        let apply = |(feature, steps): (&FittedFeature, &Steps)| {
            let input = column(rows, &feature.column)?;
            feature_columns(feature, steps, &input, train.as_deref())
        };
        let features = table::map_columns(features, rows.num_rows(), threads, apply)?;
        let mut arrays = features.concat();
        let label = column(rows, &transform.label.column)?;
        arrays.push(self.fitted.label.code(&label)?);
        for field in self.schema.fields().iter().skip(arrays.len()) {
            arrays.push(column(rows, field.name())?);
        }
        batch(&self.schema, arrays, rows.num_rows())
    }

    /// For each row of train the digest that decides its fold.
    fn train_digests(&self, rows: &RecordBatch) -> Result<Option<Vec<Option<u64>>>, Fault> {
        let Some(partitions) = &self.partitions else {
            return Ok(None);
        };
        let transform = &self.fitted.transform;
        let digests = digests_over(&transform.fold_columns, &transform.label.column, rows)?;
        let partitions = partitions.assign(rows)?;
        let of_train = |(digest, partition): (u64, &Partition)| {
            (*partition == Partition::Train).then_some(digest)
        };
        Ok(Some(
            digests.into_iter().zip(&partitions).map(of_train).collect(),
        ))
    }
}

fn check_kind(feature: &FittedFeature, found: &[Column]) -> Result<(), Fault> {
    let name = &feature.column;
    let Some(column) = found.iter().find(|column| column.name == *name) else {
        let names = found.iter().map(|column| column.name.as_str());
        return Err(table::columns::missing(name, names));
    };
    if column.kind == feature.kind {
        return Ok(());
    }
    Err(Fault::item(format!(
        "column `{name}`: expected {}, found {}",
        feature.kind, column.kind
    )))
}

fn feature_fields(
    feature: &FittedFeature,
    steps: &Steps,
    input: &arrow_schema::DataType,
) -> Vec<Field> {
    let (data_type, levels) = steps.output(input);
    let field = |name: &String| {
        let field = with_roles(Field::new(name, data_type.clone(), true), &[Role::Feature]);
        match levels {
            Some(levels) => with_categories(field, levels),
            None => field,
        }
    };
    let mut fields: Vec<Field> = feature.outputs.iter().map(field).collect();
    if let Some(name) = &feature.indicator {
        let field = Field::new(name, arrow_schema::DataType::Boolean, true);
        fields.push(with_roles(field, &[Role::Feature]));
    }
    fields
}

fn feature_columns(
    feature: &FittedFeature,
    steps: &Steps,
    input: &ArrayRef,
    train: Option<&[Option<u64>]>,
) -> Result<Vec<ArrayRef>, Fault> {
    let mut arrays = steps
        .apply(input, train)
        .map_err(|fault| fault.context(format!("column `{}`", feature.column)))?;
    if feature.indicator.is_some() {
        let missing = steps.missing(input)?;
        arrays.push(Arc::new(missing) as ArrayRef);
    }
    Ok(arrays)
}

/// Where a column is null.
pub(crate) fn nulls(column: &dyn Array) -> BooleanArray {
    match column.nulls() {
        Some(nulls) => BooleanArray::new(!nulls.inner(), None),
        None => BooleanArray::from(vec![false; column.len()]),
    }
}
