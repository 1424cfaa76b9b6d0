//! PMML 4.4: trees and linear models, with the golden cases as `ModelVerification`.

mod verification;

use std::fmt::Write;

use nomogram::{
    Action, Aggregate, Comparison, Feature, FeatureKind, Forest, Linear, Link, Node, Precision,
    Side, Target, Tree,
};

use crate::error::Error;
use crate::single_member::{Kind, SingleMember};

/// The deepest tree that is written: elements are nested as deep.
const MAX_DEPTH: usize = 200;

/// The document of a member.
pub(crate) fn write(
    member: &SingleMember<'_>,
    bundle: &[u8],
    golden: ndarray::ArrayView2<'_, f64>,
) -> Result<String, Error> {
    let writer = Writer { member, mining_schema: mining_schema(member), bundle, golden };
    let body = match &member.kind {
        Kind::Forest(forest) => writer.forest(forest)?,
        Kind::Linear(linear) => writer.linear(linear)?,
    };
    let version = env!("CARGO_PKG_VERSION");
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = write!(
        text,
        "<PMML xmlns=\"http://www.dmg.org/PMML-4_4\" version=\"4.4\">\n<Header>\
         <Application name=\"nomogram\" version=\"{version}\"/></Header>\n{}{body}</PMML>\n",
        dictionary(member)?
    );
    Ok(text)
}

/// Text within an attribute or an element.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn data_type(feature: &Feature) -> (&'static str, &'static str) {
    match feature.kind {
        FeatureKind::Number => ("continuous", "double"),
        FeatureKind::Integer => ("continuous", "integer"),
        FeatureKind::Boolean => ("categorical", "boolean"),
        _ => ("categorical", "string"),
    }
}

fn dictionary(member: &SingleMember<'_>) -> Result<String, Error> {
    let mut text = String::from("<DataDictionary>\n");
    for feature in member.schema.features() {
        let (optype, data_type) = data_type(feature);
        let name = escaped(&feature.name);
        let _ = write!(
            text,
            "<DataField name=\"{name}\" optype=\"{optype}\" dataType=\"{data_type}\">"
        );
        for level in feature.levels() {
            let _ = write!(text, "<Value value=\"{}\"/>", escaped(level));
        }
        if let Some(range) = feature.range {
            let _ = write!(
                text,
                "<Interval closure=\"closedClosed\" leftMargin=\"{:e}\" rightMargin=\"{:e}\"/>",
                range.low, range.high
            );
        }
        text.push_str("</DataField>\n");
    }
    let target = escaped(member.schema.target().name());
    if member.schema.features().iter().any(|feature| feature.name == member.schema.target().name())
    {
        return Err(Error::unsupported("a target with the name of a feature"));
    }
    match member.schema.target() {
        Target::Classes { classes, .. } => {
            let _ = write!(
                text,
                "<DataField name=\"{target}\" optype=\"categorical\" dataType=\"string\">"
            );
            for class in classes {
                let _ = write!(text, "<Value value=\"{}\"/>", escaped(class));
            }
            text.push_str("</DataField>\n");
        }
        _ => {
            let _ = writeln!(
                text,
                "<DataField name=\"{target}\" optype=\"continuous\" dataType=\"double\"/>"
            );
        }
    }
    text.push_str("</DataDictionary>\n");
    Ok(text)
}

fn mining_schema(member: &SingleMember<'_>) -> String {
    let mut text = String::from("<MiningSchema>");
    for feature in member.schema.features() {
        let policy = &feature.policy;
        let invalid = match (&feature.kind, feature.range.is_some()) {
            (FeatureKind::Category { .. }, _) => policy.unseen_level,
            (_, true) => policy.out_of_range,
            (_, false) => Action::Refuse,
        };
        let treatment = match invalid {
            Action::Take => "asIs",
            Action::Impute => "asMissing",
            _ => "returnInvalid",
        };
        let name = escaped(&feature.name);
        let _ = write!(text, "<MiningField name=\"{name}\" invalidValueTreatment=\"{treatment}\"");
        if let (Action::Clamp, Some(range)) = (policy.out_of_range, feature.range) {
            // A value beyond the range becomes its end.
            let _ = write!(
                text,
                " outliers=\"asExtremeValues\" lowValue=\"{:e}\" highValue=\"{:e}\"",
                range.low, range.high
            );
        }
        text.push_str("/>");
    }
    let target = escaped(member.schema.target().name());
    let _ = writeln!(text, "<MiningField name=\"{target}\" usageType=\"target\"/></MiningSchema>");
    text
}

struct Writer<'w> {
    member: &'w SingleMember<'w>,
    mining_schema: String,
    bundle: &'w [u8],
    golden: ndarray::ArrayView2<'w, f64>,
}

impl Writer<'_> {
    fn classes(&self) -> &[String] {
        self.member.schema.target().classes()
    }

    fn function(&self) -> &'static str {
        if self.classes().is_empty() { "regression" } else { "classification" }
    }

    /// The outputs of the whole model, and its verification.
    fn output_and_verification(&self) -> Result<String, Error> {
        let mut text = String::from("<Output>");
        if self.classes().is_empty() {
            text.push_str("<OutputField name=\"prediction\" feature=\"predictedValue\" optype=\"continuous\" dataType=\"double\"/>");
        }
        for class in self.classes() {
            let class = escaped(class);
            let _ = write!(
                text,
                "<OutputField name=\"probability({class})\" feature=\"probability\" value=\"{class}\" optype=\"continuous\" dataType=\"double\"/>"
            );
        }
        text.push_str("</Output>\n");
        Ok(text)
    }

    fn verification(&self) -> Result<String, Error> {
        verification::write(self.member, self.bundle, self.golden)
    }

    fn linear(&self, linear: &Linear) -> Result<String, Error> {
        if self.member.schema.features().iter().any(|feature| !feature.levels().is_empty()) {
            return Err(Error::unsupported("the number of a level as a value of a linear model"));
        }
        let n_inputs = linear.weights().len() / linear.intercepts().len().max(1);
        let rows = linear.weights().chunks(n_inputs.max(1));
        let features = self.member.schema.features();
        let sums = linear.intercepts().iter().zip(rows).map(|(intercept, weights)| {
            let mut terms = String::new();
            for (feature, weight) in features.iter().zip(weights) {
                let name = escaped(&feature.name);
                let _ =
                    write!(terms, "<NumericPredictor name=\"{name}\" coefficient=\"{weight:e}\"/>");
            }
            (*intercept, terms)
        });
        let sums: Vec<(f64, String)> = sums.collect();
        let head = format!("{}{}", self.mining_schema, self.output_and_verification()?);
        self.regression(linear.link(), &head, &sums, &self.verification()?)
    }

    /// A `RegressionModel` over sums.
    fn regression(
        &self,
        link: Link,
        head: &str,
        sums: &[(f64, String)],
        tail: &str,
    ) -> Result<String, Error> {
        let method = match link {
            Link::Identity => "none",
            Link::Log => "exp",
            Link::Logit => "logit",
            Link::ComplementaryLogLog => "cloglog",
            Link::Softmax => "softmax",
            other => return Err(Error::unsupported(format!("link {other:?} in PMML"))),
        };
        let function = self.function();
        let mut text = format!(
            "<RegressionModel functionName=\"{function}\" normalizationMethod=\"{method}\">\n{head}"
        );
        // Verification comes before the tables: it is an element of every model's head.
        text.push_str(tail);
        let mut table = |class: Option<&String>, intercept: f64, terms: &str| {
            let class = class.map(|class| format!(" targetCategory=\"{}\"", escaped(class)));
            let class = class.unwrap_or_default();
            let _ = writeln!(
                text,
                "<RegressionTable intercept=\"{intercept:e}\"{class}>{terms}</RegressionTable>"
            );
        };
        match (sums, self.classes()) {
            // The formula is that of the second class.
            ([(intercept, terms)], [first, second]) => {
                table(Some(second), *intercept, terms);
                table(Some(first), 0.0, "");
            }
            (sums, classes) => {
                for (nth, (intercept, terms)) in sums.iter().enumerate() {
                    table(classes.get(nth), *intercept, terms);
                }
            }
        }
        text.push_str("</RegressionModel>\n");
        Ok(text)
    }

    fn forest(&self, forest: &Forest) -> Result<String, Error> {
        if forest.precision != Precision::Double {
            return Err(Error::unsupported("a forest that rounds to single precision"));
        }
        let has_bases = forest.base_margins.iter().any(|base| *base != 0.0);
        let head = format!("{}{}", self.mining_schema, self.output_and_verification()?);
        let tail = self.verification()?;
        match (forest.link, forest.aggregate) {
            (Link::Probability, _) | (Link::Identity, Aggregate::Mean) if !has_bases => {
                let segments = self.segments(forest, None, self.function())?;
                Ok(mining(self.function(), &format!("{head}{tail}"), "average", &segments))
            }
            (_, Aggregate::Mean) => {
                Err(Error::unsupported("a mean of trees with a base or a link"))
            }
            (Link::Identity, Aggregate::Sum) => {
                let segments = self.segments(forest, Some(0), "regression")?;
                Ok(mining("regression", &format!("{head}{tail}"), "sum", &segments))
            }
            (link, Aggregate::Sum) => {
                let features = self.member.schema.features();
                let is_taken = |name: &str| features.iter().any(|feature| feature.name == name);
                let mut chain = String::new();
                let mut sums = Vec::new();
                for margin in 0..forest.base_margins.len() {
                    let name = (0..).map(|n| format!("margin {}{}", margin + 1, "'".repeat(n)));
                    let name = name.into_iter().find(|name| !is_taken(name)).unwrap_or_default();
                    let output = format!(
                        "{}<Output><OutputField name=\"{name}\" feature=\"predictedValue\" optype=\"continuous\" dataType=\"double\"/></Output>\n",
                        self.mining_schema
                    );
                    let segments = self.segments(forest, Some(margin), "regression")?;
                    let model = mining("regression", &output, "sum", &segments);
                    let _ =
                        write!(chain, "<Segment id=\"{}\"><True/>{model}</Segment>\n", margin + 1);
                    let term = format!("<NumericPredictor name=\"{name}\" coefficient=\"1\"/>");
                    sums.push((0.0, term, name));
                }
                let target = escaped(self.member.schema.target().name());
                let mut last = String::from("<MiningSchema>");
                for (_, _, name) in &sums {
                    let _ = write!(last, "<MiningField name=\"{name}\"/>");
                }
                let _ = writeln!(
                    last,
                    "<MiningField name=\"{target}\" usageType=\"target\"/></MiningSchema>"
                );
                let sums: Vec<(f64, String)> =
                    sums.into_iter().map(|(base, term, _)| (base, term)).collect();
                let model = self.regression(link, &last, &sums, "")?;
                let _ = write!(chain, "<Segment id=\"last\"><True/>{model}</Segment>\n");
                Ok(mining(self.function(), &format!("{head}{tail}"), "modelChain", &chain))
            }
            _ => Err(Error::unsupported("such an aggregate of trees")),
        }
    }

    /// The trees that add to a margin, after its base.
    fn segments(
        &self,
        forest: &Forest,
        margin: Option<usize>,
        function: &str,
    ) -> Result<String, Error> {
        let mut text = String::new();
        let mut id = 0;
        let mut segment = |node: &str| {
            id += 1;
            let _ = write!(
                text,
                "<Segment id=\"{id}\"><True/><TreeModel functionName=\"{function}\" missingValueStrategy=\"defaultChild\">{}{node}</TreeModel></Segment>\n",
                self.mining_schema
            );
        };
        let base = margin.and_then(|margin| forest.base_margins.get(margin)).copied();
        if let Some(base) = base.filter(|base| *base != 0.0) {
            segment(&format!("<Node id=\"0\" score=\"{base:e}\"><True/></Node>"));
        }
        for tree in &forest.trees {
            let values = match (margin, tree.margin) {
                (None, None) => Values::Distribution(self.classes()),
                (None, Some(_)) if self.classes().is_empty() => Values::Margin(0, 1),
                (None, Some(_)) => {
                    return Err(Error::unsupported("a mean of trees of one class each"));
                }
                (Some(margin), Some(of_tree)) if of_tree as usize != margin => continue,
                (Some(_), Some(_)) => Values::Margin(0, 1),
                (Some(margin), None) => Values::Margin(margin, forest.base_margins.len()),
            };
            let values = if self.classes().is_empty() && matches!(values, Values::Distribution(_)) {
                Values::Margin(0, 1)
            } else {
                values
            };
            let nodes = Nodes { writer: self, forest, tree, values };
            let mut node = String::new();
            nodes.write(&mut node, 0, "<True/>", 0)?;
            segment(&node);
        }
        if id == 0 {
            segment("<Node id=\"0\" score=\"0\"><True/></Node>");
        }
        Ok(text)
    }
}

fn mining(function: &str, head: &str, method: &str, segments: &str) -> String {
    format!(
        "<MiningModel functionName=\"{function}\">\n{head}<Segmentation multipleModelMethod=\"{method}\">\n{segments}</Segmentation></MiningModel>\n"
    )
}

/// What the score of a leaf is.
enum Values<'v> {
    /// The probability of each class.
    Distribution(&'v [String]),
    /// One of so many values of a leaf.
    Margin(usize, usize),
}

struct Nodes<'n> {
    writer: &'n Writer<'n>,
    forest: &'n Forest,
    tree: &'n Tree,
    values: Values<'n>,
}

impl Nodes<'_> {
    fn write(
        &self,
        text: &mut String,
        index: usize,
        test: &str,
        depth: usize,
    ) -> Result<(), Error> {
        if depth > MAX_DEPTH {
            return Err(Error::unsupported(format!("a tree deeper than {MAX_DEPTH} splits")));
        }
        let (left, right, side, tests) = match self.tree.nodes.get(index) {
            Some(Node::Leaf { leaf }) => {
                self.leaf(text, index, test, *leaf as usize);
                return Ok(());
            }
            Some(Node::Split { input, threshold, left, right, default_child }) => {
                (*left, *right, *default_child, self.comparison(*input, *threshold)?)
            }
            Some(Node::SplitLevels { input, levels, left, right, default_child }) => {
                (*left, *right, *default_child, self.set(*input, levels)?)
            }
            _ => return Err(Error::unsupported("a node of this kind")),
        };
        let default = if side == Side::Left { left } else { right };
        let _ = write!(text, "<Node id=\"{index}\" defaultChild=\"{default}\">{test}");
        self.write(text, left as usize, &tests.0, depth + 1)?;
        self.write(text, right as usize, &tests.1, depth + 1)?;
        text.push_str("</Node>");
        Ok(())
    }

    fn leaf(&self, text: &mut String, index: usize, test: &str, leaf: usize) {
        let value = |nth: usize| self.tree.leaves.get(nth).copied().unwrap_or_default();
        match self.values {
            Values::Margin(margin, width) => {
                let score = value(leaf * width + margin);
                let _ = write!(text, "<Node id=\"{index}\" score=\"{score:e}\">{test}</Node>");
            }
            Values::Distribution(classes) => {
                let shares = || (0..classes.len()).map(|class| value(leaf * classes.len() + class));
                let best = classes
                    .iter()
                    .zip(shares())
                    .fold((None, f64::NEG_INFINITY), |best, (class, share)| {
                        if share > best.1 { (Some(class), share) } else { best }
                    });
                let score = best.0.map(|class| escaped(class)).unwrap_or_default();
                let _ = write!(text, "<Node id=\"{index}\" score=\"{score}\">{test}");
                for (class, share) in classes.iter().zip(shares()) {
                    let class = escaped(class);
                    let _ = write!(
                        text,
                        "<ScoreDistribution value=\"{class}\" recordCount=\"{share:e}\" probability=\"{share:e}\"/>"
                    );
                }
                text.push_str("</Node>");
            }
        }
    }

    fn feature(&self, input: u32) -> Result<&Feature, Error> {
        let feature = self.writer.member.schema.features().get(input as usize);
        feature.ok_or_else(|| Error::unsupported("an input that is no feature"))
    }

    fn comparison(&self, input: u32, threshold: f64) -> Result<(String, String), Error> {
        let feature = self.feature(input)?;
        let (below, above) = match self.forest.comparison {
            Comparison::AtMost => ("lessOrEqual", "greaterThan"),
            _ => ("lessThan", "greaterOrEqual"),
        };
        if !matches!(feature.kind, FeatureKind::Number | FeatureKind::Integer) {
            return Err(Error::unsupported("a threshold of a feature that is no number"));
        }
        let name = escaped(&feature.name);
        let test = |operator: &str| {
            format!(
                "<SimplePredicate field=\"{name}\" operator=\"{operator}\" value=\"{threshold:e}\"/>"
            )
        };
        Ok((test(below), test(above)))
    }

    fn set(&self, input: u32, levels: &[u32]) -> Result<(String, String), Error> {
        let feature = self.feature(input)?;
        let names = levels.iter().filter_map(|level| feature.levels().get(*level as usize));
        let names: Vec<String> = names
            .map(|name| {
                format!("&quot;{}&quot;", escaped(&name.replace('\\', "\\\\").replace('"', "\\\"")))
            })
            .collect();
        if names.len() != levels.len() {
            return Err(Error::unsupported("a set of levels without names"));
        }
        let field = escaped(&feature.name);
        let (n, names) = (names.len(), names.join(" "));
        let test = |operator: &str| {
            format!(
                "<SimpleSetPredicate field=\"{field}\" booleanOperator=\"{operator}\"><Array type=\"string\" n=\"{n}\">{names}</Array></SimpleSetPredicate>"
            )
        };
        Ok((test("isIn"), test("isNotIn")))
    }
}
