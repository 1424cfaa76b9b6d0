//! Writes the models of the benchmarks into a folder, with rows for each: `cargo xtask instructions`
//! counts what they cost. Prints the name of each model, in the order of their numbers.

use std::fs::write;
use std::path::Path;
use std::sync::Arc;

use ndarray::Array2;
use nomogram::{Model, Session};
use nomogram_testkit::shapes::shapes;

const N_ROWS: usize = 1024;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args_os().nth(1).unwrap_or_else(|| ".".into());
    let file = |name: String| Path::new(&folder).join(name);
    let bytes = |rows: &Array2<f64>| rows.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>();
    for (index, shape) in shapes().iter().enumerate() {
        write(file(format!("{index}.nomo")), &shape.bundle)?;
        write(file(format!("{index}_one.f64")), bytes(&shape.rows(1, 0.0)))?;
        write(file(format!("{index}_many.f64")), bytes(&shape.rows(N_ROWS, 0.0)))?;
        let missing = shape.rows(N_ROWS, 0.02);
        let mut session = Session::new(Arc::new(Model::open(&shape.bundle)?));
        let mut out = Array2::zeros((N_ROWS, 2));
        if session.predict_into(missing.view(), out.view_mut()).is_ok() {
            write(file(format!("{index}_missing.f64")), bytes(&missing))?;
        }
        println!("{}", shape.name);
    }
    Ok(())
}
