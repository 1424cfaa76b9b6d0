//! Filters of MLflow's searches: comparisons, joined by `AND`.

use std::fmt;

use super::answer::Failure;

/// A filter: all comparisons hold.
#[derive(Debug)]
pub(super) struct Filter(Vec<Comparison>);

#[derive(Debug)]
struct Comparison {
    /// `name`, or `tag.` and the name of a tag.
    field: String,
    operator: Operator,
    value: String,
}

#[derive(Clone, Copy, Debug)]
enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Like,
    IgnoringCase,
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    /// An unquoted word, a field with its dots, or a number.
    Word(String),
    /// In single or double quotes.
    Text(String),
    Symbol(&'static str),
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => write!(f, "`{word}`"),
            Self::Text(text) => write!(f, "the text `{text}`"),
            Self::Symbol(symbol) => write!(f, "`{symbol}`"),
        }
    }
}

impl Filter {
    /// Reads a filter; an empty one accepts everything.
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        let mut tokens = tokens(text)?.into_iter().peekable();
        let mut comparisons = Vec::new();
        while tokens.peek().is_some() {
            if !comparisons.is_empty() {
                match tokens.next() {
                    Some(Token::Word(word)) if word.eq_ignore_ascii_case("and") => {}
                    other => return Err(unexpected(text, other.as_ref(), "AND")),
                }
            }
            let field = match tokens.next() {
                Some(Token::Word(field)) => normal(&field),
                other => return Err(unexpected(text, other.as_ref(), "a field")),
            };
            let operator = match tokens.next() {
                Some(Token::Symbol(symbol)) => symbol_operator(symbol),
                Some(Token::Word(word)) if word.eq_ignore_ascii_case("like") => Operator::Like,
                Some(Token::Word(word)) if word.eq_ignore_ascii_case("ilike") => {
                    Operator::IgnoringCase
                }
                other => return Err(unexpected(text, other.as_ref(), "a comparison")),
            };
            let value = match tokens.next() {
                Some(Token::Text(value) | Token::Word(value)) => value,
                other => return Err(unexpected(text, other.as_ref(), "a value")),
            };
            comparisons.push(Comparison { field, operator, value });
        }
        Ok(Self(comparisons))
    }

    /// Whether all comparisons hold, for the fields that `field` returns. Something without a tag
    /// differs from every value of it.
    pub(super) fn accepts(
        &self,
        field: impl Fn(&str) -> Result<Option<String>, Failure>,
    ) -> Result<bool, Failure> {
        for Comparison { field: name, operator, value } in &self.0 {
            let is_accepted = match (field(name)?, operator) {
                (Some(found), operator) => compare(&found, *operator, value),
                (None, Operator::NotEqual) => true,
                (
                    None,
                    Operator::Equal
                    | Operator::Less
                    | Operator::LessOrEqual
                    | Operator::Greater
                    | Operator::GreaterOrEqual
                    | Operator::Like
                    | Operator::IgnoringCase,
                ) => false,
            };
            if !is_accepted {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// `tags.x` and `tag.x` are the same field.
fn normal(field: &str) -> String {
    match field.strip_prefix("tags.") {
        Some(tag) => format!("tag.{tag}"),
        None => field.to_owned(),
    }
}

fn symbol_operator(symbol: &str) -> Operator {
    match symbol {
        "!=" => Operator::NotEqual,
        "<" => Operator::Less,
        "<=" => Operator::LessOrEqual,
        ">" => Operator::Greater,
        ">=" => Operator::GreaterOrEqual,
        _ => Operator::Equal,
    }
}

fn compare(found: &str, operator: Operator, value: &str) -> bool {
    // Numbers are compared as numbers.
    let order = match (found.parse::<i64>(), value.parse::<i64>()) {
        (Ok(found), Ok(value)) => found.cmp(&value),
        (_, _) => found.cmp(value),
    };
    match operator {
        Operator::Equal => order.is_eq(),
        Operator::NotEqual => order.is_ne(),
        Operator::Less => order.is_lt(),
        Operator::LessOrEqual => order.is_le(),
        Operator::Greater => order.is_gt(),
        Operator::GreaterOrEqual => order.is_ge(),
        Operator::Like => is_like(found, value),
        Operator::IgnoringCase => is_like(&found.to_lowercase(), &value.to_lowercase()),
    }
}

/// Whether a text fits a pattern of SQL, where `%` is any text and `_` any character.
fn is_like(text: &str, pattern: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    // Which beginnings of the pattern fit the text so far; linear in each.
    let mut fits: Vec<bool> = std::iter::once(true)
        .chain(pattern.iter().scan(true, |is_any, c| {
            *is_any &= *c == '%';
            Some(*is_any)
        }))
        .collect();
    for c in text.chars() {
        let mut next = vec![false; fits.len()];
        for (index, wanted) in pattern.iter().enumerate() {
            let (before, after) = (fits.get(index), fits.get(index + 1));
            let is_fit = match wanted {
                '%' => after == Some(&true) || next.get(index) == Some(&true),
                '_' => before == Some(&true),
                wanted => before == Some(&true) && *wanted == c,
            };
            if let Some(slot) = next.get_mut(index + 1) {
                *slot = is_fit;
            }
        }
        fits = next;
    }
    fits.last() == Some(&true)
}

fn tokens(text: &str) -> Result<Vec<Token>, Failure> {
    const SYMBOLS: [&str; 6] = ["!=", "<=", ">=", "=", "<", ">"];
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        if let Some(symbol) = SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol)) {
            tokens.push(Token::Symbol(symbol));
            rest = rest.split_at(symbol.len()).1;
        } else if first == '\'' || first == '"' {
            let inside = rest.split_at(1).1;
            let (value, after) =
                inside.split_once(first).ok_or_else(|| invalid(text, "a quote is not closed"))?;
            tokens.push(Token::Text(value.to_owned()));
            rest = after;
        } else {
            let (word, after) = word(rest).ok_or_else(|| invalid(text, "a quote is not closed"))?;
            if word.is_empty() {
                return Err(invalid(text, &format!("found `{first}`")));
            }
            tokens.push(Token::Word(word));
            rest = after;
        }
        rest = rest.trim_start();
    }
    Ok(tokens)
}

/// A word, of which pieces may be in back quotes.
fn word(text: &str) -> Option<(String, &str)> {
    let (mut word, mut rest) = (String::new(), text);
    loop {
        let is_usual = |c: char| c.is_alphanumeric() || "_.-".contains(c);
        let len = rest.find(|c| !is_usual(c)).unwrap_or(rest.len());
        let (plain, after) = rest.split_at(len);
        word.push_str(plain);
        let Some(quoted) = after.strip_prefix('`') else { return Some((word, after)) };
        let (inside, after) = quoted.split_once('`')?;
        word.push_str(inside);
        rest = after;
    }
}

fn unexpected(text: &str, found: Option<&Token>, expected: &str) -> Failure {
    let found = found.map_or_else(|| "the end".to_owned(), Token::to_string);
    invalid(text, &format!("found {found}, expected {expected}"))
}

fn invalid(text: &str, detail: &str) -> Failure {
    Failure::invalid(format!("filter `{text}`: {detail}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(filter: &str) -> bool {
        let field = |field: &str| {
            Ok(match field {
                "name" => Some("Risk_1".to_owned()),
                "version_number" => Some("10".to_owned()),
                "tag.ward" => Some("a".to_owned()),
                _ => None,
            })
        };
        Filter::parse(filter).unwrap().accepts(field).unwrap()
    }

    #[test]
    fn filters_are_those_that_clients_send() {
        for filter in [
            "",
            "name = 'Risk_1'",
            "name='Risk_1' AND tag.`mlflow.prompt.is_prompt` != 'true'",
            "name LIKE 'Ri%' and tags.ward = \"a\"",
            "name ILIKE '%RISK%'",
            "version_number >= 9",
            "tags.`ward` != 'b'",
        ] {
            assert!(accepts(filter), "{filter}");
        }
        for filter in ["name = 'risk'", "name LIKE 'Ri'", "version_number < 9", "tag.other = 'a'"] {
            assert!(!accepts(filter), "{filter}");
        }
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        for filter in [
            "name",
            "name = ",
            "name = 'a",
            "name = 'a' OR name = 'b'",
            "= 'a'",
            "(",
            "tag.`a = 'b'",
        ] {
            assert!(Filter::parse(filter).is_err(), "{filter}");
        }
        let message = |filter: &str| Filter::parse(filter).unwrap_err().message;
        assert_eq!(message("name ="), "filter `name =`: found the end, expected a value");
        assert_eq!(message("name = a or"), "filter `name = a or`: found `or`, expected AND");
        assert_eq!(message("'a'"), "filter `'a'`: found the text `a`, expected a field");
    }
}
