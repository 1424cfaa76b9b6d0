use super::*;

fn skipped(text: &str) -> Result<(), Fault> {
    let mut reader = Reader::new(text);
    reader.skip()?;
    reader.end()
}

#[test]
fn what_serde_json_reads_is_read_and_nothing_else() {
    let texts = [
        "{}",
        "[]",
        " [1, 2.5e-3, -0, 1E+9] ",
        "{\"a\":{\"b\":[null,true,false]}}",
        "\"\\u00e9\\ud83d\\ude00\\n\"",
        "01",
        "1.",
        ".5",
        "+1",
        "-",
        "1e",
        "[1,]",
        "{\"a\"}",
        "{\"a\":1,}",
        "{a:1}",
        "\"\u{1}\"",
        "\"\\x\"",
        "\"\\ud800\"",
        "\"",
        "nul",
        "NaN",
        "",
        "1 2",
        "[1}",
        "\"a",
        "{\"a\":1 \"b\":2}",
        "\"\\u+123\"",
    ];
    for text in texts {
        let expected = serde_json::from_str::<serde_json::Value>(text).is_ok();
        assert_eq!(skipped(text).is_ok(), expected, "{text}");
    }
}

#[test]
fn texts_and_numbers_are_those_that_are_written() {
    let mut reader = Reader::new(r#"["a\"b\\\/\u00e9\ud83d\ude00\n", "plain", 0.1e1]"#);
    let (mut texts, mut numbers) = (Vec::new(), Vec::new());
    let read = reader.array::<Fault>(|reader, _| {
        match reader.kind()? {
            Kind::Text => texts.push(reader.text()?.into_owned()),
            _ => numbers.push(reader.number()?.value),
        }
        Ok(())
    });
    assert_eq!(read, Ok(()));
    assert_eq!(texts, ["a\"b\\/é😀\n", "plain"]);
    assert_eq!(numbers, [1.0]);
    let bare = Reader::new(" -Infinity").with_bare_nan().number().unwrap();
    assert_eq!(bare.value, f64::NEG_INFINITY);
    assert!(Reader::new("NaN").with_bare_nan().number().unwrap().value.is_nan());
}

#[test]
fn nesting_is_bounded_and_faults_have_a_place() {
    assert_eq!(skipped(&"[".repeat(1_000_000)).unwrap_err().offset, 33);
    assert!(skipped(&format!("{}{}", "[".repeat(32), "]".repeat(32))).is_ok());
    let text = "{\n \"a\": 4711x}";
    let problem = skipped(text).unwrap_err().in_text(text);
    assert_eq!(problem.to_string(), "line 2, column 11: expected `,` or `}`");
}
