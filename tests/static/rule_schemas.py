#!/usr/bin/env python3
"""The JSON Schemas for editors (rules/editor) beside what Verdict reads: they know the same keys, take what it takes, and
refuse the mistakes of shape in the corpus. Exit 77: no jsonschema module here."""
import json
import pathlib
import re
import sys

try:
    import jsonschema
except ImportError:
    print("skipped: the Python module jsonschema is not installed (Debian: python3-jsonschema)")
    sys.exit(77)

TOP = pathlib.Path(__file__).resolve().parents[2]
EDITOR = TOP / "rules/editor"
CORPUS = TOP / "tests/ruleset/bad"
READERS = {"rules": ["rule_file", "rule_reader", "list_file", "given_record"], "features": ["features_file"],
           "policy": ["policy_file"], "schema": ["schema_file"]}
KEY = re.compile(r'(?:String|Int|Bool|Number|Choice|Value|Member|object|read|ReadDuration)\((?:reader, )?"([^"]+)"')
# Mistakes of shape: a schema sees them without knowing other files, conditions or the calendar.
OF_SHAPE = {"R504", "R505", "R506", "R507", "R510", "R511", "R513", "R515"}
# What the schemas leave to `verdict lint`.
LEFT_TO_LINT = {"test_wrong_type": "fields have types that schema.json declares"}
# Mistakes of meaning in files of the right shape; all below R500 too, but for what a schema may see as well.
OF_MEANING = {"R508", "R509", "R520"}
OF_BOTH = {"R111", "R114"}


def without_comments(text):
    """Strings stay whole, `//` comments become spaces."""
    return re.sub(r'"(?:[^"\\]|\\.)*"|//[^\n]*', lambda m: m[0] if m[0][0] == '"' else " " * len(m[0]), text)


def kind_of(path):
    return path.stem if path.stem in ("features", "policy", "schema") else "rules"


def properties_of(schema):
    """All keys that a schema names, but for those of its own language."""
    names = set()
    if isinstance(schema, dict):
        names |= set(schema.get("properties", {}))
        for key, value in schema.items():
            names |= properties_of(list(value.values()) if key in ("properties", "definitions") else value)
    elif isinstance(schema, list):
        for one in schema:
            names |= properties_of(one)
    return names


class Judge:
    def __init__(self):
        self.schemas = {kind: json.loads((EDITOR / f"{kind}.schema.json").read_text()) for kind in READERS}
        self.findings = []
        self.checked = 0

    def find(self, text):
        self.findings.append(text)

    def errors(self, path):
        """None where the file is no JSON."""
        try:
            value = json.loads(without_comments(path.read_text()))
        except ValueError:
            return None
        self.checked += 1
        validator = jsonschema.Draft7Validator(self.schemas[kind_of(path)])
        return [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:120]}" for e in validator.iter_errors(value)]

    def same_keys(self):
        for kind, rooms in READERS.items():
            text = "".join((TOP / f"service/ruleset/{room}.cc").read_text() for room in rooms)
            read, named = set(KEY.findall(text)), properties_of(self.schemas[kind])
            for key in sorted(read - named):
                self.find(f"{kind}: `{key}` is read, and rules/editor/{kind}.schema.json does not know it")
            for key in sorted(named - read):
                self.find(f"{kind}: rules/editor/{kind}.schema.json has `{key}`, which nothing reads")

    def takes(self, folder):
        for path in sorted((TOP / folder).glob("*.json")):
            for error in self.errors(path) or []:
                self.find(f"{path.relative_to(TOP)}: refused: {error}")

    def judges(self, case):
        golden = (case / "golden.txt").read_text()
        codes = set(re.findall(r"(?:error|warning|hint)\[(R\d+)\]", golden))
        results = [self.errors(path) for path in sorted(case.glob("*.json"))]
        errors = [error for result in results if result for error in result]
        if codes & OF_SHAPE and case.name not in LEFT_TO_LINT:
            if not errors and None not in results and results:
                self.find(f"{case.name}: {', '.join(sorted(codes))} is not seen")
        elif not codes & OF_BOTH and all(code < "R500" or code in OF_MEANING for code in codes) and errors:
            self.find(f"{case.name}: {', '.join(sorted(codes))} is refused for its shape: {errors[0]}")


def main():
    judge = Judge()
    for kind, schema in judge.schemas.items():
        jsonschema.Draft7Validator.check_schema(schema)
    judge.same_keys()
    for folder in ("rules", "tests/ruleset/good", "tests/e2e/rules", "tests/e2e/outage_rules"):
        judge.takes(folder)
    for case in sorted(CORPUS.iterdir()):
        judge.judges(case)
    for finding in judge.findings:
        print(finding)
    print(f"rule schemas: {judge.checked} files, {len(judge.findings)} findings")
    return 1 if judge.findings else 0


if __name__ == "__main__":
    sys.exit(main())
