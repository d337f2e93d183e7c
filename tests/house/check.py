#!/usr/bin/env python3
"""The house rules that a script can see: arrows, one library one room, size walls, a README a room.

usage: tests/house/check.py [--root DIR] [--update-ratchet] [--self-test]
Exit 0 when the house is in order, 1 with one line a finding.
"""

import argparse
import json
import pathlib
import re
import shutil
import sys
import tempfile

FILE_WALL = 400
TEST_FILE_WALL = 600
FUNCTION_WALL = 60
ROOM_README_WALL = 60
README_WALL = 150

# A library's headers -> the rooms that may include them.
LIBRARIES = {
    r"grpc(pp|\+\+)?/|.*\.grpc\.pb\.h": {"grpc_api", "cli"},
    r"rocksdb/": {"rocks_store"},
    r"librdkafka/": {"kafka_log"},
    r"hiredis/": {"redis_store"},
    r"prometheus/|Civet|civetweb": {"http_api"},
    r"google/protobuf/|verdict/v1/": {"wire", "grpc_api", "cli"},
    r"nlohmann/": {"ruleset", "mapping", "settings", "cli"},
    r"re2/": {"rule"},
    r"CLI/": {"settings", "cli"},
    r"spdlog/": {"main"},
    r"openssl/": {"base"},
    r"zlib\.h": {"cli"},
}

INCLUDE = re.compile(r'^\s*#include\s+(["<])([^">]+)[">]', re.M)


def cmake_arrows(service):
    """Room -> rooms named after ROOMS in its CMakeLists.txt."""
    arrows = {}
    for path in sorted(service.glob("*/CMakeLists.txt")):
        words = re.sub(r"#.*", "", path.read_text()).replace("(", " ").replace(")", " ").split()
        rooms = set()
        if "ROOMS" in words:
            for word in words[words.index("ROOMS") + 1 :]:
                if word.isupper():
                    break
                rooms.add(word)
        arrows[path.parent.name] = rooms
    return arrows


def map_arrows(service):
    """Room -> rooms, as the block fenced by ```arrows in service/README.md says."""
    readme = service / "README.md"
    block = re.search(r"```arrows\n(.*?)```", readme.read_text() if readme.exists() else "", re.S)
    arrows = {}
    for line in (block.group(1) if block else "").splitlines():
        if "->" in line:
            room, targets = line.split("->")
            arrows[room.strip()] = set(targets.split())
    return arrows


def check_arrows(root, findings):
    service = root / "service"
    declared, drawn = cmake_arrows(service), map_arrows(service)
    for room in sorted(declared.keys() | drawn.keys()):
        if declared.get(room) != drawn.get(room):
            findings.append(
                f"service/README.md: room {room}: the map draws {sorted(drawn.get(room, []))}, "
                f"its CMakeLists.txt says {sorted(declared.get(room, []))}"
            )
    for start in declared:
        seen, stack = set(), list(declared[start])
        while stack:
            room = stack.pop()
            if room == start:
                findings.append(f"service/{start}: the arrows lead back to it")
                break
            if room not in seen:
                seen.add(room)
                stack.extend(declared.get(room, []))
    for path in sources(service):
        room = room_of(path, service)
        allowed = declared.get(room, set()) | {room}
        for quote, target in INCLUDE.findall(path.read_text()):
            first = target.split("/")[0]
            if quote == '"' and first in declared and room != "main" and first not in allowed:
                findings.append(f"{path.relative_to(root)}: includes {target}, but {room} has no arrow to {first}")


def sources(folder):
    return sorted(p for suffix in ("*.h", "*.cc") for p in folder.rglob(suffix))


def room_of(path, service):
    parts = path.relative_to(service).parts
    return parts[0] if len(parts) > 1 else "main"


def check_libraries(root, findings):
    service = root / "service"
    for path in sources(service):
        room = room_of(path, service)
        for _, target in INCLUDE.findall(path.read_text()):
            for pattern, rooms in LIBRARIES.items():
                if re.match(pattern, target) and room not in rooms:
                    findings.append(
                        f"{path.relative_to(root)}: includes {target}; only {', '.join(sorted(rooms))} may"
                    )


def function_lengths(text):
    """(line, length) of each function body that starts at column 0: our namespaces are not indented."""
    lines, start = text.splitlines(), None
    for number, line in enumerate(lines, 1):
        if start is None and line.endswith("{") and line[:1] not in (" ", "}", "#", "/"):
            if not re.match(r"(inline )?(namespace|class|struct|enum|union|extern|template|constexpr|const |static const)", line):
                start = number
        elif start is None and re.match(r"^    (?!if|for|while|switch|else|do|auto|\})\S.*\) (const )?(noexcept )?\{$", line):
            start = number  # a signature over several lines
        elif start is not None and line.startswith("}"):
            yield start, number - start + 1
            start = None


def oversize(root):
    found = {}
    for folder, wall in (("service", FILE_WALL), ("load-test", FILE_WALL), ("tests", TEST_FILE_WALL)):
        for path in sources(root / folder):
            name, text = str(path.relative_to(root)), path.read_text()
            if text.count("\n") > wall:
                found[name] = text.count("\n")
            if folder == "tests":
                continue
            for start, length in function_lengths(text):
                if length > FUNCTION_WALL:
                    signature = text.splitlines()[start - 1].strip()
                    found[f"{name}: {signature}"] = length
    return found


def check_sizes(root, findings, ratchet_path):
    recorded = json.loads(ratchet_path.read_text()) if ratchet_path.exists() else {}
    found = oversize(root)
    for name, lines in sorted(found.items()):
        if lines > recorded.get(name, 0):
            findings.append(f"{name}: {lines} lines; the walls are {FILE_WALL} a file, {TEST_FILE_WALL} a test file, {FUNCTION_WALL} a function")
    for name in sorted(recorded.keys() - found.keys()):
        findings.append(f"{ratchet_path.name}: {name} is within the walls now: run tests/house/check.py --update-ratchet")


def check_readmes(root, findings):
    service = root / "service"
    for cmake in sorted(service.glob("*/CMakeLists.txt")):
        readme = cmake.parent / "README.md"
        if not readme.exists():
            findings.append(f"{cmake.parent.relative_to(root)}: a room needs a README.md")
        elif readme.read_text().count("\n") > ROOM_README_WALL:
            findings.append(f"{readme.relative_to(root)}: over {ROOM_README_WALL} lines")
    top = root / "README.md"
    if not top.exists() or top.read_text().count("\n") > README_WALL:
        findings.append(f"README.md: missing, or over {README_WALL} lines")


def check_first_lines(root, findings):
    for folder in ("service", "load-test"):
        for path in sources(root / folder):
            text = path.read_text()
            if path.suffix == ".h" and not text.startswith("//"):
                findings.append(f"{path.relative_to(root)}: the first line of a header says its one idea")
            for number, line in enumerate(text.splitlines(), 1):
                if re.search(r"\b(TODO|FIXME|HACK)\b", line):
                    findings.append(f"{path.relative_to(root)}:{number}: a left-over marker")


def run(root, ratchet_path):
    findings = []
    check_arrows(root, findings)
    check_libraries(root, findings)
    check_sizes(root, findings, ratchet_path)
    check_readmes(root, findings)
    check_first_lines(root, findings)
    return findings


def plant(root, path, text):
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text((target.read_text() if target.exists() else "") + text)


def self_test(root):
    """Each rule broken once in a copy: the check must see it."""
    long_function = "void F() {\n" + "  G();\n" * 70 + "}\n"
    breaks = {
        "no arrow to": ("service/rule/planted.h", '// x\n#include "decide/decider.h"\n'),
        "only rocks_store may": ("service/decide/planted.h", "// x\n#include <rocksdb/db.h>\n"),
        "planted.h: 500": ("service/base/planted.h", "// x\n" * 500),
        "void F() {": ("service/base/planted.cc", long_function),
        "a room needs a README": ("service/attic/CMakeLists.txt", "verdict_room(attic ROOMS base)\n"),
        "the map draws": ("service/attic/CMakeLists.txt", "verdict_room(attic ROOMS base)\n"),
        "lead back to it": ("service/base/CMakeLists.txt", "\nverdict_room(base ROOMS model)\n"),
        "says its one idea": ("service/base/planted.h", "#pragma once\n"),
        "left-over marker": ("service/base/planted.h", "// TO" + "DO\n"),
    }
    failed = 0
    for expected, (path, text) in breaks.items():
        with tempfile.TemporaryDirectory() as copy:
            copy = pathlib.Path(copy)
            for name in ("service", "tests/house", "load-test"):
                shutil.copytree(root / name, copy / name)
            for name in ("README.md",):
                if (root / name).exists():
                    shutil.copy(root / name, copy / name)
            if "lead back" in expected:
                (copy / path).write_text("")
            plant(copy, path, text)
            seen = any(expected in finding for finding in run(copy, copy / "tests/house/ratchet.json"))
        if not seen:
            failed += 1
            print(f"self-test: a planted break went unseen: {expected}")
    print(f"house self-test: {len(breaks) - failed} of {len(breaks)} planted breaks seen")
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[2])
    parser.add_argument("--update-ratchet", action="store_true", help="record today's offenders (only ever shrinks)")
    parser.add_argument("--self-test", action="store_true")
    arguments = parser.parse_args()
    ratchet_path = arguments.root / "tests/house/ratchet.json"
    if arguments.self_test:
        sys.exit(1 if self_test(arguments.root) else 0)
    if arguments.update_ratchet:
        recorded = json.loads(ratchet_path.read_text()) if ratchet_path.exists() else None
        found = oversize(arguments.root)
        if recorded is not None:
            found = {name: min(lines, recorded[name]) for name, lines in found.items() if name in recorded}
        ratchet_path.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n")
        return
    findings = run(arguments.root, ratchet_path)
    for finding in findings:
        print(finding)
    print(f"house: {len(findings)} findings")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
