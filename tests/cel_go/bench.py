"""One evaluation of each rule: Verdict and cel-go in turns, medians, and how many times faster."""
import argparse
import json
import math
import statistics
import subprocess
import sys

MEAN_AT_LEAST = 5.0
EACH_AT_LEAST = 3.5


def ours(program):
    """Nanoseconds by rule, of google-benchmark."""
    text = subprocess.run([program, "--benchmark_filter=^Evaluate", "--benchmark_format=json"],
                          check=True, capture_output=True, text=True).stdout
    return [run["cpu_time"] for run in json.loads(text)["benchmarks"]]


def theirs(program):
    """Rules, nanoseconds and allocations."""
    text = subprocess.run([program, "bench"], check=True, capture_output=True, text=True).stdout
    return json.loads(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ours", required=True)
    parser.add_argument("--theirs", required=True)
    arguments = parser.parse_args()
    verdict, cel_go = [], []
    for _ in range(arguments.rounds):
        verdict.append(ours(arguments.ours))
        cel_go.append(theirs(arguments.theirs))
    rules = [run["rule"] for run in cel_go[0]]
    print(f"{'ns':>7} {'cel-go':>7} {'allocs':>6} {'ratio':>6}  rule      (medians of {arguments.rounds} rounds)")
    ratios = []
    for i, rule in enumerate(rules):
        a = statistics.median(run[i] for run in verdict)
        b = statistics.median(run[i]["ns"] for run in cel_go)
        ratios.append(b / a)
        print(f"{a:7.1f} {b:7.1f} {cel_go[0][i]['allocs']:6} {b / a:6.1f}  {rule[:90]}")
    mean = math.exp(statistics.fmean(math.log(ratio) for ratio in ratios))
    print(f"geometric mean {mean:.1f} (at least {MEAN_AT_LEAST}), least {min(ratios):.1f} (at least {EACH_AT_LEAST})")
    return 0 if mean >= MEAN_AT_LEAST and min(ratios) >= EACH_AT_LEAST else 1


if __name__ == "__main__":
    sys.exit(main())
