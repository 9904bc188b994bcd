//! All verdicts together: for people, as JSON, as JUnit XML.

use std::fmt::Write;
use std::time::Duration;

use serde_json::{Value, json};

use crate::candidate::Candidate;
use crate::verdict::{Evidence, Judged, Verdict};

/// All verdicts about a candidate.
#[derive(Clone, Debug)]
pub struct Report {
    /// The candidate in words.
    pub candidate: String,
    /// How it was started.
    pub how: String,
    /// The items it was tried on.
    pub items: Vec<String>,
    /// What is said of each clause.
    pub clauses: Vec<Judged>,
}

impl Report {
    pub(crate) fn new(candidate: &Candidate, items: &[String], clauses: Vec<Judged>) -> Self {
        Self {
            candidate: candidate.name(),
            how: candidate.how(),
            items: items.to_vec(),
            clauses,
        }
    }

    /// How many clauses were kept, broken, and not judged.
    pub fn tally(&self) -> (usize, usize, usize) {
        let count = |word| {
            let verdicts = self.clauses.iter().map(|judged| judged.verdict.word());
            verdicts.filter(|verdict| *verdict == word).count()
        };
        (count("passed"), count("failed"), count("skipped"))
    }

    /// The short names of the clauses with a verdict: `failed`.
    pub fn ids(&self, word: &str) -> Vec<&'static str> {
        let with = self
            .clauses
            .iter()
            .filter(|judged| judged.verdict.word() == word);
        with.map(|judged| judged.id).collect()
    }

    /// The last line: `21 kept, 1 broken, 1 not judged (4.2 s)`.
    pub fn summary(&self) -> String {
        let (passed, failed, skipped) = self.tally();
        let time: Duration = self.clauses.iter().map(|judged| judged.time).sum();
        let mut text = format!("{passed} kept");
        if failed > 0 {
            let _ = write!(text, ", {failed} broken");
        }
        if skipped > 0 {
            let _ = write!(text, ", {skipped} not judged");
        }
        let _ = write!(text, " ({:.1} s)", time.as_secs_f64());
        text
    }

    /// The report for programs.
    pub fn to_json(&self) -> Value {
        let (passed, failed, skipped) = self.tally();
        let clauses: Vec<Value> = self.clauses.iter().map(clause_json).collect();
        json!({
            "candidate": self.candidate, "how": self.how, "items": self.items,
            "passed": passed, "failed": failed, "skipped": skipped, "clauses": clauses,
        })
    }
}

fn clause_json(judged: &Judged) -> Value {
    let mut clause = json!({
        "id": judged.id, "title": judged.title, "verdict": judged.verdict.word(),
        "seconds": judged.time.as_secs_f64(),
    });
    match &judged.verdict {
        Verdict::Passed(how) => clause["how"] = json!(how),
        Verdict::Failed(evidence) => clause["evidence"] = json!(evidence),
        Verdict::Skipped(why) => clause["why"] = json!(why),
    }
    clause
}

impl Judged {
    /// A line for the clause, and the evidence where it is broken.
    pub fn to_text(&self, paint: Paint) -> String {
        match &self.verdict {
            Verdict::Passed(how) if how.is_empty() => {
                format!("  {} {}", paint.good("✓"), self.title)
            }
            Verdict::Passed(how) => {
                let how = paint.dim(&format!("({how})"));
                format!("  {} {} {how}", paint.good("✓"), self.title)
            }
            Verdict::Skipped(why) => {
                let line = format!("- {}: not judged, {why}", self.title);
                format!("  {}", paint.dim(&line))
            }
            Verdict::Failed(evidence) => {
                let title = paint.bad(self.title);
                let mark = paint.bad("✗");
                let id = paint.dim(&format!("[{}]", self.id));
                format!("  {mark} {title} {id}{}", evidence.to_text())
            }
        }
    }
}

impl Evidence {
    fn to_text(&self) -> String {
        let mut text = String::new();
        let parts = [
            ("did", &self.did),
            ("expected", &self.expected),
            ("found", &self.found),
        ];
        for (name, part) in parts {
            for (number, line) in part.lines().enumerate() {
                let name = if number == 0 { name } else { "" };
                let _ = write!(text, "\n      {name:<9} {line}");
            }
        }
        text
    }
}

/// Colours on a terminal, none elsewhere.
#[derive(Clone, Copy, Debug)]
pub struct Paint(pub bool);

impl Paint {
    fn with(self, code: &str, text: &str) -> String {
        if self.0 {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    fn good(self, text: &str) -> String {
        self.with("32", text)
    }

    fn bad(self, text: &str) -> String {
        self.with("1;31", text)
    }

    /// What may be overlooked.
    pub fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    /// What must not.
    pub fn strong(self, text: &str) -> String {
        self.with("1", text)
    }
}

/// The reports as JUnit XML, a suite for each candidate.
pub fn junit(reports: &[Report]) -> String {
    let mut xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n".to_owned();
    for report in reports {
        let (_, failed, skipped) = report.tally();
        let time: Duration = report.clauses.iter().map(|judged| judged.time).sum();
        let _ = writeln!(
            xml,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{failed}\" skipped=\"{skipped}\" time=\"{:.3}\">",
            escaped(&report.candidate),
            report.clauses.len(),
            time.as_secs_f64()
        );
        for judged in &report.clauses {
            let _ = writeln!(xml, "{}", case(judged));
        }
        xml.push_str("  </testsuite>\n");
    }
    xml + "</testsuites>\n"
}

fn case(judged: &Judged) -> String {
    let head = format!(
        "    <testcase classname=\"conform\" name=\"{}: {}\" time=\"{:.3}\"",
        judged.id,
        escaped(judged.title),
        judged.time.as_secs_f64()
    );
    match &judged.verdict {
        Verdict::Passed(_) => format!("{head}/>"),
        Verdict::Skipped(why) => {
            let why = escaped(why);
            format!("{head}><skipped message=\"{why}\"/></testcase>")
        }
        Verdict::Failed(evidence) => {
            let message = escaped(evidence.found.lines().next().unwrap_or_default());
            let text = escaped(evidence.to_text().trim_start_matches('\n'));
            format!("{head}><failure message=\"{message}\">{text}</failure></testcase>")
        }
    }
}

/// Text for XML. Control characters have no place in it, not even escaped.
fn escaped(text: &str) -> String {
    let mut xml = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            '\n' | '\t' => xml.push(char),
            '\u{fffe}' | '\u{ffff}' => xml.push('\u{fffd}'),
            _ if char.is_control() => xml.push('\u{fffd}'),
            _ => xml.push(char),
        }
    }
    xml
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let judged = |id, title, verdict| Judged {
            id,
            title,
            verdict,
            time: Duration::from_millis(250),
        };
        let evidence = Evidence {
            did: "ran it twice".to_owned(),
            expected: "the same bytes".to_owned(),
            found: "`a` differs: `<1>`\n`b` \u{1b}is gone".to_owned(),
        };
        Report {
            candidate: "sh \"x & y\"".to_owned(),
            how: "under `adapt`".to_owned(),
            items: vec!["a".to_owned()],
            clauses: vec![
                judged("one", "does one thing", Verdict::Passed("1 in".to_owned())),
                judged("two", "does it twice", Verdict::Failed(evidence)),
                judged(
                    "three",
                    "counts",
                    Verdict::Skipped("it has none".to_owned()),
                ),
            ],
        }
    }

    #[test]
    fn a_person_reads_a_line_for_each_clause_and_evidence_where_it_is_broken() {
        let report = report();
        let lines: Vec<String> = report
            .clauses
            .iter()
            .map(|judged| judged.to_text(Paint(false)))
            .collect();
        insta::assert_snapshot!(lines.join("\n").replace('\u{1b}', "ESC"), @r"
          ✓ does one thing (1 in)
          ✗ does it twice [two]
              did       ran it twice
              expected  the same bytes
              found     `a` differs: `<1>`
                        `b` ESCis gone
          - counts: not judged, it has none
        ");
        assert_eq!(report.summary(), "1 kept, 1 broken, 1 not judged (0.8 s)");
        assert_eq!(report.ids("failed"), ["two"]);
    }

    #[test]
    fn a_program_reads_json_or_junit_xml() {
        let json = report().to_json();
        assert_eq!(json["failed"], 1);
        assert_eq!(json["clauses"][1]["evidence"]["expected"], "the same bytes");
        assert_eq!(json["clauses"][2]["why"], "it has none");
        insta::assert_snapshot!(junit(&[report()]), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites>
          <testsuite name="sh &quot;x &amp; y&quot;" tests="3" failures="1" skipped="1" time="0.750">
            <testcase classname="conform" name="one: does one thing" time="0.250"/>
            <testcase classname="conform" name="two: does it twice" time="0.250"><failure message="`a` differs: `&lt;1&gt;`">      did       ran it twice
              expected  the same bytes
              found     `a` differs: `&lt;1&gt;`
                        `b` �is gone</failure></testcase>
            <testcase classname="conform" name="three: counts" time="0.250"><skipped message="it has none"/></testcase>
          </testsuite>
        </testsuites>
        "#);
    }
}
