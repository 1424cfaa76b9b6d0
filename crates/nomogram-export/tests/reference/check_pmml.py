"""Checks exported PMML: the schema of PMML 4.4, and JPMML-Evaluator with the rows of `ModelVerification`.

    NOMOGRAM_EXPORTS=/tmp/exports cargo test -p nomogram-export --test integration verification
    python check_pmml.py /tmp/exports

needs Java. Made with jpmml_evaluator 0.16.0, whose archive of the class model contains the schema, and lxml 6.1.3.
Prints how many documents are valid and how many JPMML-Evaluator verifies; ends with status 1 unless all are.
"""

import pathlib
import sys
import zipfile

import jpmml_evaluator
from jpmml_evaluator import make_evaluator
from lxml import etree


def schema():
    folder = pathlib.Path(jpmml_evaluator.__file__).parent / "dependencies"
    (archive,) = folder.glob("pmml-model-1*.jar")
    with zipfile.ZipFile(archive) as files, files.open("pmml.xsd") as stream:
        return etree.XMLSchema(etree.parse(stream))


def main():
    valid = schema()
    files = sorted(pathlib.Path(sys.argv[1]).glob("*.pmml"))
    failures, n_valid, n_verified = [], 0, 0
    for file in files:
        try:
            valid.assertValid(etree.parse(str(file)))
            n_valid += 1
        except etree.DocumentInvalid as error:
            failures.append(f"{file.name}: {error}")
        try:
            make_evaluator(str(file)).verify()
            n_verified += 1
        except Exception as error:  # whatever Java throws
            failures.append(f"{file.name}: {str(error).splitlines()[0]}")
    print(f"{len(files)} documents: {n_valid} valid, {n_verified} verified")
    print("\n".join(failures))
    sys.exit(bool(failures or not files))


main()
