//! The transforms of one column, checked: a chain of one of four forms.

use stage::Fault;

use crate::kind::{Column, Kind};
use crate::settings::{
    DatePart, Encode, HandleUnknown, Hashing, Impute, Literal, MinMaxScale, OneHot, Ordinal,
    QuantileBins, RobustScale, StandardScale, Strategy, TargetEncode, Transform,
};

/// The transforms of one column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Chain {
    /// As it is.
    Passthrough,
    /// Numbers to numbers: steps, then perhaps a scale.
    Numbers {
        steps: Vec<NumberStep>,
        scale: Option<Scale>,
    },
    /// Categories to codes, columns or means.
    Categories {
        impute: Option<Impute>,
        encoder: Encoder,
    },
    /// Parts of a date or time.
    Dates(Vec<DatePart>),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum NumberStep {
    Log1p,
    Impute(Impute),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Scale {
    Standard(StandardScale),
    MinMax(MinMaxScale),
    Robust(RobustScale),
    Bins(QuantileBins),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Encoder {
    OneHot(OneHot),
    Ordinal(Ordinal),
    Hashing(Hashing),
    TargetEncode(TargetEncode),
}

impl Chain {
    /// Checks transforms against the column they are for.
    pub(crate) fn new(column: &Column, transforms: &[Transform]) -> Result<Self, Fault> {
        let alone = |name: &str| {
            Err(Fault::settings(format!(
                "`{name}` stands alone, without another transform"
            )))
        };
        match transforms {
            [] => return refuse("expected at least one transform, found none"),
            [Transform::Auto] => return Ok(Self::pick(column.kind)),
            [Transform::Passthrough] => {
                check_numeric("passthrough", column)?;
                return Ok(Self::Passthrough);
            }
            [Transform::DateParts(settings)] => return dates(column, settings.parts.as_deref()),
            _ => {}
        }
        for transform in transforms {
            if matches!(
                transform,
                Transform::Auto | Transform::Passthrough | Transform::DateParts(_)
            ) {
                return alone(transform.name());
            }
        }
        match transforms.iter().position(is_encoder) {
            Some(place) => categories(column, transforms, place),
            None => numbers(column, transforms),
        }
    }

    /// What `auto` picks: what trees need, who take missing values and categories as they are.
    fn pick(kind: Kind) -> Self {
        let ordinal = |categories| Self::Categories {
            impute: None,
            encoder: Encoder::Ordinal(Ordinal {
                categories,
                ..Ordinal::default()
            }),
        };
        match kind {
            Kind::Integer | Kind::Number => Self::Passthrough,
            Kind::String => ordinal(None),
            Kind::Boolean => ordinal(Some(vec![Literal::Boolean(false), Literal::Boolean(true)])),
            Kind::Date | Kind::Time | Kind::Datetime => Self::Dates(usual_parts(kind)),
        }
    }

    pub(crate) fn target_encode(&self) -> Option<&TargetEncode> {
        match self {
            Self::Categories {
                encoder: Encoder::TargetEncode(settings),
                ..
            } => Some(settings),
            _ => None,
        }
    }
}

fn refuse<T>(message: impl std::fmt::Display) -> Result<T, Fault> {
    Err(Fault::settings(message))
}

fn is_encoder(transform: &Transform) -> bool {
    matches!(
        transform,
        Transform::OneHot(_)
            | Transform::Ordinal(_)
            | Transform::Hashing(_)
            | Transform::TargetEncode(_)
    )
}

fn check_numeric(name: &str, column: &Column) -> Result<(), Fault> {
    if column.kind.is_numeric() {
        return Ok(());
    }
    let fault = Fault::settings(format!(
        "`{name}` needs numbers, and `{}` is {}",
        column.name, column.kind
    ));
    Err(fault.hint(if column.kind.is_temporal() {
        "use `date_parts`"
    } else {
        "use `ordinal`, `one_hot`, `hashing` or `target_encode`, or make it a number in the settings of validate or clean"
    }))
}

fn usual_parts(kind: Kind) -> Vec<DatePart> {
    use DatePart::{Day, Hour, Minute, Month, Weekday, Year};
    match kind {
        Kind::Date => vec![Year, Month, Day, Weekday],
        Kind::Time => vec![Hour, Minute],
        _ => vec![Year, Month, Day, Weekday, Hour, Minute],
    }
}

fn dates(column: &Column, parts: Option<&[DatePart]>) -> Result<Chain, Fault> {
    let Column { name, kind } = column;
    if !kind.is_temporal() {
        let fault = Fault::settings(format!(
            "`date_parts` needs a date or time, and `{name}` is {kind}"
        ));
        return Err(fault.hint("parse it in the settings of validate or clean"));
    }
    let parts = parts.map_or_else(|| usual_parts(*kind), <[DatePart]>::to_vec);
    if parts.is_empty() {
        return refuse("`date_parts.parts`: expected at least one part, found none");
    }
    for (place, part) in parts.iter().enumerate() {
        if parts[..place].contains(part) {
            return refuse(format!(
                "`date_parts.parts`: `{}` stands there twice",
                part.name()
            ));
        }
        let has = match kind {
            Kind::Date => part.is_of_date(),
            Kind::Time => part.is_of_day(),
            _ => true,
        };
        if !has {
            let part = part.name();
            return refuse(format!(
                "`date_parts.parts`: `{name}` is {kind}, which has no {part}"
            ));
        }
    }
    Ok(Chain::Dates(parts))
}

fn numbers(column: &Column, transforms: &[Transform]) -> Result<Chain, Fault> {
    let mut steps: Vec<NumberStep> = Vec::new();
    let mut scale = None;
    for transform in transforms {
        check_numeric(transform.name(), column)?;
        if scale.is_some() {
            return refuse(format!(
                "`{}` cannot follow a scale or bins, which end a chain",
                transform.name()
            ));
        }
        match transform {
            Transform::Log1p => steps.push(NumberStep::Log1p),
            Transform::Impute(settings) => {
                if steps
                    .iter()
                    .any(|step| matches!(step, NumberStep::Impute(_)))
                {
                    return refuse("`impute` stands there twice");
                }
                check_impute(settings)?;
                if let Some(Literal::Text(text)) = &settings.fill_value {
                    return refuse(format!(
                        "`impute.fill_value`: expected a number, found `{text}`"
                    ));
                }
                steps.push(NumberStep::Impute(settings.clone()));
            }
            Transform::StandardScale(settings) => scale = Some(Scale::Standard(settings.clone())),
            Transform::MinMaxScale(settings) => {
                check_range("min_max_scale.feature_range", settings.feature_range)?;
                scale = Some(Scale::MinMax(settings.clone()));
            }
            Transform::RobustScale(settings) => {
                check_range("robust_scale.quantile_range", settings.quantile_range)?;
                let [low, high] = settings.quantile_range;
                if low < 0.0 || high > 100.0 {
                    return refuse(format!(
                        "`robust_scale.quantile_range`: expected percents from 0 to 100, found [{low}, {high}]"
                    ));
                }
                scale = Some(Scale::Robust(settings.clone()));
            }
            Transform::QuantileBins(settings) => {
                check_count("quantile_bins.n_bins", settings.n_bins, 2, 10_000)?;
                scale = Some(Scale::Bins(settings.clone()));
            }
            other => return refuse(format!("`{}` stands alone", other.name())),
        }
    }
    Ok(Chain::Numbers { steps, scale })
}

fn check_range(key: &str, [low, high]: [f64; 2]) -> Result<(), Fault> {
    if low < high && low.is_finite() && high.is_finite() {
        Ok(())
    } else {
        refuse(format!(
            "`{key}`: expected two numbers, the less first, found [{low}, {high}]"
        ))
    }
}

fn check_count(key: &str, count: u32, least: u32, most: u32) -> Result<(), Fault> {
    if (least..=most).contains(&count) {
        Ok(())
    } else {
        refuse(format!(
            "`{key}`: expected a number from {least} to {most}, found {count}"
        ))
    }
}

fn check_impute(settings: &Impute) -> Result<(), Fault> {
    if settings.fill_value.is_some() && settings.strategy != Strategy::Constant {
        return refuse("`impute.fill_value` is only for `\"strategy\": \"constant\"`");
    }
    Ok(())
}

fn categories(column: &Column, transforms: &[Transform], place: usize) -> Result<Chain, Fault> {
    let encoder = &transforms[place];
    if column.kind.is_temporal() {
        let fault = Fault::settings(format!(
            "`{}` needs categories, and `{}` is {}",
            encoder.name(),
            column.name,
            column.kind
        ));
        return Err(fault.hint("use `date_parts`"));
    }
    if let Some(next) = transforms.get(place + 1) {
        return refuse(format!(
            "`{}` cannot follow `{}`, which ends a chain",
            next.name(),
            encoder.name()
        ));
    }
    let impute = match &transforms[..place] {
        [] => None,
        [Transform::Impute(settings)] => {
            check_impute(settings)?;
            if matches!(settings.strategy, Strategy::Mean | Strategy::Median) {
                let fault = Fault::settings(format!(
                    "`impute.strategy`: categories have no mean or median (before `{}`)",
                    encoder.name()
                ));
                return Err(fault.hint("use `most_frequent` or `constant`"));
            }
            Some(settings.clone())
        }
        [other, ..] => {
            return refuse(format!(
                "only one `impute` can stand before `{}`, found `{}`",
                encoder.name(),
                other.name()
            ));
        }
    };
    let encoder = check_encoder(encoder)?;
    Ok(Chain::Categories { impute, encoder })
}

fn check_encoder(transform: &Transform) -> Result<Encoder, Fault> {
    match transform {
        Transform::OneHot(settings) => {
            check_list("one_hot.categories", settings.categories.as_deref())?;
            if let Some(most) = settings.max_categories {
                check_count("one_hot.max_categories", most, 1, 10_000)?;
            }
            if settings.handle_unknown == Some(HandleUnknown::UseEncodedValue) {
                return refuse(
                    "`one_hot.handle_unknown`: expected `error`, `ignore` or `infrequent_if_exist`, found `use_encoded_value`",
                );
            }
            Ok(Encoder::OneHot(settings.clone()))
        }
        Transform::Ordinal(settings) => {
            check_list("ordinal.categories", settings.categories.as_deref())?;
            if let Some(most) = settings.max_categories {
                check_count("ordinal.max_categories", most, 1, 1 << 24)?;
            }
            if settings.handle_unknown == Some(HandleUnknown::Ignore) {
                return refuse(
                    "`ordinal.handle_unknown`: expected `error`, `use_encoded_value` or `infrequent_if_exist`, found `ignore`",
                );
            }
            let codes = [
                ("unknown_value", settings.unknown_value),
                ("encoded_missing_value", settings.encoded_missing_value),
            ];
            for (key, code) in codes {
                if code.is_some() && !settings.ordered {
                    return refuse(format!(
                        "`ordinal.{key}` needs `\"ordered\": true`: a code of its own is a number, not a category"
                    ));
                }
            }
            Ok(Encoder::Ordinal(settings.clone()))
        }
        Transform::Hashing(settings) => {
            let most = match settings.encode {
                Encode::Ordinal => 1 << 24,
                Encode::OneHot => 10_000,
            };
            check_count("hashing.n_features", settings.n_features, 2, most)?;
            Ok(Encoder::Hashing(settings.clone()))
        }
        Transform::TargetEncode(settings) => {
            check_count("target_encode.cv", settings.cv, 2, 100)?;
            Ok(Encoder::TargetEncode(settings.clone()))
        }
        other => refuse(format!("`{}` is no encoder", other.name())),
    }
}

fn check_list(key: &str, categories: Option<&[Literal]>) -> Result<(), Fault> {
    let Some(categories) = categories else {
        return Ok(());
    };
    if categories.is_empty() {
        return refuse(format!(
            "`{key}`: expected at least one category, found none"
        ));
    }
    for (place, category) in categories.iter().enumerate() {
        if categories[..place].contains(category) {
            return refuse(format!("`{key}`: `{category}` stands there twice"));
        }
    }
    Ok(())
}
