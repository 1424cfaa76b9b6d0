"""Sends patients of wdbc.csv, then the same with one feature in another unit, and waits for the alert.

    python slip.py 127.0.0.1:8000 examples/data/wdbc.csv 127.0.0.1:9099
"""

import json
import random
import sys
import time
import urllib.parse
import urllib.request

import wdbc

MODEL = "wdbc"


def infer(address, names, rows):
    table = {"name": "rows", "shape": [len(rows), len(names)], "datatype": "FP64", "data": rows}
    request = {"inputs": [table], "parameters": {"on_refusal": "mark"}}
    request = urllib.request.Request(
        f"http://{address}/v2/models/{MODEL}/infer", data=json.dumps(request).encode()
    )
    urllib.request.urlopen(request).read()


def query(prometheus, expression):
    url = f"http://{prometheus}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
    return json.loads(urllib.request.urlopen(url).read())["data"]["result"]


def wait_for(what, condition, seconds=60):
    for _ in range(seconds):
        try:
            if condition():
                return
        except (OSError, IndexError):
            pass
        time.sleep(1)
    raise SystemExit(f"{what}: not within {seconds} seconds")


def main():
    address, table, prometheus = sys.argv[1:]
    names, rows = wdbc.rows(table, 569)
    random.Random(1).shuffle(rows)
    infer(address, names, rows[:100])
    wait_for("rows", lambda: float(query(prometheus, "nomogram_period_rows")[0]["value"][1]) >= 100)
    alert = 'ALERTS{alertname="PatientsHaveChanged",alertstate="firing"}'
    assert not query(prometheus, alert), "an alert without a change"

    n_rows = 0
    while n_rows < 50:
        slipped = [row[:] for row in rows[100 + n_rows : 110 + n_rows]]
        for row in slipped:
            row[names.index("radius_mean")] *= 10
        infer(address, names, slipped)
        n_rows += len(slipped)
    wait_for("alert", lambda: query(prometheus, alert))
    print(f"prometheus: quiet after 100 patients, PatientsHaveChanged fires after {n_rows} with another unit")


main()
