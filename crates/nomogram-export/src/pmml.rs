//! PMML 4.4: trees and linear models, with the golden cases as `ModelVerification`.

mod dictionary;

mod nodes;

mod verification;

use std::fmt::Write;

use nomogram::{Aggregate, Forest, Linear, Link, Precision};

use crate::error::Error;
use crate::single_member::{Kind, SingleMember};
use dictionary::{dictionary, mining_schema};
use nodes::{Nodes, Values};

/// The deepest tree that is written: elements are nested as deep.
const MAX_DEPTH: usize = 200;

/// The document of a member.
pub(crate) fn write(
    member: &SingleMember<'_>,
    bundle: &[u8],
    golden: ndarray::ArrayView2<'_, f64>,
) -> Result<String, Error> {
    let writer = Writer {
        member,
        mining_schema: mining_schema(member, true),
        inputs_only: mining_schema(member, false),
        bundle,
        golden,
    };
    let body = match &member.kind {
        Kind::Forest(forest) => writer.forest(forest)?,
        Kind::Linear(linear) => writer.linear(linear)?,
        Kind::LinearSingle(_) => {
            return Err(Error::unsupported("a linear model in single precision"));
        }
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

struct Writer<'w> {
    member: &'w SingleMember<'w>,
    mining_schema: String,
    /// Without the target: a margin is not the target.
    inputs_only: String,
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
            Link::Probability
            | Link::LogitSingle
            | Link::SoftmaxSingle
            | Link::LogSingle
            | Link::OneVsRest => {
                return Err(Error::unsupported(format!("link {} in PMML", link.name())));
            }
        };
        let function = self.function();
        let mut text = format!(
            "<RegressionModel functionName=\"{function}\" normalizationMethod=\"{method}\">\n{head}"
        );
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
        // Verification is the last element of a model.
        text.push_str(tail);
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
                let segments = self.segments(forest, None, &self.mining_schema, self.function())?;
                Ok(mining(self.function(), &head, "average", &segments, &tail))
            }
            (_, Aggregate::Mean) => {
                Err(Error::unsupported("a mean of trees with a base or a link"))
            }
            (Link::Identity, Aggregate::Sum) => {
                let segments = self.segments(forest, Some(0), &self.mining_schema, "regression")?;
                Ok(mining("regression", &head, "sum", &segments, &tail))
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
                        self.inputs_only
                    );
                    let segments =
                        self.segments(forest, Some(margin), &self.inputs_only, "regression")?;
                    let model = mining("regression", &output, "sum", &segments, "");
                    let _ =
                        writeln!(chain, "<Segment id=\"{}\"><True/>{model}</Segment>", margin + 1);
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
                let _ = writeln!(chain, "<Segment id=\"last\"><True/>{model}</Segment>");
                Ok(mining(self.function(), &head, "modelChain", &chain, &tail))
            }
        }
    }

    /// The trees that add to a margin, after its base.
    fn segments(
        &self,
        forest: &Forest,
        margin: Option<usize>,
        mining_schema: &str,
        function: &str,
    ) -> Result<String, Error> {
        let mut segments: Vec<String> = Vec::new();
        let segment = |segments: &mut Vec<String>, node: &str| {
            let id = segments.len() + 1;
            segments.push(format!(
                "<Segment id=\"{id}\"><True/><TreeModel functionName=\"{function}\" missingValueStrategy=\"defaultChild\">{}{node}</TreeModel></Segment>\n",
                mining_schema
            ));
        };
        let base = margin.and_then(|margin| forest.base_margins.get(margin)).copied();
        if let Some(base) = base.filter(|base| *base != 0.0) {
            segment(&mut segments, &format!("<Node id=\"0\" score=\"{base:e}\"><True/></Node>"));
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
            segment(&mut segments, &node);
        }
        if segments.is_empty() {
            segment(&mut segments, "<Node id=\"0\" score=\"0\"><True/></Node>");
        }
        Ok(segments.concat())
    }
}

fn mining(function: &str, head: &str, method: &str, segments: &str, tail: &str) -> String {
    format!(
        "<MiningModel functionName=\"{function}\">\n{head}<Segmentation multipleModelMethod=\"{method}\">\n{segments}</Segmentation>{tail}</MiningModel>\n"
    )
}
