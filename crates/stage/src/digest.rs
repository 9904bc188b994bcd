//! Digests: XXH3 with 128 bits, whose specification is fixed, written as 32 hexadecimal digits.

use std::fmt;
use std::io::{self, Read};
use std::path::Path;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

/// A digest of 128 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub u128);

impl Digest {
    /// The digest of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(xxh3_128(bytes))
    }

    /// The digest of a file's content.
    pub fn of_file(path: &Path) -> io::Result<Self> {
        Self::of_open(&mut fs_err::File::open(path)?)
    }

    /// The digest of what is left to read of a file.
    pub(crate) fn of_open(file: &mut fs_err::File) -> io::Result<Self> {
        let mut hasher = Hasher::default();
        // Queues of ten thousand tiny items are common; clearing a large buffer for each would cost more than they do.
        let bytes = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
        let mut buffer = vec![0; bytes.saturating_add(1).min(1 << 18)];
        loop {
            match file.read(&mut buffer) {
                Ok(0) => return Ok(hasher.finish()),
                Ok(read) => hasher.update(&buffer[..read]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The digest of parts, each with its length, so that no two lists of parts run together.
    pub fn of_parts<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut hasher = Hasher::default();
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        hasher.finish()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:032x}", self.0)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        if text.len() != 32 {
            return Err(serde::de::Error::custom(
                "expected a digest of 32 hexadecimal digits",
            ));
        }
        u128::from_str_radix(&text, 16)
            .map(Self)
            .map_err(serde::de::Error::custom)
    }
}

/// A digest in the making.
#[derive(Clone, Default)]
pub struct Hasher(Xxh3);

impl Hasher {
    /// Takes more bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all bytes taken.
    pub fn finish(&self) -> Digest {
        Digest(self.0.digest128())
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Hasher({})", self.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_pinned_for_ever() {
        assert_eq!(
            Digest::of(b"").to_string(),
            "99aa06d3014798d86001c324468d497f"
        );
        assert_eq!(
            Digest::of(b"waystation").to_string(),
            Digest::of_parts_free(b"waystation")
        );
    }

    impl Digest {
        fn of_parts_free(bytes: &[u8]) -> String {
            let mut hasher = Hasher::default();
            bytes.iter().for_each(|byte| hasher.update(&[*byte]));
            hasher.finish().to_string()
        }
    }

    #[test]
    fn parts_do_not_run_together() {
        let a = Digest::of_parts([b"ab".as_slice(), b"c"]);
        let b = Digest::of_parts([b"a".as_slice(), b"bc"]);
        assert_ne!(a, b);
    }
}
