use super::*;

fn record(json: &str) -> Record {
    let mut record = Record::default();
    record.add(serde_json::from_str(json).unwrap()).unwrap();
    record
}

fn observation(id: &str, more: &str) -> String {
    format!(
        r#"{{"resourceType": "Observation", "id": "{id}", "status": "final",
            "code": {{"coding": [{{"system": "http://loinc.org", "code": "2160-0"}}]}},
            "subject": {{"reference": "Patient/1"}}, {more}}}"#
    )
}

fn bundle(observations: &[String]) -> String {
    let entries: Vec<_> =
        observations.iter().map(|json| format!(r#"{{"resource": {json}}}"#)).collect();
    format!(r#"{{"resourceType": "Bundle", "entry": [{}]}}"#, entries.join(","))
}

fn creatinine() -> Source {
    Source { loinc: Some("2160-0".into()), ..Source::default() }
}

#[test]
fn the_newest_usable_observation_counts() {
    let quantity = |value: f64, time: &str| {
        format!(
            r#""effectiveDateTime": "{time}",
               "valueQuantity": {{"value": {value}, "code": "mg/dL"}}"#
        )
    };
    let record = record(&bundle(&[
        observation("a", &quantity(1.0, "2026-11-27T10:00:00+02:00")),
        observation("b", &quantity(2.0, "2026-11-27T09:30:00Z")),
        observation("c", &quantity(3.0, "2026-11-26")),
        observation("d", &quantity(4.0, "2026-11-28")).replace("final", "entered-in-error"),
    ]));
    let (source, now) = (creatinine(), Instant::of_seconds(0));
    let (found, basis) = record.find(&source, Some("umol/L"), now).unwrap().unwrap();
    assert_eq!(found, Found::NumberIn(2.0, "mg/dL"));
    assert_eq!(basis, Some(Reference::new("Observation/b".into())));
    assert_eq!(record.subject(), Some(&Reference::new("Patient/1".into())));
}

#[test]
fn a_reason_why_a_value_is_absent_is_kept() {
    let absent = r#""dataAbsentReason": {"coding": [{
        "system": "http://terminology.hl7.org/CodeSystem/data-absent-reason",
        "code": "not-performed"}]}"#;
    let record = record(&observation("a", absent));
    let source = creatinine();
    let (found, _) = record.find(&source, None, Instant::of_seconds(0)).unwrap().unwrap();
    assert_eq!(found, Found::Missing(Some(MissingReason::NotPerformed)));
}

#[test]
fn a_quantity_that_would_be_misread_is_refused() {
    let source = creatinine();
    let cases = [
        (r#""valueQuantity": {"value": 77123}"#, "without the code of its unit"),
        (
            r#""valueQuantity": {"value": 77123, "code": "mg/dL", "comparator": "<"}"#,
            "with a comparator",
        ),
    ];
    for (json, message) in cases {
        let record = record(&observation("a", json));
        let error = record.find(&source, Some("mg/dL"), Instant::of_seconds(0)).unwrap_err();
        assert!(error.contains(message) && !error.contains("77123"), "{error}");
    }
}

#[test]
fn resources_of_two_patients_are_refused() {
    let two = bundle(&[
        observation("a", r#""valueInteger": 1"#),
        observation("b", r#""valueInteger": 1"#).replace("Patient/1", "https://ehr/Patient/2"),
    ]);
    let mut record = Record::default();
    let error = record.add(serde_json::from_str(&two).unwrap()).unwrap_err();
    assert_eq!(error.detail(), "resources of several patients, expected those of one");
    let same = bundle(&[
        observation("a", r#""valueInteger": 1"#),
        observation("b", r#""valueInteger": 1"#)
            .replace("Patient/1", "https://ehr/Patient/1/_history/3"),
    ]);
    assert!(Record::default().add(serde_json::from_str(&same).unwrap()).is_ok());
}

#[test]
fn components_and_the_patient_have_values_too() {
    let pressure = r#"{"resourceType": "Observation", "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]},
        "component": [{
            "code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]},
            "valueQuantity": {"value": 120, "code": "mm[Hg]"}}]}"#;
    let record_of_pressure = record(pressure);
    let systolic = Source { loinc: Some("8480-6".into()), ..Source::default() };
    let now = Instant::of_text("2026-11-28").unwrap();
    let found = record_of_pressure.find(&systolic, Some("mm[Hg]"), now).unwrap().unwrap().0;
    assert_eq!(found, Found::NumberIn(120.0, "mm[Hg]"));

    let patient = record(
        r#"{"resourceType": "Patient", "id": "1", "birthDate": "1960-12-01", "gender": "male"}"#,
    );
    let age = Source { patient: Some(PatientElement::Age), ..Source::default() };
    assert_eq!(patient.find(&age, None, now).unwrap().unwrap().0, Found::Integer(65));
    let sex = Source {
        patient: Some(PatientElement::Gender),
        levels: [("male".to_owned(), "M".to_owned())].into(),
        ..Source::default()
    };
    assert_eq!(patient.find(&sex, None, now).unwrap().unwrap().0, Found::Text("M"));
}
