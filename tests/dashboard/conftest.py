"""A session whose runs never get anywhere, so that only controls move it."""

from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from dashboard.experiment import Experiment
from dashboard.session import Session


class Idle(ThreadPoolExecutor):
    """An executor that never gets round to anything."""

    def submit(self, fn, /, *args, **kwargs) -> Future:
        del fn, args, kwargs
        return Future()


@pytest.fixture
def idle():
    return Idle(1)


@pytest.fixture
def session(idle):
    return Session(Experiment(), idle)
