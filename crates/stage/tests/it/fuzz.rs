//! A short seeded run of what `fuzz/` runs for long: real files, torn, spliced and made up, must not make the parsers
//! panic.

use crate::project::{Project, THREE};

/// Random numbers from a seed (Steele, Lea and Flood 2014, SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((bits ^ (bits >> 31)) % end.max(1) as u64).unwrap()
    }
}

/// What breaks parsers.
const TOKENS: [&str; 24] = [
    "\"",
    "\\",
    "\n",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "true",
    "-1",
    "0",
    "1e999",
    "0.1",
    "..",
    "../../x",
    "/",
    "\\u0000",
    "\u{feff}",
    "18446744073709551615",
    "18446744073709551616",
    "\"\\ud800\"",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
];

/// One change: bytes flipped, cut, repeated, or something put in.
fn mutate(text: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(text.len() + 1);
    let end = (at + random.below(40)).min(text.len());
    match random.below(6) {
        0 => text.truncate(at),
        1 => drop(text.drain(at..end)),
        2 => {
            let copy = text[at..end].to_vec();
            let to = random.below(text.len() + 1);
            text.splice(to..to, copy);
        }
        3 if at < text.len() => text[at] ^= 1 << random.below(8),
        4 => {
            let token = TOKENS[random.below(TOKENS.len())];
            text.splice(at..end, token.bytes());
        }
        _ => {
            let token = TOKENS[random.below(TOKENS.len())];
            text.splice(at..at, token.bytes());
        }
    }
}

/// Feeds a parser with a real text and ever more changed ones.
fn check(text: &str, parse: fn(&[u8])) {
    const TRIES: usize = 4000;
    assert!(!text.is_empty());
    parse(text.as_bytes());
    let mut random = Random(17);
    for _ in 0..TRIES {
        let mut changed = text.as_bytes().to_vec();
        for _ in 0..=random.below(4) {
            mutate(&mut changed, &mut random);
        }
        parse(&changed);
    }
}

#[test]
fn no_manifest_makes_the_parser_panic() {
    for form in ["upper", "center", "count"] {
        let project = Project::new(THREE);
        project.write("form.json", &format!(r#"{{"form": "{form}"}}"#));
        project.run("raw out --config form.json", 0);
        check(&project.read("out/_manifest.json"), stage::fuzz::manifest);
    }
}

#[test]
fn no_journal_makes_the_parser_panic() {
    let project = Project::new(THREE);
    project.write("raw/d.txt", "sick");
    project.run("raw out", 1);
    check(
        &project.read("out.partial/_journal.jsonl"),
        stage::fuzz::journal,
    );
}

#[test]
fn no_settings_make_the_parser_panic() {
    let settings = r#"{"columns": ["a", "b c"], "values": {"NA": null, "x": 1.5e3}, "rounds": 12,
        "rules": ["trim", {"clip": {"min": 0, "max": null}}, {"replace": {"a": "b"}}], "any": [{"k": [0]}]}"#;
    check(settings, stage::fuzz::settings);
}
