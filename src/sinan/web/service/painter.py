"""A process that draws charts for the site, for vl-convert lets nothing else of its process run while it draws.

In: one JSON line for each picture, `{"spec": ..., "kind": "svg", "width": 640}`. Out: the picture's length in eight
bytes, and the picture; length 0 where it could not be drawn. It ends when its input does, or when nothing was asked of
it for a while.
"""

import select
import sys

import orjson
import vl_convert

from sinan.web.service.chart_look import Spec, sized

IDLE_S = 120.0
SHARPNESS = 2.0
"""Pixels of a PNG for each of the chart."""


def drawn(spec: Spec, kind: str, width: int) -> bytes:
    """A picture so many pixels wide. No address is asked for anything."""
    draw = vl_convert.vegalite_to_svg if "vega-lite" in spec["$schema"] else vl_convert.vega_to_svg
    svg: str = draw(sized(spec, width), allowed_base_urls=[])
    return svg.encode() if kind == "svg" else bytes(vl_convert.svg_to_png(svg, scale=SHARPNESS))


def main() -> int:
    """Draw until nothing more is asked."""
    asked, answers = sys.stdin.buffer, sys.stdout.buffer
    while select.select([asked], [], [], IDLE_S)[0] and (line := asked.readline()):
        try:
            picture = drawn(**orjson.loads(line))
        except Exception as error:  # one chart that cannot be drawn stops no other
            print(f"a chart could not be drawn: {error}", file=sys.stderr, flush=True)
            picture = b""
        answers.write(len(picture).to_bytes(8, "big") + picture)
        answers.flush()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
