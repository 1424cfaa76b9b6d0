//! Sets the shared library's name, and generates the C header when asked to (feature `header`).

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // The number changes only with an incompatible C ABI, so that programs load a library that fits.
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libnomogram.so.1");
    }
    #[cfg(feature = "header")]
    header::generate();
}

#[cfg(feature = "header")]
#[allow(clippy::panic, reason = "a build script fails by panicking")]
mod header {
    use std::path::{Path, PathBuf};

    /// Files of `src/ffi` and the titles of their sections, in the order of the header.
    const SOURCES: [(&str, &str); 20] = [
        ("version", "Version"),
        ("status", "Status"),
        ("error", "Errors"),
        ("model", "Models"),
        ("inspect/info", "The model as a whole"),
        ("inspect/feature", "Features"),
        ("inspect/ensemble", "Classes, members, cutoffs"),
        ("inspect/rule", "Rules"),
        ("inspect/uncertainty", "Uncertainty"),
        ("monitor", "Monitors"),
        ("session", "Sessions"),
        ("outputs", "Outputs"),
        ("row", "One row"),
        ("batch", "Many rows"),
        ("batch/matrix", "Rows as a matrix"),
        ("batch/columns", "Rows as columns"),
        ("arrow", "Arrow"),
        ("explainer", "Explanations"),
        ("explainer/attributions", "Explanations of rows"),
        ("explainer/to_arrow", "Explanations and Arrow"),
    ];

    /// The structs of the Arrow C Data Interface, as its specification spells them.
    const ARROW: &str = "\
/*
 The structs of the Arrow C Data Interface, which other headers declare too. They do not begin with
 their size, and are freed by their `release`.
 */
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
  /* Array type description */
  const char *format;
  const char *name;
  const char *metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema **children;
  struct ArrowSchema *dictionary;

  /* Release callback */
  void (*release)(struct ArrowSchema *);
  /* Opaque producer-specific data */
  void *private_data;
};

struct ArrowArray {
  /* Array data description */
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void **buffers;
  struct ArrowArray **children;
  struct ArrowArray *dictionary;

  /* Release callback */
  void (*release)(struct ArrowArray *);
  /* Opaque producer-specific data */
  void *private_data;
};

#endif /* ARROW_C_DATA_INTERFACE */

";

    const TRAILER: &str = "
/* Initial values of the structs, for example: nomo_error error = NOMO_ERROR_INIT; */
#define NOMO_ERROR_INIT { (uint32_t)sizeof(nomo_error), 0, NOMO_PLACE_NONE, NOMO_PLACE_NONE, NOMO_PLACE_NONE, { 0 } }
#define NOMO_OPEN_OPTIONS_INIT { (uint32_t)sizeof(nomo_open_options), 0, 0, NULL, NULL, 0, 0, NULL, 0 }
#define NOMO_MODEL_INFO_INIT \
    { (uint32_t)sizeof(nomo_model_info), 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, \
      0, 0, 0, 0, 0, 0, 0 }
#define NOMO_FEATURE_INIT \
    { (uint32_t)sizeof(nomo_feature), 0, NULL, NULL, 0.0, 0.0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }
#define NOMO_UNIT_INIT { (uint32_t)sizeof(nomo_unit), 0, NULL, 0.0, 0.0, 0.0 }
#define NOMO_MEMBER_INIT { (uint32_t)sizeof(nomo_member), 0, NULL, 0 }
#define NOMO_CUTOFF_INIT { (uint32_t)sizeof(nomo_cutoff), 0, NULL, 0.0 }
#define NOMO_RULE_INIT { (uint32_t)sizeof(nomo_rule), 0, NULL, NULL, 0 }
#define NOMO_UNCERTAINTY_INIT \
    { (uint32_t)sizeof(nomo_uncertainty), NOMO_AMBIGUOUS_NEVER, 0, NULL, 0, 0, 0, 0, 0, 0, 0.0, 0.0, 0, 0 }
#define NOMO_OUTPUTS_INIT \
    { (uint32_t)sizeof(nomo_outputs), NOMO_ON_REFUSAL_STOP, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NULL, 0, \
      NULL, 0, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NULL, 0 }
#define NOMO_MATRIX_INIT { (uint32_t)sizeof(nomo_matrix), NOMO_TYPE_DOUBLE, NULL, 0, 0, 0, 0, 0 }
#define NOMO_COLUMN_INIT { (uint32_t)sizeof(nomo_column), NOMO_TYPE_DOUBLE, 0, NULL, 0, NULL, 0, NULL }
#define NOMO_EXPLAINER_OPTIONS_INIT \
    { (uint32_t)sizeof(nomo_explainer_options), NOMO_EXPLAIN_OUTPUTS, 0, NOMO_METHOD_GROUPS, 0, 0 }
#define NOMO_EXPLAINER_INFO_INIT { (uint32_t)sizeof(nomo_explainer_info), 0, 0, 0, 0, 0, 0 }
#define NOMO_PLAYER_INIT { (uint32_t)sizeof(nomo_player), 0, NULL, NULL, 0 }
#define NOMO_ATTRIBUTIONS_INIT \
    { (uint32_t)sizeof(nomo_attributions), NOMO_ON_REFUSAL_STOP, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NULL, 0 }

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
        // No function in the same file uses them.
        config.export.include = vec!["nomo_error".into(), "nomo_outputs".into()];
        let mut header = config.header.take().unwrap_or_default() + "\n\n";
        for include in config.sys_includes.drain(..) {
            header += &format!("#include <{include}>\n");
        }
        header += &preamble();
        for (source, title) in SOURCES {
            let line = "-".repeat(80 - title.len());
            header += &format!("\n/* ---- {title} {line} */\n\n");
            if source == "arrow" {
                header += ARROW;
            }
            header += &tidy(&declarations(&root.join(format!("src/ffi/{source}.rs")), &config));
        }
        header += TRAILER;
        let target = PathBuf::from(variable("OUT_DIR")).join("nomogram.h");
        std::fs::write(&target, header + "\n")
            .unwrap_or_else(|error| panic!("{}: {error}", target.display()));
    }

    /// The declarations of one file: constants, then types, then functions.
    fn declarations(source: &Path, config: &cbindgen::Config) -> String {
        let builder = cbindgen::Builder::new().with_config(config.clone()).with_src(source);
        let bindings = builder.generate().unwrap_or_else(|error| panic!("cbindgen: {error}"));
        let mut text = Vec::new();
        bindings.write(&mut text);
        String::from_utf8_lossy(&text).into_owned()
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
                _ if line.starts_with("typedef") => tidy.push((*line).to_string()),
                _ => tidy.push(with_tags(&line.replace("struct nomo_", "nomo_"))),
            }
        }
        hexadecimal(&tidy.join("\n"))
    }

    /// Arrow's structs have a tag and no other name.
    fn with_tags(line: &str) -> String {
        ["ArrowSchema *", "ArrowArray *"].iter().fold(line.to_owned(), |line, name| {
            let tagged = format!("struct {name}");
            line.replace(&tagged, name).replace(name, &tagged)
        })
    }

    /// Writes statuses in hexadecimal, which shows their class and their detail.
    fn hexadecimal(declarations: &str) -> String {
        let mut lines = String::new();
        for line in declarations.trim().lines() {
            match status(line) {
                Some((name, number)) if number > 0xff => {
                    lines += &format!("#define {name} 0x{number:04X}\n");
                }
                _ => lines += &format!("{line}\n"),
            }
        }
        lines
    }

    /// The name and the number of a status; `NOMO_ERROR_...` are constants of errors.
    fn status(line: &str) -> Option<(&str, u32)> {
        let (name, number) = line.strip_prefix("#define ")?.split_once(' ')?;
        let is_status = name.starts_with("NOMO_E") && !name.starts_with("NOMO_ERROR_");
        number.parse().ok().filter(|_| is_status).map(|number| (name, number))
    }

    /// The text between the includes and the declarations.
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

/* The class of a status, on which a program decides. */
#define NOMO_STATUS_CLASS(status) ((status) & 0xff)

/* The error has no row, feature or byte offset. */
#define NOMO_PLACE_NONE (~(uint64_t)0)

/* The class index of a row without a class: refused, or of a model that predicts a number. */
#define NOMO_CLASS_NONE (~(uint32_t)0)
"
        )
    }

    fn variable(name: &str) -> String {
        std::env::var(name).unwrap_or_else(|error| panic!("{name}: {error}"))
    }
}
