"""Downloads through torchvision from a server on this machine."""

import functools
import gzip
import hashlib
import io
import tarfile
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torchvision.datasets import CIFAR10, MNIST

from kdconsole.data.load import load_split
from kdconsole.errors import ExitCode, UserError
from tests.data.helpers import cifar_batch, idx_bytes, shrink, write_pickle


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, str]]:
    """A folder, and the address under which a local server offers it."""
    folder = tmp_path / "served"
    folder.mkdir()
    monkeypatch.setenv("no_proxy", "*")
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture
def cifar_archive(served: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small CIFAR-10 archive on the server, which torchvision's class points to. Its paths try to leave the root."""
    shrink(monkeypatch, "cifar10", train=20, test=4)
    folder, address = served
    source = tmp_path / "source"
    names = ["test_batch", *(f"data_batch_{number}" for number in range(1, 6))]
    archive = folder / "cifar.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for seed, name in enumerate(names):
            tar.add(write_pickle(source / name, cifar_batch(4, 10, seed)), f"cifar-10-batches-py/{name}")
        escape = tarfile.TarInfo("../escaped")
        escape.size = 1
        tar.addfile(escape, io.BytesIO(b"x"))
    monkeypatch.setattr(CIFAR10, "url", address + archive.name)
    monkeypatch.setattr(CIFAR10, "filename", archive.name)
    monkeypatch.setattr(CIFAR10, "tgz_md5", hashlib.md5(archive.read_bytes()).hexdigest())
    return archive


def test_cifar_is_fetched_and_only_its_files_are_taken(
    cifar_archive: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "new" / "root"
    assert len(load_split("cifar10", "test", root=root, download=True).labels) == 4
    assert [path.name for path in root.iterdir()] == ["cifar-10-batches-py"]  # no archive, no temporary folder
    assert not (root.parent / "escaped").exists() and not (root / "escaped").exists()
    cifar_archive.unlink()
    assert len(load_split("cifar10", "train", root=root, download=True).labels) == 20  # both splits were fetched
    assert capfd.readouterr().out == ""


def test_files_that_are_there_are_kept(cifar_archive: Path, tmp_path: Path) -> None:
    mine = cifar_batch(4, 10, seed=99)
    write_pickle(tmp_path / "root/cifar-10-batches-py/data_batch_1", mine)
    loaded = load_split("cifar10", "train", root=tmp_path / "root", download=True)
    assert torch.equal(loaded.images[:4].flatten(1), torch.from_numpy(mine["data"]))


def test_mnist_is_fetched_from_the_first_mirror_that_has_it(
    served: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shrink(monkeypatch, "mnist", train=3, test=2)
    folder, address = served
    resources = []
    for prefix, count in (("train", 3), ("t10k", 2)):
        images, labels = np.full((count, 28, 28), 7, np.uint8), np.full(count, 7, np.uint8)
        for name, values in ((f"{prefix}-images-idx3-ubyte", images), (f"{prefix}-labels-idx1-ubyte", labels)):
            packed = gzip.compress(idx_bytes(values))
            (folder / f"{name}.gz").write_bytes(packed)
            resources.append((f"{name}.gz", hashlib.md5(packed).hexdigest()))
    monkeypatch.setattr(MNIST, "resources", resources)
    monkeypatch.setattr(MNIST, "mirrors", [address + "not-here/", address])
    loaded = load_split("mnist", "test", root=tmp_path / "root", download=True)
    assert loaded.labels.tolist() == [7, 7]
    assert sorted(path.name for path in (tmp_path / "root").rglob("*") if path.is_file()) == sorted(
        name.removesuffix(".gz") for name, _ in resources
    )


def failure(root: Path) -> UserError:
    with pytest.raises(UserError, match="cifar10 could not be downloaded") as caught:
        load_split("cifar10", "test", root=root, download=True)
    assert str(root) in caught.value.message
    assert caught.value.exit_code == ExitCode.RETRY
    assert list(root.iterdir()) == []  # nothing that could pass for good later
    return caught.value


def test_no_network(cifar_archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CIFAR10, "url", "http://127.0.0.1:9/nobody-listens.tar.gz")
    error = failure(tmp_path / "root")
    assert "refused" in error.message
    assert "cifar-10-batches-py/test_batch" in error.hint


def test_address_gone(cifar_archive: Path, tmp_path: Path) -> None:
    cifar_archive.unlink()
    failure(tmp_path / "root")


def test_cut_off_or_altered_download(cifar_archive: Path, tmp_path: Path) -> None:
    cifar_archive.write_bytes(cifar_archive.read_bytes()[:-100])
    failure(tmp_path / "root")


def test_archive_without_the_files(cifar_archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tarfile.open(cifar_archive, "w:gz") as tar:
        link = tarfile.TarInfo("cifar-10-batches-py/test_batch")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        tar.addfile(link)
    monkeypatch.setattr(CIFAR10, "tgz_md5", hashlib.md5(cifar_archive.read_bytes()).hexdigest())
    failure(tmp_path / "root")


def test_full_disk(cifar_archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfileobj", full)
    assert "disk" in failure(tmp_path / "root").hint


def test_root_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "root").write_text("")
    with pytest.raises(UserError, match="cannot be stored") as caught:
        load_split("cifar10", "test", root=tmp_path / "root", download=True)
    assert "data.root" in caught.value.hint
