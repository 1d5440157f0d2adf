from __future__ import annotations

import pytest

from tests.conftest import RunPython
from zoo.runtime.cores import cores
from zoo.runtime.platform import device_name

SETTINGS = ("KERAS_BACKEND", "TF_CPP_MIN_LOG_LEVEL", "TF_FORCE_GPU_ALLOW_GROWTH", "TF_ENABLE_ONEDNN_OPTS")
SCRIPT = """
import os, sys
for name in {settings}: os.environ.pop(name, None)
from zoo.runtime.platform import configure
assert "tensorflow" not in sys.modules
configure("{device}")
import tensorflow as tf
print([os.environ.get(name) for name in {settings}], os.environ.get("CUDA_VISIBLE_DEVICES"))
tf.matmul(tf.ones((2, 2)), tf.ones((2, 2)))
"""


@pytest.mark.slow
def test_settings_are_made_before_tensorflow_starts_and_it_starts_silently(run_python: RunPython) -> None:
    done = run_python("-c", SCRIPT.format(settings=SETTINGS, device="cpu"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "['tensorflow', '3', 'true', '0'] -1\n"


@pytest.mark.slow
def test_a_gpu_that_is_not_there_is_told(run_python: RunPython) -> None:
    code = "import sys; from zoo.cli.flags import main_guard; from zoo.runtime.platform import configure; "
    code += "sys.exit(main_guard(lambda: configure('gpu'))())"
    done = run_python("-c", code, env={"CUDA_VISIBLE_DEVICES": "-1"})
    assert done.stderr == "error: --device gpu: TensorFlow finds no GPU here; use --device cpu or auto\n"
    assert done.returncode == 2


def test_the_device_is_called_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    import tensorflow as tf

    monkeypatch.setattr(tf.config, "list_physical_devices", lambda _kind: [])
    assert device_name() == f"CPU, {cores()} cores"
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda _kind: ["gpu", "gpu"])
    monkeypatch.setattr(
        tf.config.experimental, "get_device_details", lambda _gpu: {"device_name": "Fast One"}
    )
    assert device_name() == "2 × Fast One"
