"""A language that the sandbox does not run is no reason to call programs wrong."""

from dataclasses import dataclass

import pytest

from sinan.errors import SandboxUnavailable
from sinan.sandbox import Ran
from sinan.scoring import languages, probes
from sinan.scoring.languages import LANGUAGES, language
from tests.scoring.programs import sandboxed


@dataclass
class Broken:
    """A sandbox in which nothing comes to its end."""

    ran: Ran

    def run(self, program, limits):
        return self.ran


@pytest.mark.parametrize("name", ["javascript", "cpp", "python"])
def test_a_language_that_does_not_run_is_refused_with_the_reason(name, monkeypatch):
    monkeypatch.setattr(probes, "_works", set())
    broken = Broken(Ran("exited", 126, "", "main: Permission denied", 0.1, "reduced"))
    with pytest.raises(SandboxUnavailable, match=rf"programs in {name} cannot be run .* Permission denied"):
        probes.refuse_what_does_not_run(broken, language(name))


@sandboxed()
@pytest.mark.parametrize("name", [name for name in LANGUAGES if not languages.missing(name)])
def test_every_language_of_this_machine_runs_in_its_sandbox(name):
    from sinan.sandbox import open_sandbox

    if open_sandbox().isolation != "full":
        pytest.skip("isolation is reduced here")
    probes.refuse_what_does_not_run(open_sandbox(), language(name))
