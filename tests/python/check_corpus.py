"""Checks every case of tests/data/corpus against the reference in this folder.

    python3 tests/python/check_corpus.py [folder of another corpus]

Where a number takes only + - * / and roundings, its bits must be those that the case expects;
where it uses exp, ln or similar functions, it may differ by RELATIVE. Says too when a policy of a kind of
feature is in no case.
"""

import math
import sys
from pathlib import Path

import corpus
from reference import counters, intake
from reference.ensemble import answer

RELATIVE = 1e-13

ALLOWED = {
    "unset": {"Refuse", "Impute"},
    "missing": {"Refuse", "Impute"},
    "not_a_number": {"Refuse", "Impute"},
    "infinite": {"Refuse", "Impute", "Clamp"},
    "out_of_range": {"Refuse", "Impute", "Clamp", "Take"},
    "unseen_level": {"Refuse", "Impute", "Take"},
    "wrong_type": {"Refuse", "Impute"},
}


def differences(case, model):
    """What the reference sees otherwise than the case expects."""
    stated = lambda name: case.stated.get(name, corpus.Stated())
    try:
        found = answer(model, stated)
    except intake.Refused as refused:
        expected = (case.expected.get("status"), case.expected.get("at"))
        if expected != (refused.status, refused.feature):
            yield f"{refused.status} at {refused.feature}, expected {expected}"
        return
    if case.expected.get("status") != "NOMO_OK":
        yield f"predicted, expected {case.expected.get('status')}"
        return
    doubles = ("p-values", "intervals", "distance-p-value", "furthest-times")
    for name in ("outputs", "members", "margins", *doubles):
        expected = [corpus.of_bits(bits) for bits in case.bits(name)]
        if len(expected) != len(found[name]):
            yield f"{len(found[name])} {name}, expected {len(expected)}"
        for index, ((value, is_exact), wanted) in enumerate(zip(found[name], expected)):
            if not is_close(value, wanted, is_exact):
                yield f"{name} {index}: {value!r}, expected {wanted!r} {'exactly' * is_exact}"
    whole = ("class", "flags", "feature-flags", "rules-broken", "cutoffs-reached")
    for name in (*whole, "verdict", "sets", "furthest-feature"):
        if found[name] != case.whole(name):
            yield f"{name} {found[name]}, expected {case.whole(name)}"


def is_close(value, expected, is_exact):
    """Whether two numbers are the same, or as near as exp and ln let them be."""
    if is_exact:
        return corpus.to_bits(value) == corpus.to_bits(expected)
    # Two steps of 5e-324 are nothing, however much of a subnormal number they are.
    return math.isclose(value, expected, rel_tol=RELATIVE, abs_tol=1e-323)


def policies_without_a_case():
    """Every kind, condition and action that a feature can have, less those that were met."""
    kinds = {
        "Number": {"unseen_level"},
        "Integer": {"unseen_level"},
        "Boolean": {"unseen_level", "out_of_range"},
        "Category": {"out_of_range"},
    }
    for kind, cannot_be in kinds.items():
        for condition, actions in ALLOWED.items():
            # Only numbers have a range to clamp to.
            can_clamp = kind in ("Number", "Integer")
            for action in actions - (set() if can_clamp else {"Clamp"}):
                if condition not in cannot_be and (kind, condition, action) not in intake.met:
                    yield kind, condition, action


def main():
    if sys.argv[1:]:
        corpus.folder = Path(sys.argv[1])
    n_cases = n_wrong = 0
    for name in corpus.names():
        model = corpus.model(name)
        for case in corpus.cases(name):
            n_cases += 1
            for difference in differences(case, model):
                n_wrong += 1
                print(f"{name}.cases: {case.name}: {difference}")
        if model["profile"] is not None:
            found = counters.counts(model, corpus.cases(name), corpus.Stated())
            if found != corpus.counts(name):
                n_wrong += 1
                print(f"{name}.counts: {found}, expected {corpus.counts(name)}")
    for kind, condition, action in sorted(policies_without_a_case()):
        n_wrong += 1
        print(f"no case has a {kind} that is {condition} where the policy is {action}")
    print(f"{n_cases} cases, {n_wrong} wrong")
    return int(n_wrong > 0 or n_cases == 0)


if __name__ == "__main__":
    sys.exit(main())
