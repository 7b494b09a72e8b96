"""One shard after the other, in this process."""

import traceback
from collections.abc import Iterator, Sequence

from camera_motion.builder.engines import Event, Failure, Job
from camera_motion.schema.base import SpecError


class Serial:
    """Runs every job here; the job itself may use threads."""

    def run(self, job: Job, indices: Sequence[int]) -> Iterator[Event]:
        """Run `job` for every index, in order."""
        for index in indices:
            try:
                for said in job(index):
                    yield index, said
            except SpecError:
                raise
            except Exception as error:
                yield index, Failure(f"{type(error).__name__}: {error}", traceback.format_exc())
