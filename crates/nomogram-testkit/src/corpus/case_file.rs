//! A file of cases: line-oriented text that a program without libraries can read.
//!
//! The values of a case never change; its expected answer can be replaced.

use nomogram::Feature;

use super::{Answer, Stated};

/// Names of the lines with the expected answer.
const EXPECTED: [&str; 17] = [
    "status",
    "at",
    "outputs",
    "class",
    "flags",
    "feature-flags",
    "rules-broken",
    "cutoffs-reached",
    "members",
    "margins",
    "verdict",
    "p-values",
    "sets",
    "intervals",
    "distance-p-value",
    "furthest-feature",
    "furthest-times",
];

/// The cases of one model.
#[derive(Debug)]
pub struct CaseFile {
    lines: Vec<Line>,
    /// The cases, in the order of the file.
    pub cases: Vec<Case>,
}

/// One row and the answer that it should get.
#[derive(Clone, Debug)]
pub struct Case {
    /// A sentence in kebab-case.
    pub name: String,
    /// The value of each feature, in the order of the schema.
    pub stated: Vec<Stated>,
    /// The lines of the answer; none where it was not filled in yet.
    pub expected: Answer,
}

/// A line of the file, as far as it matters for writing it again.
#[derive(Debug)]
enum Line {
    /// A line between cases.
    Between(String),
    /// A line that describes a case.
    Case(String),
    /// A line of the expected answer.
    Expected,
}

impl CaseFile {
    /// Reads the text of a file, for rows of such features.
    ///
    /// # Errors
    ///
    /// The line, and the reason.
    pub fn of_text(text: &str, features: &[Feature]) -> Result<Self, String> {
        let mut file = Self { lines: Vec::new(), cases: Vec::new() };
        let mut base = vec![Stated::Unset; features.len()];
        let mut is_within = false;
        for (index, line) in text.lines().enumerate() {
            let read = file.read_line(line, features, &mut base, &mut is_within);
            read.map_err(|e| format!("line {}: {e}", index + 1))?;
        }
        Ok(file)
    }

    fn read_line(
        &mut self,
        line: &str,
        features: &[Feature],
        base: &mut [Stated],
        is_within: &mut bool,
    ) -> Result<(), String> {
        let (name, rest) = line.split_once(' ').unwrap_or((line, ""));
        let is_first = self.cases.is_empty();
        let own_case = self.cases.last_mut().filter(|_| *is_within);
        let read = match (name, own_case) {
            ("case", None) => {
                check_name(rest)?;
                let (stated, expected) = (base.to_vec(), Answer { lines: Vec::new() });
                self.cases.push(Case { name: rest.into(), stated, expected });
                Line::Case(line.into())
            }
            ("set", Some(case)) if case.expected.lines.is_empty() => {
                state(rest, features, &mut case.stated)?;
                Line::Case(line.into())
            }
            (expected, Some(case)) if EXPECTED.contains(&expected) => {
                case.expected.lines.push(line.into());
                Line::Expected
            }
            ("base", None) if is_first => {
                state(rest, features, base)?;
                Line::Between(line.into())
            }
            ("", _) => Line::Between(String::new()),
            (comment, None) if comment.starts_with('#') => Line::Between(line.into()),
            _ => return Err(format!("`{line}` does not belong here")),
        };
        *is_within = !matches!(read, Line::Between(_));
        self.lines.push(read);
        Ok(())
    }

    /// The text of the file with such answers to its cases.
    #[must_use]
    pub fn with_answers(&self, answers: &[Answer]) -> String {
        let mut text = Vec::new();
        let mut answers = answers.iter();
        let mut own_answer: Option<&Answer> = None;
        for line in &self.lines {
            match line {
                Line::Expected => {}
                Line::Case(line) => {
                    if line.starts_with("case ") {
                        text.extend(lines(own_answer.take()));
                        own_answer = answers.next();
                    }
                    text.push(line.as_str());
                }
                Line::Between(line) => {
                    text.extend(lines(own_answer.take()));
                    text.push(line);
                }
            }
        }
        text.extend(lines(own_answer));
        text.join("\n") + "\n"
    }
}

fn lines(answer: Option<&Answer>) -> impl Iterator<Item = &str> {
    answer.into_iter().flat_map(|answer| answer.lines.iter().map(String::as_str))
}

fn check_name(name: &str) -> Result<(), String> {
    let is_word = |word: &str| {
        !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    if name.split('-').all(is_word) {
        return Ok(());
    }
    Err(format!("`{name}` is no sentence-in-kebab-case"))
}

/// Reads the name of a feature and its value.
fn state(text: &str, features: &[Feature], stated: &mut [Stated]) -> Result<(), String> {
    let (name, value) = text.split_once(' ').unwrap_or((text, ""));
    let known = features.iter().zip(stated).find(|(feature, _)| feature.name == name);
    let Some((_, current)) = known else {
        return Err(format!("the model has no feature `{name}`"));
    };
    *current = Stated::of_text(value)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# About\nbase age number 50\n\n# Why\ncase nothing-is-stated\n\n\
        case a-sentence-with-3-words\nset age number-in 3 a\nstatus NOMO_OK\nclass 1\n";

    fn read(text: &str) -> Result<CaseFile, String> {
        CaseFile::of_text(text, &[Feature::number("age")])
    }

    #[test]
    fn a_file_is_written_as_it_was_read() {
        let file = read(TEXT).unwrap();
        let answers: Vec<Answer> = file.cases.iter().map(|case| case.expected.clone()).collect();
        assert_eq!(file.with_answers(&answers), TEXT);
        assert_eq!(file.cases[0].stated, [Stated::Number(50.0)]);
        assert_eq!(file.cases[1].stated, [Stated::NumberIn(3.0, "a".into())]);
        assert_eq!(file.cases[1].expected.line("class"), Some("1"));
    }

    #[test]
    fn only_what_is_expected_is_filled_in() {
        let answer = Answer { lines: vec!["status NOMO_EVALUE_NAN".into()] };
        let filled = "# About\nbase age number 50\n\n# Why\ncase nothing-is-stated\n\
            status NOMO_EVALUE_NAN\n\ncase a-sentence-with-3-words\nset age number-in 3 a\n\
            status NOMO_EVALUE_NAN\n";
        assert_eq!(read(TEXT).unwrap().with_answers(&[answer.clone(), answer]), filled);
    }

    #[test]
    fn lines_that_do_not_belong_are_refused_with_their_number() {
        for (text, message) in [
            ("case A\n", "line 1: `A` is no sentence-in-kebab-case"),
            ("\nset age number 1\n", "line 2: `set age number 1` does not belong here"),
            ("case a\nclass 1\nset age number 1\n", "line 3: `set age number 1` does not"),
            ("case a\n# comment\n", "line 2: `# comment` does not belong here"),
            ("case a\n\nbase age number 1\n", "line 3: `base age number 1` does not"),
            ("case a\nset dose number 1\n", "line 2: the model has no feature `dose`"),
            ("case a\nset age number one\n", "line 2: `one` is no number"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.starts_with(message), "{error}");
        }
    }
}
