//! The reporting items of TRIPOD+AI, filled in as far as a training run knows them.
//!
//! Collins et al., TRIPOD+AI statement: updated guidance for reporting clinical prediction models that
//! use regression or machine learning methods, BMJ 2024;385:e078378. Topics are abridged.

use nomogram_describe::Description;
use nomogram_stats::assessment::Assessment;
use serde::Serialize;

use crate::characteristics::Characteristics;

/// An item, with the text that a program can write.
#[derive(Clone, Debug, Serialize)]
pub struct TripodItem {
    /// Its number in the statement.
    pub number: &'static str,
    /// Its topic.
    pub topic: &'static str,
    /// The text; `None` where people have to write it.
    pub text: Option<String>,
}

/// The number and the topic of each item.
const ITEMS: [(&str, &str); 52] = [
    ("1", "Title: development or evaluation of a prediction model, population, outcome"),
    ("2", "Abstract"),
    ("3a", "Healthcare context and rationale, existing models"),
    ("3b", "Target population and intended purpose, intended users"),
    ("3c", "Known health inequalities between groups"),
    ("4", "Objectives: development, validation, or both"),
    ("5a", "Sources of data, separately for development and evaluation"),
    ("5b", "Dates of the data"),
    ("6a", "Setting, number and location of centres"),
    ("6b", "Eligibility of participants"),
    ("6c", "Treatments received"),
    ("7", "Data preparation and quality checks"),
    ("8a", "Outcome and time horizon, how and when assessed"),
    ("8b", "Qualifications of outcome assessors"),
    ("8c", "Blinding of outcome assessment"),
    ("9a", "Choice of initial predictors"),
    ("9b", "All predictors, how and when they were measured"),
    ("9c", "Qualifications of predictor assessors"),
    ("10", "Sample size, and why it suffices"),
    ("11", "Missing data, how handled"),
    ("12a", "How the data were used: development, evaluation, splits"),
    ("12b", "How predictors were handled: form, scaling, transformation"),
    ("12c", "Type of model, rationale, all steps of building it, internal validation"),
    ("12d", "Heterogeneity between clusters"),
    ("12e", "Measures and plots of performance, and why"),
    ("12f", "Model updating"),
    ("12g", "How predictions were calculated for evaluation"),
    ("13", "Class imbalance, and recalibration where it was handled"),
    ("14", "Fairness: approaches and why"),
    ("15", "Output of the model: probabilities, classes, thresholds"),
    ("16", "Differences between training and evaluation data"),
    ("17", "Ethical approval"),
    ("18a", "Funding"),
    ("18b", "Conflicts of interest"),
    ("18c", "Protocol"),
    ("18d", "Registration"),
    ("18e", "Data sharing"),
    ("18f", "Code sharing"),
    ("19", "Patient and public involvement"),
    ("20a", "Flow of participants, with and without the outcome"),
    ("20b", "Characteristics of participants"),
    ("20c", "Comparison of development and evaluation data"),
    ("21", "Number of participants and events in each analysis"),
    ("22", "The full model, for prediction in new individuals"),
    ("23a", "Performance with confidence intervals, also for subgroups"),
    ("23b", "Heterogeneity of performance between clusters"),
    ("24", "Results of model updating"),
    ("25", "Interpretation, fairness included, in the context of objectives and other studies"),
    ("26", "Limitations"),
    ("27a", "Handling of poor or unavailable input data at use"),
    ("27b", "Interaction and expertise that users need"),
    ("27c", "Next steps for research"),
];

/// The facts about a model that fill in items.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) model: &'a Description,
    pub(crate) has_configuration: bool,
    pub(crate) characteristics: &'a [Characteristics],
    pub(crate) assessments: &'a [Assessment],
}

/// Every item of the statement.
pub(crate) fn items(facts: &Facts<'_>) -> Vec<TripodItem> {
    let item = |(number, topic)| TripodItem { number, topic, text: text_of(number, facts) };
    ITEMS.into_iter().map(item).collect()
}

fn text_of(number: &str, facts: &Facts<'_>) -> Option<String> {
    let model = facts.model;
    let per_rows = |text: &dyn Fn(&Assessment) -> String| {
        let texts: Vec<String> = facts.assessments.iter().map(text).collect();
        (!texts.is_empty()).then(|| texts.join("; "))
    };
    match number {
        "4" => Some(match facts.has_configuration {
            true => "Development, with internal validation.".into(),
            false => "Evaluation of an existing model.".into(),
        }),
        "7" => Some(
            "Types, ranges, units, duplicates, constant columns, leakage and rules were checked \
             before anything was fitted: section Data."
                .into(),
        ),
        "9b" => Some(format!("{} predictors: section Features.", model.features.len())),
        "11" => {
            let features = || facts.characteristics.iter().flat_map(|own| &own.features);
            features().next()?;
            Some(match features().any(|own| own.n_missing > 0) {
                true => {
                    "Counts by feature: section Data. The policies in section Settings decide how \
                         missing values are handled."
                        .into()
                }
                false => "No value of a feature is missing.".into(),
            })
        }
        "16" | "20c" if facts.characteristics.len() > 1 => {
            let seen = facts.characteristics.iter().filter_map(|own| {
                let n_seen = own.n_seen?;
                let (rows, n_rows) = (&own.rows, own.n_rows);
                Some(format!(
                    " {rows}: {n_seen} of {n_rows} rows have the same values as a training row."
                ))
            });
            Some(format!("Section Data.{}", seen.collect::<String>()))
        }
        "20b" if !facts.characteristics.is_empty() => Some("Section Data.".into()),
        "12a" | "21" | "20a" => per_rows(&|own| {
            let (rows, n_rows, n_events) = (&own.rows, own.n_rows, own.n_events);
            let patients = own.n_patients.map_or(String::new(), |n| format!(" of {n} patients"));
            let weights = own.weighting.as_ref().map_or(String::new(), |weighting| {
                format!(", weights that sum to {:.1}", weighting.sum)
            });
            let class = &own.positive_class;
            format!("{rows}: {n_rows} rows{patients}, {n_events} with `{class}`{weights}")
        }),
        "12b" | "12c" => facts.has_configuration.then(|| {
            let members: Vec<&str> = model.members.iter().map(|own| own.name.as_str()).collect();
            format!("Members {}: section Settings.", members.join(", "))
        }),
        "12e" => per_rows(&|own| format!("{}: section Performance", own.rows)),
        "12g" => Some(format!("By the bundle {} itself.", model.digest)),
        "13" => Some(match &model.calibrator {
            Some(calibrator) => format!("The ensemble is calibrated: {}.", calibrator.text),
            None => "The ensemble is not calibrated.".into(),
        }),
        "15" => Some(format!(
            "The probability of each class of `{}` ({}); cutoffs in section Performance.",
            model.target.name,
            model.target.classes.join(", ")
        )),
        "18f" => Some(format!("{}.", model.created_by)),
        "22" => Some(format!("The bundle with the digest {}.", model.digest)),
        "23a" => per_rows(&|own| {
            let Some(found) = &own.discrimination else {
                return format!("{}: one class only", own.rows);
            };
            let interval = found.auc.logit.as_ref().map_or(String::new(), |interval| {
                format!(" ({:.4} to {:.4})", interval.lower, interval.upper)
            });
            format!("{}: AUC {:.4}{interval}", own.rows, found.auc.auc)
        }),
        "27a" => Some(
            "Each feature has a policy for values that cannot be used; it is part of \
                       the bundle."
                .into(),
        ),
        _ => None,
    }
}
