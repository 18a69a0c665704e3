"""What a package holds beyond what is committed: the bundle that charts are drawn with.

It is made where vl-convert-python can be imported (`python -m build --no-isolation` in a development environment), and
taken as it is where it lies there already, as in an unpacked source distribution. Without it the site shows tables.
"""

import runpy
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ChartsBundle(BuildHookInterface):  # type: ignore[type-arg]
    """Makes `static/vega.js` where it is missing and can be made."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Before files are gathered."""
        tool = Path(self.root) / "tools/charts_bundle.py"
        if version == "editable" or not tool.exists():
            return
        try:
            made = runpy.run_path(str(tool))
        except ImportError:
            self.app.display_warning("vl-convert-python is not here: this package will show tables in place of charts")
            return
        if not made["BUNDLE"].exists():
            made["write"]()
