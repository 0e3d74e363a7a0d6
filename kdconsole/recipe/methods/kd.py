"""Knowledge distillation from softened logits."""

from typing import ClassVar, Literal

from kdconsole.recipe.catalogue import METHODS
from kdconsole.recipe.params import MethodParams, param


@METHODS.declare
class KnowledgeDistillation(MethodParams):
    """Kullback-Leibler divergence between softened predictions, times T²."""

    source: ClassVar[str] = "Hinton et al. 2015; as computed by RepDistiller"

    name: Literal["kd"] = "kd"
    temperature: float = param(4.0, gt=0, help="T: both logits are divided by it", source="CRD protocol")
