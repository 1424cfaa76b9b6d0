use super::*;

/// An id as the service makes it.
fn id(letter: char) -> String {
    format!("{:016x}-{:016x}", 7, u32::from(letter))
}

fn of_rows(rows: &[Option<f64>]) -> Remembered {
    Remembered { digest: "d".into(), rows: rows.to_vec(), shadows: Vec::new() }
}

fn take(memory: &mut Memory, request: char, row: usize) -> Option<f64> {
    memory.take(&id(request), row).ok().map(|found| found.probability)
}

/// The prediction of a row, which stays.
fn find(memory: &mut Memory, request: &str, row: usize) -> Option<Predicted> {
    let found = memory.take(request, row).ok()?;
    memory.put_back(request, row, found.probability);
    Some(found)
}

#[test]
fn an_outcome_is_taken_once() {
    let mut memory = Memory::new(10);
    memory.insert(&id('a'), of_rows(&[Some(0.1), None, Some(0.3)]));
    let taken = |memory: &mut Memory, row| take(memory, 'a', row);
    assert_eq!(taken(&mut memory, 2), Some(0.3));
    assert_eq!(taken(&mut memory, 2), None);
    assert_eq!(taken(&mut memory, 1), None);
    assert_eq!(taken(&mut memory, 9), None);
}

#[test]
fn an_id_of_two_requests_names_neither() {
    let mut memory = Memory::new(10);
    memory.insert(&id('a'), of_rows(&[Some(0.1), Some(0.3)]));
    memory.insert(&id('a'), of_rows(&[Some(0.1), Some(0.3)]));
    assert_eq!(take(&mut memory, 'a', 1), Some(0.3), "a request that is sent again is the same");
    memory.insert(&id('a'), of_rows(&[Some(0.1), Some(0.9)]));
    assert_eq!(memory.take(&id('a'), 0), Err(Missing::Ambiguous));

    memory.insert(&id('b'), of_rows(&[Some(0.1)]));
    memory.insert(&id('b'), Remembered { digest: "e".into(), ..of_rows(&[Some(0.1)]) });
    assert_eq!(memory.take(&id('b'), 0), Err(Missing::Ambiguous), "another model");
    assert_eq!(memory.take(&id('c'), 0), Err(Missing::Unknown));
}

#[test]
fn the_oldest_requests_are_forgotten_first() {
    let mut memory = Memory::new(3);
    for request in ['a', 'b', 'c'] {
        memory.insert(&id(request), of_rows(&[Some(0.5), Some(0.5)]));
    }
    assert!(find(&mut memory, &id('a'), 0).is_none() && find(&mut memory, &id('b'), 0).is_none());
    assert!(find(&mut memory, &id('c'), 1).is_some());
    memory.insert(&id('d'), of_rows(&[Some(0.5); 7]));
    assert!(find(&mut memory, &id('d'), 2).is_some() && find(&mut memory, &id('d'), 3).is_none());
}

#[test]
fn every_request_is_remembered_until_newer_ones_take_its_place() {
    let mut memory = Memory::new(100);
    // The counters wrap around in between.
    memory.n_forgotten = u32::MAX - 500;
    for number in 0..1000_u32 {
        let n_rows = usize::from(number % 3 == 0) + 1;
        let rows = vec![Some(f64::from(number)); n_rows];
        let shadows = vec![("s".to_owned(), vec![None; n_rows]); usize::from(number % 5 == 0)];
        let digest = format!("d{}", number % 2);
        let request = format!("0b3c1f0e-8e7c-4a4c-9a53-{number:012x}");
        memory.insert(&request, Remembered { digest, rows, shadows });
        let newest = find(&mut memory, &request, n_rows - 1).unwrap();
        assert_eq!(newest.probability, f64::from(number));
        assert_eq!(newest.digest, format!("d{}", number % 2));
        assert_eq!(newest.shadows, []);
        assert!(find(&mut memory, &request, n_rows).is_none());
    }
    assert!(memory.n_rows <= 100 && memory.oldest_first.len() == memory.places.len());
    assert!(memory.several.len() < 50 && size_of::<Entry>() == 32);
    let mut is_known = |number: u32| {
        find(&mut memory, &format!("0b3c1f0e-8e7c-4a4c-9a53-{number:012X}"), 0).is_some()
    };
    assert!(!is_known(920) && is_known(930) && is_known(999));
}

#[test]
fn ids_with_the_same_digits_are_of_two_requests() {
    let mut memory = Memory::new(10);
    let (own, uuid) = ("0b3c1f0e8e7c4a4c-9a531f2f3a4b5c6d", "0b3c1f0e-8e7c-4a4c-9a53-1f2f3a4b5c6d");
    memory.insert(own, of_rows(&[Some(0.1)]));
    memory.insert(uuid, of_rows(&[Some(0.2)]));
    let found = [own, uuid].map(|id| find(&mut memory, id, 0).unwrap().probability);
    assert_eq!(found, [0.1, 0.2]);
    for text in ["", "a", "0b3c1f0e8e7c4a4c+9a531f2f3a4b5c6d", &"g".repeat(33), &"-".repeat(36)] {
        memory.insert(text, of_rows(&[Some(0.3)]));
        assert!(find(&mut memory, text, 0).is_none(), "{text}");
    }
}
