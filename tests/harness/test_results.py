import pytest

from harness.results import OdooLog, Outcome, Test, pytest_outcome, written_tests

STAMP = "2026-11-21 19:00:00,123 42"
# Odoo ends each record with one.
SPACE = " "
LOGGER = "db odoo.addons.one.tests.test_a"
LOG = f"""{STAMP} INFO db odoo.modules.loading: loading one
{STAMP} INFO {LOGGER}: Starting TestA.test_good ...
{STAMP} INFO {LOGGER}: Starting TestA.test_bad ...{SPACE}
{STAMP} INFO {LOGGER}: ======================================================================
{STAMP} ERROR {LOGGER}: FAIL: TestA.test_bad
Traceback (most recent call last):
  File "x.py", line 7, in test_bad
AssertionError: 1 != 2
{SPACE}
{STAMP} INFO {LOGGER}: Starting TestA.test_parts ...
{STAMP} ERROR {LOGGER}: FAIL: Subtest TestA.test_parts (i=0)
AssertionError: 0
{STAMP} ERROR {LOGGER}: ERROR: Subtest TestA.test_parts (i=2)
KeyError: 2
{STAMP} INFO {LOGGER}: skipped TestA.test_later : no time
{STAMP} INFO db odoo.tests.result: 2 failed, 1 error(s) of 4 tests when loading database 'db'
"""


def a(method, cls="TestA"):
    return Test("one", "test_a", cls, method)


def test_a_log_is_read():
    log = OdooLog(LOG)
    assert log.started == {a("test_good"), a("test_bad"), a("test_parts")}
    assert log.skipped == {a("test_later"): "no time"}
    outcome = log.outcome(log.started | set(log.skipped))
    assert outcome.summary == "1 passed, 3 failed"
    assert "AssertionError: 1 != 2" in outcome.failures[0]
    assert "KeyError: 2" in outcome.failures[1]
    assert outcome.failures[2] == "SKIPPED one/tests/test_a.py TestA.test_later: no time"


def test_a_test_that_did_not_run_is_a_failure():
    outcome = OdooLog(LOG).outcome({a("test_good"), a("test_forgotten")})
    assert "DID NOT RUN one/tests/test_a.py TestA.test_forgotten" in outcome.failures


def test_a_class_that_can_not_be_set_up_is_one_failure():
    log = OdooLog(
        f"{STAMP} ERROR db odoo.tests.suite: ERROR: "
        "setUpClass (odoo.addons.one.tests.test_a.TestB)\n"
        "ZeroDivisionError\n"
    )
    outcome = log.outcome({a("test_x", "TestB"), a("test_y", "TestB")})
    assert outcome.summary == "0 passed, 1 failed"
    assert "ZeroDivisionError" in outcome.failures[0]


def test_written_tests_leave_out_common_grounds(tmp_path):
    tests = tmp_path / "one" / "tests"
    tests.mkdir(parents=True)
    (tests / "common.py").write_text("class Common:\n    def test_shared(self): pass\n")
    (tests / "test_a.py").write_text(
        "class TestA(Common):\n    def test_x(self): pass\n    def helper(self): pass\n"
    )
    assert written_tests(tmp_path / "one") == {a("test_x")}


def test_the_report_of_pytest(tmp_path):
    report = tmp_path / "report.xml"
    report.write_text(
        '<testsuites><testsuite><testcase classname="tests.a" name="x"/>'
        '<testcase classname="tests.a" name="y"><failure message="no">assert 0</failure></testcase>'
        '<testcase classname="tests.a" name="z"><skipped message="later"/></testcase>'
        "</testsuite></testsuites>"
    )
    outcome = pytest_outcome(report)
    assert outcome.summary == "1 passed, 2 failed"
    assert "assert 0" in outcome.failures[0]
    assert "later" in outcome.failures[1]


@pytest.mark.parametrize("text", ["", "no log at all\n"])
def test_nothing_ran(text):
    assert OdooLog(text).outcome(set()).summary == "0 passed, 0 failed"


def test_outcomes_add_up():
    total = Outcome()
    total += OdooLog(LOG).outcome(set())
    total += OdooLog(LOG).outcome(set())
    assert total.summary == "2 passed, 6 failed"
