"""A head for the tests of the evaluation."""

import pytest
from head_record import ball_record


@pytest.fixture
def head():
    """See `ball_record`."""
    return ball_record()
