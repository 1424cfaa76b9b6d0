//! Bundles in which a few bytes ask for much.

use nomogram_testkit::{reseal, with_section};

use crate::models::{
    boolean, golden_cases, one_member, payload, row, small, target, with, with_schema, with_trees,
};
use crate::payload::Payload;

/// A name of three characters, others for each index.
pub(crate) fn name(index: usize) -> String {
    let letter =
        |value: usize| char::from_u32(0x100 + u32::try_from(value % 400).unwrap()).unwrap();
    [index, index / 400, index / 160_000].map(letter).into_iter().collect()
}

/// What a few bytes try to make expensive; `n` is how often.
pub(crate) fn cases(n: usize) -> Vec<(&'static str, Vec<u8>)> {
    let one_hot_first = |rest: &dyn Fn(Payload, usize) -> Payload| {
        payload().list(n, |payload, index| match index {
            0 => payload.branch(0, None, 1).one_hot(),
            _ => rest(payload, index),
        })
    };
    let source = |index: usize| Some(u32::try_from(index).unwrap());
    vec![
        (
            "branches of one-hot",
            with(
                payload().list(n, |payload, index| payload.branch(index, None, 1).one_hot()),
                one_member(65_536),
                1,
            ),
        ),
        (
            "branches that continue a wide one",
            with(
                one_hot_first(&|payload, index| payload.branch(index, source(index - 1), 1).clip()),
                one_member(65_536),
                1,
            ),
        ),
        (
            "empty branches of a wide one",
            with(
                one_hot_first(&|payload, index| payload.branch(index, source(0), 0)),
                one_member(65_536),
                1,
            ),
        ),
        (
            "steps of a wide branch",
            with(
                (0..n).fold(payload().long(1).branch(0, None, n + 1).one_hot(), |payload, _| {
                    payload.clip()
                }),
                one_member(65_536),
                1,
            ),
        ),
        (
            "members of a wide branch",
            with(
                payload().long(1).branch(0, None, 1).one_hot(),
                payload().list(n, |payload, index| {
                    let forest = payload.member(index).forest(65_536);
                    forest.long(1).byte(1).word(0).long(1).leaf(0).numbers(0.0, 1)
                }),
                n,
            ),
        ),
        (
            "empty terms of polynomials",
            with(
                payload().list(n.div_ceil(60_000), |payload, index| {
                    payload.branch(index, None, 1).word(12).list(n.min(60_000), |p, _| p.long(0))
                }),
                one_member(u32::try_from(n.min(60_000)).unwrap()),
                1,
            ),
        ),
        (
            "terms of polynomials",
            with(
                payload().list(n.div_ceil(60_000), |payload, index| {
                    let branch = payload.branch(index, None, 1).word(12);
                    branch.list(n.min(60_000), |payload, _| payload.words(&[0, 0]))
                }),
                one_member(u32::try_from(n.min(60_000)).unwrap()),
                1,
            ),
        ),
        (
            "selections",
            with(
                payload().list(n.div_ceil(60_000), |payload, index| {
                    let branch = payload.branch(index, None, 1).word(15);
                    branch.words(&vec![0; n.min(60_000)])
                }),
                one_member(u32::try_from(n.min(60_000)).unwrap()),
                1,
            ),
        ),
        (
            "steps without inputs",
            with(
                (0..n).fold(payload().long(1).branch(0, None, n), |p, _| p.word(15).long(0)),
                one_member(1),
                1,
            ),
        ),
        ("golden cases of a large model", {
            let members = payload().long(1).member(0).word(2).word(0).long(2);
            let width = 500;
            let hidden = members.word(0).numbers(0.0, width).numbers(0.0, width);
            let network = hidden.word(0).numbers(0.0, 1).numbers(0.0, width);
            let bundle = with(row(), network, 1);
            reseal(&bundle, 6, |payload| *payload = golden_cases(n.min(10_000), 1).0)
        }),
        ("golden cases and weights alike", {
            let width = 4 * n.min(10_000);
            let members = payload().long(1).member(0).word(2).word(0).long(2);
            let hidden = members.word(2).numbers(0.0, width).numbers(0.0, width);
            let network = hidden.word(0).numbers(0.0, 1).numbers(0.0, width);
            let bundle = with(row(), network, 1);
            reseal(&bundle, 6, |payload| *payload = golden_cases(n.min(10_000), 1).0)
        }),
        ("empty golden cases", {
            let bundle = with(row(), one_member(1), 1);
            reseal(&bundle, 6, |payload| {
                *payload = self::payload().list(n, |p, _| p.long(0).long(0).long(0).long(0)).0;
            })
        }),
        ("trees of one leaf", with_trees(n, |p| p.long(1).leaf(0).numbers(0.0, 1))),
        (
            "trees of two leaves",
            with_trees(n, |p| p.long(3).split(1, 2).leaf(0).leaf(1).numbers(0.0, 2)),
        ),
        (
            "trees that share a leaf",
            with_trees(n, |p| p.long(3).split(1, 2).leaf(0).leaf(0).numbers(0.0, 1)),
        ),
        (
            "splits by levels",
            with_trees(n, |p| {
                let split = p.long(3).word(2).word(0).words(&[0]).word(1).word(2).word(0);
                split.leaf(0).leaf(0).numbers(0.0, 1)
            }),
        ),
        ("a tree that is a chain", {
            let n = u32::try_from(n).unwrap();
            let members = payload().long(1).member(0).forest(1).long(1).byte(1).word(0);
            let nodes = (0..n).fold(members.long(2 * n as usize + 1), |payload, index| {
                payload.split(2 * index + 1, 2 * index + 2).leaf(0)
            });
            with(row(), nodes.leaf(0).numbers(0.0, 1), 1)
        }),
        ("a tree of leaves without parents", {
            let members = payload().long(1).member(0).forest(1).long(1).byte(1).word(0);
            with(row(), members.list(n, |p, _| p.leaf(0)).numbers(0.0, 1), 1)
        }),
        ("layers of a network", {
            let layer = |payload: Payload| payload.word(0).numbers(0.0, 1).numbers(0.0, 1);
            let members = payload().long(1).member(0).word(2).word(0);
            with(row(), members.list(n, |payload, _| layer(payload)), 1)
        }),
        ("a wide layer", {
            let members = payload().long(1).member(0).word(2).word(0).long(2);
            let wide = members.word(2).numbers(0.0, n).numbers(0.0, n);
            with(row(), wide.word(0).numbers(0.0, 1).numbers(0.0, n), 1)
        }),
        ("likelihoods without classes", {
            let members = payload().long(1).member(0).word(3).numbers(-1.0, 2);
            with(row(), members.list(n, |p, _| p.word(1).long(0)), 1)
        }),
        ("items of a points score", {
            let members = payload().long(1).member(0).word(4).word(1);
            let items = members.list(n, |p, _| p.word(0).word(0).long(2).word(0).word(1).byte(0));
            let totals =
                |p: Payload, total: usize| p.word(u32::try_from(total).unwrap()).number(0.5);
            with(row(), items.word(2).list(1000, totals), 1)
        }),
        ("points of an item", {
            let members = payload().long(1).member(0).word(4).word(1).long(1).word(0).word(0);
            let item = members.words(&vec![1; n]).byte(0);
            with(row(), item.word(0).number(0.0).number(1.0), 1)
        }),
        ("rules", {
            let features = boolean(payload().long(1), "smoker");
            with_schema(target(features.list(n, |p, index| {
                let ratio = p.text(&name(index)).word(0).words(&[0]).long(0).number(1.0);
                ratio.byte(0).byte(1).number(2.0).word(1)
            })))
        }),
        ("factors of a rule", {
            let features = boolean(payload().long(1), "smoker").long(1);
            let ratio = features.text("r").word(0).words(&vec![0; n]).long(0).number(1.0);
            with_schema(target(ratio.byte(0).byte(1).number(2.0).word(1)))
        }),
        ("features", {
            let features = payload().list(n, |p, index| boolean(p, &name(index)));
            with_schema(target(features.long(0)))
        }),
        ("levels", {
            let feature = payload().long(1).text("stage").word(3);
            let levels = feature.list(n, |p, index| p.text(&name(index)));
            let rest = (0..7).fold(levels.byte(0).long(0).byte(0), |p, _| p.word(0));
            with_schema(target(rest.long(0)))
        }),
        ("units", {
            let feature = payload().long(1).text("age").word(0).byte(1).text("a");
            let unit = |p: Payload, i: usize| p.text(&name(i)).number(0.0).number(1.0).number(1.0);
            let rest = (0..7).fold(feature.list(n, unit).byte(0), |p, _| p.word(0));
            with_schema(target(rest.long(0)))
        }),
        ("classes", {
            let features = boolean(payload().long(1), "smoker").long(0).word(0).text("y");
            with_schema(features.list(n.max(2), |p, index| p.text(&name(index))))
        }),
        ("members", {
            let members = payload().list(n, |payload, index| {
                payload.member(index).word(0).word(0).word(1).numbers(0.0, 1).numbers(0.0, 1)
            });
            with(row(), members, n)
        }),
        ("notes", {
            let digests = |p: Payload| (0..64).fold(p, |payload, _| payload.byte(0));
            let manifest = digests(payload().text("m").text("1").text("t"));
            let notes = manifest.list(n.min(1000), |p, index| p.text(&name(index)).text("x"));
            reseal(&small(), 1, |payload| *payload = notes.0)
        }),
        ("a note of quotes", {
            let digests = |p: Payload| (0..64).fold(p, |payload, _| payload.byte(0));
            let manifest = digests(payload().text("m").text("1").text("t"));
            let notes = manifest.long(1).text("a").text(&"\"".repeat(10 * n));
            reseal(&small(), 1, |payload| *payload = notes.0)
        }),
        ("maps of a calibrator", {
            let maps = payload().word(1).list(n, |p, _| p.word(2).long(0).long(0));
            with_section(&small(), 7, true, &maps.0)
        }),
        ("points of a calibrator", {
            let map =
                payload().word(0).word(2).list(n, |p, index| p.number(index as f64 / n as f64));
            let map = map.numbers(0.5, n);
            with_section(&small(), 7, true, &map.0)
        }),
        ("cutoffs", {
            let cutoffs = payload().list(n, |p, index| p.text(&name(index)).word(1).number(0.5));
            with_section(&small(), 8, true, &cutoffs.0)
        }),
        ("a model card", with_section(&small(), 9, false, &payload().text(&"x".repeat(20 * n)).0)),
        ("scores of a class", {
            let ranks = |p: Payload, n: usize| {
                let scores =
                    p.list(n, |p, index| p.number(f64::from(u32::try_from(index).unwrap())));
                scores.list(n, |p, index| p.word(u32::try_from(n - index).unwrap()))
            };
            let scores = ranks(ranks(payload().word(0).long(2), n), 1);
            // No levels, interval, distance, spreads and rules; the digest of other predictions.
            let rest = scores.long(0).byte(0).byte(0).long(0).byte(0).byte(0);
            with_section(&small(), 12, false, &(0..32).fold(rest, |p, _| p.byte(0)).0)
        }),
        ("background rows", {
            let n_rows = n.min(1024);
            let rows = payload().numbers(1.0, n_rows).numbers(1.0, n_rows).long(0).long(0);
            with_section(&with(row(), one_member(1), 1), 11, false, &rows.0)
        }),
        ("values of background rows", {
            let values = payload().numbers(1.0, n).numbers(1.0, 1).long(0).long(0);
            with_section(&with(row(), one_member(1), 1), 11, false, &values.0)
        }),
        ("groups of features", {
            let groups = payload().long(0).long(0).list(n, |p, _| p.text("").long(0)).long(0);
            with_section(&with(row(), one_member(1), 1), 11, false, &groups.0)
        }),
        ("features of a group", {
            let features = payload().list(n, |p, index| boolean(p, &name(index)));
            let wide = with_schema(target(features.long(0)));
            let all: Vec<u32> = (0..u32::try_from(n).unwrap()).collect();
            let group = payload().long(0).long(0).long(1).text("g").words(&all).long(0);
            with_section(&wide, 11, false, &group.0)
        }),
        ("shares of members", {
            let shares = payload().long(0).long(0).long(0).list(n, |p, _| p.word(0).long(0));
            with_section(&with(row(), one_member(1), 1), 11, false, &shares.0)
        }),
        ("shares of trees", {
            // Four splits are laid out in eight slots.
            let forest = with_trees(n, |p| {
                let splits = p.long(9).split(1, 2).split(3, 4).split(5, 6).split(7, 8);
                (0..5).fold(splits, |p, leaf| p.leaf(leaf)).numbers(0.0, 5)
            });
            let shares = payload().long(0).long(0).long(0).long(1).word(0).numbers(0.5, 4 * n);
            with_section(&forest, 11, false, &shares.0)
        }),
        ("histograms of a profile", {
            let histogram = |p: Payload, _| (0..6).fold(p.word(2), |p, _| p.long(0));
            let profile = payload().long(100).list(n, histogram).long(0).long(0);
            with_section(&small(), 13, false, &profile.0)
        }),
        (
            "unknown sections",
            (0..n.min(300)).fold(small(), |bundle, index| {
                with_section(&bundle, 1000 + u32::try_from(index).unwrap(), false, b"")
            }),
        ),
        ("false lengths", {
            let lists = payload().long(1).branch(0, None, 1).word(12).long(n);
            with((0..n).fold(lists, |p, _| p.long(n)), one_member(1), 1)
        }),
    ]
}
