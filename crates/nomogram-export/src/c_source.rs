//! C99: one function without allocation, with the core's bits.
//!
//! Sums run in the core's order, and the exponential is the one that the core uses: so margins and outputs have
//! the same bits where the compiler does not fuse a multiplication with an addition. The file turns that off.

use std::fmt::Write;

use nomogram::{Aggregate, Comparison, Forest, Linear, Link, Node, Precision, Side};

use crate::error::Error;
use crate::single_member::{Kind, SingleMember};

/// The exponential that the core uses.
const EXP: &str = include_str!("exp.c");

/// The source of a member.
pub(crate) fn write(member: &SingleMember<'_>) -> Result<String, Error> {
    let link = member.kind.link();
    let (n_margins, body) = match &member.kind {
        Kind::Forest(forest) => (forest.base_margins.len(), of_forest(forest)?),
        Kind::Linear(linear) => (linear.intercepts().len(), of_linear(linear, false)),
        Kind::LinearSingle(single) => {
            (single.linear().intercepts().len(), of_linear(single.linear(), true))
        }
    };
    let outputs = outputs(link, n_margins)?;
    let mut text = String::new();
    let name = comment(member.name);
    line(
        &mut text,
        &format!("/* {name}: made by nomogram export {}. */", env!("CARGO_PKG_VERSION")),
    );
    line(
        &mut text,
        "/* x: one value per feature; NAN is missing, a level is its number. Values must be valid:",
    );
    line(&mut text, "   ranges and policies of the bundle are not part of this file.");
    for (index, feature) in member.schema.features().iter().enumerate() {
        line(&mut text, &format!("   x[{index}]: {}", comment(&feature.name)));
        for (level, name) in feature.levels().iter().enumerate() {
            line(&mut text, &format!("     {level}: {}", comment(name)));
        }
    }
    let classes = member.schema.target().classes();
    match classes {
        [] => line(&mut text, &format!("   out[0]: {} */", comment(member.schema.target().name()))),
        _ => {
            for (index, class) in classes.iter().enumerate() {
                line(&mut text, &format!("   out[{index}]: probability of {}", comment(class)));
            }
            line(&mut text, "*/");
        }
    }
    line(&mut text, "#include <stdint.h>\n#include <string.h>\n");
    line(&mut text, "#ifdef __clang__\n#pragma STDC FP_CONTRACT OFF\n#endif");
    line(&mut text, "/* With GCC: -std=c99, which does not fuse, or -ffp-contract=off. */\n");
    line(&mut text, "void nomogram_predict(const double *x, double *out);\n");
    if uses_exp(link) {
        text.push_str(EXP);
        line(&mut text, "");
    }
    text.push_str(&body);
    line(
        &mut text,
        &format!(
            "\nvoid nomogram_predict(const double *x, double *out) {{\n  double m[{n_margins}];\n  margins(x, m);"
        ),
    );
    text.push_str(&outputs);
    line(&mut text, "}");
    Ok(text)
}

fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

/// Text that cannot end a comment or continue a line.
fn comment(text: &str) -> String {
    let safe = |letter: char| match letter {
        '*' | '/' | '\\' | '?' => '_',
        _ if letter.is_control() => '_',
        _ => letter,
    };
    text.chars().map(safe).collect()
}

fn uses_exp(link: Link) -> bool {
    !matches!(link, Link::Identity | Link::Probability)
}

/// A number that reads back to the same bits.
fn number(value: f64) -> String {
    let text = format!("{value:e}");
    if text.contains('.') { text } else { text.replacen('e', ".0e", 1) }
}

/// `is_single` is whether it computes in single precision, where a missing value adds nothing.
fn of_linear(linear: &Linear, is_single: bool) -> String {
    let mut text = String::from("static void margins(const double *x, double *m) {\n");
    let n_inputs = linear.weights().len() / linear.intercepts().len().max(1);
    let rows = linear.weights().chunks(n_inputs.max(1));
    for (margin, (intercept, weights)) in linear.intercepts().iter().zip(rows).enumerate() {
        line(&mut text, &format!("  m[{margin}] = {};", number(*intercept)));
        for (input, weight) in weights.iter().enumerate() {
            let weight = number(*weight);
            let statement = if is_single {
                let product = format!("(double)(float)({weight} * (double)(float)x[{input}])");
                let sum = format!("(double)(float)(m[{margin}] + {product})");
                format!("  if (x[{input}] == x[{input}]) m[{margin}] = {sum};")
            } else {
                format!("  m[{margin}] = m[{margin}] + {weight} * x[{input}];")
            };
            line(&mut text, &statement);
        }
    }
    text + "}\n"
}

fn of_forest(forest: &Forest) -> Result<String, Error> {
    let is_single = forest.precision == Precision::Single;
    let mut text = String::new();
    let value = |input: u32| match forest.precision {
        Precision::Double => format!("x[{input}]"),
        Precision::SingleInputs | Precision::Single => format!("(double)(float)x[{input}]"),
    };
    let rounded = |sum: String| if is_single { format!("(double)(float)({sum})") } else { sum };
    for (index, tree) in forest.trees.iter().enumerate() {
        line(
            &mut text,
            &format!(
                "/* Returns the leaf of tree {}. */\nstatic int tree_{index}(const double *x) {{",
                index + 1
            ),
        );
        let uses_input = tree.nodes.iter().any(|node| !matches!(node, Node::Leaf { .. }));
        if !uses_input {
            line(&mut text, "  (void)x;");
        }
        for (position, node) in tree.nodes.iter().enumerate() {
            // Only nodes that are jumped to have a label.
            let label = if position == 0 { String::new() } else { format!("n{position}: ") };
            let go = |test: String, left: &u32, right: &u32, input: &u32, side: Side| {
                let test = match side {
                    // A comparison with a missing value is false.
                    Side::Right => test,
                    Side::Left => format!("{test} || {value} != {value}", value = value(*input)),
                };
                format!("  {label}if ({test}) goto n{left}; else goto n{right};")
            };
            let statement = match node {
                Node::Leaf { leaf } => format!("  {label}return {leaf};"),
                Node::Split { input, threshold, left, right, default_child } => {
                    let operator = match forest.comparison {
                        Comparison::AtMost => "<=",
                        Comparison::Below => "<",
                    };
                    let test = format!("{} {operator} {}", value(*input), number(*threshold));
                    go(test, left, right, input, *default_child)
                }
                Node::SplitLevels { input, levels, left, right, default_child } => {
                    let tests =
                        levels.iter().map(|level| format!("{} == {level}.0", value(*input)));
                    let test = tests.collect::<Vec<_>>().join(" || ");
                    go(test, left, right, input, *default_child)
                }
            };
            line(&mut text, &statement);
        }
        line(&mut text, "}");
    }
    line(&mut text, "static void margins(const double *x, double *m) {\n  int leaf;");
    let is_mean = forest.aggregate == Aggregate::Mean;
    let n_margins = forest.base_margins.len();
    for (margin, base) in forest.base_margins.iter().enumerate() {
        let start = if is_mean { "0.0".into() } else { rounded(number(*base)) };
        line(&mut text, &format!("  m[{margin}] = {start};"));
    }
    let mut n_trees = vec![0_u32; n_margins];
    for (index, tree) in forest.trees.iter().enumerate() {
        let leaves: Vec<String> = tree.leaves.iter().map(|leaf| number(*leaf)).collect();
        line(
            &mut text,
            &format!("  {{ static const double leaves[] = {{ {} }};", leaves.join(", ")),
        );
        line(&mut text, &format!("    leaf = tree_{index}(x);"));
        let (first, width) = match tree.margin {
            Some(margin) => (margin as usize, 1),
            None => (0, n_margins),
        };
        for nth in 0..width {
            let margin = first + nth;
            let leaf = rounded(format!("leaves[leaf * {width} + {nth}]"));
            let sum = rounded(format!("m[{margin}] + {leaf}"));
            line(&mut text, &format!("    m[{margin}] = {sum};"));
            n_trees.iter_mut().skip(margin).take(1).for_each(|n| *n += 1);
        }
        line(&mut text, "  }");
    }
    if is_mean {
        for (margin, (base, n)) in forest.base_margins.iter().zip(n_trees).enumerate() {
            let mean = rounded(format!("m[{margin}] / {}.0", n.max(1)));
            let sum = rounded(format!("{} + {mean}", rounded(number(*base))));
            line(&mut text, &format!("  m[{margin}] = {sum};"));
        }
    }
    if forest.trees.is_empty() {
        line(&mut text, "  (void)x; leaf = 0; (void)leaf;");
    }
    Ok(text + "}\n")
}

/// The statements from margins to outputs, as the core computes them.
fn outputs(link: Link, n_margins: usize) -> Result<String, Error> {
    let mut text = String::new();
    match link {
        Link::Identity | Link::Probability => {
            for margin in 0..n_margins {
                let _ = writeln!(text, "  out[{margin}] = m[{margin}];");
            }
        }
        Link::Log => text.push_str("  out[0] = nomogram_exp(m[0]);\n"),
        Link::LogSingle => text.push_str("  out[0] = (double)(float)nomogram_exp(m[0]);\n"),
        Link::Logit => text.push_str(
            "  {\n    double e = nomogram_exp(m[0] < 0.0 ? m[0] : -m[0]);\n    double small = e / (1.0 + e), large = 1.0 / (1.0 + e);\n    out[0] = m[0] >= 0.0 ? small : large;\n    out[1] = m[0] >= 0.0 ? large : small;\n  }\n",
        ),
        Link::LogitSingle => text.push_str(
            "  {\n    double low = -m[0] < (double)88.7f ? -m[0] : (double)88.7f;\n    double d = (double)(float)((double)(float)nomogram_exp(low) + 1.0);\n    out[1] = (double)(float)(1.0 / d);\n    out[0] = (double)(float)(1.0 - out[1]);\n  }\n",
        ),
        Link::Softmax => {
            let _ = write!(
                text,
                "  {{\n    int k;\n    double largest = m[0], sum = 0.0;\n    for (k = 1; k < {n_margins}; k++) if (m[k] > largest) largest = m[k];\n    for (k = 0; k < {n_margins}; k++) {{ out[k] = nomogram_exp(m[k] - largest); sum = sum + out[k]; }}\n    for (k = 0; k < {n_margins}; k++) out[k] = out[k] / sum;\n  }}\n"
            );
        }
        Link::OneVsRest => {
            let _ = write!(
                text,
                "  {{\n    int k;\n    double e, sum = 0.0;\n    for (k = 0; k < {n_margins}; k++) {{ e = nomogram_exp(m[k] < 0.0 ? m[k] : -m[k]); out[k] = (m[k] < 0.0 ? e : 1.0) / (1.0 + e); sum = sum + out[k]; }}\n    for (k = 0; k < {n_margins}; k++) out[k] = sum > 0.0 ? out[k] / sum : 1.0 / {n_margins}.0;\n  }}\n"
            );
        }
        Link::SoftmaxSingle | Link::ComplementaryLogLog => {
            return Err(Error::unsupported(format!("link {} in C", link.name())));
        }
    }
    Ok(text)
}
