#!/usr/bin/env python3
"""Rows of a CSV file as a producer might send them: 1 % twice, 2 % out of order. Seeded.

usage: tests/disorder.py IN.csv OUT.csv --time COLUMN [--from TIME] [--until TIME] [--seed N]
IN is sorted by COLUMN (text times, YYYY-MM-DDTHH:MM:SS). A repeat follows within the hour, so that it is told from a
new payment; a late row comes at most some dozens of rows, and never a day, after its place.
"""

import argparse
import csv
import datetime
import random

REPEATED = 0.01
LATE = 0.02
LATE_ROWS_MAX = 50
REPEAT_WITHIN = datetime.timedelta(minutes=60)
LATE_WITHIN = datetime.timedelta(days=1)


def disorder(rows, times, seed):
    """The rows in the order in which they are sent, with repeats."""
    draw = random.Random(seed)
    places = []  # (place, tie, row): a row is sent before the one whose place is greater
    for i, row in enumerate(rows):
        place = i
        if draw.random() < LATE:
            last = i
            while last + 1 < len(rows) and last < i + LATE_ROWS_MAX and times[last + 1] - times[i] < LATE_WITHIN:
                last += 1
            place = draw.randint(i, last)
        places.append((place, i, row))
        if draw.random() < REPEATED:
            last = i
            while last + 1 < len(rows) and times[last + 1] - times[i] < REPEAT_WITHIN:
                last += 1
            places.append((max(place, draw.randint(i, last)), len(rows) + i, row))
    places.sort(key=lambda one: one[:2])
    return [row for _, _, row in places]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source")
    parser.add_argument("target")
    parser.add_argument("--time", required=True)
    parser.add_argument("--from", dest="first", default="")
    parser.add_argument("--until", default="9999")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with open(arguments.source, newline="") as source:
        reader = csv.reader(source)
        header = next(reader)
        column = header.index(arguments.time)
        rows = [row for row in reader if arguments.first <= row[column] < arguments.until]
    times = [datetime.datetime.fromisoformat(row[column]) for row in rows]
    with open(arguments.target, "w", newline="") as target:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(disorder(rows, times, arguments.seed))


if __name__ == "__main__":
    main()
