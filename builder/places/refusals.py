"""What a store's errors mean: something that the user can mend, or that may be better in a while.

Errors are told apart by their names, their HTTP status and their system's number, so that no store's package is
imported for it.
"""

import errno
import re
from collections.abc import Iterator

#: Classes of errors that mean: nobody said who asks. Of botocore, google.auth and huggingface_hub.
_NOBODY = {
    "NoCredentialsError",
    "PartialCredentialsError",
    "CredentialRetrievalError",
    "NoAuthTokenError",
    "SSOError",
    "TokenRetrievalError",
    "DefaultCredentialsError",
    "LocalTokenNotFoundError",
}

#: Codes of an S3 answer, or classes of errors, that mean: they are not believed.
_WRONG_KEY = {
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "InvalidToken",
    "InvalidClientTokenId",
    "RefreshError",
    "401",
}

_NO_BUCKET = {"NoSuchBucket", "InvalidBucketName", "RepositoryNotFoundError", "BucketNotFoundError"}

#: What S3 answers if the body that came is not the one that was sent, or its upload is gone: send it again.
_GARBLED = {
    "NoSuchUpload",
    "ChecksumError",
    "BadDigest",
    "IncompleteBody",
    "RequestTimeout",
    "XAmzContentSHA256Mismatch",
    "XAmzContentChecksumMismatch",
}

_HOW = {
    "s3": "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
    "gs": "run gcloud auth application-default login, or set GOOGLE_APPLICATION_CREDENTIALS",
    "hf": "run hf auth login, or set HF_TOKEN",
}
_HOW |= {"s3a": _HOW["s3"], "gcs": _HOW["gs"]}


def refusal(error: BaseException, protocol: str, container: str) -> str | None:
    """Say in one line what the user has to mend; None if it is nothing of the kind.

    `container` is the bucket, or the repository, for the message.
    """
    said, how = names(error), _HOW.get(protocol, "see the documentation of its fsspec package")
    if said & _NOBODY:
        return f"no credentials were found; {how}"
    if said & _WRONG_KEY:
        return f"the credentials were not accepted ({brief(error)}); {how}"
    if said & _NO_BUCKET or ("404" in said and "FileNotFoundError" not in said):
        return no_bucket(container)
    if "ProfileNotFound" in said:
        return f"{brief(error)}; correct AWS_PROFILE"
    if "PermissionError" in said or said & {"403", "AccessDenied", "GatedRepoError"}:
        return f"access is denied ({brief(error)}); use credentials that may list, read, write and delete there"
    if "ParamValidationError" in said and "bucket name" in str(error):
        return f"{container!r} cannot be the name of a bucket; correct it"
    if isinstance(error, ValueError) and "Repository id" in str(error):
        return f"{brief(error)}; write such as hf://datasets/owner/name/set"
    if said & {"InvalidRegionError", "InvalidURL", "EndpointResolutionError"} or "nvalid endpoint" in str(error):
        return f"{brief(error)}; correct the endpoint or the region"
    if isinstance(error, RecursionError):  # botocore follows some redirects without counting
        return "the endpoint redirects without end; correct the endpoint or the region"
    return None


def no_bucket(container: str) -> str:
    """Say that the bucket or repository is not there."""
    return f"there is no bucket or repository {container!r}; make it first, or correct its name"


def passing(error: BaseException) -> bool:
    """Whether the same request may do in a while."""
    said = names(error)
    if said & _GARBLED:
        return True
    if said & {"ParamValidationError", "FileNotFoundError", "FileExistsError", "IsADirectoryError"}:
        return False
    if isinstance(error, OSError) and error.errno in (errno.EINVAL, errno.EPERM, errno.ENOSYS, errno.ENAMETOOLONG):
        return False
    kinds = {"HTTPClientError", "ConnectionError", "ClientError", "OSError", "TimeoutError", "HTTPError"}
    return bool(said & kinds)


def names(error: BaseException) -> set[str]:
    """Collect what an error is called: its classes, and those of what it came from, their codes and statuses."""
    return {name for one in _chain(error) for name in _names_of(one)}


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__


def _names_of(error: BaseException) -> Iterator[str]:
    yield from (kind.__name__ for kind in type(error).__mro__)
    response = getattr(error, "response", None)
    if isinstance(response, dict):  # botocore
        yield str(response.get("Error", {}).get("Code"))
        yield str(response.get("ResponseMetadata", {}).get("HTTPStatusCode"))
    else:
        yield str(getattr(response, "status_code", None))
    yield str(getattr(error, "code", None))


def brief(error: BaseException) -> str:
    """Say an error in one line, without the queries of URLs."""
    text = re.sub(r"\?\S*=\S*", "", " ".join(str(error).split())).replace('"', "") or type(error).__name__
    return text if len(text) <= 160 else f"{text[:157]}..."
