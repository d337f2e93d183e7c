#!/usr/bin/env python3
"""The compose stack, as far as it can be checked without containers: its YAML, the files it mounts, the services it waits for,
and its configuration as verdictd takes it.

usage: tests/deploy/compose.py [--bin build/release/bin]
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
FOLDER = TOP / "deploy/compose"
MADE_BY_THE_OPERATOR = {"secret"}


def findings_of(stack):
    services, volumes = stack["services"], set(stack.get("volumes", {}))
    for name, service in services.items():
        if "image" not in service and "build" not in service:
            yield f"{name}: neither image nor build"
        if ":latest" in service.get("image", "") or (":" not in service.get("image", "verdict:") and service["image"] != "verdict"):
            yield f"{name}: its image has no version"
        for port in service.get("ports", []):
            if not port.startswith("127.0.0.1:"):
                yield f"{name}: port {port} is published beyond loopback"
        for other in service.get("depends_on", {}):
            if other not in services:
                yield f"{name}: waits for {other}, which there is not"
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                if not (FOLDER / source).exists() and pathlib.Path(source).name not in MADE_BY_THE_OPERATOR:
                    yield f"{name}: mounts {source}, which there is not"
            elif source not in volumes:
                yield f"{name}: volume {source} is not declared"


def check_configuration(binaries):
    """verdictd's own words where it refuses the file; the paths inside the container stand for ones outside."""
    with tempfile.TemporaryDirectory() as work:
        secret = pathlib.Path(work) / "secret"
        secret.write_text("0123456789abcdef0123456789abcdef\n")
        environment = {**os.environ, "VERDICT_SECRET_FILE": str(secret), "VERDICT_RULES": str(TOP / "rules")}
        done = subprocess.run([str(binaries / "verdictd"), "--config", str(FOLDER / "verdict.json"), "--check-config"],
                              capture_output=True, text=True, env=environment, timeout=30)
        return [] if done.returncode == 0 else [f"verdict.json: {done.stderr.strip()}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", type=pathlib.Path, default=TOP / "build/release/bin")
    binaries = parser.parse_args().bin
    try:
        import yaml
    except ImportError:
        print("skipped: python3-yaml is not installed")
        sys.exit(77)
    findings = []
    for file in sorted(FOLDER.glob("*.y*ml")):
        try:
            document = yaml.safe_load(file.read_text())
        except yaml.YAMLError as error:
            findings.append(f"{file.name}: {error}")
            continue
        if file.name == "compose.yaml":
            findings += findings_of(document)
    findings += check_configuration(binaries)
    print("".join(f"{finding}\n" for finding in findings) + f"compose: {len(findings)} findings")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
