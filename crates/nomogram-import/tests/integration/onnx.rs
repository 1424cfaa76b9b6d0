//! Every model of `tests/data/onnx` predicts what ONNX Runtime predicted.

use crate::records::{Record, records_in};
use nomogram::{Member, Model};
use nomogram_import::{Imported, Limits, Options, import, read_expected};

fn read(record: &Record) -> Result<Imported, nomogram_import::Error> {
    import(&record.model, None, &Options::default(), &Limits::default())
}

#[test]
fn every_graph_predicts_what_onnx_runtime_predicted() {
    let (mut failures, mut n_models, mut largest) = (Vec::new(), 0, 0.0_f64);
    for record in records_in("onnx") {
        n_models += 1;
        let name = format!("{}: {}", record.library, record.name);
        let compared = read(&record).and_then(|imported| {
            let known =
                read_expected(record.table.as_bytes(), &imported.parts.schema, &Limits::default())?;
            let comparison = imported.compare(&known)?;
            if comparison.agrees() {
                let sealed = imported.seal(&known)?;
                assert!(Model::open(&sealed.bundle).is_ok(), "{name}");
            }
            Ok((imported, comparison))
        });
        match compared {
            Err(error) => failures.push(format!("{name}: {error}")),
            Ok((imported, comparison)) => {
                let outputs = comparison.outputs.clone().unwrap();
                println!(
                    "{name}: {} of {} equal, largest difference {:e} ({})",
                    outputs.n_equal, outputs.n_compared, outputs.largest, outputs.tolerance
                );
                let is_forest = matches!(imported.parts.members[0].member, Member::Forest(_));
                if !is_forest {
                    largest = largest.max(outputs.largest);
                }
                if !comparison.agrees() || comparison.n_rows < 30 {
                    failures.push(format!("{name}: {comparison}"));
                }
            }
        }
    }
    println!("largest difference of weighted sums: {largest:e}");
    assert!(failures.is_empty(), "{} of {n_models}\n{}", failures.len(), failures.join("\n\n"));
    assert!(n_models >= 40, "{n_models} models");
}

#[test]
fn a_changed_weight_is_noticed() {
    let record = records_in("onnx").find(|record| record.name == "regression tree").unwrap();
    let mut imported = read(&record).unwrap();
    let Member::Forest(forest) = &mut imported.parts.members[0].member else { panic!("no forest") };
    let leaf = &mut forest.trees[0].leaves[0];
    *leaf = leaf.next_up() + 1e-4;
    let known =
        read_expected(record.table.as_bytes(), &imported.parts.schema, &Limits::default()).unwrap();
    let error = imported.seal(&known).unwrap_err();
    assert_eq!(error.kind(), nomogram_import::ErrorKind::Different);
}
