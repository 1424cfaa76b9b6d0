//! The prediction of a graph, among its outputs.

use nomogram::Activation;

use super::super::answer::Answer;
use super::super::model::{Model, key};
use super::super::symbol::Symbol;
use super::Graph;
use crate::error::Error;

impl<'d> Graph<'d, '_> {
    /// The one output that predicts.
    pub(super) fn prediction(mut self, model: &Model<'d>) -> Result<Answer, Error> {
        let (mut answers, mut sums, mut named) = (Vec::new(), Vec::new(), None);
        for output in &model.outputs {
            let here = |error: Error| error.within(key(output.name)).within(key("output"));
            match self.symbols.remove(output.name) {
                Some(Symbol::Answer(answer)) => answers.push(answer),
                Some(Symbol::Dense(dense)) if dense.activation() != Activation::Identity => {
                    answers.push(dense.answer().map_err(here)?);
                }
                Some(symbol @ (Symbol::Dense(_) | Symbol::TreeSums(_))) => {
                    sums.push((symbol, output.name));
                }
                Some(Symbol::Label(labels)) if labels.is_named => {
                    if named.as_ref().is_some_and(|names| *names != labels.names) {
                        let what = "two outputs with different names of the classes";
                        return Err(here(Error::unsupported(what)));
                    }
                    named = Some(labels.names);
                }
                Some(Symbol::Label(_)) => {}
                Some(other) => {
                    let what = format!("{}, expected a prediction", other.noun());
                    return Err(here(Error::unsupported(what)));
                }
                None => return Err(here(Error::malformed("no node computes it"))),
            }
        }
        // Sums are margins where another output predicts.
        if answers.is_empty() {
            for (symbol, name) in sums {
                let answer = match symbol {
                    Symbol::Dense(dense) => dense.answer(),
                    Symbol::TreeSums(sums) => sums.answer(),
                    other => Err(Error::unsupported(other.noun())),
                };
                answers
                    .push(answer.map_err(|error| error.within(key(name)).within(key("output")))?);
            }
        }
        let n_answers = answers.len();
        let mut answers = answers.into_iter();
        match (answers.next(), n_answers) {
            (Some(answer), 1) if answer.is_complement => {
                let what = "1 minus a probability as the output, expected that of the second class";
                Err(Error::unsupported(what))
            }
            (Some(mut answer), 1) => {
                self.name_classes(&mut answer, named)?;
                Ok(answer)
            }
            (None, _) => {
                Err(Error::unsupported("a graph whose outputs are predicted classes only"))
            }
            (Some(_), n) => Err(Error::unsupported(format!("{n} predictions in one graph"))),
        }
    }

    /// Gives the classes the names of the predicted class, where the graph names it.
    fn name_classes(&self, answer: &mut Answer, named: Option<Vec<String>>) -> Result<(), Error> {
        let Some(names) = named else {
            if answer.classes.is_none() {
                answer.classes.clone_from(&self.classes);
            }
            return Ok(());
        };
        if !answer.is_of_classes() {
            return Ok(());
        }
        if names.len() != answer.n_classes {
            let detail = format!("{} names of {} classes", names.len(), answer.n_classes);
            return Err(Error::unsupported(detail));
        }
        if let Some(zipped) = &self.zipped
            && *zipped != names
            && zipped.iter().any(|name| names.contains(name))
        {
            let what = "a predicted class with other names than those of the probabilities";
            return Err(Error::unsupported(what));
        }
        answer.classes = Some(names);
        Ok(())
    }
}
