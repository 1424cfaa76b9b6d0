//! Models that are one member: linear models, forests, networks, naive Bayes, stored rows.

use nomogram::{
    Activation, Kernel, Layer, Likelihood, Linear, Link, Member, Metric, NaiveBayes,
    NeighbourTargets, NeighbourWeight, Neighbours, Network, StoredRows, SupportVectors,
};

use super::features::Inputs;
use super::forest::{self, NumberedForest};
use super::layout::Layout;
use crate::document::Cursor;
use crate::error::Error;
use crate::forests::number;
use crate::limits::Limits;

/// A member; of a forest, the source's numbers of leaves and the shares of the training rows.
#[derive(Clone, Debug)]
pub(super) struct Base {
    pub(super) member: Member,
    pub(super) leaf_numbers: Option<Vec<Vec<u32>>>,
    pub(super) left_shares: Option<Vec<f64>>,
}

/// Reads a model that is one member.
///
/// # Errors
///
/// `Unsupported`, `Malformed` or `Model`.
pub(super) fn read(
    model: &Cursor<'_>,
    layout: &Layout,
    inputs: &Inputs,
    limits: &Limits,
) -> Result<Base, Error> {
    let core = |error: nomogram::Error| model.locate(error.into());
    let n_inputs = layout.columns.len();
    let link = |link: Cursor<'_>| link_of_name(&link, inputs.n_classes());
    let kind = model.key("kind")?;
    let member = match kind.text()? {
        "linear" => linear(model, link(model.key("link")?)?, n_inputs)?,
        "forest" => {
            if let Some(rounds) = layout.rounds {
                let why = "a split could take the other side";
                return Err(model.unsupported(format!("trees after {rounds}: {why}")));
            }
            let forest = forest::read(model, link(model.key("link")?)?, n_inputs, limits)?;
            let NumberedForest { forest, leaf_numbers, left_shares } = forest;
            let (member, leaf_numbers) = (Member::Forest(forest), Some(leaf_numbers));
            return Ok(Base { member, leaf_numbers, left_shares });
        }
        "network" => {
            let activation = activation(&model.key("activation")?)?;
            let layers = model.key("layers")?;
            let n_layers = layers.n_items()?;
            let layers: Result<Vec<Layer>, Error> = layers
                .items()?
                .enumerate()
                .map(|(index, layer)| {
                    let is_last = index + 1 == n_layers;
                    let activation = if is_last { Activation::Identity } else { activation };
                    let weights = layer.key("weights")?.doubles()?;
                    Ok(Layer { activation, biases: layer.key("biases")?.doubles()?, weights })
                })
                .collect();
            Member::Network(Network::new(link(model.key("link")?)?, layers?).map_err(core)?)
        }
        "gaussian_naive_bayes" => {
            let lists = |key: &str| -> Result<Vec<Vec<f64>>, Error> {
                model.key(key)?.items()?.map(|list| list.doubles()).collect()
            };
            let of_input = lists("means")?.into_iter().zip(lists("variances")?);
            let likelihoods = of_input
                .map(|(means, variances)| Likelihood::Gaussian { means, variances })
                .collect();
            let priors = model.key("log_priors")?.doubles()?;
            Member::NaiveBayes(NaiveBayes::new(priors, likelihoods).map_err(core)?)
        }
        "categorical_naive_bayes" => {
            let likelihoods: Result<Vec<Likelihood>, Error> = model
                .key("log_probabilities")?
                .items()?
                .map(|of_input| {
                    Ok(Likelihood::Categorical { log_probabilities: of_input.doubles()? })
                })
                .collect();
            let priors = model.key("log_priors")?.doubles()?;
            Member::NaiveBayes(NaiveBayes::new(priors, likelihoods?).map_err(core)?)
        }
        "support_vectors" => {
            support_vectors(model, link(model.key("link")?)?, layout.columns.len())?
        }
        "neighbours" => neighbours(model, layout.columns.len(), inputs.n_classes())?,
        other => return Err(kind.unsupported(format!("model `{other}`"))),
    };
    Ok(Base { member, leaf_numbers: None, left_shares: None })
}

fn linear(model: &Cursor<'_>, link: Link, n_inputs: usize) -> Result<Member, Error> {
    let weights = rows(&model.key("weights")?, n_inputs)?;
    let intercepts = model.key("intercepts")?.doubles()?;
    let linear = Linear::new(link, intercepts, weights);
    Ok(Member::Linear(linear.map_err(|error| model.locate(error.into()))?))
}

fn support_vectors(model: &Cursor<'_>, link: Link, n_inputs: usize) -> Result<Member, Error> {
    let kernel = model.key("kernel")?;
    let kind = kernel.key("kind")?;
    let gamma = kernel.key("gamma")?.double()?;
    let offset = || kernel.key("offset")?.double();
    let kernel = match kind.text()? {
        "radial" => Kernel::Radial { gamma },
        "polynomial" => {
            let degree = number(kernel.key("degree")?.whole()?)?;
            Kernel::Polynomial { gamma, offset: offset()?, degree }
        }
        "sigmoid" => Kernel::Sigmoid { gamma, offset: offset()? },
        other => return Err(kind.unsupported(format!("kernel `{other}`"))),
    };
    let vectors =
        StoredRows { n_inputs: number(n_inputs)?, values: rows(&model.key("vectors")?, n_inputs)? };
    let intercepts = model.key("intercepts")?.doubles()?;
    let coefficients = rows(&model.key("coefficients")?, intercepts.len())?;
    let machine = SupportVectors { link, kernel, vectors, coefficients, intercepts };
    Ok(Member::SupportVectors(machine))
}

fn neighbours(model: &Cursor<'_>, n_inputs: usize, n_classes: usize) -> Result<Member, Error> {
    let metric = model.key("metric")?;
    let metric = match metric.text()? {
        "euclidean" => Metric::Euclidean,
        "manhattan" => Metric::Manhattan,
        "chebyshev" => Metric::Chebyshev,
        other => return Err(metric.unsupported(format!("metric `{other}`"))),
    };
    let weight = model.key("weight")?;
    let weight = match weight.text()? {
        "uniform" => NeighbourWeight::Uniform,
        "distance" => NeighbourWeight::InverseDistance,
        other => return Err(weight.unsupported(format!("weight `{other}`"))),
    };
    let targets = model.key("targets")?;
    let targets = if n_classes == 0 {
        NeighbourTargets::Numbers(targets.doubles()?)
    } else {
        let of_rows: Result<Vec<u32>, Error> =
            targets.items()?.map(|class| number(class.whole()?)).collect();
        NeighbourTargets::Classes { n_classes: number(n_classes)?, of_rows: of_rows? }
    };
    let n_neighbours = number(model.key("n_neighbours")?.whole()?)?;
    let rows =
        StoredRows { n_inputs: number(n_inputs)?, values: rows(&model.key("rows")?, n_inputs)? };
    Ok(Member::Neighbours(Neighbours { metric, weight, n_neighbours, rows, targets }))
}

/// Rows of so many numbers, one after the other.
fn rows(list: &Cursor<'_>, n_each: usize) -> Result<Vec<f64>, Error> {
    let mut numbers = Vec::new();
    for row in list.items()? {
        let row_numbers = row.doubles()?;
        if row_numbers.len() != n_each {
            let detail = format!("{} numbers, expected {n_each}", row_numbers.len());
            return Err(row.malformed(detail));
        }
        numbers.extend(row_numbers);
    }
    Ok(numbers)
}

/// The linear model whose margin is `slope · margin + intercept`.
///
/// # Errors
///
/// `Model`.
pub(super) fn rescaled(linear: &Linear, slope: f64, intercept: f64) -> Result<Linear, Error> {
    let intercepts = linear.intercepts().iter().map(|one| slope * one + intercept).collect();
    let weights = linear.weights().iter().map(|weight| slope * weight).collect();
    Ok(Linear::new(Link::Logit, intercepts, weights)?)
}

fn link_of_name(link: &Cursor<'_>, n_classes: usize) -> Result<Link, Error> {
    match (link.text()?, n_classes) {
        ("logit", 2) => Ok(Link::Logit),
        ("softmax", 2..) => Ok(Link::Softmax),
        ("probability", 2..) => Ok(Link::Probability),
        ("one_vs_rest", 3..) => Ok(Link::OneVsRest),
        ("identity", 0) => Ok(Link::Identity),
        ("log", 0) => Ok(Link::Log),
        (name @ ("logit" | "softmax" | "probability" | "one_vs_rest" | "identity" | "log"), _) => {
            Err(link.malformed(format!("`{name}`, which does not fit {n_classes} classes")))
        }
        (other, _) => Err(link.unsupported(format!("link `{other}`"))),
    }
}

fn activation(name: &Cursor<'_>) -> Result<Activation, Error> {
    match name.text()? {
        "identity" => Ok(Activation::Identity),
        "relu" => Ok(Activation::Relu),
        "tanh" => Ok(Activation::Tanh),
        "logistic" => Ok(Activation::Logistic),
        other => Err(name.unsupported(format!("activation `{other}`"))),
    }
}
