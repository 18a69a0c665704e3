"""Write what browsers draw charts with: Vega, Vega-Lite and Vega-Embed in one file, out of vl-convert-python.

    python tools/charts_bundle.py            # where it is missing
    python tools/charts_bundle.py --again    # in any case

The file is the same for the same version of the package. It is not committed; without it the site shows tables alone.
"""

import os
import sys
from pathlib import Path

import vl_convert

BUNDLE = Path(__file__).resolve().parent.parent / "src/sinan/web/static/vega.js"
SNIPPET = "window.vegaEmbed = vegaEmbed;"


def text() -> str:
    """The bundle, beginning with what it was made of."""
    version = f"Vega {vl_convert.get_vega_version()}, Vega-Lite {vl_convert.get_vegalite_versions()[-1]}"
    return (
        f"// {version}, Vega-Embed {vl_convert.get_vega_embed_version()} (BSD-3-Clause), by vl-convert\n"
        + vl_convert.javascript_bundle(SNIPPET)
    )


def write(path: Path = BUNDLE) -> None:
    """Whole or not at all."""
    half = path.with_name(f".{path.name}.{os.getpid()}")
    half.write_text(text(), encoding="utf-8")
    half.replace(path)


def main(arguments: list[str]) -> int:
    if not BUNDLE.exists() or "--again" in arguments:
        write()
        print(f"{BUNDLE.relative_to(Path.cwd()) if BUNDLE.is_relative_to(Path.cwd()) else BUNDLE}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
