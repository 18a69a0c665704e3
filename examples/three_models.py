"""Three bundled models on one benchmark, from Python: values with their intervals, then what the best one got wrong."""

import sinan

run = sinan.run("arithmetic", ["needle/xs", "needle/s", "needle/m"], limit=100)
for result in run.results:
    low, high = result.estimate.ci
    print(f"{result.model:10} {result.estimate.value:.2f} [{low:.2f}, {high:.2f}] n={result.estimate.n}")

best = max(run.results, key=lambda result: result.estimate.value)
wrong = run.samples().filter(f"model = '{best.model}' AND outcome = 'wrong'")
for prompt, answer, target in wrong.project("prompt, answer, target").limit(3).fetchall():
    print(repr(prompt), "read:", answer, "right:", target)
