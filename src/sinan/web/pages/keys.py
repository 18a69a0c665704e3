"""`/keys`: the keys of models that one has left here. They are shown to nobody, their owner included."""

from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from sinan.web.page import Document, page
from sinan.web.service import audit, keys, orders
from sinan.web.service.orders import Text
from sinan.web.site import By, Here

router = APIRouter()
Number = Annotated[int, Path(ge=1, le=2**53)]


class KeyShown(Document):
    """A stored key; never the key itself."""

    id: int
    name: str
    provider: str
    origin: str
    """The one place that it is sent to."""
    created: int
    used: int | None


class KeysPage(Document):
    """One's own."""

    keys: list[KeyShown]
    providers: dict[str, str]
    """Of models behind an address, with their own address."""


class NewKey(BaseModel):
    """A key that is to be kept."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Text, Field(min_length=2, max_length=40)]
    provider: Annotated[str, Field(pattern="^(openai|anthropic|google|azure)$")] = "openai"
    address: Annotated[Text, Field(max_length=300)] = ""
    """Of the server that it opens; empty: the provider's own."""
    key: Annotated[SecretStr, Field(min_length=1, max_length=4096)]


class KeyMade(Document):
    """Under which number it is kept, and where alone it is sent."""

    id: int
    origin: str


@page(router, "/keys", "keys.html", summary="Keys of models that one has left here")
def stored(here: Here, by: By) -> KeysPage:
    """Keys of models that one has left here; never the keys themselves."""
    person = by.known("read")
    with here.database.read() as connection:
        rows = [KeyShown(**row._mapping) for row in keys.listed(connection, person)]
    return KeysPage(keys=rows, providers=orders.OFFICIAL)


@router.post("/api/keys", summary="Keep a key of a model's server", tags=["keys"], status_code=201)
def add(here: Here, by: By, given: NewKey) -> KeyMade:
    """It is encrypted, never shown again, and sent to this address alone."""
    person = by.known("submit", "evaluator")
    address = orders.address_of({"provider": given.provider, "address": given.address})
    with here.database.write() as connection:
        secret = given.key.get_secret_value()
        number = keys.add(connection, here.ciphers, person, given.name, given.provider, address, secret)
        origin = keys.origin_of(address)
        audit.note(connection, by, "key.add", given.name, provider=given.provider, origin=origin)
    return KeyMade(id=number, origin=origin)


@router.delete("/api/keys/{number}", summary="Forget a key", tags=["keys"], status_code=204)
def remove(here: Here, by: By, number: Number) -> Response:
    """Jobs that need it cannot go on."""
    person = by.known("submit", "evaluator")
    with here.database.write() as connection:
        name = keys.remove(connection, person, number)
        audit.note(connection, by, "key.remove", name)
    return Response(status_code=204)
