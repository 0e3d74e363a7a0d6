"""DOT against a slow transcription of its rule (float64), and as an optimiser of the real step."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from kdconsole.backend.dot import DistillationOriented
from kdconsole.backend.optim import Rate
from kdconsole.recipe.optimizers.dot import Dot
from tests.backend.assemblies import assembly_of, recipe_with
from tests.backend.test_modes import CPU, losses

SETTINGS = Dot(momentum=0.8, delta=0.15, weight_decay=0.01)
RATES = [0.1, 0.1, 0.05, 0.02, 0.2, 0.1]


class Problem:
    """Two losses over four weights: both reach `shared` and `undecayed`, one each the other two."""

    def __init__(self, settings: Dot = SETTINGS) -> None:
        start = torch.linspace(-1, 1, 12, dtype=torch.float64).reshape(4, 3)
        self.weights = {
            name: nn.Parameter(row.clone())
            for name, row in zip(("shared", "task", "distillation", "undecayed"), start, strict=True)
        }
        *decayed, undecayed = self.weights.values()
        self.optimizer = DistillationOriented(decayed, settings)
        self.optimizer.add_param_group({"params": [undecayed], "weight_decay": 0.0})
        self.norms: list[float] = []

    def losses(self, step: int) -> tuple[Tensor, Tensor]:
        shared, task, distillation, undecayed = self.weights.values()
        together = shared * undecayed + step
        return (together * task).sin().sum(), (together + distillation).square().sum()

    def train(self, steps: range, largest_norm: float | None = None) -> list[Tensor]:
        rate = Rate(self.optimizer, torch.device("cpu"))
        for step in steps:
            rate.set(RATES[step])
            self.norms.append(self.optimizer.differentiate(*self.losses(step), largest_norm).item())
            self.optimizer.step()
        return [weight.detach().clone() for weight in self.weights.values()]


def _transcription(settings: Dot, largest_norm: float | None = None) -> list[Tensor]:
    """The rule, weight by weight and element by element."""
    problem = Problem(settings)
    momenta: dict[tuple[str, str, int], float] = {}
    for step, rate in enumerate(RATES):
        task, distillation = problem.losses(step)
        weights = list(problem.weights.values())
        g = torch.autograd.grad(task, weights, retain_graph=True, allow_unused=True)
        h = torch.autograd.grad(distillation, weights, allow_unused=True)
        whole = [(0 if a is None else a) + (0 if b is None else b) for a, b in zip(g, h, strict=True)]
        norm = sum(float(value) ** 2 for row in whole for value in row) ** 0.5  # type: ignore[union-attr]
        factor = 1.0 if largest_norm is None or norm <= largest_norm else largest_norm / norm
        for (name, weight), of_task, of_distillation in zip(problem.weights.items(), g, h, strict=True):
            decay = 0.0 if name == "undecayed" else settings.weight_decay
            apart = settings.delta if of_task is not None and of_distillation is not None else 0.0
            for i in range(len(weight)):
                old = weight[i].item()
                new = old
                if of_task is not None:
                    v = (settings.momentum - apart) * momenta.get((name, "v", i), 0.0)
                    v += factor * of_task[i].item() + decay * old
                    momenta[name, "v", i] = v
                    new -= rate * v
                if of_distillation is not None:
                    u = (settings.momentum + apart) * momenta.get((name, "u", i), 0.0)
                    u += factor * of_distillation[i].item() + (decay * old if of_task is None else 0.0)
                    momenta[name, "u", i] = u
                    new -= rate * u
                weight.data[i] = new
    return [weight.detach() for weight in problem.weights.values()]


@pytest.mark.parametrize("largest_norm", [None, 2.0, 1e6])
@pytest.mark.parametrize("settings", [SETTINGS, Dot(momentum=0.2, delta=0.2)], ids=["usual", "task without momentum"])
def test_several_steps_follow_the_rule(settings: Dot, largest_norm: float | None) -> None:
    found = Problem(settings).train(range(len(RATES)), largest_norm)
    for weight, expected in zip(found, _transcription(settings, largest_norm), strict=True):
        torch.testing.assert_close(weight, expected, rtol=1e-6 if largest_norm == 2.0 else 1e-12, atol=0)


@pytest.mark.parametrize("largest_norm", [None, 2.0])
def test_without_delta_it_is_sgd_on_the_sum(largest_norm: float | None) -> None:
    settings = SETTINGS.model_copy(update={"delta": 0.0})
    plain = Problem()
    *decayed, undecayed = plain.weights.values()
    sgd = torch.optim.SGD(
        [{"params": decayed}, {"params": [undecayed], "weight_decay": 0.0}], momentum=0.8, weight_decay=0.01
    )
    norms = []
    for step, rate in enumerate(RATES):
        for group in sgd.param_groups:
            group["lr"] = rate
        sgd.zero_grad()
        sum(plain.losses(step), torch.zeros(())).backward()
        norms.append(nn.utils.clip_grad_norm_(plain.weights.values(), largest_norm or 1e9).item())
        sgd.step()
    problem = Problem(settings)
    found = problem.train(range(len(RATES)), largest_norm)
    for weight, expected in zip(found, plain.weights.values(), strict=True):
        torch.testing.assert_close(weight, expected.detach(), rtol=1e-12, atol=1e-15)
    assert problem.norms == pytest.approx(norms, rel=1e-12)


def test_it_goes_on_from_a_saved_state() -> None:
    undisturbed = Problem().train(range(6))
    first, second = Problem(), Problem()
    first.train(range(3))
    for weight, saved in zip(second.weights.values(), first.weights.values(), strict=True):
        weight.data.copy_(saved.data)
    second.optimizer.load_state_dict(first.optimizer.state_dict())
    assert all(torch.equal(a, b) for a, b in zip(second.train(range(3, 6)), undisturbed, strict=True))


@pytest.mark.parametrize("constant", ["task", "distillation"])
def test_a_loss_that_is_a_constant_moves_nothing(constant: str) -> None:
    """As in a warm-up in which a term is still 0."""
    problem = Problem()
    task, distillation = problem.losses(0)
    none = torch.zeros(())
    problem.optimizer.differentiate(*((none, distillation) if constant == "task" else (task, none)), largest_norm=None)
    before = problem.weights[constant].detach().clone()
    problem.optimizer.step()
    assert torch.equal(problem.weights[constant], before)
    assert problem.optimizer.state[problem.weights["shared"]]["task_momentum"].any() == (constant != "task")


def _momenta(weight_of_kd: float) -> Iterator[tuple[Tensor, Tensor]]:
    """Both momenta of each of the student's weights after one step."""
    method = f'[{{ name = "ce", weight = 0.1 }}, {{ name = "kd", weight = {weight_of_kd} }}]'
    assembly = assembly_of(recipe_with(train=CPU + 'optimizer = "dot"', method=method))
    assembly.step((torch.arange(32),), 0.05)
    state = assembly.optimizer.state
    return (
        (state[weight]["task_momentum"], state[weight]["distillation_momentum"])
        for weight in assembly.student.parameters()
    )


def test_the_step_keeps_cross_entropy_and_the_teachers_terms_apart() -> None:
    for (task, distilled), (same, doubled) in zip(_momenta(0.4), _momenta(0.8), strict=True):
        assert task.any() and distilled.any()
        assert torch.equal(task, same)
        assert torch.equal(2 * distilled, doubled)


def test_it_learns() -> None:
    plain = losses(assembly_of(recipe_with(train=CPU + 'optimizer = "dot"\ngradient_clip = 5.0\n')))
    assert sum(plain[-5:]) < sum(plain[:5])
