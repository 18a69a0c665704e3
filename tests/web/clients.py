"""Who asks the site in tests: nobody, somebody who is signed in, or a token."""

from typing import Any

from starlette.testclient import TestClient

from sinan.web.service import people
from sinan.web.site import COOKIE


class Client:
    """Asks an application in this process."""

    def __init__(self, app: Any, site: Any, headers: dict[str, str] | None = None) -> None:
        self.app, self.site = app, site
        self.http = TestClient(app, base_url="http://127.0.0.1:8765", headers=headers, raise_server_exceptions=True)

    def as_(self, name: str) -> "Client":
        """The same site, as who is signed in."""
        with self.site.database.write() as connection:
            number = connection.execute(
                people.select(people.users.c.id).where(people.users.c.name == name)
            ).scalar_one()
            secret = people.begin_session(connection, number, "test")
        found = Client(self.app, self.site)
        found.http.cookies.set(COOKIE, secret)
        return found

    def with_token(self, name: str, *scopes: str, expires: int | None = None) -> "Client":
        """The same site, with a token of somebody."""
        with self.site.database.write() as connection:
            number = connection.execute(
                people.select(people.users.c.id).where(people.users.c.name == name)
            ).scalar_one()
            _, secret = people.new_token(connection, number, "test", list(scopes), expires)
        return Client(self.app, self.site, {"Authorization": f"Bearer {secret}"})

    def get(self, address: str, status: int = 200, **how: Any) -> Any:
        """The page's text, or the twin's value."""
        answer = self.http.get(address, follow_redirects=False, **how)
        assert answer.status_code == status, (address, answer.status_code, answer.text[:500])
        return answer.json() if answer.headers.get("content-type", "").startswith("application/json") else answer.text

    def send(self, method: str, address: str, body: Any = None, status: int = 200, **how: Any) -> Any:
        """What came of a change."""
        how["headers"] = {"Content-Type": "application/json"} | how.get("headers", {})  # as static/api.js does
        answer = self.http.request(method, address, json=body, follow_redirects=False, **how)
        assert answer.status_code == status, (address, answer.status_code, answer.text[:500])
        return answer.json() if answer.content else None
