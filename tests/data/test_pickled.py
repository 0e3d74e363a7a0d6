import contextlib
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from kdconsole.data.load import load_split
from kdconsole.data.pickled import _STAND_INS, read_pickled_arrays
from kdconsole.errors import UserError
from tests.data.helpers import cifar_batch, shrink, write_pickle


class Payload:
    """A pickle of this creates a file when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("dtype", ["u1", "<i8", ">i4"])
def test_arrays_of_every_protocol(tmp_path: Path, protocol: int, dtype: str) -> None:
    values = np.arange(12).astype(dtype).reshape(3, 4)
    content = {
        "data": values,
        "columns": np.asfortranarray(values),
        "labels": [1, 2, 3],
        "name": "caf\u00e9",
        "scalars": list(values[0]),
    }
    read = read_pickled_arrays(write_pickle(tmp_path / "file", content, protocol))
    assert np.array_equal(read["data"], values) and read["data"].dtype == values.dtype
    assert np.array_equal(read["columns"], values)
    assert read["labels"] == [1, 2, 3]
    assert read["name"] == "caf\u00e9"
    assert read["scalars"] == [0, 1, 2, 3]


def test_python_2_pickle_as_the_official_files_are(tmp_path: Path) -> None:
    raw = bytes(range(256)) * 24
    stream = (
        b"\x80\x02}q\x01(U\x04dataq\x02cnumpy.core.multiarray\n_reconstruct\nq\x03cnumpy\nndarray\nq\x04K\x00\x85q\x05"
        b"U\x01bq\x06\x87q\x07Rq\x08(K\x01K\x02M\x00\x0c\x86q\tcnumpy\ndtype\nq\nU\x02u1q\x0bK\x00K\x01\x87q\x0cRq\r"
        b"(K\x03U\x01|q\x0eNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tq\x0fb\x89T"
        + len(raw).to_bytes(4, "little")
        + raw
        + b"tq\x10bU\x06labelsq\x11]q\x12(K\x03K\x05eu."
    )
    (tmp_path / "file").write_bytes(stream)
    read = read_pickled_arrays(tmp_path / "file")
    assert read["data"].shape == (2, 3072)
    assert read["data"].tobytes() == raw
    assert read["labels"] == [3, 5]


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
def test_hostile_cifar_file_is_refused_and_nothing_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, protocol: int
) -> None:
    shrink(monkeypatch, "cifar10", train=20, test=4)
    trace = tmp_path / "it-ran"
    hostile = cifar_batch(4, 10) | {"extra": Payload(trace)}
    path = write_pickle(tmp_path / "cifar-10-batches-py/test_batch", hostile, protocol)
    with pytest.raises(UserError, match="refused") as caught:
        load_split("cifar10", "test", root=tmp_path, download=False)
    assert "mkdir" in caught.value.message
    assert not trace.exists()
    pickle.loads(path.read_bytes())  # the payload is a live one
    assert trace.exists()


@pytest.mark.parametrize(
    "stream",
    [
        b"cbuiltins\neval\n(S'1'\ntR.",
        b"c__builtin__\neval\n(S'1'\ntR.",
        b"(S'1'\nibuiltins\neval\n.",
        b"cnumpy\nload\n(S'x'\ntR.",
        b"cnumpy.core.multiarray\n_reconstruct.__globals__\n.",
        b"\x80\x04\x8c\x05numpy\x8c\x0fndarray.tofile\x93.",
        b"cfunctools\npartial\n.",
        b"Pobject\n.",  # persistent id
        b"\x82\x01.",  # extension registry
        b"c_codecs\nencode\n(S'x'\nS'zip'\ntR.",
        b"cnumpy\ndtype\n(S'O8'\nI0\nI1\ntR.",
        b"cnumpy\ndtype\n(S'V99999999'\nI0\nI1\ntR.",
    ],
)
def test_anything_but_arrays_is_refused(tmp_path: Path, stream: bytes) -> None:
    (tmp_path / "file").write_bytes(stream)
    with pytest.raises(UserError):
        read_pickled_arrays(tmp_path / "file")


def test_a_pickle_cannot_change_the_reader_for_the_next_one(tmp_path: Path) -> None:
    # BUILD sets attributes of the object before it; with two halves of state, by setattr.
    attack = b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nN}U\x0c__defaults__K\x01\x85s\x86b."
    (tmp_path / "file").write_bytes(attack)
    assert read_pickled_arrays(tmp_path / "file").__defaults__ == (1,)  # the attack reaches what it was handed
    assert all(getattr(stand_in, "__defaults__", None) is None for stand_in in _STAND_INS.values())


def test_object_arrays_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="refused"):
        read_pickled_arrays(write_pickle(tmp_path / "file", {"data": np.array([{}, []], dtype=object)}))


@pytest.mark.parametrize("keep", [0, 1, 50, 200, 3000])
def test_cut_off_pickle_is_named(tmp_path: Path, keep: int) -> None:
    path = write_pickle(tmp_path / "file", cifar_batch(4, 10))
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(UserError, match="file"):
        read_pickled_arrays(path)


def test_flipped_bytes_never_raise_anything_else(tmp_path: Path) -> None:
    good = pickle.dumps({"data": np.arange(8, dtype=np.uint8).reshape(2, 4), "labels": [1, 2]}, protocol=2)
    path = tmp_path / "file"
    random = np.random.default_rng(0)
    for _ in range(300):
        bad = bytearray(good)
        bad[random.integers(len(bad))] = random.integers(256)
        path.write_bytes(bad)
        with contextlib.suppress(UserError):
            read_pickled_arrays(path)
