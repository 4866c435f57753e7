#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Adds up ctest's JUnit files: summary.py NAME=FILE...

Prints every test that failed or was skipped (with the last line it said, which is its reason), then
"N passed, N failed[, N skipped]". Exit code 0 only when something passed and nothing failed.
"""
import sys
import xml.etree.ElementTree as xml


def last_line(case):
    text = (case.findtext("system-out") or "").strip()
    return text.splitlines()[-1] if text else "it said nothing"


def verdict(case):
    status = case.get("status")
    if status == "run":
        return "passed"
    if case.find("skipped") is not None and status in ("notrun", "disabled"):
        return "skipped"
    return "failed"


def count(name, path, totals):
    for case in xml.parse(path).getroot().iter("testcase"):
        word = verdict(case)
        totals[word] += 1
        if word != "passed":
            print(f"{word}: {name} {case.get('name')}: {last_line(case)}")


def main(arguments):
    totals = {"passed": 0, "failed": 0, "skipped": 0}
    for argument in arguments:
        name, path = argument.split("=", 1)
        count(name, path, totals)
    line = f"{totals['passed']} passed, {totals['failed']} failed"
    print(line + (f", {totals['skipped']} skipped" if totals["skipped"] else ""))
    return 0 if totals["passed"] and not totals["failed"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
