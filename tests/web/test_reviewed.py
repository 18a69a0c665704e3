"""What a review of the site found: each is a way in that was open once."""

import dataclasses

from starlette.requests import Request

from sinan.web.app import application
from sinan.web.ready import Ready
from sinan.web.site import COOKIE, address


def test_the_address_that_a_proxy_adds_in_a_header_of_its_own_is_believed_over_the_askers(site):
    site.config = dataclasses.replace(site.config, proxies=("127.0.0.1",))
    headers = [(b"x-forwarded-for", b"198.51.100.1"), (b"x-forwarded-for", b"203.0.113.7")]
    scope = {"type": "http", "headers": headers, "client": ("127.0.0.1", 1), "app": application(site)}
    assert address(Request(scope)) == "203.0.113.7"


def test_what_is_asked_with_a_session_in_a_second_cookie_header_is_not_kept_for_others(site):
    assert site.has_accounts
    headers = [(b"cookie", b"lang=en"), (b"cookie", COOKIE.encode() + b"=x")]
    scope = {"type": "http", "method": "GET", "path": "/rank", "query_string": b"", "headers": headers}
    ready = Ready(None, site)
    assert ready._key(scope | {"headers": []}) is not None
    assert ready._key(scope) is None
