"""A budget stops a run; the same call goes on with it, and asks nothing twice."""

import sinan
from sinan.errors import BudgetReached


def ask(**limits):
    return sinan.run("arithmetic", "needle/s", limit=60, **limits)


try:
    run = ask(max_tokens=1_000)  # max_cost is in US dollars, max_time in seconds
except BudgetReached as reached:
    print(reached)
    run = ask()

print(run.status, dict(run.requests))  # resumed: answered before the budget was reached; cached: in earlier runs
