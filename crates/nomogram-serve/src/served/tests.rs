use super::*;

fn served(bytes: &[u8]) -> Served {
    Served::open(bytes, Approval::NotRecorded).unwrap()
}

#[test]
fn a_session_is_used_again_without_the_values_of_the_request_before() {
    let served = served(&nomogram_testkit::bundle_of_three_members());
    let mut session = served.session().unwrap();
    for (feature, value) in [17.99, 10.38, 122.8].into_iter().enumerate() {
        session.set(feature, nomogram::Value::Number(value)).unwrap();
    }
    assert!(session.predict().is_ok());
    drop(session);
    assert_eq!(served.sessions.things().len(), 1);
    let mut session = served.session().unwrap();
    assert_eq!(session.predict().unwrap_err().kind(), ErrorKind::Unset);
    assert_eq!(served.sessions.things().len(), 0);
}

#[test]
fn counts_are_those_of_all_sessions() {
    let served = served(&nomogram_testkit::bundle_with_profile());
    let row = [17.99, 10.38, 122.8];
    let (mut first, mut second) = (served.session().unwrap(), served.session().unwrap());
    first.predict_row(&row).unwrap();
    second.predict_row(&row).unwrap();
    drop((first, second));
    assert_eq!(served.take_counters().unwrap().unwrap().n_rows(), 2);
    served.session().unwrap().predict_row(&row).unwrap();
    assert_eq!(served.take_counters().unwrap().unwrap().n_rows(), 1);
}

#[test]
fn features_are_found_in_any_order() {
    let served = served(&nomogram_testkit::bundle_of_three_members());
    let names: Vec<String> =
        (0..3).map(|position| served.feature_name(position).unwrap().to_owned()).collect();
    for (position, name) in names.iter().enumerate() {
        for likely in 0..4 {
            assert_eq!(served.feature(name, likely), Some(position));
        }
    }
    assert_eq!(served.feature("patient", 0), None);
}
