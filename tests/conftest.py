"""Shapes and types are checked at run time, but only while tests run; and CI can insist that no test is skipped."""

import pytest
from hypothesis import settings
from jaxtyping import install_import_hook
from typechecking import compile_without_checks

compile_without_checks()
settings.register_profile("house", deadline=None, derandomize=True)  # a busy machine is no failure
settings.load_profile("house")
install_import_hook(
    [f"camera_motion.{p}" for p in ("schema", "evaluation", "generator", "cards", "builder")], "typechecking.check"
)

SKIPPED = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--may-skip", metavar="MARKS", help="fail if a test without one of these marks is skipped")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[SKIPPED] = skipped = []
    may_skip = set((config.getoption("--may-skip") or "").split(","))

    class Listener:
        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            if report.skipped and not may_skip & set(report.keywords):
                skipped.append(report.nodeid)

        def pytest_collectreport(self, report: pytest.CollectReport) -> None:
            if report.skipped:
                skipped.append(report.nodeid)

    config.pluginmanager.register(Listener(), "no-skips")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    marked = [item for item in items if item.get_closest_marker("gpu")]
    if marked:
        import torch

        if not torch.cuda.is_available():
            for item in marked:
                item.add_marker(pytest.mark.skip(reason="no CUDA device"))


def pytest_sessionfinish(session: pytest.Session) -> None:
    if session.config.getoption("--may-skip") is not None and session.config.stash[SKIPPED] and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.getoption("--may-skip") is not None:
        allowed = config.getoption("--may-skip")
        for name in config.stash[SKIPPED]:
            terminalreporter.write_line(f"FAILED {name}: skipped, and only tests marked {allowed} may be")
