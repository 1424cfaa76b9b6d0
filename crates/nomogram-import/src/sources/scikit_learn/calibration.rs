//! Calibrated classifiers: maps of a model's margin or probabilities.

use nomogram::{CalibrationMap, Calibrator, CombinerReads, Link, Member};

use super::base::{self, Base};
use super::forest;
use crate::document::Cursor;
use crate::error::Error;

/// A calibrator of a member, and what it reads of the member.
pub(super) type OfMember = (CombinerReads, Calibrator);

/// Calibrates the model of one fold. A sigmoid of a logit margin goes into the member's weights or leaves; any
/// other map is returned as a calibrator.
///
/// # Errors
///
/// `Unsupported` for two classes whose margin is no logit, `Malformed`.
pub(super) fn apply(
    calibration: &Cursor<'_>,
    base: Base,
    n_classes: usize,
) -> Result<(Base, Option<OfMember>), Error> {
    let of = calibration.key("of")?;
    let of_margin = match of.text()? {
        "margin" => true,
        "probability" => false,
        other => {
            let expected = "expected `margin` or `probability`";
            return Err(of.malformed(format!("`{other}`, {expected}")));
        }
    };
    let list = calibration.key("maps")?;
    let maps: Result<Vec<Map>, Error> = list.items()?.map(|map| Map::read(&map)).collect();
    let maps = maps?;
    let n_expected = if n_classes == 2 { 1 } else { n_classes };
    if maps.len() != n_expected {
        return Err(list.malformed(format!("{} maps, expected {n_expected}", maps.len())));
    }
    if let ([Map::Sigmoid { slope, intercept }], 2) = (maps.as_slice(), n_classes)
        && let Some(folded) = folded(&base, *slope, *intercept, of_margin)
    {
        return Ok((folded.map_err(|error| calibration.locate(error))?, None));
    }
    let input = if of_margin { CombinerReads::Margins } else { CombinerReads::Outputs };
    if of_margin && n_classes == 2 && !matches!(base.member.link(), Link::Logit) {
        let link = base.member.link().name();
        let what = format!("a calibration of margins of link {link}, expected logit");
        return Err(calibration.unsupported(what));
    }
    let mut maps: Vec<CalibrationMap> = maps.into_iter().map(Map::of_number).collect();
    let calibrator = match (n_classes, maps.pop()) {
        (2, Some(map)) => Calibrator::Binary(map),
        (_, Some(map)) => {
            maps.push(map);
            Calibrator::PerClass(maps)
        }
        (_, None) => return Err(list.malformed("no maps")),
    };
    Ok((base, Some((input, calibrator))))
}

/// The member whose logit is an affine function of the margin, or of the probability of class 1; none if
/// there is no such member.
fn folded(base: &Base, slope: f64, intercept: f64, of_margin: bool) -> Option<Result<Base, Error>> {
    let member = match &base.member {
        Member::Linear(linear) if of_margin && linear.link() == Link::Logit => {
            base::rescaled(linear, slope, intercept).map(Member::Linear)
        }
        Member::SupportVectors(machine) if of_margin && machine.link == Link::Logit => {
            let mut machine = machine.clone();
            machine.coefficients.iter_mut().for_each(|coefficient| *coefficient *= slope);
            machine.intercepts.iter_mut().for_each(|one| *one = slope * *one + intercept);
            Ok(Member::SupportVectors(machine))
        }
        Member::Forest(one)
            if (of_margin && one.link == Link::Logit)
                || (!of_margin && one.link == Link::Probability) =>
        {
            Ok(Member::Forest(forest::rescaled(one.clone(), slope, intercept)))
        }
        _ => return None,
    };
    // Margins are no longer added as scikit-learn does: the comparison of bits and of leaves ends here.
    let left_shares = base.left_shares.clone();
    Some(member.map(|member| Base { member, leaf_numbers: None, left_shares }))
}

/// A fitted map.
enum Map {
    /// `logistic(slope · x + intercept)`.
    Sigmoid { slope: f64, intercept: f64 },
    /// Straight lines between points.
    Isotonic { from: Vec<f64>, to: Vec<f64> },
}

impl Map {
    fn read(map: &Cursor<'_>) -> Result<Self, Error> {
        let kind = map.key("kind")?;
        match kind.text()? {
            "sigmoid" => Ok(Self::Sigmoid {
                slope: map.key("slope")?.double()?,
                intercept: map.key("intercept")?.double()?,
            }),
            "isotonic" => Ok(Self::Isotonic {
                from: map.key("from")?.doubles()?,
                to: map.key("to")?.doubles()?,
            }),
            other => Err(kind.unsupported(format!("calibration `{other}`"))),
        }
    }

    fn of_number(self) -> CalibrationMap {
        match self {
            Self::Sigmoid { slope, intercept } => CalibrationMap::Sigmoid { slope, intercept },
            Self::Isotonic { from, to } => {
                CalibrationMap::Isotonic { probabilities: from, calibrated: to }
            }
        }
    }
}
