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
    parser.addoption("--no-skips", action="store_true", help="fail if a test is skipped that is not marked gpu")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[SKIPPED] = skipped = []

    class Listener:
        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            if report.skipped and "gpu" not in report.keywords:
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
    if session.config.getoption("--no-skips") and session.config.stash[SKIPPED] and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.getoption("--no-skips"):
        for name in config.stash[SKIPPED]:
            terminalreporter.write_line(f"FAILED {name}: skipped, and --no-skips allows only gpu tests to be")
