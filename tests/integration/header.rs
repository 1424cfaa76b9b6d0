//! The committed C header is the generated one. `cargo xtask header` updates it.

use std::fs;
use std::path::Path;

use nomogram::ErrorKind;

const GENERATED: &str = include_str!(concat!(env!("OUT_DIR"), "/nomogram.h"));

#[test]
fn the_committed_header_is_current() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("include/nomogram.h");
    if std::env::var_os("NOMOGRAM_UPDATE").is_some() {
        fs::write(&committed, GENERATED).unwrap();
    }
    let is_current = fs::read_to_string(committed).unwrap() == GENERATED;
    assert!(is_current, "include/nomogram.h is not current: run `cargo xtask header`");
}

#[test]
fn the_header_has_every_status_with_its_number() {
    for kind in ErrorKind::ALL {
        let (name, number) = (kind.c_name().to_str().unwrap(), kind.status());
        let number = if number > 0xff { format!("0x{number:04X}") } else { number.to_string() };
        let line = format!("#define {name} {number}\n");
        assert!(GENERATED.contains(&line), "{line}");
    }
}
