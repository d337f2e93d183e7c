"""Seeds of the fuzzers: the expressions and rule files of the tests and of rules/. usage: seeds.py FOLDER"""
import ast
import hashlib
import pathlib
import re
import sys

TEXT = re.compile(r'(?:Case|Mistake)\{((?:"(?:[^"\\]|\\.)*"\s*)+)')
RULE_FILES = ("rules.json", "schema.json", "features.json", "policy.json")


def expressions():
    for path in sorted(pathlib.Path("tests/rule").glob("*_test.cc")):
        for literals in TEXT.findall(path.read_text()):
            parts = re.findall(r'"(?:[^"\\]|\\.)*"', literals)
            yield "".join(ast.literal_eval(part) for part in parts)
    for path in sorted(pathlib.Path("rules").glob("*.md")):
        for block in re.findall(r"```cel\n(.*?)```", path.read_text(), re.S):
            for line in block.splitlines():
                yield line.split("//")[0].strip()


def rule_files():
    """(which file it stands for, its text): what is no declaration is a file of rules."""
    folders = [pathlib.Path("rules"), *sorted(pathlib.Path("tests/ruleset").rglob("*"))]
    for folder in folders:
        for path in sorted(folder.glob("*.json")) if folder.is_dir() else []:
            name = path.name if path.name in RULE_FILES else RULE_FILES[0]
            yield RULE_FILES.index(name), path.read_bytes()


def write(folder, data):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha1(data).hexdigest()[:16]).write_bytes(data)


def main():
    out = pathlib.Path(sys.argv[1])
    count = 0
    for text in expressions():
        count += 1
        for target in ("lexer", "parser", "checker"):
            write(out / target, text.encode())
        write(out / "evaluators", b"\0\1" + text.encode())
    for i in range(64):
        write(out / "evaluators", bytes([1 + i % 9, i]) + hashlib.sha512(bytes([i])).digest())
    for which, text in rule_files():
        count += 1
        write(out / "rule_file", bytes([which]) + text)
    print(f"{count} seeds")


if __name__ == "__main__":
    main()
