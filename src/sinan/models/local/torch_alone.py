"""Continues prompts one after the other, each with the library's own generation: for architectures whose memory is
not keys and values of each token (Mamba and its like), or takes no mask of ours."""

from typing import Any

from sinan.errors import RequestRejected
from sinan.models.local.line import Line
from sinan.models.local.torch_memory import is_out_of_memory, release
from sinan.models.local.torch_network import Network
from sinan.models.local.torch_rows import Ask, Continued, Ending, Row
from sinan.models.local.torch_sampling import NEUTRAL


class Alone:
    """Generation of one text at a time."""

    def __init__(self, network: Network, ending: Ending) -> None:
        self._network, self._ending = network, ending

    def work(self, line: "Line[Ask, Continued]") -> None:
        """Until nothing is waiting."""
        while jobs := line.take():
            for row in self._ending.begun(line, jobs):
                if not row.job.gone:
                    line.answer([(row.job, self._continued(row))])

    def _continued(self, row: Row) -> Continued | Exception:
        try:
            return self._generate(row)
        except RequestRejected as error:
            return error
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            release(self._network.device)
            return self._ending.too_long(row)

    def _generate(self, row: Row) -> Continued:
        """The library chooses what the row has chosen, and stops when the row ends."""
        import torch
        from transformers import GenerationConfig

        ended: list[Continued] = []

        def choose(_: Any, scores: Any) -> Any:
            if not bool(scores[0].max().isfinite()):
                raise self._ending.no_number()
            token = row.next(None, scores[0].float())
            done = self._ending.take(row, token)
            ended.extend([done] if done else [])
            return torch.full_like(scores, -torch.inf).index_fill_(1, torch.tensor([token], device=scores.device), 0.0)

        def stop(ids: Any, *_: Any, **__: Any) -> Any:
            return torch.full((len(ids),), bool(ended) or row.job.gone, device=ids.device)

        ids = torch.tensor([row.ask.ids], device=self._network.device)
        how = GenerationConfig(max_new_tokens=row.ask.max_tokens, do_sample=False, pad_token_id=0, **NEUTRAL)
        with torch.inference_mode():
            self._network.model.generate(
                ids,
                attention_mask=torch.ones_like(ids),
                generation_config=how,
                logits_processor=[choose],
                stopping_criteria=[stop],
            )
        return ended[0] if ended else self._ending.cut(row)
