//! `NeuralNetwork`: layers, each connected to the one before.

use std::collections::BTreeMap;

use nomogram::{Activation, Layer, Linear, Link, Member, Network};

use super::columns::of_derived;
use super::fields::Fields;
use super::outcome::{Outcome, Part};
use crate::columns::{Column, steps};
use crate::document::xml::Element;
use crate::error::Error;
use crate::limits::Limits;

/// Reads a `NeuralNetwork`.
///
/// # Errors
///
/// `Unsupported` for activations and connections without a counterpart, `Malformed`, `TooLarge`.
pub(super) fn read(model: &Element, fields: &Fields, limits: &Limits) -> Result<Outcome, Error> {
    let mut columns: Vec<Column> = Vec::new();
    let mut positions: BTreeMap<&str, usize> = BTreeMap::new();
    for input in model.needed("NeuralInputs")?.all("NeuralInput") {
        positions.insert(input.attribute("id")?, columns.len());
        columns.push(of_derived(input.needed("DerivedField")?, fields)?);
    }
    fields.require_all(&columns);
    let mut layers = Vec::new();
    let mut n_weights = 0_usize;
    for layer in model.all("NeuralLayer") {
        let neurons: Vec<&Element> = layer.all("Neuron").collect();
        n_weights = n_weights.saturating_add(positions.len().saturating_mul(neurons.len()));
        if n_weights > limits.max_values {
            return Err(layer.too_large(format!("more than {} weights", limits.max_values)));
        }
        let name = layer.or("activationFunction", model.or("activationFunction", "logistic"));
        let activation = match name {
            "logistic" => Activation::Logistic,
            "tanh" => Activation::Tanh,
            "identity" => Activation::Identity,
            "rectifier" => Activation::Relu,
            other => return Err(layer.unsupported(format!("activation `{other}`"))),
        };
        let mut weights = vec![0.0; positions.len() * neurons.len()];
        let mut biases = Vec::new();
        let mut next = BTreeMap::new();
        for (nth, neuron) in neurons.iter().enumerate() {
            biases.push(neuron.find_number("bias")?.unwrap_or(0.0));
            for connection in neuron.all("Con") {
                let from = connection.attribute("from")?;
                let from = positions.get(from).ok_or_else(|| {
                    connection.unsupported(format!(
                        "a connection from `{from}`, which is not in the layer before"
                    ))
                })?;
                let weight = connection.number("weight")?;
                let place = weights.iter_mut().skip(from * neurons.len() + nth);
                place.take(1).for_each(|place| *place += weight);
            }
            next.insert(neuron.attribute("id")?, nth);
        }
        positions = next;
        let normalization =
            layer.or("normalizationMethod", model.or("normalizationMethod", "none"));
        layers.push((Layer { activation, biases, weights }, normalization));
    }
    let (mut last, normalization) = layers.pop().ok_or_else(|| model.malformed("no layers"))?;
    if let Some((_, other)) = layers.iter().find(|(_, normalization)| *normalization != "none") {
        let inherited = model.find("normalizationMethod") == Some(other);
        if !inherited {
            return Err(model.unsupported(format!("normalization `{other}` of a hidden layer")));
        }
    }
    let outputs: Vec<&Element> = model.needed("NeuralOutputs")?.all("NeuralOutput").collect();
    let mut layers: Vec<Layer> = layers.into_iter().map(|(layer, _)| layer).collect();
    let (link, classes) = if model.or("functionName", "regression") == "regression" {
        let [output] = outputs.as_slice() else {
            return Err(model.unsupported(format!("{} outputs of a regression", outputs.len())));
        };
        if normalization != "none" {
            let what = format!("normalization `{normalization}` of a regression");
            return Err(model.unsupported(what));
        }
        let (factor, addend) = denormalized(output)?;
        let from = position(output, &positions)?;
        last = select(last, &[from]);
        if last.activation == Activation::Identity {
            last.weights.iter_mut().for_each(|weight| *weight *= factor);
            last.biases.iter_mut().for_each(|bias| *bias = *bias * factor + addend);
        } else {
            layers.push(last);
            last = Layer {
                activation: Activation::Identity,
                biases: vec![addend],
                weights: vec![factor],
            };
        }
        (Link::Identity, None)
    } else {
        let mut names = Vec::new();
        let mut chosen = Vec::new();
        for output in &outputs {
            let norm = output.needed("DerivedField")?.needed("NormDiscrete")?;
            names.push(norm.attribute("value")?.to_owned());
            chosen.push(position(output, &positions)?);
        }
        last = select(last, &chosen);
        if let Some(second) = complement(&last, &layers).filter(|_| normalization == "none") {
            // One probability, and 1 minus it.
            if second == 0 {
                names.reverse();
            }
            last = layers.pop().ok_or_else(|| model.malformed("no layers"))?;
            last.activation = Activation::Identity;
            layers.push(last);
            return finished(model, fields, &columns, layers, Link::Logit, Some(names));
        }
        let softmax = normalization == "softmax" && last.activation == Activation::Identity;
        match (softmax, last.activation, names.len()) {
            (true, _, 2..) => (Link::Softmax, Some(names)),
            (false, Activation::Logistic, 1) if normalization == "none" => {
                last.activation = Activation::Identity;
                let classes = fields.classes.clone().unwrap_or_default();
                let other = classes.iter().find(|class| Some(*class) != names.first()).cloned();
                let other = other.filter(|_| classes.len() == 2).ok_or_else(|| {
                    model.unsupported("one output for a target without two values")
                })?;
                names.insert(0, other);
                (Link::Logit, Some(names))
            }
            (_, activation, n) => {
                let what =
                    format!("normalization `{normalization}` of {n} outputs after {activation}");
                return Err(model.unsupported(what));
            }
        }
    };
    layers.push(last);
    finished(model, fields, &columns, layers, link, classes)
}

/// The output that repeats the one logistic neuron before it, where the other one is 1 minus it.
fn complement(last: &Layer, before: &[Layer]) -> Option<usize> {
    let is_probability =
        before.last().is_some_and(|l| l.n_outputs() == 1 && l.activation == Activation::Logistic);
    if !is_probability || last.activation != Activation::Identity {
        return None;
    }
    match (last.weights.as_slice(), last.biases.as_slice()) {
        ([-1.0, 1.0], [1.0, 0.0]) => Some(1),
        ([1.0, -1.0], [0.0, 1.0]) => Some(0),
        _ => None,
    }
}

fn finished(
    model: &Element,
    fields: &Fields,
    columns: &[Column],
    layers: Vec<Layer>,
    link: Link,
    classes: Option<Vec<String>>,
) -> Result<Outcome, Error> {
    let steps = steps(columns, fields.len()).map_err(|error| model.locate(error))?;
    let member = match layers.as_slice() {
        [layer] => {
            let n = layer.n_outputs();
            let of_output = |output| layer.weights.iter().skip(output).step_by(n.max(1)).copied();
            let weights = (0..n).flat_map(of_output).collect();
            let linear = Linear::new(link, layer.biases.clone(), weights);
            Member::Linear(linear.map_err(|error| model.core(error))?)
        }
        _ => Member::Network(Network::new(link, layers).map_err(|error| model.core(error))?),
    };
    let part = Part { steps, member, weight: 1.0, leaf_numbers: None };
    Ok(Outcome::of_part(part, classes))
}

fn position(output: &Element, positions: &BTreeMap<&str, usize>) -> Result<usize, Error> {
    let neuron = output.attribute("outputNeuron")?;
    let position = positions.get(neuron).copied();
    position.ok_or_else(|| output.malformed(format!("no neuron `{neuron}` in the last layer")))
}

/// The outputs of a layer at these positions.
fn select(layer: Layer, chosen: &[usize]) -> Layer {
    let n = layer.n_outputs().max(1);
    let of = |numbers: &[f64]| -> Vec<f64> {
        chosen.iter().filter_map(|position| numbers.get(*position).copied()).collect()
    };
    let biases = of(&layer.biases);
    let weights = layer.weights.chunks(n).flat_map(of).collect();
    Layer { activation: layer.activation, biases, weights }
}

/// The factor and addend from an output to the value: the inverse of a `NormContinuous`.
fn denormalized(output: &Element) -> Result<(f64, f64), Error> {
    let derived = output.needed("DerivedField")?;
    if derived.child("FieldRef").is_some() {
        return Ok((1.0, 0.0));
    }
    let norm = derived.needed("NormContinuous")?;
    if norm.or("outliers", "asIs") != "asIs" {
        return Err(norm.unsupported("`outliers` of an output"));
    }
    let points: Result<Vec<(f64, f64)>, Error> = norm
        .all("LinearNorm")
        .map(|point| Ok((point.number("orig")?, point.number("norm")?)))
        .collect();
    match points?.as_slice() {
        [(from, low), (to, high)] if low != high && from != to => {
            let factor = (to - from) / (high - low);
            Ok((factor, from - low * factor))
        }
        _ => Err(norm.unsupported("a piecewise line, expected two points")),
    }
}
