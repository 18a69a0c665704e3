"""The list of runs, and one run whole: who may see what, what is told, and that the page tells what its twin does."""


def test_the_list_tells_what_ran_here(client):
    ada = client.as_("ada")
    told = ada.get("/runs.json")
    assert told["total"] == 2
    assert {cell["benchmark"] for run in told["runs"] for cell in run["cells"]} == {"arithmetic", "ordering"}
    text = ada.get("/runs")
    assert all(run["id"] in text for run in told["runs"])


def test_one_run_tells_its_numbers_with_their_intervals(client):
    ada = client.as_("ada")
    run = next(one["id"] for one in ada.get("/runs.json")["runs"] if one["id"].endswith("small"))
    told = ada.get(f"/runs/{run}.json")
    text = ada.get(f"/runs/{run}")
    assert len(told["cells"]) == 4
    for cell in told["cells"]:
        number = cell["metrics"][0]
        assert f"[{100 * number['low']:.1f}, {100 * number['high']:.1f}]" in text
