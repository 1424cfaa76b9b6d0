use super::*;

#[tokio::test]
async fn an_outbox_that_is_full_drops_the_oldest() {
    let outbox = Outbox::new(2);
    assert_eq!([1, 2, 3].map(|item| outbox.push(item)), [None, None, Some(1)]);
    assert_eq!((outbox.next().await, outbox.next().await), (2, 3));
}

#[tokio::test]
async fn what_comes_while_nothing_waits_is_taken_at_once() {
    let outbox = Arc::new(Outbox::new(1));
    let taking = tokio::spawn({
        let outbox = Arc::clone(&outbox);
        async move { outbox.next().await }
    });
    tokio::task::yield_now().await;
    assert_eq!(outbox.push("alarm"), None);
    assert_eq!(taking.await.unwrap(), "alarm");
}
