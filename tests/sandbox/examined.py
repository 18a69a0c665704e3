"""Opens the sandbox of this process and runs one program in it. Prints JSON: what was found and what it printed, or
the words of the refusal."""

import json

from sinan.errors import SandboxUnavailable
from sinan.sandbox import Program, examine, open_sandbox

found = examine()
try:
    ran = open_sandbox().run(Program({"main.py": "print(6 * 7)"}, ("python", "main.py")))
    told = {"printed": ran.stdout, "isolation": ran.isolation}
except SandboxUnavailable as error:
    told = {"refused": str(error), "exit_code": error.exit_code}
print(json.dumps(told | {"layers": [layer.isolation for layer in found.layers], "remedy": found.remedy}))
