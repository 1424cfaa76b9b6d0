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

#[test]
fn numbers_are_the_nearest_doubles() {
    let mut state = 1_u64;
    let mut draw = |below: u64| {
        // A linear congruential generator, by Knuth.
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for _ in 0..100_000 {
        let mut written = String::from(if draw(2) == 0 { "-" } else { "" });
        let n_digits = u32::try_from(draw(9)).unwrap();
        let whole = draw(10_u64.pow(n_digits));
        written += &whole.to_string();
        let n_behind = draw(18);
        if n_behind > 0 {
            written.push('.');
            (0..n_behind).for_each(|_| written += &draw(10).to_string());
        }
        let found = Reader::new(&written).number().unwrap();
        let expected: f64 = written.parse().unwrap();
        assert_eq!(found.value.to_bits(), expected.to_bits(), "{written}");
        assert_eq!(found.written, written);
    }
    for written in ["-0", "-0.0", "0.1", "123456789012345", "1234567890123456", "9007199254740993"]
    {
        let found = Reader::new(written).number().unwrap().value;
        assert_eq!(found.to_bits(), written.parse::<f64>().unwrap().to_bits(), "{written}");
    }
}

#[test]
fn texts_end_at_the_first_quote_backslash_or_control_character() {
    for n_before in 0..20 {
        for byte in 0..=0x7f_u8 {
            let before = "é".repeat(n_before / 2) + &"a".repeat(n_before % 2);
            let text = format!("\"{before}{}b~\u{7f}\"", char::from(byte));
            let mut reader = Reader::new(&text);
            let read = reader.text();
            let expected = serde_json::from_str::<String>(&text);
            match (byte, read) {
                // The rest comes after the text.
                (b'"', read) => assert_eq!(read.unwrap(), before),
                (_, Ok(read)) => assert_eq!(read, expected.unwrap(), "{text:?}"),
                (_, Err(_)) => assert!(expected.is_err(), "{text:?}"),
            }
        }
    }
}

#[test]
fn the_short_way_to_a_number_is_the_long_way() {
    const ALPHABET: &[u8] = b"-01.9eE,";
    let mut n_short = 0;
    for len in 1..=6_u32 {
        for code in 0..ALPHABET.len().pow(len) {
            let bytes = (0..len).map(|at| ALPHABET[code / ALPHABET.len().pow(at) % ALPHABET.len()]);
            let text = String::from_utf8(bytes.collect()).unwrap();
            let mut short = Reader::new(&text);
            let mut long = short.clone();
            let Some(number) = short.short_number() else { continue };
            let expected = long.any_number().unwrap();
            assert_eq!(number.value.to_bits(), expected.value.to_bits(), "{text}");
            assert_eq!((number.written, short.offset()), (expected.written, long.offset()));
            n_short += 1;
        }
    }
    assert!(n_short > 10_000, "{n_short}");
    for (text, is_short) in
        [("123456789012.345", true), ("1234567890123456", false), ("-0.5e1", false)]
    {
        assert_eq!(Reader::new(text).short_number().is_some(), is_short, "{text}");
    }
}
