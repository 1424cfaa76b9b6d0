//! Sets the shared library's name, and generates the C header when asked to (feature `header`).

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // The number changes with an incompatible C ABI only, so that programs find a fitting library.
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libnomogram.so.1");
    }
    #[cfg(feature = "header")]
    header::generate();
}

#[cfg(feature = "header")]
#[allow(clippy::panic, reason = "a build that cannot go on must stop")]
mod header {
    use std::path::PathBuf;

    /// In the order in which a reader of the header needs them.
    const SOURCES: [&str; 5] = ["version", "status", "error", "model", "session"];

    const TRAILER: &str = "
/* Initial values of the structs, to be used as in: nomo_error error = NOMO_ERROR_INIT; */
#define NOMO_ERROR_INIT { (uint32_t)sizeof(nomo_error), 0, NOMO_NONE, NOMO_NONE, NOMO_NONE, { 0 } }
#define NOMO_OPEN_OPTIONS_INIT { (uint32_t)sizeof(nomo_open_options), 0, 0 }
#define NOMO_FEATURE_INIT { (uint32_t)sizeof(nomo_feature), 0, NULL, NULL }
#define NOMO_MATRIX_INIT { (uint32_t)sizeof(nomo_matrix), 0, NULL, 0, 0, 0, 0, 0 }
#define NOMO_OUTPUTS_INIT { (uint32_t)sizeof(nomo_outputs), 0, NULL, 0, NULL, 0 }

#ifdef __cplusplus
}
#endif

#endif /* NOMO_H */";

    /// Writes `nomogram.h` to the output folder; `cargo xtask header` copies it to `include/`.
    pub(super) fn generate() {
        println!("cargo::rerun-if-changed=src/ffi");
        println!("cargo::rerun-if-changed=cbindgen.toml");
        let root = PathBuf::from(variable("CARGO_MANIFEST_DIR"));
        let mut config = cbindgen::Config::from_file(root.join("cbindgen.toml"))
            .unwrap_or_else(|error| panic!("cbindgen.toml: {error}"));
        config.after_includes = Some(preamble());
        config.trailer = Some(TRAILER.into());
        let mut builder = cbindgen::Builder::new().with_config(config);
        for source in SOURCES {
            builder = builder.with_src(root.join(format!("src/ffi/{source}.rs")));
        }
        let bindings = builder.generate().unwrap_or_else(|error| panic!("cbindgen: {error}"));
        let mut header = Vec::new();
        bindings.write(&mut header);
        let header = String::from_utf8_lossy(&header);
        let target = PathBuf::from(variable("OUT_DIR")).join("nomogram.h");
        std::fs::write(&target, tidy(&header))
            .unwrap_or_else(|error| panic!("{}: {error}", target.display()));
    }

    /// Puts comments of one line on one line, and the constants of a list side by side.
    fn tidy(header: &str) -> String {
        let lines: Vec<&str> = header.lines().collect();
        let mut tidy: Vec<String> = Vec::new();
        let mut rest = lines.as_slice();
        while let [line, tail @ ..] = rest {
            rest = tail;
            match tail {
                [text, end, after @ ..] if line.trim() == "/*" && end.trim() == "*/" => {
                    let indent = &line[..line.len() - "/*".len()];
                    let comment = format!("{indent}/* {} */", text.trim());
                    let continues = matches!(tidy.as_slice(), [.., before, blank]
                        if blank.is_empty() && before.starts_with("#define NOMO_"));
                    if continues && after.first().is_some_and(|next| next.starts_with("#define")) {
                        tidy.pop();
                    }
                    tidy.push(comment);
                    rest = after;
                }
                _ if line.is_empty() && tidy.last().is_some_and(String::is_empty) => {}
                _ => tidy.push((*line).to_string()),
            }
        }
        tidy.join("\n") + "\n"
    }

    /// What stands between the includes and the declarations.
    fn preamble() -> String {
        let [major, minor, patch] =
            ["MAJOR", "MINOR", "PATCH"].map(|part| variable(&format!("CARGO_PKG_VERSION_{part}")));
        format!(
            "
#ifdef __cplusplus
extern \"C\" {{
#endif

/* Version of this header. */
#define NOMO_VERSION_MAJOR {major}
#define NOMO_VERSION_MINOR {minor}
#define NOMO_VERSION_PATCH {patch}
#define NOMO_VERSION ((uint32_t)(NOMO_VERSION_MAJOR << 16 | NOMO_VERSION_MINOR << 8 | NOMO_VERSION_PATCH))

/* The class of a status: what a program decides on. */
#define NOMO_STATUS_CLASS(status) ((status) & 0xff)

/* Says that an error has no row, feature or byte offset. */
#define NOMO_NONE (~(uint64_t)0)
"
        )
    }

    fn variable(name: &str) -> String {
        std::env::var(name).unwrap_or_else(|error| panic!("{name}: {error}"))
    }
}
