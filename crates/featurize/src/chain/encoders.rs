//! Chains of categories, checked.

use stage::Fault;

use super::{Chain, Encoder, check_count, check_impute, refuse};
use crate::kind::Column;
use crate::settings::{Encode, HandleUnknown, Literal, Strategy, Transform};

pub(super) fn categories(
    column: &Column,
    transforms: &[Transform],
    place: usize,
) -> Result<Chain, Fault> {
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
