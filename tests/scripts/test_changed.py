"""Which tests a change concerns."""

import pytest

from tests.changed import concerned_tests


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("path", "concerned"),
    [
        ("registry/search/reverse.py", "tests/registry/search/test_reverse.py"),
        ("registry/search/reverse.py", "tests/api/test_reverse.py"),
        ("registry/intake/problems.csv", "tests/registry/intake/test_problems.py"),
        ("geo/code.py", "geo/code.py"),
        ("clients/web/dia-chi-input.js", "tests/browser/test_shop.py"),
        ("docs/shop.md", "tests/browser/test_shop.py"),
        ("tests/support/oidc.py", "tests/api/test_desk_oidc.py"),
        ("tests/geo/test_code.py", "tests/geo/test_code.py"),
        ("migrations/baseline/01_events.sql", "tests"),
    ],
)
def test_changed_module_selects_the_tests_that_import_it(path: str, concerned: str) -> None:
    assert concerned in concerned_tests([path])


@pytest.mark.thorough
@pytest.mark.parametrize("path", ["registry/search/reverse.py", "registry/ops/figures.sql"])
def test_changed_module_does_not_select_unrelated_tests(path: str) -> None:
    assert "tests/geo/test_code.py" not in concerned_tests([path])
    assert "tests/registry/units/test_seed.py" not in concerned_tests([path])
