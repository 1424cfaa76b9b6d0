//! The C programs use every function, struct and status of the header.

use std::fs;
use std::path::Path;

pub(crate) fn text(path: impl AsRef<Path>) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The functions that a header declares, sorted.
pub(crate) fn functions(header: &str) -> Vec<String> {
    let mut functions: Vec<String> = without_comments(header)
        .lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))
        .filter(|line| !line.starts_with("typedef"))
        .filter_map(|line| line.split_once('(')?.0.split([' ', '*']).next_back().map(Into::into))
        .filter(|name: &String| name.starts_with("nomo_"))
        .collect();
    functions.sort_unstable();
    functions
}

/// The structs whose fields a header shows.
fn structs(header: &str) -> Vec<String> {
    let header = without_comments(header);
    let names =
        header.lines().filter_map(|line| line.strip_prefix("typedef struct ")?.strip_suffix(" {"));
    names.map(Into::into).collect()
}

/// The statuses that a function may return: classes end with a single digit or two.
fn statuses(header: &str) -> Vec<String> {
    let names = header.lines().filter_map(|line| {
        let (name, number) = line.strip_prefix("#define ")?.split_once(' ')?;
        (name.starts_with("NOMO_E") && number.starts_with("0x")).then(|| name.to_owned())
    });
    names.collect()
}

/// The INIT macro of a struct.
fn init_of(name: &str) -> String {
    format!("{}_INIT", name.to_uppercase())
}

fn without_comments(text: &str) -> String {
    let mut parts = text.split("/*");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |code, part| code + part.split_once("*/").map_or("", |(_, rest)| rest))
}

/// Whether the code contains the whole word `name`, followed by `next`.
pub(crate) fn mentions(code: &str, name: &str, next: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(name).any(|(at, _)| {
        let rest = &code[at + name.len()..];
        !code[..at].ends_with(is_word) && !rest.starts_with(is_word) && rest.starts_with(next)
    })
}

/// The items of the header that the programs do not use.
fn unused_items(header: &str, programs: &str) -> Vec<String> {
    let code = without_comments(programs);
    let uncalled = functions(header).into_iter().filter(|name| !mentions(&code, name, "("));
    let structs = structs(header);
    let without_init =
        structs.iter().filter(|name| !header.contains(&format!("#define {} {{", init_of(name))));
    let unused = structs.iter().map(|name| init_of(name)).filter(|init| !mentions(&code, init, ""));
    let unseen = statuses(header).into_iter().filter(|name| !mentions(&code, name, ""));
    uncalled
        .map(|name| format!("{name} is never called"))
        .chain(without_init.map(|name| format!("{name} has no INIT macro")))
        .chain(unused.map(|name| format!("{name} is never used")))
        .chain(unseen.map(|name| format!("{name} is never expected")))
        .collect()
}

#[test]
fn the_c_programs_use_the_whole_header() {
    let header = text("include/nomogram.h");
    assert!(functions(&header).len() >= 30, "{:?}", functions(&header));
    assert!(structs(&header).len() >= 10 && statuses(&header).len() >= 30);
    let mut programs = String::new();
    for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c")).unwrap() {
        programs += &text(file.unwrap().path());
    }
    let unused_items = unused_items(&header, &programs);
    assert!(unused_items.is_empty(), "{}", unused_items.join("\n"));
}

#[test]
fn an_unused_item_is_reported() {
    let header = "/* int32_t nomo_old(void); */\n\
        typedef struct nomo_thing {\n  uint32_t struct_size;\n} nomo_thing;\n\
        typedef void (*nomo_log_fn)(void *user);\n\
        int32_t nomo_thing_do(nomo_thing *thing,\n                      nomo_log_fn log);\n\
        const char *nomo_thing_name(void);\n\
        #define NOMO_EARGUMENT 1\n#define NOMO_EARGUMENT_NULL 0x0101\n\
        #define NOMO_THING_INIT { 8 }\n";
    assert_eq!(functions(header), ["nomo_thing_do", "nomo_thing_name"]);
    let good = "nomo_thing thing = NOMO_THING_INIT;\n\
        CHECK(nomo_thing_do(&thing, NULL) == NOMO_EARGUMENT_NULL); nomo_thing_name();";
    assert_eq!(unused_items(header, good), [""; 0]);
    let cases = [
        ("nomo_thing_do(", "nomo_thing_do_all(", "nomo_thing_do is never called"),
        ("nomo_thing_do(", "call = nomo_thing_do; (", "nomo_thing_do is never called"),
        ("nomo_thing_name();", "/* nomo_thing_name(); */", "nomo_thing_name is never called"),
        ("NOMO_THING_INIT", "{ 8 }", "NOMO_THING_INIT is never used"),
        ("NOMO_EARGUMENT_NULL", "NOMO_EARGUMENT", "NOMO_EARGUMENT_NULL is never expected"),
    ];
    for (found, instead, wanted) in cases {
        assert_eq!(unused_items(header, &good.replace(found, instead)), [wanted]);
    }
    let without_init = header.replace("#define NOMO_THING_INIT", "#define NOMO_OTHER_INIT");
    assert_eq!(unused_items(&without_init, good), ["nomo_thing has no INIT macro"]);
}
