//! A report as HTML, Markdown and JSON.

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Value, context};
use nomogram_stats::assessment::{Assessment, ENSEMBLE};

use crate::charts::{self, Bar, CalibrationGroup, Curve, DependenceGroup};
use crate::error::Error;
use crate::report::Report;

/// How many features have a chart of dependence: those with the largest contributions.
const N_DEPENDENCE: usize = 6;

impl Report {
    /// One HTML page that needs no other file and no network, for screens and for paper.
    ///
    /// # Errors
    ///
    /// `Chart` or `Page`, which no report of finite numbers causes.
    pub fn to_html(&self) -> Result<String, Error> {
        let pictures: Vec<Value> =
            self.assessments.iter().map(pictures).collect::<Result<_, Error>>()?;
        let importance = match self.importance.as_slice() {
            [] => None,
            all => {
                let bar = |own: &'_ nomogram_train::Importance| (own.log_loss_increase, own.range);
                let bars = all.iter().map(|own| Bar {
                    name: &own.feature,
                    value: bar(own).0,
                    interval: bar(own).1,
                });
                Some(charts::importance(&bars.collect::<Vec<_>>(), "increase of the log loss")?)
            }
        };
        let contributions = match &self.contributions {
            None => None,
            Some(all) => {
                let bars = all.players.iter().map(|own| Bar {
                    name: &own.name,
                    value: own.mean_magnitude,
                    interval: [own.mean_magnitude; 2],
                });
                Some(charts::importance(&bars.collect::<Vec<_>>(), "mean magnitude")?)
            }
        };
        let players = self.contributions.iter().flat_map(|all| &all.players);
        let dependence = players.filter(|own| !own.dependence.is_empty()).take(N_DEPENDENCE);
        let dependence: Vec<Value> = dependence
            .map(|own| {
                let groups = own.dependence.iter().map(|point| DependenceGroup {
                    value: point.value,
                    mean: point.mean,
                    std_dev: point.std_dev,
                });
                let picture = charts::dependence(&own.name, &groups.collect::<Vec<_>>())?;
                Ok(context! { feature => &own.name, picture })
            })
            .collect::<Result<_, Error>>()?;
        #[allow(clippy::cast_precision_loss, reason = "numbers of rows")]
        let point = |own: &nomogram_train::LearningPoint| (own.n_rows as f64, own.log_loss);
        let points: Vec<(f64, f64)> = self.learning_curve.iter().map(point).collect();
        let learning = match points.as_slice() {
            [] => None,
            points => Some(charts::learning(&[Curve { name: "held out", points }], "log loss")?),
        };
        let scales = self
            .nomograms
            .iter()
            .map(|(member, chart)| Ok(context! { member, picture => charts::nomogram(chart)? }));
        let scales: Vec<Value> = scales.collect::<Result<_, Error>>()?;
        self.fill(
            "report.html",
            include_str!("../templates/report.html"),
            context! {
                pictures, importance, contributions, dependence, learning, scales,
            },
        )
    }

    /// A model card in Markdown, as it is kept in a bundle.
    ///
    /// # Errors
    ///
    /// `Page`, which no report causes.
    pub fn to_markdown(&self) -> Result<String, Error> {
        self.fill("card.md", include_str!("../templates/card.md"), context! {})
    }

    /// Every number of the report.
    ///
    /// # Errors
    ///
    /// `Page` when it cannot be written as JSON.
    pub fn to_json(&self) -> Result<String, Error> {
        serde_json::to_string_pretty(self).map_err(|e| {
            Error::Page(minijinja::Error::new(
                minijinja::ErrorKind::BadSerialization,
                e.to_string(),
            ))
        })
    }

    fn fill(
        &self,
        name: &'static str,
        template: &'static str,
        more: Value,
    ) -> Result<String, Error> {
        let mut pages = Environment::new();
        pages.set_auto_escape_callback(|name| match name.ends_with(".html") {
            true => AutoEscape::Html,
            false => AutoEscape::None,
        });
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        pages.set_syntax(syntax?);
        pages.add_filter("digits", |number: Option<f64>, n: usize| match number {
            Some(number) if number.is_finite() => digits(number, n),
            _ => "–".into(),
        });
        // As short as the value allows, at most four digits behind the point.
        pages.add_filter("short", |number: f64| charts::short(&number));
        pages.add_template(name, template)?;
        let report = Value::from(minijinja::value::Serde(self));
        Ok(pages.get_template(name)?.render(context! { report, ..more })?)
    }
}

/// A number with so many decimals; one that these would round to 0 has two digits and a power of ten.
fn digits(number: f64, n: usize) -> String {
    let text = format!("{number:.n$}");
    let is_zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.' | b'-'));
    if is_zero && number.abs() > 0.0 { format!("{number:.1e}") } else { text }
}

/// The charts of one set of rows; nothing where curves are left out.
fn pictures(own: &Assessment) -> Result<Value, Error> {
    if own.decision_curve.is_empty() {
        return Ok(context! {});
    }
    let calibration = &own.calibration;
    let groups = calibration.groups.iter().map(|group| CalibrationGroup {
        predicted: group.mean_probability,
        observed: group.observed.value,
        interval: [group.observed.wilson.lower, group.observed.wilson.upper],
    });
    let smoothed = calibration.smooth.as_ref().map(|smooth| {
        smooth.probabilities.iter().copied().zip(smooth.observed.iter().copied()).collect()
    });
    let smoothed: Vec<(f64, f64)> = smoothed.unwrap_or_default();
    let curve = |of: fn(&nomogram_stats::decision_curve::NetBenefit) -> f64| {
        own.decision_curve.iter().map(|point| (point.cutoff, of(point))).collect::<Vec<_>>()
    };
    let benefits =
        [curve(|own| own.model), curve(|own| own.treat_all), curve(|own| own.treat_none)];
    let [model, all, none] = &benefits;
    let discrimination = own.discrimination.as_ref();
    let total = |counts: &[f64]| counts.iter().fold(0.0, |sum, count| sum + count);
    let (positive, negative) = (total(&own.histogram.positive), total(&own.histogram.negative));
    let prevalence = positive / (positive + negative);
    let roc = discrimination.map(|found| {
        let points = found.roc.iter().map(|point| (point.false_positive_rate, point.sensitivity));
        charts::roc(&[Curve { name: ENSEMBLE, points: &points.collect::<Vec<_>>() }])
    });
    let precision_recall = discrimination.map(|found| {
        let points = found.precision_recall.iter().map(|point| (point.recall, point.precision));
        let points: Vec<(f64, f64)> = points.collect();
        charts::precision_recall(&[Curve { name: ENSEMBLE, points: &points }], prevalence)
    });
    let names: Vec<&str> = own.agreement.names.iter().map(String::as_str).collect();
    let (positive, other) = (own.positive_class.as_str(), own.other_class.as_str());
    Ok(context! {
        roc => roc.transpose()?,
        precision_recall => precision_recall.transpose()?,
        calibration => charts::calibration(&groups.collect::<Vec<_>>(), &smoothed)?,
        decision => charts::decision(&[
            Curve { name: ENSEMBLE, points: model },
            Curve { name: "treat all", points: all },
            Curve { name: "treat none", points: none },
        ])?,
        histogram => charts::histograms(
            &own.histogram.edges(),
            &[(other, &own.histogram.negative), (positive, &own.histogram.positive)],
        )?,
        agreement => charts::agreement(&names, &own.agreement.shares)?,
    })
}
