"""One run from recipe to result: data, teacher, student, objective, training, final scores."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from kdconsole.augment.pipeline import Pipeline
from kdconsole.augment.two_views import TwoViews
from kdconsole.backend.device import forward_precision
from kdconsole.backend.failures import blame
from kdconsole.backend.lifecycle import supervised
from kdconsole.backend.objective import Objective
from kdconsole.backend.optim import LearningRate, build_optimizer
from kdconsole.backend.requests import Requests
from kdconsole.backend.resume import load_state, save_state
from kdconsole.backend.sinks import DATA_NOTICE, Sink, TeacherSink
from kdconsole.backend.splits import Splits, in_batches, load_splits
from kdconsole.backend.step import Seen, TrainingStep
from kdconsole.backend.streams import Streams, derived_seed
from kdconsole.backend.teacher import ReadyTeacher, load_teacher, teacher_folder, teacher_recipe, wait_for_other
from kdconsole.backend.trainer import Callbacks, Trainer
from kdconsole.data.normalise import Normaliser
from kdconsole.evaluate.accuracy import Accuracy, measure_accuracy
from kdconsole.models.network import Network
from kdconsole.models.weights import WeightsInfo, save_weights
from kdconsole.models.zoo import build, dry_shape, parameter_count
from kdconsole.recipe.catalogue import DATASETS
from kdconsole.recipe.normalise import channel_statistics
from kdconsole.recipe.schema import Recipe, Teacher
from kdconsole.recipe.write import recipe_facts, recipe_hash, recipe_toml
from kdconsole.runs.events import Evaluation, Finished, Notice, Phase
from kdconsole.runs.layout import RunFolder
from kdconsole.runs.lock import Heartbeat, LockHeld, RunLock
from kdconsole.runs.log import EventWriter
from kdconsole.runs.result import Result, Score, write_result
from kdconsole.runs.state import is_finished


class Session:
    """Trains the one seed of `recipe` in `folder`, telling `sink`. `run` may be called once."""

    def __init__(self, recipe: Recipe, folder: RunFolder, device: torch.device, sink: Sink, requests: Requests) -> None:
        self._recipe = recipe
        self._seed = recipe.seeds[0]
        self._folder = folder
        self._device = device
        self._sink = sink
        self._requests = requests
        self._dataset = DATASETS[recipe.data.dataset]
        self._phase = phase_name(recipe)

    def run(self) -> Result:
        """Train to the last epoch and write result.json. Raises StopRequested, Diverged, UserError, OSError, …"""
        recipe = self._recipe
        with blame("data"):
            splits = load_splits(recipe.data, self._device)
        for note in splits.notes:
            self._sink.append(Notice(level="warning", code=DATA_NOTICE, message=note))
        teacher = self._obtain_teacher(recipe.teacher) if recipe.teacher is not None else None
        student = self._build_student()
        objective = self._build_objective(student, teacher)
        trainer = self._build_trainer(splits, teacher, student, objective)
        saved = load_state(self._folder.resume)
        if saved is not None:
            trainer.load_state_dict(saved)
        self._announce(splits)
        teacher_scores = {} if teacher is None else self._score_teacher(teacher, splits)
        trainer.run()
        result = Result(
            run=self._folder.name,
            seed=self._seed,
            recipe_hash=recipe_hash(recipe),
            facts=recipe_facts(recipe),
            epochs=trainer.progress.epoch,
            steps=trainer.progress.step,
            seconds=trainer.progress.seconds,
            selected_on=splits.selected_on,
            last={split: Score(**values) for split, values in trainer.scores.last.items()},
            best={split: Score(**values) for split, values in trainer.scores.best.items()},
            teacher=teacher_scores,
            parameters=_parameters(student, teacher, objective),
            files=self._files(teacher),
        )
        write_result(self._folder.result, result)
        return result

    # -- teacher --------------------------------------------------------------------------------------------------

    def _obtain_teacher(self, teacher: Teacher) -> ReadyTeacher:
        if teacher.weights is not None:
            return load_teacher(Path(teacher.weights), teacher, self._recipe, self._device)
        recipe = teacher_recipe(self._recipe, teacher)
        folder = teacher_folder(self._folder.path.parent, recipe)
        folder.path.mkdir(parents=True, exist_ok=True)
        if not is_finished(folder):
            self._train_teacher(recipe, folder)
        elif load_state(self._folder.resume) is None:
            self._sink.append(
                Notice(
                    level="info", code="teacher_reused", message=f"the teacher was trained before: {folder.path.name}"
                )
            )
        return load_teacher(folder.student, teacher, self._recipe, self._device)

    def _train_teacher(self, recipe: Recipe, folder: RunFolder) -> None:
        while True:
            try:
                with RunLock(folder), Heartbeat(folder), EventWriter(folder.events) as own:
                    if is_finished(folder):
                        return  # another run has finished it while this one waited
                    if not folder.recipe.exists():
                        folder.recipe.write_text(recipe_toml(recipe), encoding="utf-8")
                    with supervised(recipe, folder, self._device, own):
                        sink = TeacherSink(own, self._sink)
                        result = Session(recipe, folder, self._device, sink, self._requests).run()
                        own.append(Finished(step=result.steps, result=result))
                    return
            except LockHeld as held:
                wait_for_other(held, folder, self._sink, self._requests)

    def _score_teacher(self, teacher: ReadyTeacher, splits: Splits) -> dict[str, Score]:
        scores = {}
        for split, accuracy in self._measure(teacher.network, teacher.normalise, splits).items():
            self._sink.append(_evaluation(self._phase, "teacher", split, accuracy))
            scores[split] = Score(split=split, epoch=0, top1=accuracy.top1, top5=accuracy.top5, loss=accuracy.loss)
        return scores

    # -- student --------------------------------------------------------------------------------------------------

    def _build_student(self) -> Network:
        torch.manual_seed(derived_seed(self._seed, "student"))
        student = build(self._recipe.student.arch, classes=self._dataset.classes, channels=self._dataset.channels)
        return student.to(self._device)

    def _build_objective(self, student: Network, teacher: ReadyTeacher | None) -> Objective:
        torch.manual_seed(derived_seed(self._seed, "objective"))
        size, channels = self._dataset.size, self._dataset.channels
        objective = Objective(
            self._recipe.method,
            self._recipe.term_labels(),
            dry_shape(student, size, channels),
            dry_shape(teacher.network, size, channels) if teacher is not None else None,
        )
        return objective.to(self._device)

    def _build_trainer(
        self, splits: Splits, teacher: ReadyTeacher | None, student: Network, objective: Objective
    ) -> Trainer:
        recipe, train = self._recipe, self._recipe.train
        optimizer = build_optimizer(train.optimizer, [*student.parameters(), *objective.parameters()])
        streams = Streams(self._seed, self._device)
        normalise = self._normaliser()
        views = TwoViews(
            teacher=Pipeline.of(recipe.augment.teacher) if recipe.augment.teacher is not None else None,
            student=Pipeline.of(recipe.augment.student),
            share_geometry=recipe.augment.share_geometry,
        )
        step = TrainingStep(
            images=splits.train,
            views=views,
            student=Seen(student, normalise),
            teacher=Seen(teacher.network, teacher.normalise) if teacher is not None else None,
            objective=objective,
            optimizer=optimizer,
            streams=streams,
            device=self._device,
            precision=train.precision,
            gradient_clip=train.gradient_clip,
        )
        student.train()
        return Trainer(
            train=train,
            phase=self._phase,
            seed=self._seed,
            images=len(splits.train),
            device=self._device,
            step=step,
            learning_rate=LearningRate(train.optimizer, train.schedule, train.epochs, self._steps_per_epoch(splits)),
            state={"student": student, "objective": objective, "optimizer": optimizer, "streams": streams},
            selected_on=splits.selected_on,
            sink=self._sink,
            requests=self._requests,
            callbacks=Callbacks(
                evaluate=lambda: self._measure(student, normalise, splits),
                save_student=lambda role, scores: self._save_student(student, role, scores),
                save_state=self._save_state,
            ),
        )

    def _save_student(self, student: nn.Module, role: str, scores: dict[str, Score]) -> str:
        path = self._folder.student if role == "last" else self._folder.student_best
        save_weights(path, student, self._weights_info(scores))
        return path.name

    def _save_state(self, state: dict[str, Any]) -> str:
        return str(save_state(self._folder.resume, state).relative_to(self._folder.path))

    # -- shared ---------------------------------------------------------------------------------------------------

    def _normaliser(self) -> Normaliser:
        return Normaliser(*self._statistics()).to(self._device)

    def _statistics(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        return channel_statistics(self._recipe.data.normalize, self._dataset.channels)

    def _weights_info(self, scores: dict[str, Score]) -> WeightsInfo:
        mean, std = self._statistics()
        info = WeightsInfo(
            arch=self._recipe.student.arch,
            classes=self._dataset.classes,
            channels=self._dataset.channels,
            dataset=self._dataset.name,
            mean=mean,
            std=std,
            size=self._dataset.size,
            source=f"run {self._folder.name}, recipe {recipe_hash(self._recipe)}, seed {self._seed}",
        )
        measured = {f"measured/{split}/top1": score.top1 for split, score in scores.items()}
        epochs = {f"{split} epoch": str(score.epoch) for split, score in scores.items()}
        return replace(info, accuracy=measured, extra=epochs)

    def _measure(self, network: nn.Module, normalise: nn.Module, splits: Splits) -> dict[str, Accuracy]:
        train = self._recipe.train
        with forward_precision(self._device, train.precision):
            return {
                name: measure_accuracy(network, in_batches(split, train.eval_batch_size), normalise)
                for name, split in splits.held_out.items()
            }

    def _steps_per_epoch(self, splits: Splits) -> int:
        return -(-len(splits.train) // self._recipe.train.batch_size)

    def _announce(self, splits: Splits) -> None:
        epochs = self._recipe.train.epochs
        trained_first = self._recipe.teacher is not None and self._recipe.teacher.train is not None
        total = 2 if trained_first else 1
        self._sink.append(
            Phase(
                phase=self._phase, index=total - 1, total=total, epochs=epochs, steps=epochs * self._steps_per_epoch(splits),
                detail=f"{len(splits.train):,} images",
            )
        )  # fmt: skip

    def _files(self, teacher: ReadyTeacher | None) -> dict[str, str]:
        files = {"student": str(self._folder.student), "student_best": str(self._folder.student_best)}
        if teacher is not None:
            files["teacher"] = str(teacher.path)
        return files


def phase_name(recipe: Recipe) -> str:
    """The name of the phase in which the student of `recipe` is trained."""
    return "distill" if recipe.teacher is not None else "train"


def _evaluation(phase: str, subject: str, split: str, accuracy: Accuracy) -> Evaluation:
    return Evaluation(
        phase=phase, step=0, epoch=0, subject=subject, split=split,
        top1=accuracy.top1, top5=accuracy.top5, loss=accuracy.loss, images=accuracy.images,
    )  # fmt: skip


def _parameters(student: nn.Module, teacher: ReadyTeacher | None, objective: nn.Module) -> dict[str, int]:
    counts = {"student": parameter_count(student), "method": parameter_count(objective)}
    if teacher is not None:
        counts["teacher"] = parameter_count(teacher.network)
    return counts
