#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Adds up ctest's JUnit files: summary.py NAME=FOLDER...

A folder has junit.xml and, when something failed in that, junit-again.xml of the same tests run once more, alone, whose
verdicts stand. Prints every test that failed, was skipped or passed only the second time (with the last line it
said, which is its reason), then "N passed, N failed[, N skipped]". Exit code 0 only when something passed and
nothing failed.
"""
import os
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


def cases(path):
    return {case.get("name"): case for case in xml.parse(path).getroot().iter("testcase")}


def second_run(folder):
    path = os.path.join(folder, "junit-again.xml")
    return cases(path) if os.path.exists(path) else {}


def count(name, folder, totals):
    again = second_run(folder)
    for test, case in cases(os.path.join(folder, "junit.xml")).items():
        last = again.get(test, case)
        word = verdict(last)
        totals[word] += 1
        if word != "passed":
            print(f"{word}: {name} {test}: {last_line(last)}")
        elif last is not case:
            print(f"passed only when run again, alone: {name} {test}: {last_line(case)}")


def main(arguments):
    totals = {"passed": 0, "failed": 0, "skipped": 0}
    for argument in arguments:
        name, folder = argument.split("=", 1)
        count(name, folder, totals)
    line = f"{totals['passed']} passed, {totals['failed']} failed"
    print(line + (f", {totals['skipped']} skipped" if totals["skipped"] else ""))
    return 0 if totals["passed"] and not totals["failed"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
