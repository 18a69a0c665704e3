"""The least that can be done with the same HTTP library: a loop of workers, no journal, no scoring.

`python bench/bare_client.py PORT COUNT CONCURRENCY`
"""

import asyncio
import sys

import aiohttp
import orjson


async def main(port: int, count: int, concurrency: int) -> None:
    questions = iter(range(count))
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def work() -> None:
            for i in questions:
                message = {"role": "user", "content": f"Question #{i:05d}#: what is 3 + 4?"}
                body = orjson.dumps({"model": "mock", "messages": [message], "temperature": 0.0})
                headers = {"Content-Type": "application/json"}
                async with session.post(
                    f"http://127.0.0.1:{port}/v1/chat/completions", data=body, headers=headers
                ) as response:
                    orjson.loads(await response.read())

        await asyncio.gather(*(work() for _ in range(concurrency)))


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:4])))
