//! Arrays of texts.

/// The values of an `Array`: words, or texts in double quotes.
pub(in super::super) fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut is_quoted, mut is_word) =
        (Vec::new(), String::new(), false, false);
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if is_quoted => word.extend(letters.next()),
            '"' => (is_quoted, is_word) = (!is_quoted, true),
            _ if letter.is_whitespace() && !is_quoted => {
                if std::mem::take(&mut is_word) {
                    words.push(std::mem::take(&mut word));
                }
            }
            _ => {
                word.push(letter);
                is_word = true;
            }
        }
    }
    if is_word {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_may_be_quoted() {
        assert_eq!(words(" a \"b c\" \"d\\\"e\" 1.5 "), ["a", "b c", "d\"e", "1.5"]);
        assert!(words("  ").is_empty());
    }
}
