//! The names of columns: never empty, never twice.

use std::collections::HashSet;

/// Makes names usable: blanks around them are dropped, an empty one becomes `column_N` (N its position, from 1), and
/// one that occurred before gets `_2`, `_3`, … until it is new.
pub(crate) fn unique(names: impl IntoIterator<Item = String>) -> Vec<String> {
    let names: Vec<String> = names
        .into_iter()
        .enumerate()
        .map(|(position, name)| match name.trim() {
            "" => format!("column_{}", position + 1),
            trimmed => trimmed.to_owned(),
        })
        .collect();
    let mut taken: HashSet<String> = names.iter().cloned().collect();
    let mut seen = HashSet::new();
    names
        .into_iter()
        .map(|name| {
            if seen.insert(name.clone()) {
                return name;
            }
            let mut number = 2;
            let mut other = format!("{name}_{number}");
            while !taken.insert(other.clone()) {
                number += 1;
                other = format!("{name}_{number}");
            }
            seen.insert(other.clone());
            other
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(names: &[&str], expected: &[&str]) {
        assert_eq!(
            unique(names.iter().map(|name| (*name).to_owned())),
            expected
        );
    }

    #[test]
    fn names_are_never_empty_and_never_twice() {
        check(&["a", " b ", ""], &["a", "b", "column_3"]);
        check(&["a", "a", "a"], &["a", "a_2", "a_3"]);
        check(&["a", "a", "a_2"], &["a", "a_3", "a_2"]);
        check(
            &["", "column_1", ""],
            &["column_1", "column_1_2", "column_3"],
        );
    }
}
