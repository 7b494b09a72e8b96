"""Placing: every move in every direction and speed, in a small courtyard and a small room."""

import json
from typing import Literal

import numpy as np
import pytest

from camera_motion.generator import solids
from camera_motion.generator.geometry import SceneDescription, SceneGeometry, Subject
from camera_motion.generator.place import CLEARANCE_M, Shot, VideoShape, place
from camera_motion.generator.seeds import stream
from camera_motion.generator.sightlines import NEAREST_M
from camera_motion.schema.base import Rejected, SpecError, canonical_json
from camera_motion.schema.camera import validate_rotations
from camera_motion.schema.motion import measure
from camera_motion.schema.plan import MoveRequest, Speed
from camera_motion.schema.spec import DIRECTIONS, PROFILES
from camera_motion.schema.vocabulary import PRIMITIVES, SPEEDS, opposite

VIDEO = VideoShape(512, 320, 49, 24.0)
BRIEF = VideoShape(256, 256, 16, 8.0)
LONG = VideoShape(480, 832, 121, 24.0)

DIRECTED = [(move, ways[0]) for move, ways in DIRECTIONS.items() if ways]


def _words(kind: Literal["exterior", "interior"]) -> SceneDescription:
    return SceneDescription(kind, "a plain place", "a place", (), "daylight", ())


def _courtyard() -> SceneGeometry:
    """Twenty metres by sixteen, open to the sky, with a colonnade and a fountain."""
    parts = [solids.ground(), solids.shell((-10, -8, 0), (10, 8, 5), faces="xXyY")]
    parts += [solids.cylinder(x, y, 0.3, 0, 4) for x in (-7.5, -4.5, -1.5, 1.5, 4.5, 7.5) for y in (-6, 6)]
    parts += [solids.cylinder(0, 0, 1.2, 0, 0.5), solids.cylinder(0, 0, 0.3, 0, 1.6)]
    bounds = np.array([[-9.5, -7.5, 0.3], [9.5, 7.5, 4.0]])
    fountain = Subject("a fountain", (0.0, 0.0, 1.0), 1.2)
    return SceneGeometry(solids.union(parts), bounds, 0.0, (1.4, 1.9), (fountain,), _words("exterior"))


def _room() -> SceneGeometry:
    """Eight metres by six, with a table, a shelf and a vase."""
    parts = [
        solids.shell((-4, -3, 0), (4, 3, 2.9)),
        solids.box((-0.8, -0.5, 0), (0.8, 0.5, 0.75)),
        solids.box((-3.9, -2.9, 0), (-3.3, -1, 1.9)),
        solids.sphere((0, 0, 0.95), 0.2),
    ]
    bounds = np.array([[-3.6, -2.6, 0.3], [3.6, 2.6, 2.5]])
    vase = Subject("a vase", (0.0, 0.0, 0.95), 0.3)
    return SceneGeometry(solids.union(parts), bounds, 0.0, (1.2, 1.7), (vase,), _words("interior"))


GEOMETRIES = {"courtyard": _courtyard(), "room": _room()}
at_places = pytest.mark.parametrize("where", GEOMETRIES)


def _check(shot: Shot, geometry: SceneGeometry, video: VideoShape) -> None:
    """Assert what is true of every shot."""
    for path in (shot.trajectory, shot.opposite):
        assert len(path) == video.frames
        validate_rotations(path.world_from_camera, tolerance=1e-12)
        assert geometry.space.clearance_m(path.centres_m).min() >= CLEARANCE_M
        focal_mm = 36 * path.intrinsics[:, 0] * video.width / max(video.width, video.height)
        assert 18 - 1e-9 <= focal_mm.min() <= focal_mm.max() <= 85 + 1e-9
        assert np.allclose(path.intrinsics[:, 0] * video.width, path.intrinsics[:, 1] * video.height)
        ahead = geometry.space.cast_m(path.centres_m, path.world_from_camera[:, :3, 2])
        assert ahead[[0, -1]].min() >= NEAREST_M
    assert (shot.trajectory.world_from_camera[0] == shot.opposite.world_from_camera[0]).all()
    assert (shot.trajectory.intrinsics[0] == shot.opposite.intrinsics[0]).all()
    assert shot.motion == measure(shot.trajectory, shot.scene_depth_m, (0.0, 0.0, 1.0))
    assert json.loads(canonical_json(shot.params)) == json.loads(json.dumps(shot.params))


@at_places
@pytest.mark.parametrize("video", [VIDEO, BRIEF, LONG], ids=["2 s", "16 frames", "portrait"])
@pytest.mark.parametrize("speed", SPEEDS)
def test_every_move_measures_as_itself_and_its_opposite_mirrors_it(where: str, video: VideoShape, speed: Speed) -> None:
    for move, way in DIRECTED:
        shot = place(GEOMETRIES[where], MoveRequest(move, way, speed), video, stream(1, move))
        _check(shot, GEOMETRIES[where], video)
        motion = f"{move}_{way}"
        assert shot.motion.primitives == (motion,)
        assert shot.motion.main == motion
        assert shot.motion.speed == speed
        mirrored = measure(shot.opposite, shot.scene_depth_m, (0.0, 0.0, 1.0))
        assert mirrored.primitives == (opposite(motion),)
        assert mirrored.segments[0].magnitude == pytest.approx(shot.motion.segments[0].magnitude)


@at_places
@pytest.mark.parametrize(("move", "way"), DIRECTED)
def test_the_start_does_not_know_the_direction(where: str, move: str, way: str) -> None:
    back = PRIMITIVES[opposite(f"{move}_{way}")].direction
    there = place(GEOMETRIES[where], MoveRequest(move, way), VIDEO, stream(2))
    other = place(GEOMETRIES[where], MoveRequest(move, back), VIDEO, stream(2))
    assert (there.trajectory.world_from_camera == other.opposite.world_from_camera).all()
    assert (there.opposite.world_from_camera == other.trajectory.world_from_camera).all()
    assert (there.trajectory.intrinsics == other.opposite.intrinsics).all()


def test_a_compound_s_start_does_not_know_its_directions() -> None:
    for kind in ("sequence", "at_once"):
        ways = [
            MoveRequest(kind, parts=(MoveRequest("pan", pan), MoveRequest("dolly", dolly)))
            for pan, dolly in (("left", "in"), ("right", "out"))
        ]
        a, b = (place(_courtyard(), way, VIDEO, stream(4)) for way in ways)
        assert (a.trajectory.world_from_camera == b.opposite.world_from_camera).all()


@at_places
def test_free_moves_and_compounds_are_placed(where: str) -> None:
    pan, truck = MoveRequest("pan", "left"), MoveRequest("truck", "left")
    requests = [
        MoveRequest("static"),
        MoveRequest("spline", speed="slow"),
        MoveRequest("spline", speed="fast"),
        MoveRequest("six_dof"),
        MoveRequest("handheld", steadiness="smooth"),
        MoveRequest("handheld", steadiness="very_unsteady"),
        MoveRequest("sequence", parts=(MoveRequest("arc", "left"), MoveRequest("zoom", "in"))),
        MoveRequest("sequence", parts=(pan, truck, MoveRequest("tilt", "up"))),
        MoveRequest("at_once", parts=(MoveRequest("arc", "left"), MoveRequest("crane", "up"))),
        MoveRequest("at_once", parts=(MoveRequest("dolly", "in"), MoveRequest("handheld", steadiness="unsteady"))),
        MoveRequest("at_once", parts=(truck, pan, MoveRequest("roll", "cw"))),
    ]
    for request in requests:
        shot = place(GEOMETRIES[where], request, LONG, stream(3))
        _check(shot, GEOMETRIES[where], LONG)
        for part in request.parts:
            word = f"{part.move}_{part.direction}" if part.direction else part.move
            assert word in shot.motion.primitives
        if request.steadiness:
            assert shot.motion.steadiness == request.steadiness
        assert (shot.motion.primitives == ("static",)) == (request.move == "static")


def test_a_mirrored_hand_is_reflected_in_the_start_s_vertical_plane() -> None:
    shot = place(_courtyard(), MoveRequest("handheld"), VIDEO, stream(5, "handheld"))
    first = shot.trajectory.world_from_camera[0]
    across = first[:3, 0]  # level, as no start is rolled
    reflection = np.eye(3) - 2 * np.outer(across, across)
    travel = shot.trajectory.centres_m - first[:3, 3]
    assert np.allclose(shot.opposite.centres_m - first[:3, 3], travel @ reflection, atol=1e-12)
    looking = shot.trajectory.world_from_camera[:, :3, 2]
    assert np.allclose(shot.opposite.world_from_camera[:, :3, 2], looking @ reflection, atol=1e-12)


@pytest.mark.parametrize("move", ["spline", "six_dof"])
def test_the_opposite_of_a_free_path_goes_the_other_way_in_everything(move: str) -> None:
    shot = place(_courtyard(), MoveRequest(move), VIDEO, stream(5, move))
    start = shot.trajectory.centres_m[0]
    assert np.allclose(shot.opposite.centres_m - start, start - shot.trajectory.centres_m, atol=1e-12)
    lens, opposite = shot.trajectory.intrinsics[:, 0], shot.opposite.intrinsics[:, 0]
    assert np.allclose(lens * opposite, lens[0] ** 2)


@at_places
def test_orbits_look_at_a_subject_that_can_be_seen(where: str) -> None:
    for move, way in (("arc", "left"), ("crane", "up"), ("dolly_zoom", "in")):
        shot = place(GEOMETRIES[where], MoveRequest(move, way), VIDEO, stream(6, move))
        assert shot.subject in GEOMETRIES[where].subjects
        assert shot.subject is not None
        to_subject = np.array(shot.subject.position_m) - shot.trajectory.centres_m
        cosine = (to_subject * shot.trajectory.world_from_camera[:, :3, 2]).sum(1) / np.linalg.norm(to_subject, axis=1)
        # A dolly zoom looks level at the subject's axis; the others right at it.
        assert np.degrees(np.arccos(np.clip(cosine, -1, 1))).max() < (20.0 if move == "dolly_zoom" else 1e-4)


def test_a_scene_without_subjects_still_has_arcs() -> None:
    bare = GEOMETRIES["courtyard"]
    bare = SceneGeometry(bare.space, bare.bounds_m, 0.0, bare.eye_heights_m, (), bare.description)
    shot = place(bare, MoveRequest("arc", "left"), VIDEO, stream(7))
    assert shot.subject is None
    assert shot.motion.primitives == ("arc_left",)


def test_a_full_orbit_fits_around_the_fountain() -> None:
    request = MoveRequest("arc", "right", magnitude=(360.0, 360.0))
    shot = place(GEOMETRIES["courtyard"], request, LONG, stream(8))
    assert shot.motion.segments[0].magnitude == pytest.approx(360.0)


def test_starts_vary() -> None:
    shots = [place(GEOMETRIES["courtyard"], MoveRequest("pan", "left"), VIDEO, stream(k)) for k in range(40)]
    starts = [shot.params["start"] for shot in shots]
    assert np.ptp([s["position_m"][0] for s in starts]) > 10
    assert np.ptp([s["heading_deg"] for s in starts]) > 270
    assert np.ptp([s["pitch_deg"] for s in starts]) > 8
    assert min(s["focal_mm"] for s in starts) < 25 < 40 < max(s["focal_mm"] for s in starts)
    assert all(1.4 <= s["position_m"][2] <= 1.9 for s in starts)


def test_the_same_stream_gives_the_same_bytes() -> None:
    a, b = (place(_room(), MoveRequest("spline"), VIDEO, stream(9)) for _ in range(2))
    assert a.trajectory.world_from_camera.tobytes() == b.trajectory.world_from_camera.tobytes()
    assert canonical_json(a.params) == canonical_json(b.params)


def test_what_cannot_be_filmed_is_rejected_with_its_reason() -> None:
    cell = SceneGeometry(
        solids.shell((-1, -1, 0), (1, 1, 2.5)),
        np.array([[-0.6, -0.6, 0.3], [0.6, 0.6, 2.2]]),
        0.0,
        (1.4, 1.7),
        (),
        _words("interior"),
    )
    with pytest.raises(Rejected, match="place: no free view"):
        place(cell, MoveRequest("pan", "left"), VIDEO, stream(0))
    with pytest.raises(Rejected, match="place: no room for a dolly of 40"):
        place(GEOMETRIES["room"], MoveRequest("dolly", "in", magnitude=(40.0, 45.0)), VIDEO, stream(0))
    with pytest.raises(SpecError, match="needs 0 < low"):
        place(GEOMETRIES["room"], MoveRequest("dolly", "in", magnitude=(40.0, 450.0)), VIDEO, stream(0))


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_has_its_lens(profile: str) -> None:
    width, height, frames, fps = PROFILES[profile]
    video = VideoShape(width, height, frames, fps)
    _check(place(GEOMETRIES["room"], MoveRequest("zoom", "in"), video, stream(1)), GEOMETRIES["room"], video)
