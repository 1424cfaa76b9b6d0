use super::*;
use crate::served::Approval;

fn served(name: &str, version: &str) -> Arc<Served> {
    let model = nomogram::Model::open(&nomogram_testkit::bundle_of_three_members()).unwrap();
    let served = Served::new(model.into(), name.into(), version.into(), Approval::NotRecorded);
    Arc::new(served.unwrap())
}

#[test]
fn a_model_is_found_by_name_version_and_alias() {
    let mut catalog = Catalog::default();
    assert_eq!(catalog.find(None, None).unwrap_err().kind(), ProblemKind::NotReady);
    catalog.add(served("sepsis", "1"));
    catalog.add(served("sepsis", "2"));
    catalog.set_alias("sepsis", "champion", "1").unwrap();
    let version = |catalog: &Catalog, name, version| {
        catalog.find(name, version).map(|found| found.version().to_owned())
    };
    assert_eq!(version(&catalog, None, None), Ok("2".into()));
    assert_eq!(version(&catalog, Some("sepsis"), Some("champion")), Ok("1".into()));
    assert!(version(&catalog, Some("sepsis"), Some("3")).is_err());
    assert!(catalog.set_alias("sepsis", "2", "1").is_err());
    catalog.add(served("stroke", "1"));
    assert!(version(&catalog, None, None).is_err());
    catalog.set_default("sepsis").unwrap();
    assert_eq!(version(&catalog, None, None), Ok("2".into()));
    assert!(catalog.remove("sepsis", "2") && !catalog.remove("sepsis", "2"));
    assert_eq!(version(&catalog, None, None), Ok("1".into()));
}

#[test]
fn a_revoked_version_is_refused_under_every_name() {
    let mut catalog = Catalog::default();
    catalog.add(served("sepsis", "1"));
    catalog.add(served("sepsis", "2"));
    catalog.set_alias("sepsis", "champion", "2").unwrap();
    catalog.withdraw("sepsis", "2", Withdrawal::Revoked);
    for version in [None, Some("2"), Some("champion")] {
        let problem = catalog.find(Some("sepsis"), version).unwrap_err();
        assert_eq!(problem.kind(), ProblemKind::Revoked, "{version:?}");
    }
    assert_eq!(catalog.find(None, Some("1")).unwrap().version(), "1");
    assert_eq!(catalog.find(None, Some("3")).unwrap_err().kind(), ProblemKind::UnknownModel);
    assert!(catalog.remove("sepsis", "1"));
    assert_eq!(catalog.find(None, None).unwrap_err().kind(), ProblemKind::Revoked);
}

#[test]
fn an_unloaded_model_stays_unloaded_until_it_is_loaded() {
    let catalog = || {
        let mut catalog = Catalog::default();
        catalog.add(served("sepsis", "1"));
        catalog.add(served("stroke", "1"));
        catalog
    };
    let models = Models::new(catalog());
    let kind = |name| models.find(name, None).map(drop).map_err(|problem| problem.kind());
    assert_eq!(models.unload("fever").unwrap_err().kind(), ProblemKind::UnknownModel);
    models.unload("sepsis").unwrap();
    models.replace(catalog());
    assert_eq!(kind(Some("sepsis")), Err(ProblemKind::UnknownModel));
    assert_eq!(kind(None), Err(ProblemKind::UnknownModel), "the other model does not answer");
    assert_eq!(kind(Some("stroke")), Ok(()));
    assert!(models.load("sepsis", &Catalog::default()).is_err());
    models.replace(catalog());
    assert_eq!(kind(Some("sepsis")), Err(ProblemKind::UnknownModel));
    models.load("sepsis", &catalog()).unwrap();
    assert_eq!(kind(Some("sepsis")), Ok(()));
}

#[test]
fn what_the_policy_of_trust_refused_is_refused_in_the_next_catalogue() {
    let mut previous = Catalog::default();
    previous.add(served("sepsis", "1"));
    previous.add(served("sepsis", "2"));
    previous.withdraw("sepsis", "2", Withdrawal::Untrusted);
    let next = |is_chosen: bool| {
        let mut next = Catalog::default();
        next.add(served("sepsis", "1"));
        next.keep_untrusted(&previous, |_| is_chosen);
        next
    };
    let kind = |catalog: &Catalog, version| {
        catalog.find(Some("sepsis"), version).map(drop).map_err(|problem| problem.kind())
    };
    assert_eq!(kind(&next(false), None), Err(ProblemKind::Untrusted));
    assert_eq!(kind(&next(false), Some("2")), Err(ProblemKind::Untrusted));
    assert_eq!(kind(&next(false), Some("1")), Ok(()));
    assert_eq!(kind(&next(true), None), Ok(()));
    let mut replaced = Catalog::default();
    replaced.add(served("sepsis", "2"));
    replaced.keep_untrusted(&previous, |_| false);
    assert_eq!(kind(&replaced, None), Ok(()));
}

#[test]
fn a_request_keeps_the_model_on_which_it_began() {
    let mut catalog = Catalog::default();
    catalog.add(served("sepsis", "1"));
    let models = Models::new(catalog);
    let held = models.find(None, None).unwrap();
    let mut next = Catalog::default();
    next.add(served("sepsis", "2"));
    models.replace(next);
    assert_eq!(models.find(None, None).unwrap().version(), "2");
    assert_eq!(held.version(), "1");
    assert!(held.session().unwrap().predict_row(&[17.99, 10.38, 122.8]).is_ok());
}
