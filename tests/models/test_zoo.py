"""Every architecture against the measured table of RepDistiller's zoo (100 classes, 3×32×32)."""

import pytest
import torch
from torch import nn

from kdconsole.contracts import Output
from kdconsole.errors import UserError
from kdconsole.models import zoo
from kdconsole.recipe.arch import known_archs
from kdconsole.recipe.catalogue import MODELS
from tests.models.helpers import lively

NARROW, WIDE = (16, 16, 32, 64), (32, 64, 128, 256)

# name: parameters, MACs in millions, state_dict entries, channels of the stages
TABLE = {
    "resnet8": (83_892, 12.51, 56, NARROW),
    "resnet14": (181_108, 26.66, 92, NARROW),
    "resnet20": (278_324, 40.82, 128, NARROW),
    "resnet32": (472_756, 69.13, 200, NARROW),
    "resnet44": (667_188, 97.44, 272, NARROW),
    "resnet56": (861_620, 125.75, 344, NARROW),
    "resnet110": (1_736_564, 253.16, 668, NARROW),
    "resnet8x4": (1_233_540, 177.07, 62, WIDE),
    "resnet32x4": (7_433_860, 1083.04, 206, WIDE),
    "wrn_16_1": (180_916, 26.66, 82, NARROW),
    "wrn_16_2": (703_284, 101.12, 83, (16, 32, 64, 128)),
    "wrn_40_1": (569_780, 83.29, 226, NARROW),
    "wrn_40_2": (2_255_156, 327.61, 227, (16, 32, 64, 128)),
    "wrn_16_4": (2_772_020, None, 83, (16, 64, 128, 256)),
    "wrn_40_4": (8_972_340, None, 227, (16, 64, 128, 256)),
    "wrn_28_10": (36_536_884, None, 155, (16, 160, 320, 640)),
}


def multiply_adds(network: nn.Module, image: torch.Tensor) -> int:
    """Multiply-adds of all convolutions and linear layers for one image."""
    total = 0

    def count(module: nn.Module, _: object, output: torch.Tensor) -> None:
        nonlocal total
        total += module.weight[0].numel() * output[0, 0].numel() * module.weight.shape[0] if output.dim() == 4 else 0
        total += module.weight.numel() if output.dim() == 2 else 0

    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.register_forward_hook(count)
    network.eval()(image)
    return total


@pytest.mark.parametrize("arch", TABLE)
def test_parameters_macs_entries_and_features_are_those_of_the_table(arch: str) -> None:
    parameters, macs, entries, channels = TABLE[arch]
    with torch.device("meta"):
        network = zoo.build(arch, classes=100)
        image = torch.zeros(1, 3, 32, 32)
    assert zoo.parameter_count(network) == parameters
    assert len(network.state_dict()) == entries
    shape = zoo.dry_shape(network, (32, 32), 3)
    expected = tuple((width, size, size) for width, size in zip(channels, (32, 32, 16, 8), strict=True))
    assert shape.stages == shape.preacts == expected
    assert (shape.classes, shape.pooled) == (100, channels[-1])
    if macs is not None:
        assert round(multiply_adds(network, image) / 1e6, 2) == macs


@pytest.mark.parametrize("arch", known_archs())
def test_every_declared_architecture_is_built(arch: str) -> None:
    with torch.device("meta"):
        network = zoo.build(arch, classes=7, channels=1)
    assert network.classifier.out_features == 7
    assert network.classifier.in_features == zoo.dry_shape(network, (32, 32), 1).pooled
    assert network.state_dict()[f"{network.head}.weight"].shape[0] == 7
    assert network.state_dict()[f"{network.stem}.weight"].shape[1] == 1


def test_every_declared_family_has_its_module() -> None:
    for family in MODELS:
        module = zoo.family_module(family.name)
        assert callable(module.build)
        assert module.candidates({}) == []


@pytest.mark.parametrize("arch", ["resnet8", "resnet8x4", "resnet8_pad", "resnet8x4_pad", "wrn_10_1", "wrn_10_2"])
@pytest.mark.parametrize(("size", "channels"), [(8, 1), (28, 1), (32, 3), (64, 3), (96, 3)])
def test_any_image_size_gives_one_row_per_image(arch: str, size: int, channels: int) -> None:
    network = zoo.build(arch, classes=5, channels=channels).eval()
    with torch.no_grad():
        output = network(torch.randn(2, channels, size, size))
    assert isinstance(output, Output)
    assert output.logits.shape == (2, 5)
    assert output.pooled.shape[0] == 2
    halved = (size + 1) // 2
    assert [stage.shape[-1] for stage in output.stages] == [size, size, halved, (halved + 1) // 2]
    assert [preact.shape for preact in output.preacts] == [stage.shape for stage in output.stages]
    assert output.logits.isfinite().all()


@pytest.mark.parametrize("arch", ["resnet8", "wrn_10_2"])
def test_the_logits_are_the_classifier_of_the_pooled_vector(arch: str) -> None:
    network = lively(arch)
    output = network(torch.randn(3, 3, 32, 32))
    assert torch.equal(network.classifier(output.pooled), output.logits)


@pytest.mark.parametrize("arch", ["resnet8", "resnet8_pad", "wrn_16_2"])
def test_a_training_step_evaluates_each_batchnorm_once(arch: str) -> None:
    network = zoo.build(arch, classes=10).train()
    network(torch.randn(2, 3, 8, 8))
    counts = {name: int(value) for name, value in network.state_dict().items() if name.endswith("num_batches_tracked")}
    assert counts and set(counts.values()) == {1}


@pytest.mark.parametrize("arch", ["resnet8", "resnet8_pad", "wrn_10_2"])
def test_features_keep_their_values_and_carry_gradients(arch: str) -> None:
    network = lively(arch).train()
    images = torch.randn(2, 3, 16, 16)
    output = network(images)
    before = [tensor.detach().clone() for tensor in (*output.stages, *output.preacts)]
    sum(tensor.square().sum() for tensor in (*output.stages, *output.preacts, output.logits)).backward()
    after = [tensor.detach() for tensor in (*output.stages, *output.preacts)]
    assert all(torch.equal(left, right) for left, right in zip(before, after, strict=True))
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_a_dry_pass_leaves_the_model_as_it_was() -> None:
    network = lively("wrn_10_2").train()
    network.block1.eval()  # a part that somebody froze
    modes = [module.training for module in network.modules()]
    state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    shape = zoo.dry_shape(network, (28, 28), 3)
    assert shape.stages == ((16, 28, 28), (32, 28, 28), (64, 14, 14), (128, 7, 7))
    assert [module.training for module in network.modules()] == modes
    assert all(torch.equal(tensor, state[name]) for name, tensor in network.state_dict().items())
    assert all(parameter.grad is None for parameter in network.parameters())


def test_a_dry_pass_that_fails_restores_the_mode() -> None:
    network = zoo.build("resnet8", classes=10).train()
    with pytest.raises(RuntimeError):
        zoo.dry_shape(network, (8, 8), 1)
    assert all(module.training for module in network.modules())


def test_a_dry_pass_follows_the_models_dtype() -> None:
    assert zoo.dry_shape(zoo.build("resnet8", classes=10).double(), (8, 8), 3).classes == 10


def test_an_outline_draws_no_random_numbers() -> None:
    before = torch.random.get_rng_state()
    zoo.outline.cache_clear()
    outline = zoo.outline("wrn_10_3", 9, 2)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert outline.tensors[outline.head].shape == (9, 192)
    assert outline.tensors[outline.stem].shape == (16, 2, 3, 3)
    assert all(tensor.is_meta for tensor in outline.tensors.values())


def test_equal_seeds_build_equal_networks() -> None:
    networks = []
    for _ in range(2):
        torch.manual_seed(5)
        networks.append(zoo.build("resnet8", classes=10).state_dict())
    assert all(torch.equal(networks[0][name], networks[1][name]) for name in networks[0])


def test_an_unknown_name_is_answered_with_a_suggestion() -> None:
    with pytest.raises(UserError, match=r"unknown network “resnet20x”[\s\S]*did you mean “resnet20”"):
        zoo.build("resnet20x", classes=10)
    with pytest.raises(UserError, match=r"6n \+ 2"):
        zoo.build("resnet21", classes=10)


def test_no_classes_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="classes"):
        zoo.build("resnet8", classes=0)
