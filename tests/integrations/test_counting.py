"""N and D are what a count by hand gives."""

from __future__ import annotations

import pytest
import torch
from torch.distributed.fsdp import FullyShardedDataParallel, fully_shard

from chinchilla_nb.callbacks.parameters import ParameterCount, count_parameters
from chinchilla_nb.callbacks.tokens import count_tokens
from chinchilla_nb.engine.errors import InputError


def network(*, tied: bool) -> torch.nn.Module:
    """Return 50 x 8 embeddings, a layer of 8 x 8 + 8 parameters, and an output layer, which may share the former."""
    embedding, output = torch.nn.Embedding(50, 8), torch.nn.Linear(8, 50, bias=False)
    if tied:
        output.weight = embedding.weight
    return torch.nn.Sequential(embedding, torch.nn.Linear(8, 8), output)


@pytest.mark.parametrize(("tied", "total", "non_embedding"), [(True, 472, 72), (False, 872, 472)])
def test_parameters_are_counted_once_with_and_without_embeddings(tied, total, non_embedding):
    assert count_parameters(network(tied=tied)) == ParameterCount(total, non_embedding)


def test_parameters_that_are_not_trained_count(tmp_path):
    frozen = network(tied=False).requires_grad_(False)
    assert count_parameters(frozen).total == 872


@pytest.fixture
def process_group(tmp_path):
    torch.distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/group", rank=0, world_size=1)
    yield
    torch.distributed.destroy_process_group()


def test_parameters_that_version_1_of_fsdp_divides_are_refused():
    # Its constructor needs an accelerator.
    divided = FullyShardedDataParallel.__new__(FullyShardedDataParallel)
    torch.nn.Module.__init__(divided)
    with pytest.raises(InputError, match="N cannot be counted, because version 1 of FSDP"):
        count_parameters(torch.nn.Sequential(divided))


def test_parameters_that_version_2_of_fsdp_divides_are_counted(process_group):
    mesh = torch.distributed.init_device_mesh("cpu", (1,))
    assert count_parameters(fully_shard(network(tied=False), mesh=mesh)) == ParameterCount(872, 472)


TOKENS = torch.zeros(4, 16, dtype=torch.long)
MASK = torch.ones(4, 16, dtype=torch.long)
MASK[:, 12:] = 0


@pytest.mark.parametrize(
    ("batch", "count"),
    [
        ({"input_ids": TOKENS, "attention_mask": MASK}, 48),
        ({"input_ids": TOKENS}, 64),
        (TOKENS, 64),
        ((TOKENS, TOKENS), 64),
        ([{"input_ids": TOKENS, "attention_mask": MASK}], 48),
        (torch.zeros(4, 3, 8, 8), 4),
        ((torch.zeros(4, 3, 8, 8), torch.zeros(4, dtype=torch.long)), 4),
        (torch.zeros(4, dtype=torch.long), 4),
    ],
)
def test_tokens_are_counted_where_there_are_any_and_samples_where_not(batch, count):
    assert count_tokens(batch) == count


@pytest.mark.parametrize("batch", [{"text": ["a"]}, [], None, torch.tensor(3)])
def test_a_batch_of_another_kind_is_refused_with_the_way_to_count_it(batch):
    with pytest.raises(InputError, match="holds no tensor of tokens or samples: give the callback a function"):
        count_tokens(batch)
