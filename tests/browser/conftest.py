"""What every file here has: one browser, and a window over the file's own server."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.support.browser import Visit, browsing, visiting


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The browser, for the tests of one file after the other; windows share nothing."""
    with browsing() as made:
        yield made


@pytest.fixture(scope="module")
def window() -> dict[str, Any]:
    """What a file's windows may do beside others (`visiting`)."""
    return {}


@pytest.fixture
def visit(
    request: pytest.FixtureRequest, browser: Browser, url: str, window: dict[str, Any]
) -> Iterator[Visit]:
    """A window on the file's `url`, in which nothing goes wrong.

    A phone's, unless the test is `in_both_sizes`: what is done differs in few, and pages are looked
    at in both (`is_sound`).
    """
    with visiting(browser, url, getattr(request, "param", "phone"), **window) as made:
        yield made
        assert made.complaints() == []
