//! Margins are the sums that the kernels define, and what does not fit is refused.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;

use fearless_simd::Level;
use proptest::collection::vec as list;
use proptest::prelude::*;

use super::super::Member;
use super::super::tests::row_margins;
use super::*;
use crate::budget::Budget;
use crate::numeric::{exp, tanh};

/// A machine of two margins and three inputs.
pub(in super::super) fn support_vectors() -> impl Strategy<Value = SupportVectors> {
    let kernel = prop_oneof![
        (0.0..2.0).prop_map(|gamma| Kernel::Radial { gamma }),
        (-1.0..1.0, -1.0..1.0, 0_u32..8)
            .prop_map(|(gamma, offset, degree)| { Kernel::Polynomial { gamma, offset, degree } }),
        (-1.0..1.0, -1.0..1.0).prop_map(|(gamma, offset)| Kernel::Sigmoid { gamma, offset }),
    ];
    let vectors =
        (0_usize..5).prop_flat_map(|n| (list(-10.0..10.0, 3 * n), list(-5.0..5.0, 2 * n)));
    (kernel, list(-3.0..3.0, 2), vectors).prop_map(
        |(kernel, intercepts, (vectors, coefficients))| {
            let vectors = StoredRows { n_inputs: 3, values: vectors };
            SupportVectors { link: Link::Softmax, kernel, vectors, coefficients, intercepts }
        },
    )
}

/// Two vectors of two numbers.
fn small(kernel: Kernel) -> SupportVectors {
    let vectors = StoredRows { n_inputs: 2, values: vec![1.0, 2.0, -0.5, 0.25] };
    let (coefficients, intercepts) = (vec![3.0, -1.0], vec![0.5]);
    SupportVectors { link: Link::Logit, kernel, vectors, coefficients, intercepts }
}

fn margin(kernel: Kernel, row: [f64; 2]) -> f64 {
    let compiled = Member::SupportVectors(small(kernel)).compile(&mut Budget::unlimited()).unwrap();
    row_margins(&compiled, Level::baseline(), &row, 1)[0]
}

#[test]
fn kernels_are_those_of_their_formulas() {
    let row = [3.0, -1.0];
    // Squared distances 4 + 9 and 12.25 + 1.5625; products 3 − 2 and −1.5 − 0.25.
    let radial = margin(Kernel::Radial { gamma: 0.125 }, row);
    assert_eq!(radial, 3.0 * exp(-1.625) - exp(-0.125 * 13.8125) + 0.5);
    let polynomial = Kernel::Polynomial { gamma: 2.0, offset: 0.5, degree: 3 };
    assert_eq!(margin(polynomial, row), 3.0 * 2.5 * 2.5 * 2.5 + 27.0 + 0.5);
    let constant = Kernel::Polynomial { gamma: 2.0, offset: 0.5, degree: 0 };
    assert_eq!(margin(constant, row), 3.0 - 1.0 + 0.5);
    let sigmoid = margin(Kernel::Sigmoid { gamma: 0.5, offset: 0.25 }, row);
    let expected = 3.0 * tanh(0.75) - tanh(-0.625) + 0.5;
    assert_eq!(sigmoid, expected);
}

#[test]
fn a_machine_without_vectors_is_its_intercept() {
    let kernel = Kernel::Radial { gamma: 1.0 };
    let vectors = StoredRows { n_inputs: 1, values: vec![] };
    let (coefficients, intercepts) = (vec![], vec![4.0]);
    let link = Link::Identity;
    let machine = SupportVectors { link, kernel, vectors, coefficients, intercepts };
    let domain = machine.check(&[Domain::new(0.0, 1.0)]).unwrap()[0];
    assert_eq!((domain.low, domain.high), (4.0, 4.0));
}

#[test]
fn margins_lie_between_the_ends_of_the_kernels() {
    let inputs = [Domain::new(-1.0, 1.0), Domain::new(0.0, 1.0)];
    let ends = |kernel| {
        let domain = small(kernel).check(&inputs).unwrap()[0];
        (domain.low, domain.high)
    };
    assert_eq!(ends(Kernel::Radial { gamma: 1.0 }), (-0.5, 3.5));
    assert_eq!(ends(Kernel::Sigmoid { gamma: 1.0, offset: 0.0 }), (-3.5, 4.5));
    // Sums from −1 to 3, and from −0.5 to 0.75.
    let polynomial = |degree| Kernel::Polynomial { gamma: 1.0, offset: 0.0, degree };
    assert_eq!(ends(polynomial(1)), (-3.0 - 0.75 + 0.5, 9.0 + 0.5 + 0.5));
    assert_eq!(ends(polynomial(2)), (-0.5625 + 0.5, 27.0 + 0.5));
}

#[test]
fn what_could_overflow_is_refused_with_its_vector() {
    let huge = [Domain::new(-1e100, 1e100); 2];
    let error = |kernel, inputs: &[Domain]| small(kernel).check(inputs).unwrap_err().to_string();
    let cubed = Kernel::Polynomial { gamma: 1.0, offset: 0.0, degree: 4 };
    let message = error(cubed, &huge);
    assert!(
        message.starts_with("stored row 1: ") && message.contains("could pass 1e300"),
        "{message}"
    );
    assert!(small(Kernel::Radial { gamma: 1e50 }).check(&huge).is_ok());
    let message = error(Kernel::Radial { gamma: 1e120 }, &huge);
    assert!(message.contains("could pass 1e300"), "{message}");
    let missing = Domain { may_be_missing: true, ..Domain::new(0.0, 1.0) };
    let message = error(cubed, &[missing, missing]);
    assert_eq!(message, "input 1: may be missing here; impute it first");
}

#[test]
fn what_does_not_fit_is_refused() {
    let refused = |change: fn(&mut SupportVectors)| -> String {
        let mut machine = small(Kernel::Radial { gamma: 1.0 });
        change(&mut machine);
        machine.check(&[Domain::new(0.0, 1.0); 2]).unwrap_err().to_string()
    };
    assert_eq!(
        refused(|m| m.coefficients.truncate(1)),
        "1 coefficients, expected 2 vectors × 1 margins"
    );
    assert_eq!(refused(|m| m.intercepts.clear()), "2 coefficients, expected 2 vectors × 0 margins");
    assert!(refused(|m| m.vectors.n_inputs = 3).contains("numbers of stored rows, expected 3"));
    assert_eq!(
        refused(|m| m.vectors.n_inputs = 4),
        "2 coefficients, expected 1 vectors × 1 margins"
    );
    assert_eq!(
        refused(|m| m.vectors.values[3] = f64::NAN),
        "stored row 2: input 2: not a finite number"
    );
    for (gamma, printed) in [(-1.0, "-1"), (f64::NAN, "NaN"), (f64::INFINITY, "inf")] {
        let error = small(Kernel::Radial { gamma }).check(&[Domain::new(0.0, 1.0); 2]).unwrap_err();
        let expected = format!("gamma is {printed}, expected a finite number of at least 0");
        assert_eq!(error.to_string(), expected);
    }
    let unbounded: [fn(&mut SupportVectors); 6] = [
        |m| m.kernel = Kernel::Sigmoid { gamma: 1.0, offset: f64::INFINITY },
        |m| m.kernel = Kernel::Sigmoid { gamma: f64::NAN, offset: 0.0 },
        |m| m.kernel = Kernel::Polynomial { gamma: f64::INFINITY, offset: 0.0, degree: 2 },
        |m| m.coefficients[1] = f64::INFINITY,
        |m| m.coefficients[0] = f64::NAN,
        |m| m.intercepts[0] = f64::NAN,
    ];
    for change in unbounded {
        let error = refused(change);
        assert!(error.ends_with("could pass 1e300, for its possible inputs"), "{error}");
    }
    assert!(refused(|m| m.link = Link::Probability).starts_with("the probability link"));
}
