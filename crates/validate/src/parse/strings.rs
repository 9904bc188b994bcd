//! Formats of strings.

/// What a string must look like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum StringFormat {
    /// Anything.
    #[default]
    Default,
    /// An e-mail address: something, `@`, something with a dot or `localhost`.
    Email,
    /// A URI: a scheme, `:` and something without blanks (RFC 3986).
    Uri,
    /// A UUID (RFC 9562).
    Uuid,
    /// Base64 (RFC 4648).
    Binary,
}

impl StringFormat {
    /// As it is written in a schema.
    pub(crate) const NAMES: [&str; 5] = ["default", "email", "uri", "uuid", "binary"];

    /// The format of a name.
    pub(crate) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "default" => Self::Default,
            "email" => Self::Email,
            "uri" => Self::Uri,
            "uuid" => Self::Uuid,
            "binary" => Self::Binary,
            _ => return None,
        })
    }

    /// What is expected, for a message.
    pub(crate) fn expected(self) -> &'static str {
        match self {
            Self::Default => "string",
            Self::Email => "e-mail address",
            Self::Uri => "URI",
            Self::Uuid => "UUID",
            Self::Binary => "base64",
        }
    }

    /// Whether a text looks so.
    pub(crate) fn fits(self, text: &str) -> bool {
        match self {
            Self::Default => true,
            Self::Email => is_email(text),
            Self::Uri => is_uri(text),
            Self::Uuid => is_uuid(text.as_bytes()),
            Self::Binary => is_base64(text.as_bytes()),
        }
    }
}

fn is_email(text: &str) -> bool {
    let Some((name, host)) = text.rsplit_once('@') else {
        return false;
    };
    let clean = |part: &str| {
        !part.is_empty()
            && !part.contains(|c: char| c.is_whitespace() || c.is_control() || c == '@')
    };
    let dotted = host == "localhost" || host.contains('.') || host.starts_with('[');
    clean(name) && clean(host) && dotted && host.split('.').all(|label| !label.is_empty())
}

fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        && !rest.is_empty()
        && !rest
            .contains(|c: char| c.is_whitespace() || c.is_control() || "<>\"{}|\\^`".contains(c))
}

fn is_uuid(text: &[u8]) -> bool {
    text.len() == 36
        && text.iter().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn is_base64(text: &[u8]) -> bool {
    let end = text
        .iter()
        .rev()
        .take(2)
        .take_while(|byte| **byte == b'=')
        .count();
    text.len().is_multiple_of(4)
        && text[..text.len() - end]
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(format: StringFormat, fit: &[&str], unfit: &[&str]) {
        for text in fit {
            assert!(format.fits(text), "{text}");
        }
        for text in unfit {
            assert!(!format.fits(text), "{text}");
        }
    }

    #[test]
    fn formats_take_what_they_name_and_nothing_else() {
        check(
            StringFormat::Email,
            &["a@b.org", "a.b+c@d.e.f", "root@localhost"],
            &["a", "a@b", "@b.c", "a b@c.d", "a@b..c"],
        );
        check(
            StringFormat::Uri,
            &["https://a.b/c?d#e", "mailto:a@b.c", "urn:x:1"],
            &["a/b", "//a", "1a:b", "http:", "http://a b"],
        );
        check(
            StringFormat::Uuid,
            &["123e4567-e89b-12d3-a456-426614174000"],
            &[
                "123e4567e89b12d3a456426614174000",
                "123e4567-e89b-12d3-a456-42661417400g",
            ],
        );
        check(
            StringFormat::Binary,
            &["", "QQ==", "QUI=", "QUJD"],
            &["QQ=", "Q===", "QU D", "=QQQ"],
        );
    }
}
