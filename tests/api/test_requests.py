"""How the query of a request is read."""

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest

from api.requests import Request

PARTS = ("=", "&", "+", ";", "%41", "%C4%90", "%C4", "%90", "%5C", "%5Cx41", "%26", "\\x41", "\\n")


@given(st.lists(st.sampled_from(PARTS) | st.text(max_size=3).filter(lambda t: "%" not in t)))
def test_query_is_read_as_the_standard_library_reads_it(parts: list[str]) -> None:
    query = "".join(parts).replace("\0", "").encode(errors="ignore")
    asked = Request({"QUERY_STRING": query.decode("latin-1")})
    try:
        wanted = parse_qsl(query.decode(), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        with pytest.raises(BadRequest):
            _ = asked.args
    else:
        assert asked.args == MultiDict(wanted)
