"""Programs in reduced isolation that leave folders deeper than can be walked. Prints JSON: what they printed, and what
is left of them."""

import json
import tempfile
from pathlib import Path

from sinan.sandbox import Program, Sandbox, reduced

DEEP = "import os\nfor _ in range(1500):\n    os.mkdir('d')\n    os.chdir('d')\nprint('deep')"
CLEAN = "import os\nos.mkdir('closed', 0)\nprint('clean', [name for name in os.listdir('.') if name == 'd'])"
with tempfile.TemporaryDirectory() as folder:
    tempfile.tempdir = folder
    Path(folder).chmod(0o755)
    sandbox = Sandbox(reduced.start, "reduced", slots=1)
    printed = [sandbox.run(Program({"main.py": code}, ("python", "main.py"))).stdout for code in (DEEP, CLEAN)]
    sandbox.close()
    left = [path.name for path in Path(folder).iterdir()]
print(json.dumps({"printed": printed, "left": left}))
