"""Makes PMML documents of piecewise lines and of intervals by hand, with what JPMML-Evaluator predicts.

    python make_pmml_curves.py ../data/pmml/curves.jsonl   # jpmml_evaluator 0.16.0, pandas; needs Java

Rows are values at, just below and just above every break, missing, and far out.
"""

import json
import math
import pathlib
import sys
import tempfile

import pandas
from jpmml_evaluator import JavaError, make_evaluator

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4">
<Header/>
<DataDictionary>
<DataField name="x" optype="continuous" dataType="double"/>
<DataField name="z" optype="continuous" dataType="double"/>
<DataField name="y" optype="continuous" dataType="double"/>
</DataDictionary>
<TransformationDictionary>
<DerivedField name="d" optype="continuous" dataType="%s">%s</DerivedField>
</TransformationDictionary>
<RegressionModel functionName="regression">
<MiningSchema><MiningField name="x"/><MiningField name="z"/><MiningField name="y" usageType="target"/></MiningSchema>
<RegressionTable intercept="0.25">
<NumericPredictor name="d" coefficient="1.5"/><NumericPredictor name="z" coefficient="-0.75"/>
</RegressionTable>
</RegressionModel>
</PMML>
"""
POINTS = [(-3.25, 0.5), (0.1, 2.0), (0.7, -1.5), (40.0, 8.125)]


def lines(points, options=""):
    norms = "".join(f'<LinearNorm orig="{orig!r}" norm="{norm!r}"/>' for orig, norm in points)
    return f'<NormContinuous field="x" {options}>{norms}</NormContinuous>'


def intervals(bins, options=""):
    def one(closure, left, right, value):
        left = "" if left is None else f'leftMargin="{left!r}"'
        right = "" if right is None else f'rightMargin="{right!r}"'
        return f'<DiscretizeBin binValue="{value}"><Interval closure="{closure}" {left} {right}/></DiscretizeBin>'

    return f'<Discretize field="x" {options}>{"".join(one(*each) for each in bins)}</Discretize>'


DOCUMENTS = {
    "piecewise line": ("double", lines(POINTS)),
    "piecewise line, held": ("double", lines(POINTS, 'outliers="asExtremeValues"')),
    "piecewise line, missing": ("double", lines(POINTS[:3], 'mapMissingTo="0.3"')),
    "magnitude": ("double", '<Apply function="abs"><FieldRef field="x"/></Apply>'),
    "intervals": ("double", intervals(
        [("openOpen", None, -3.25, 1.5), ("closedOpen", -3.25, 0.1, -2.5), ("closedClosed", 0.1, 0.7, 0.75),
         ("openOpen", 0.7, None, 8.0)])),
    "intervals, open on the left": ("integer", intervals(
        [("openClosed", 0.7, 40.0, 2), ("openClosed", None, 0.1, 0), ("openOpen", 40.0, None, 3)],
        'defaultValue="-1" mapMissingTo="7" dataType="integer"')),
}


def main(path):
    breaks = [orig for orig, _ in POINTS]
    values = [value for b in breaks for value in (math.nextafter(b, -9e9), b, math.nextafter(b, 9e9))]
    values += [0.0, -0.0, 0.4, 3.0, 17.5, -2.0, 55.5, -1e6, 1e6, math.nan]
    rows = pandas.DataFrame({"x": values, "z": [0.5 + nth % 7 for nth in range(len(values))]})
    found = []
    for name, (data_type, expression) in DOCUMENTS.items():
        document = HEAD % (data_type, expression)
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "model.pmml"
            file.write_text(document)
            evaluator = make_evaluator(str(file)).verify()
        lines_of_table = ["x,z,prediction"]
        for x, z in rows.itertuples(index=False):
            try:
                result = evaluator.evaluate({"x": None if math.isnan(x) else x, "z": z}).get("y")
            except JavaError:
                # A missing value is refused, or leaves the sum missing.
                result = None
            if result is not None:
                lines_of_table.append(f"{'' if math.isnan(x) else repr(x)},{z!r},{result!r}")
        table = "\n".join(lines_of_table) + "\n"
        found.append({"name": name, "library": "by hand", "format": "pmml", "model": document, "table": table})
        print(name, len(lines_of_table) - 1)
    pathlib.Path(path).write_text("".join(json.dumps(line) + "\n" for line in found))


if __name__ == "__main__":
    main(sys.argv[1])
