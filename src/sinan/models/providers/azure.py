"""OpenAI's models as Azure serves them: the same language at another address, with another header for the key.

    azure/DEPLOYMENT?base_url=https://RESOURCE.openai.azure.com                          the v1 API
    azure/DEPLOYMENT?base_url=https://RESOURCE.openai.azure.com&api_version=2024-10-21   the dated one

DEPLOYMENT is the name that you gave the model there. The key is in AZURE_OPENAI_API_KEY, the resource may be in
AZURE_OPENAI_ENDPOINT. Options besides: those of `openai`. A prompt or an answer that Azure's content filter holds back
is a refusal. Tokens of Entra ID, which live for an hour, are not used.
"""

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote, urlencode

from sinan import settings
from sinan.errors import UsageError
from sinan.models import options as option
from sinan.models import remote
from sinan.models.providers import openai
from sinan.types import Model
from sinan.types.availability import Availability

VENDOR = remote.Vendor("", "AZURE_OPENAI_ENDPOINT", ("AZURE_OPENAI_API_KEY",), "api-key")
_EXAMPLE = "base_url=https://RESOURCE.openai.azure.com"
_V1 = ("", "v1", "preview", "latest")
"""API versions that mean the v1 API; only `preview` and `latest` are sent."""


def open_model(name: str, options: Mapping[str, str], timeout: float = 600.0) -> Model:
    """The deployment NAME of the resource at `base_url`; `timeout` is in seconds, for one attempt.

    Raises UsageError for options that are wrong, and where the address or the key is missing.
    """
    spec = f"azure/{name}"
    option.check_known(spec, options, (*openai.OPTIONS, "api_version"))
    if "base_url" not in options and not settings.load().key(VENDOR.url_name):
        raise UsageError(f"{spec}: which resource? Write {_EXAMPLE}, or set {VENDOR.url_name}.")
    endpoint = remote.endpoint(spec, options, VENDOR)
    if endpoint.key is None:
        raise UsageError(
            f"{spec}: {endpoint.base_url} needs a key, and {endpoint.key_name} is not set. "
            "Set it in the environment or under [keys] of sinan.toml."
        )
    path, query = _place(name, openai.api_of(spec, options), options.get("api_version", ""))
    root = endpoint.base_url.removesuffix("/v1").removesuffix("/openai")
    endpoint = replace(endpoint, base_url=root + path)
    return openai.opened(name, options, timeout, endpoint, official=True, provider="azure", query=query)


def _place(deployment: str, api: str, version: str) -> tuple[str, str]:
    """Path below the resource, and what follows the path of the API. A dated version names the deployment in the
    path; the Responses API names it in the body alone."""
    if version in _V1:
        return "/openai/v1", f"?api-version={version}" if version in _V1[2:] else ""
    path = "/openai" if api == "responses" else f"/openai/deployments/{quote(deployment, safe='')}"
    return path, "?" + urlencode({"api-version": version})


def status() -> list[Availability]:
    """Whether a key is set; the address of the resource may be part of the model's name."""
    key_name, where = VENDOR.key_names[0], settings.load().key(VENDOR.url_name)
    detail = f"deployments of {where}" if where else f"deployments of a resource: azure/DEPLOYMENT?{_EXAMPLE}"
    if settings.load().key(key_name):
        return [Availability("azure", True, f"{detail} (with the key in {key_name})")]
    return [Availability("azure", False, f"{key_name} is not set; {detail}", f"set {key_name}")]
