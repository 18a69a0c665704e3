"""The least that can be done with sinan's own HTTP library on its own kind of event loop: workers that ask, nothing
kept, nothing judged.

`python bench/bare_client.py URL FILE CONCURRENCY`
"""

import asyncio
import sys
from pathlib import Path

import aiohttp
import loops
import orjson


async def main(url: str, file: str, concurrency: int) -> None:
    connector = aiohttp.TCPConnector(limit=0)
    headers = {"Content-Type": "application/json"}
    with Path(file).open("rb") as lines:
        async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

            async def work() -> None:
                for line in lines:
                    body = orjson.dumps({"model": "mock", "messages": [message(orjson.loads(line))], "temperature": 0})
                    async with session.post(f"{url}/chat/completions", data=body) as response:
                        orjson.loads(await response.read())["choices"][0]["message"]["content"]

            await asyncio.gather(*(work() for _ in range(concurrency)))


def message(row: dict[str, str]) -> dict[str, str]:
    options = "".join(f"\n{letter}) {row[letter]}" for letter in "ABCD" if letter in row)
    return {"role": "user", "content": f"{row['question']}{options}\n\nEnd with a line `ANSWER: X`."}


if __name__ == "__main__":
    loops.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
