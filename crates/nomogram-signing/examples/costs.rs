//! What verifying a signature costs beside the steps of computation that opening a bundle is charged.
//!
//! ```sh
//! cargo build --release -p nomogram-signing --example costs
//! for run in "verify 0" "verify 100" "open 0" "open 10"; do
//!     valgrind --tool=callgrind --callgrind-out-file=/dev/null target/release/examples/costs $run
//! done
//! ```
//!
//! The difference of "Collected" between two runs is that of 100 verifications, or of opening a bundle 10
//! times that is charged the printed number of steps.

#![allow(clippy::print_stdout)]

use std::error::Error;

use nomogram::{Limits, Model, seal};
use nomogram_signing::SecretKey;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(what), Some(n)) = (arguments.next(), arguments.next()) else {
        return Err("usage: costs verify|open N".into());
    };
    let n: usize = n.parse()?;
    match what.as_str() {
        "verify" => {
            let key = SecretKey::from_seed(&[1; 32]);
            // As long as what is signed of a bundle.
            let message = [7; 117];
            let (signature, public) = (key.sign(&message), key.public_key());
            for _ in 0..n {
                public.verify(&message, &signature)?;
            }
        }
        "open" => {
            // Nearly all of the work is predicting golden cases.
            let mut parts = nomogram_testkit::three_members();
            parts.manifest.name = "many golden cases".into();
            let rows = nomogram_testkit::golden_rows();
            let (n_times, (n_rows, n_columns)) = (5000 / rows.nrows(), rows.dim());
            let repeated = rows.broadcast((n_times, n_rows, n_columns)).ok_or("shapes fit")?;
            let rows = repeated.to_shape((n_times * n_rows, n_columns))?;
            let bundle = seal(&parts, rows.view())?;
            if n == 0 {
                println!("{} steps for {} golden cases", charged(&bundle), rows.nrows());
            }
            for _ in 0..n {
                Model::open(&bundle)?;
            }
        }
        other => return Err(format!("found `{other}`, expected verify or open").into()),
    }
    Ok(())
}

/// The steps that opening a bundle is charged: the least limit with which it opens.
fn charged(bundle: &[u8]) -> u64 {
    let opens = |max_work| {
        let limits = Limits { max_work: Some(max_work), ..Limits::default() };
        Model::open_untested(bundle, &limits).is_ok()
    };
    let (mut low, mut high) = (0, 1 << 32);
    while low < high {
        let middle = (low + high) / 2;
        if opens(middle) { high = middle } else { low = middle + 1 }
    }
    low
}
