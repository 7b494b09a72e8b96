"""What the stand-in for the Hub answers: a function for each route, in the shapes that `huggingface_hub` reads."""

import base64
import hashlib
import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import yaml
from repository import Blob, Commit, Refused, Repository, Storage, front_matter, is_lfs
from wire import Reply, Request

if TYPE_CHECKING:
    from standin import StandIn


class Call:
    """A request on its way through a route: who asks, and for what."""

    def __init__(self, hub: "StandIn", request: Request, user: str, query: dict[str, list[str]]) -> None:
        self.hub, self.storage, self.request, self.query = hub, hub.storage, request, query
        self.user, _, role = user.partition(":")
        self.may_write = bool(user) and role != "read"

    def json(self) -> Any:
        try:
            return json.loads(self.request.body() or b"{}")
        except ValueError as error:
            raise Refused(400, f"Not JSON: {error}") from None

    def flag(self, name: str) -> bool:
        return self.query.get(name, [""])[0].lower() in ("true", "1")

    def writer(self) -> None:
        """Refuse who cannot write anywhere."""
        if not self.user:
            raise Refused(401, "Invalid username or password.")
        if not self.may_write:
            raise Refused(403, "Forbidden: you must use a write token")

    def read(self, name: str, gate: bool = False) -> Repository:
        """Find a repository that the caller may see; with `gate`, one whose files they may have."""
        repository = self.storage.repositories.get(name)
        if repository is None or (repository.private and repository.owner != self.user):
            if self.user:
                raise Refused(404, "Repository not found", "RepoNotFound")
            raise Refused(401, "Invalid username or password.", "RepoNotFound")
        if gate and repository.gated and repository.owner != self.user:
            raise Refused(403 if self.user else 401, f"Access to dataset {name} is restricted", "GatedRepo")
        return repository

    def write(self, name: str) -> Repository:
        """Find a repository that the caller may change."""
        repository = self.read(name)
        self.writer()
        if repository.owner != self.user:
            raise Refused(403, "Forbidden: you don't have write access to this repository")
        return repository

    def expand(self, entries: list[dict[str, Any]], commit: Commit) -> list[dict[str, Any]]:
        """Add to each entry the last commit that changed it."""
        for entry in entries:
            path, last = entry["path"], commit
            for older in commit.history():
                if within(older, path) != within(commit, path):
                    break
                last = older
            entry["lastCommit"] = {"id": last.oid, "title": last.title, "date": last.date}
        return entries


def reply(value: Any, status: int = 200) -> Reply:
    return Reply(status, json.dumps(value).encode(), {"Content-Type": "application/json; charset=utf-8"})


def who_am_i(call: Call) -> Reply:
    if not call.user:
        raise Refused(401, "Invalid username or password.")
    role = "write" if call.may_write else "read"
    names = sorted({name.partition("/")[0] for name, r in call.storage.repositories.items() if r.owner == call.user})
    orgs = [{"type": "org", "name": name, "roleInOrg": "admin"} for name in names if name != call.user]
    token = {"type": "access_token", "accessToken": {"displayName": "test", "role": role}}
    return reply({"type": "user", "name": call.user, "fullname": call.user, "orgs": orgs, "auth": token})


def validate_yaml(call: Call) -> Reply:
    """Check what a card says of itself. The Hub checks more: here only that it is YAML, and a few types."""
    try:
        said = front_matter(call.json()["content"])
    except yaml.YAMLError as error:
        return reply({"errors": [{"message": str(error)}], "warnings": []}, 400)
    if said is None:
        return reply({"errors": [], "warnings": [{"message": "empty or missing yaml metadata in repo card"}]})
    if not isinstance(said, dict):
        return reply({"errors": [{"message": "the metadata must be a mapping"}], "warnings": []}, 400)
    lists = [key for key in ("tags", "task_categories", "configs") if not isinstance(said.get(key, []), list)]
    errors = [{"message": f'"{key}" must be an array'} for key in lists]
    return reply({"errors": errors, "warnings": []}, 400 if errors else 200)


def create_repository(call: Call) -> Reply:
    asked = call.json()
    call.writer()
    if asked.get("type") != "dataset":
        raise Refused(400, "The stand-in has only datasets")
    name = f"{asked.get('organization') or call.user}/{asked['name']}"
    others = {user.partition(":")[0] for user in call.hub.tokens.values()} - {call.user}
    if name.partition("/")[0] in others:
        raise Refused(
            403, f"You don't have the rights to create a dataset under the namespace {name.partition('/')[0]}"
        )
    private = bool(asked.get("private")) or asked.get("visibility") == "private"
    url = f"{call.hub.endpoint}/datasets/{name}"
    try:
        call.storage.create(name, call.user, private)
    except Refused as refused:
        return reply({"error": refused.message, "url": url}, refused.status)
    return reply({"url": url, "name": name, "id": name})


def delete_repository(call: Call) -> Reply:
    asked = call.json()
    name = f"{asked.get('organization') or call.user}/{asked['name']}"
    call.write(name)
    del call.storage.repositories[name]
    return reply({})


def info(call: Call, name: str, revision: str = "main") -> Reply:
    repository = call.read(name)
    commit = repository.revision(revision)
    siblings: list[dict[str, Any]] = [{"rfilename": path} for path in commit.tree]
    if call.flag("blobs"):
        for sibling, blob in zip(siblings, commit.tree.values(), strict=True):
            sibling |= {"size": blob.size, "blobId": blob.oid}
            if blob.lfs:
                sibling["lfs"] = {"sha256": blob.sha256, "size": blob.size, "pointerSize": blob.pointer["pointerSize"]}
    said = card(call.storage, commit)
    named = ("license", "language", "task_categories", "size_categories")
    tags = [f"{key}:{value}" for key in named for value in listed(said.get(key))] + listed(said.get("tags"))
    return reply(
        {
            "id": name,
            "author": name.partition("/")[0],
            "sha": commit.oid,
            "createdAt": next(iter(repository.commits.values())).date,
            "lastModified": commit.date,
            "private": repository.private,
            "gated": repository.gated,
            "disabled": False,
            "downloads": 0,
            "likes": 0,
            "tags": tags,
            "cardData": said,
            "siblings": siblings,
            "usedStorage": sum(repository.lfs.values()),
        }
    )


def card(storage: Storage, commit: Commit) -> dict[str, Any]:
    """Read what the card of a commit says of itself."""
    if "README.md" not in commit.tree:
        return {}
    try:
        said = front_matter(storage.content(commit.tree["README.md"]).read_text())
    except yaml.YAMLError:
        return {}
    return said if isinstance(said, dict) else {}


def listed(value: Any) -> list[str]:
    return [str(v) for v in value] if isinstance(value, list) else [str(value)] if value else []


def entry(path: str, found: Blob | list[tuple[str, Blob]]) -> dict[str, Any]:
    """Describe a file, or a folder by what is in it."""
    if isinstance(found, list):
        oid = hashlib.sha1(repr([(name, blob.oid) for name, blob in found]).encode()).hexdigest()
        return {"type": "directory", "oid": oid, "size": 0, "path": path}
    described = {"type": "file", "oid": found.oid, "size": found.size, "path": path}
    return described | ({"lfs": found.pointer} if found.lfs else {})


def within(commit: Commit, path: str) -> Blob | list[tuple[str, Blob]]:
    """Find a file, or all files of a folder (none: there is no such thing)."""
    if path in commit.tree:
        return commit.tree[path]
    inside = path + "/" if path else ""
    return [(name, blob) for name, blob in commit.tree.items() if name.startswith(inside)]


def tree(call: Call, name: str, revision: str, path: str = "") -> Reply:
    commit = call.read(name).revision(revision)
    files = within(commit, path.strip("/"))
    if isinstance(files, Blob) or (path and not files):
        raise Refused(404, f"{path} does not exist on {revision!r}", "EntryNotFound")
    depth = path.strip("/").count("/") + 1 if path else 0
    found: dict[str, dict[str, Any]] = {}
    for file, blob in files:
        parts = file.split("/")
        for length in range(depth + 1, len(parts)):
            folder = "/".join(parts[:length])
            found.setdefault(folder, entry(folder, within(commit, folder)))
        found[file] = entry(file, blob)
    entries = [e for p, e in sorted(found.items()) if call.flag("recursive") or p.count("/") == depth]
    return reply(call.expand(entries, commit) if call.flag("expand") else entries)


def paths_info(call: Call, name: str, revision: str) -> Reply:
    commit = call.read(name).revision(revision)
    body = call.request.body()
    asked = json.loads(body) if body.startswith(b"{") else parse_qs(body.decode())
    entries = [entry(path, found) for path in asked.get("paths", []) if (found := within(commit, path.strip("/")))]
    expand = str(asked.get("expand", [""])[0] if isinstance(asked.get("expand"), list) else asked.get("expand"))
    return reply(call.expand(entries, commit) if expand.lower() == "true" else entries)


def refs(call: Call, name: str) -> Reply:
    repository = call.read(name)
    kinds = {"branches": ("heads", repository.branches), "tags": ("tags", repository.tags)}
    named = {
        kind: [{"name": n, "ref": f"refs/{folder}/{n}", "targetCommit": c.oid} for n, c in found.items()]
        for kind, (folder, found) in kinds.items()
    }
    return reply(named | {"converts": [], "pullRequests": []})


def commits(call: Call, name: str, revision: str) -> Reply:
    history = call.read(name).revision(revision).history()
    return reply(
        [
            {"id": c.oid, "title": c.title, "message": c.message, "date": c.date, "authors": [{"user": c.author}]}
            for c in history
        ]
    )


def branch(call: Call, name: str, branch: str) -> Reply:
    repository = call.write(name)
    if call.request.command == "DELETE":
        repository.branch(branch)
        if branch == "main":
            raise Refused(403, "Forbidden: you cannot delete the main branch")
        del repository.branches[branch]
        return reply({})
    start = repository.revision(call.json().get("startingPoint") or "main")
    if branch in repository.branches:
        raise Refused(409, f"Reference already exists: refs/heads/{branch}")
    repository.branches[branch] = start
    return reply({})


def tag(call: Call, name: str, revision: str) -> Reply:
    repository = call.write(name)
    if call.request.command == "DELETE":
        if repository.tags.pop(revision, None) is None:
            raise Refused(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return reply({})
    named = call.json()["tag"]
    if named in repository.tags:
        raise Refused(409, f"Tag reference exists already: refs/tags/{named}")
    repository.tags[named] = repository.revision(revision)
    return reply({})


def settings(call: Call, name: str) -> Reply:
    repository, asked = call.write(name), call.json()
    repository.gated = asked.get("gated", repository.gated)
    if "private" in asked or "visibility" in asked:
        repository.private = bool(asked.get("private")) or asked.get("visibility") == "private"
    return reply({"private": repository.private, "gated": repository.gated})


def preupload(call: Call, name: str, revision: str) -> Reply:
    head = call.write(name).branch(revision)
    files = []
    for file in call.json()["files"]:
        lfs = is_lfs(file["path"], file["size"], base64.b64decode(file["sample"]))
        there = head.tree.get(file["path"])
        mode = {"path": file["path"], "uploadMode": "lfs" if lfs else "regular", "shouldIgnore": False}
        files.append(mode | ({"oid": there.known_as} if there else {}))
    return reply({"files": files})


def lfs_batch(call: Call, name: str) -> Reply:
    repository = call.write(name)
    objects = []
    for wanted in call.json()["objects"]:
        answer = {"oid": wanted["oid"], "size": wanted["size"]}
        if wanted["oid"] not in repository.lfs:
            place = f"{call.hub.endpoint}/lfs/{name}/{wanted['oid']}"
            actions = {"upload": {"href": f"{place}?size={wanted['size']}"}, "verify": {"href": f"{place}/verify"}}
            answer |= {"authenticated": True, "actions": actions}
        objects.append(answer)
    return reply({"transfer": "basic", "objects": objects})


def lfs_upload(call: Call, name: str, sha256: str) -> Reply:
    """Take in content; whoever knows the address may send it, as with the Hub's own storage."""
    written, size = call.storage.write(call.request.incoming())
    if written != sha256:
        raise Refused(400, f"The content's SHA-256 is {written}, not {sha256}")
    if name not in call.storage.repositories:
        raise Refused(404, f"Repository Not Found: {name}", "RepoNotFound")  # deleted while its client sent on
    call.storage.repositories[name].lfs[sha256] = size
    return Reply()


def lfs_verify(call: Call, name: str, sha256: str) -> Reply:
    if call.write(name).lfs.get(sha256) != call.json()["size"]:
        raise Refused(404, f"No such content: {sha256}")
    return reply({})


def commit(call: Call, name: str, revision: str) -> Reply:
    repository = call.write(name)
    if call.flag("create_pr"):
        raise Refused(400, "The stand-in knows no pull requests")
    lines = [json.loads(line) for line in call.request.body().splitlines() if line]
    made = call.storage.commit(repository, revision, lines, call.user)
    url = f"{call.hub.endpoint}/datasets/{name}/commit/{made.oid}"
    return reply({"success": True, "commitOid": made.oid, "commitUrl": url, "hookOutput": ""})


def resolve(call: Call, name: str, revision: str, path: str) -> Reply:
    commit = call.read(name, gate=True).revision(revision)
    blob = commit.tree.get(path)
    if blob is None:
        raise Refused(404, f"{path} does not exist on {revision!r}", "EntryNotFound")
    headers = {
        "Content-Type": "application/octet-stream" if blob.lfs else "text/plain; charset=utf-8",
        "Accept-Ranges": "bytes",
        "ETag": f'"{blob.known_as}"',
        "X-Repo-Commit": commit.oid,
        **({"X-Linked-Etag": f'"{blob.sha256}"', "X-Linked-Size": str(blob.size)} if blob.lfs else {}),
    }
    content, start, stop = call.storage.content(blob), 0, blob.size
    asked = re.fullmatch(r"bytes=(\d*)-(\d*)", call.request.headers.get("Range", ""))
    if not asked or asked[0] == "bytes=-":
        return Reply(200, (content, start, stop), headers)
    if asked[1]:
        start, stop = int(asked[1]), min(stop, int(asked[2] or stop) + 1)
    else:
        start = max(0, stop - int(asked[2]))
    if start >= stop:
        return Reply(416, b"", {"Content-Range": f"bytes */{blob.size}"})
    return Reply(206, (content, start, stop), headers | {"Content-Range": f"bytes {start}-{stop - 1}/{blob.size}"})


NAME = r"(?P<name>[\w.-]+/[\w.-]+)"
API = rf"/api/datasets/{NAME}"
REVISION = r"(?P<revision>[^/]+)"
ROUTES: tuple[tuple[str, str, Callable[..., Reply]], ...] = (
    ("GET", "/api/whoami-v2", who_am_i),
    ("POST", "/api/validate-yaml", validate_yaml),
    ("POST", "/api/repos/create", create_repository),
    ("DELETE", "/api/repos/delete", delete_repository),
    ("GET", API, info),
    ("GET", rf"{API}/revision/{REVISION}", info),
    ("GET", rf"{API}/tree/{REVISION}(/(?P<path>.*))?", tree),
    ("POST", rf"{API}/paths-info/{REVISION}", paths_info),
    ("GET", rf"{API}/refs", refs),
    ("GET", rf"{API}/commits/{REVISION}", commits),
    ("POST DELETE", rf"{API}/branch/(?P<branch>[^/]+)", branch),
    ("POST DELETE", rf"{API}/tag/{REVISION}", tag),
    ("PUT", rf"{API}/settings", settings),
    ("POST", rf"{API}/preupload/{REVISION}", preupload),
    ("POST", rf"{API}/commit/{REVISION}", commit),
    ("POST", rf"/datasets/{NAME}\.git/info/lfs/objects/batch", lfs_batch),
    ("PUT", rf"/lfs/{NAME}/(?P<sha256>[0-9a-f]{{64}})", lfs_upload),
    ("POST", rf"/lfs/{NAME}/(?P<sha256>[0-9a-f]{{64}})/verify", lfs_verify),
    ("GET HEAD", rf"/datasets/{NAME}/resolve/{REVISION}/(?P<path>.+)", resolve),
)
