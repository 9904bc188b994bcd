//! The transforms of one column, checked: a chain of one of four forms.

mod encoders;

use stage::Fault;

use crate::kind::{Column, Kind};
use crate::settings::{
    DatePart, Hashing, Impute, Literal, MinMaxScale, OneHot, Ordinal, QuantileBins, RobustScale,
    StandardScale, Strategy, TargetEncode, Transform,
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
            Some(place) => encoders::categories(column, transforms, place),
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
