//! The settings, checked against the columns of a table: what is fitted, what is carried along.

use partition::Checked;
use stage::Fault;
use table::roles::Role;

use crate::chain::Chain;
use crate::kind::{Column, Kind, find};
use crate::settings::{Feature, Label, REST, Reading, Settings, Transform};

/// What is done with a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The table's columns.
    pub(crate) columns: Vec<Column>,
    pub(crate) label: LabelPlan,
    pub(crate) features: Vec<FeaturePlan>,
    /// Columns carried along besides the label, in order.
    pub(crate) carried: Vec<Carried>,
    /// Columns that nothing uses, with the reason.
    pub(crate) unused: Vec<(String, &'static str)>,
    /// What keeps rows in one fold: columns, or nothing for the whole row.
    pub(crate) fold_columns: Vec<String>,
}

/// How the label is read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LabelPlan {
    pub(crate) settings: Label,
    pub(crate) reading: Reading,
    pub(crate) kind: Kind,
}

/// One column and what becomes of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FeaturePlan {
    pub(crate) column: Column,
    /// Whether the chain was picked by the column's type.
    pub(crate) picked: bool,
    pub(crate) chain: Chain,
}

/// A column carried along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Carried {
    pub(crate) name: String,
    pub(crate) roles: Vec<Role>,
}

impl Plan {
    /// Checks the settings against a table's columns. What does not fit is the settings' fault.
    pub fn new(settings: &Settings, rule: &Checked, columns: &[Column]) -> Result<Self, Fault> {
        let label = label_plan(&settings.label, columns)?;
        let carried = carried(settings, rule, columns)?;
        for (place, name) in settings.drop.iter().enumerate() {
            find(columns, name, &format!("`drop[{place}]`"))?;
        }
        let mut plan = Self {
            columns: columns.to_vec(),
            label,
            features: Vec::new(),
            carried,
            unused: Vec::new(),
            fold_columns: rule.group().unwrap_or(&settings.key).to_vec(),
        };
        plan.add_features(settings, rule)?;
        let dropped = settings.drop.iter().cloned();
        plan.unused
            .extend(dropped.map(|name| (name, "stands in `drop`")));
        if plan.features.is_empty() {
            return Err(Fault::settings(
                "`features`: no column is left to be a feature",
            ));
        }
        Ok(plan)
    }

    fn add_features(&mut self, settings: &Settings, rule: &Checked) -> Result<(), Fault> {
        let named: Vec<&str> = settings
            .features
            .0
            .iter()
            .flat_map(|feature| feature.columns.iter().map(String::as_str))
            .collect();
        if named.iter().filter(|name| **name == REST).count() > 1 {
            return Err(Fault::settings("`features`: `*` stands there twice"));
        }
        for (place, feature) in settings.features.0.iter().enumerate() {
            for name in &feature.columns {
                if name == REST {
                    self.add_rest(settings, rule, &named, feature, place)?;
                } else {
                    self.add_named(settings, name, feature, place)?;
                }
            }
        }
        if !named.contains(&REST) {
            let left: Vec<String> = self
                .left(settings, rule, &named)
                .map(str::to_owned)
                .collect();
            let unused = left
                .into_iter()
                .map(|name| (name, "is not named in `features`"));
            self.unused.extend(unused);
        }
        Ok(())
    }

    fn add_named(
        &mut self,
        settings: &Settings,
        name: &str,
        feature: &Feature,
        place: usize,
    ) -> Result<(), Fault> {
        let key = format!("`features[{place}].columns`");
        let column = find(&self.columns, name, &key)?.clone();
        if name == settings.label.column {
            return Err(Fault::settings(format!(
                "{key}: `{name}` is the label and cannot be a feature"
            )));
        }
        if settings.drop.iter().any(|dropped| dropped == name) {
            return Err(Fault::settings(format!(
                "{key}: `{name}` stands in `drop` as well"
            )));
        }
        self.add(column, &feature.transforms.0, place)
    }

    fn add_rest(
        &mut self,
        settings: &Settings,
        rule: &Checked,
        named: &[&str],
        feature: &Feature,
        place: usize,
    ) -> Result<(), Fault> {
        let left: Vec<String> = self
            .left(settings, rule, named)
            .map(str::to_owned)
            .collect();
        for name in left {
            let column = find(&self.columns, &name, "`features`")?.clone();
            self.add(column, &feature.transforms.0, place)?;
        }
        Ok(())
    }

    fn add(&mut self, column: Column, transforms: &[Transform], place: usize) -> Result<(), Fault> {
        let picked = transforms == [Transform::Auto];
        let chain = Chain::new(&column, transforms)
            .map_err(|fault| fault.context(format!("`features[{place}].transforms`")))?;
        self.features.push(FeaturePlan {
            column,
            picked,
            chain,
        });
        Ok(())
    }

    /// The columns for which `"*"` stands: not named elsewhere, and not an identifier that decides the partition.
    fn left<'a>(
        &'a self,
        settings: &'a Settings,
        rule: &'a Checked,
        named: &'a [&str],
    ) -> impl Iterator<Item = &'a str> {
        let taken = move |name: &str| {
            name == settings.label.column
                || settings.weight.as_deref() == Some(name)
                || settings.key.iter().any(|key| key == name)
                || settings.drop.iter().any(|dropped| dropped == name)
                || named.contains(&name)
                || (!rule.is_time() && rule.columns().iter().any(|column| column == name))
        };
        let names = self.columns.iter().map(|column| column.name.as_str());
        names.filter(move |name| !taken(name))
    }

    /// All columns that are read, in the table's order.
    pub(crate) fn needed(&self) -> Vec<&str> {
        let needed = |name: &str| {
            name == self.label.settings.column
                || self
                    .features
                    .iter()
                    .any(|feature| feature.column.name == name)
                || self.carried.iter().any(|carried| carried.name == name)
                || self.fold_columns.iter().any(|column| column == name)
        };
        let names = self.columns.iter().map(|column| column.name.as_str());
        names.filter(|name| needed(name)).collect()
    }

    /// Whether anything is fitted out of fold.
    pub(crate) fn folds(&self) -> bool {
        let encodes = |feature: &FeaturePlan| feature.chain.target_encode().is_some();
        self.features.iter().any(encodes)
    }
}

fn label_plan(settings: &Label, columns: &[Column]) -> Result<LabelPlan, Fault> {
    let column = find(columns, &settings.column, "`label.column`")?;
    let refuse = |message: String| Err(Fault::settings(message));
    let kind = column.kind;
    let reading = match (settings.reading, kind) {
        (Some(reading), _) => reading,
        (None, Kind::String | Kind::Boolean) => Reading::Classes,
        (None, Kind::Number) => Reading::Value,
        (None, Kind::Integer) => {
            let fault = Fault::settings(format!(
                "`label`: `{}` is an integer, which may be a value or a class",
                column.name
            ));
            return Err(fault.hint("say `\"as\": \"value\"` or `\"as\": \"classes\"`"));
        }
        (None, _) => {
            return refuse(format!("`label.column`: `{}` is {kind}", column.name));
        }
    };
    if kind.is_temporal() {
        return refuse(format!(
            "`label.column`: expected a number, text or a boolean, found `{}`, which is {kind}",
            column.name
        ));
    }
    if reading != Reading::Classes {
        if kind == Kind::String {
            let fault = Fault::settings(format!(
                "`label.as`: expected a number, found `{}`, which is a string",
                column.name
            ));
            return Err(fault.hint(
                "say `\"as\": \"classes\"`, or make it a number in the settings of validate",
            ));
        }
        for (key, given) in [
            ("positive", settings.positive.is_some()),
            ("classes", settings.classes.is_some()),
        ] {
            if given {
                return refuse(format!("`label.{key}` is only for `\"as\": \"classes\"`"));
            }
        }
    }
    if let Reading::Above(threshold) = reading
        && !threshold.is_finite()
    {
        return refuse(format!(
            "`label.as.above`: expected a number, found {threshold}"
        ));
    }
    Ok(LabelPlan {
        settings: settings.clone(),
        reading,
        kind,
    })
}

/// Weight, key, slices and time, and what the split rule needs; in this order, each once.
fn carried(settings: &Settings, rule: &Checked, columns: &[Column]) -> Result<Vec<Carried>, Fault> {
    let mut wanted: Vec<(&str, &str, Option<Role>)> = Vec::new();
    let weight = settings.weight.iter();
    wanted.extend(weight.map(|name| ("`weight`", name.as_str(), Some(Role::Weight))));
    let key = settings.key.iter();
    wanted.extend(key.map(|name| ("`key`", name.as_str(), Some(Role::Key))));
    let slice = settings.slice.iter();
    wanted.extend(slice.map(|name| ("`slice`", name.as_str(), Some(Role::Slice))));
    let time = settings.time.iter();
    wanted.extend(time.map(|name| ("`time`", name.as_str(), Some(Role::Time))));
    let deciding = rule.columns().iter();
    wanted.extend(deciding.map(|name| ("the split rule", name.as_str(), None)));

    let mut carried: Vec<Carried> = Vec::new();
    for (place, name, role) in wanted {
        let column = find(columns, name, place)?;
        if name == settings.label.column {
            let message = format!("{place}: `{name}` is the label and cannot be used for this");
            return Err(Fault::settings(message));
        }
        if role == Some(Role::Weight) && !matches!(column.kind, Kind::Integer | Kind::Number) {
            return Err(Fault::settings(format!(
                "`weight`: expected a number, found `{name}`, which is {}",
                column.kind
            )));
        }
        match carried.iter_mut().find(|carried| carried.name == name) {
            Some(carried) => carried.roles.extend(role),
            None => carried.push(Carried {
                name: name.to_owned(),
                roles: role.into_iter().collect(),
            }),
        }
    }
    Ok(carried)
}
