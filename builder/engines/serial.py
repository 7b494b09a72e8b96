"""One shard after the other, in this process."""

from collections.abc import Iterator, Sequence

from camera_motion.builder.engines import Event, Job, persist


class Serial:
    """Runs every job here; the job itself may use threads."""

    def run(self, job: Job, indices: Sequence[int]) -> Iterator[Event]:
        """Run `job` for every index, in order."""
        for index in indices:
            for said in persist(job, index):
                yield index, said
