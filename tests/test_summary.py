#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""summary.py over what ctest itself writes: a second verdict stands, and both are told."""
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = """
add_test(good true)
add_test(bad sh -c "echo always bad; exit 1")
add_test(busy sh -c "test -e once || { touch once; echo too busy; exit 1; }")
add_test(absent sh -c "echo nothing to test; exit 77")
set_tests_properties(absent PROPERTIES SKIP_RETURN_CODE 77)
"""


def ctest(folder, results, *options):
    subprocess.run(["ctest", "--test-dir", folder, "--output-junit", os.path.join(folder, results), *options],
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


def summary(folder):
    p = subprocess.run([sys.executable, os.path.join(HERE, "summary.py"), f"release={folder}"],
                       stdout=subprocess.PIPE, text=True, check=False)
    return p.returncode, p.stdout.splitlines()


def main():
    with tempfile.TemporaryDirectory(prefix="plimsoll-summary-") as folder:
        with open(os.path.join(folder, "CTestTestfile.cmake"), "w", encoding="utf-8") as f:
            f.write(TESTS)
        ctest(folder, "junit.xml")
        code, lines = summary(folder)
        assert code == 1 and lines[-1] == "1 passed, 2 failed, 1 skipped", lines
        ctest(folder, "junit-again.xml", "--rerun-failed")
        code, lines = summary(folder)
        assert code == 1 and lines[-1] == "2 passed, 1 failed, 1 skipped", lines
        assert "failed: release bad: always bad" in lines, lines
        assert "passed only when run again, alone: release busy: too busy" in lines, lines


main()
