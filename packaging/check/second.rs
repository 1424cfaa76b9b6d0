//! A second static library in Rust, which uses its own copy of the standard library.

/// Panics, catches the panic, and returns how many bytes its message has.
#[unsafe(no_mangle)]
pub extern "C" fn second_catches_a_panic() -> i32 {
    // Expected, so not to be printed.
    std::panic::set_hook(Box::new(|_| {}));
    let caught = std::panic::catch_unwind(|| panic!("{}", "x".repeat(7)));
    let payload = caught.err().and_then(|payload| payload.downcast::<String>().ok());
    payload.map_or(-1, |message| message.len() as i32)
}
