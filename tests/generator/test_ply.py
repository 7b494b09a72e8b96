"""Splat files: what is written is read back, and no file can hurt."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camera_motion.generator.ply import MAX_SPLATS, read_ply, write_ply
from camera_motion.generator.splats import GaussianScene
from camera_motion.schema.base import SpecError


def random_scene(count: int, bands: int, seed: int = 0) -> GaussianScene:
    rng = np.random.default_rng(seed)
    quats = rng.normal(size=(count, 4))
    return GaussianScene(
        means_m=rng.normal(size=(count, 3)).astype(np.float32),
        quats=(quats / np.linalg.norm(quats, axis=1, keepdims=True)).astype(np.float32),
        scales_m=np.exp(rng.normal(size=(count, 3)) - 3).astype(np.float32),
        opacities=rng.uniform(0.01, 0.99, count).astype(np.float32),
        sh=rng.normal(size=(count, bands, 3)).astype(np.float32),
        classes=np.zeros(count, np.uint8),
    )


def header(count: object, properties: list[str], form: str = "binary_little_endian 1.0", before: str = "") -> bytes:
    lines = ["ply", f"format {form}", "comment made by hand"] + ([before] if before else [])
    lines += [f"element vertex {count}"] + [f"property {p}" for p in properties] + ["end_header"]
    return ("\n".join(lines) + "\n").encode()


NAMES = [
    *"xyz",
    "f_dc_0",
    "f_dc_1",
    "f_dc_2",
    "opacity",
    *(f"scale_{k}" for k in range(3)),
    *(f"rot_{k}" for k in range(4)),
]
FLOATS = [f"float {name}" for name in NAMES]


@pytest.mark.parametrize("bands", [1, 4, 9, 16])
def test_round_trip(tmp_path: Path, bands: int) -> None:
    scene = random_scene(70_001, bands) if bands == 4 else random_scene(301, bands)
    write_ply(tmp_path / "a.ply", scene)
    back = read_ply(tmp_path / "a.ply")
    np.testing.assert_array_equal(back.means_m, scene.means_m)
    np.testing.assert_array_equal(back.sh, scene.sh)
    np.testing.assert_allclose(back.quats, scene.quats, atol=1e-6)
    np.testing.assert_allclose(back.scales_m, scene.scales_m, rtol=1e-5)
    np.testing.assert_allclose(back.opacities, scene.opacities, atol=1e-6)
    write_ply(tmp_path / "b.ply", back)
    again = read_ply(tmp_path / "b.ply")
    np.testing.assert_allclose(again.scales_m, back.scales_m, rtol=1e-5)


def test_rest_coefficients_are_stored_channel_by_channel(tmp_path: Path) -> None:
    """As the INRIA viewer expects: f_rest_0..2 are red's three of degree 1."""
    scene = random_scene(1, 4)
    write_ply(tmp_path / "a.ply", scene)
    raw = (tmp_path / "a.ply").read_bytes()
    values = np.frombuffer(raw[raw.index(b"end_header\n") + 11 :], "<f4")
    np.testing.assert_array_equal(values[9:12], scene.sh[0, 1:, 0])


def test_other_orders_types_and_properties_are_read(tmp_path: Path) -> None:
    """Columns may stand in any order, as doubles, big-endian, beside others and behind another element."""
    record = np.dtype([("red", "u1"), *[(name, ">f8") for name in reversed(NAMES)], ("extra", ">i2")])
    block = np.zeros(3, record)
    block["x"], block["rot_0"], block["scale_1"], block["opacity"] = [1, 2, 3], 2.0, np.log(0.25), np.inf
    properties = ["uchar red", *[f"double {name}" for name in reversed(NAMES)], "short extra"]
    text = header(3, properties, "binary_big_endian 1.0", "element camera 2\nproperty float f")
    (tmp_path / "a.ply").write_bytes(text + bytes(8) + block.tobytes() + b"trailing")
    scene = read_ply(tmp_path / "a.ply")
    np.testing.assert_array_equal(scene.means_m[:, 0], [1, 2, 3])
    np.testing.assert_array_equal(scene.quats, [[1, 0, 0, 0]] * 3)
    np.testing.assert_allclose(scene.scales_m, [[1, 0.25, 1]] * 3)
    np.testing.assert_array_equal(scene.opacities, 1)


def good(count: int = 4) -> bytes:
    block = np.zeros((count, len(NAMES)), "<f4")
    block[:, NAMES.index("rot_0")] = 1
    return block.tobytes()


def spoiled(name: str, value: float) -> bytes:
    block = np.frombuffer(good(), "<f4").reshape(4, -1).copy()
    block[2, NAMES.index(name)] = value
    return block.tobytes()


BAD = {
    "empty": (b"", "begin"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(100), "begin"),
    "no end": (b"ply\nformat binary_little_endian 1.0\n", "end_header"),
    "endless header": (b"ply\n" + b"comment x\n" * 20_000, "end_header"),
    "ascii": (header(4, FLOATS, "ascii 1.0") + b"0 0 0", "ascii"),
    "no format": (b"ply\nelement vertex 4\nproperty float x\nend_header\n", "format"),
    "a mesh": (header(4, ["float x", "float y", "float z"]) + bytes(48), "lacks"),
    "a list": (header(4, ["list uchar int vertex_indices"]) + bytes(48), "list"),
    "no vertices": (header(0, FLOATS), "promises 0"),
    "a million million": (header(10**12, FLOATS) + good(), "promises 1000000000000"),
    "more digits than a number": (header("9" * 40, FLOATS) + good(), "not understood"),
    "negative": (header(-4, FLOATS) + good(), "not understood"),
    "one short": (header(5, FLOATS) + good(), "cut short"),
    "just under the limit": (header(MAX_SPLATS, FLOATS) + good(), "cut short"),
    "a column twice": (header(4, [*FLOATS, "float x"]) + good(5), "twice"),
    "odd harmonics": (header(4, [*FLOATS, "float f_rest_0"]) + good(5), "f_rest"),
    "unknown type": (header(4, ["half x"]) + good(), "half"),
    "NaN position": (header(4, FLOATS) + spoiled("y", np.nan), "splat 2 has no valid position"),
    "infinite scale": (header(4, FLOATS) + spoiled("scale_0", 200.0), "splat 2 has no valid scale"),
    "zero rotation": (header(4, FLOATS) + spoiled("rot_0", 0.0), "splat 2 has no valid rotation"),
    "NaN opacity": (header(4, FLOATS) + spoiled("opacity", np.nan), "splat 2 has no valid opacity"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_end_in_one_line(tmp_path: Path, name: str) -> None:
    content, why = BAD[name]
    (tmp_path / "bad.ply").write_bytes(content)
    with pytest.raises(SpecError, match=why) as error:
        read_ply(tmp_path / "bad.ply")
    assert "\n" not in str(error.value)
    assert "bad.ply" in str(error.value)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none.ply", tmp_path):
        with pytest.raises(SpecError, match="cannot be read"):
            read_ply(path)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Mutations of a good file either load as finite Gaussians or raise SpecError, nothing else."""
    raw = bytearray(header(4, FLOATS) + good())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        match data.draw(st.sampled_from(["flip", "cut", "insert", "line"])):
            case "flip":
                raw[at] = data.draw(st.integers(0, 255))
            case "cut":
                del raw[at : at + data.draw(st.integers(1, 40))]
            case "insert":
                raw[at:at] = data.draw(st.binary(max_size=20))
            case "line":
                words = [
                    "element vertex 7",
                    "element face 2",
                    "property float w",
                    "property list uchar int i",
                    "format x",
                ]
                where = raw.find(b"\n", at) + 1
                raw[where:where] = (data.draw(st.sampled_from(words)) + "\n").encode()
        if not raw:
            break
    path = tmp_path_factory.mktemp("fuzz") / "a.ply"
    path.write_bytes(bytes(raw))
    try:
        scene = read_ply(path, max_splats=1000)
    except SpecError as error:
        assert "\n" not in str(error)  # noqa: PT017
    else:
        assert all(
            np.isfinite(v).all() for v in (scene.means_m, scene.quats, scene.scales_m, scene.opacities, scene.sh)
        )
