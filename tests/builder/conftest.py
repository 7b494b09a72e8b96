"""An S3 server for all tests that ask for it, and for each a bucket of its own behind a proxy of its own."""

import os
from collections.abc import Iterator

import pytest
from s3 import ENVIRONMENT, Bucket, Moto, Proxy

#: botocore and aiobotocore leave sockets to the garbage collector when a connection was broken off.
BROKEN_OFF = (
    "ignore::ResourceWarning",
    "ignore::pytest.PytestUnraisableExceptionWarning",
)


@pytest.fixture(scope="session")
def moto() -> Iterator[Moto]:
    with Moto() as moto:
        yield moto


@pytest.fixture
def bucket(moto: Moto, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """An empty bucket, and the environment of somebody who may use it."""
    import boto3

    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with Proxy(moto.port) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        client = boto3.client("s3", endpoint_url=moto.endpoint)
        name = f"bucket-{abs(hash(request.node.nodeid)):x}"
        client.create_bucket(Bucket=name)
        yield Bucket(name, proxy, client)
        client.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "bucket" in getattr(item, "fixturenames", ()):
            for warning in BROKEN_OFF:
                item.add_marker(pytest.mark.filterwarnings(warning))
