"""Moves alone, from a given start in empty space: exact ends, what they keep, what they refuse."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from camera_motion.generator import moves
from camera_motion.generator.easing import EASES, Timing, ease_rand
from camera_motion.generator.moves.base import Scope
from camera_motion.generator.moves.replay import read_recording
from camera_motion.generator.paths import Start, VideoShape, axis, target, trajectory
from camera_motion.generator.seeds import stream
from camera_motion.schema.base import Rejected, SpecError
from camera_motion.schema.camera import Trajectory, validate_rotations
from camera_motion.schema.motion import measure
from camera_motion.schema.plan import MoveRequest

VIDEO = VideoShape(512, 320, 49, 24.0)
START = Start((1.0, -2.0, 1.6), heading_deg=30.0, pitch_deg=-8.0, focal_mm=30.0, focus_m=4.0, depth_m=5.0)


def scope(start: Start = START, video: VideoShape = VIDEO, reach_m: float = 50.0) -> Scope:
    return Scope(
        (start,), video, 0, video.frames - 1, lambda here, direction: reach_m, lambda points: points[:, 2] > 0.4
    )


def film(request: MoveRequest, start: Start = START, video: VideoShape = VIDEO, seed: int = 0) -> Trajectory:
    moves.check(request)
    move = moves.MOVES[request.move]
    params = move.rand(stream(seed, "test"), request, scope(start, video))
    return trajectory(start, move.course(params, start, video), video)


@pytest.mark.parametrize("name", EASES)
def test_eases_rise_from_exactly_0_to_exactly_1_and_hold(name: str) -> None:
    ease, sharpness = ease_rand(stream(3), name)
    done = Timing(5, 40, ease, sharpness).progress(60)
    assert (done[:6] == 0).all()
    assert (done[40:] == 1).all()
    assert (np.diff(done[5:41]) > 0).all()


@pytest.mark.parametrize(
    ("move", "direction", "size"),
    [("pan", "left", 25.0), ("tilt", "down", 12.0), ("roll", "cw", 20.0), ("zoom", "out", 0.4)],
)
def test_turns_and_zooms_stay_in_place_and_end_exactly(move: str, direction: str, size: float) -> None:
    path = film(MoveRequest(move, direction, magnitude=(size, size)))
    assert np.ptp(path.centres_m, axis=0).max() == 0
    motion = measure(path, START.depth_m, (0.0, 0.0, 1.0))
    assert motion.primitives == (f"{move}_{direction}",)
    assert motion.segments[0].magnitude == pytest.approx(size, abs=1e-9)


@pytest.mark.parametrize(
    ("move", "direction", "way"),
    [
        ("dolly", "in", (0.0, 1.0, 0.0)),
        ("dolly", "out", (0.0, -1.0, 0.0)),
        ("truck", "right", (1.0, 0.0, 0.0)),
        ("pedestal", "up", (0.0, 0.0, 1.0)),
    ],
)
def test_translations_go_straight_along_the_ground_or_up(
    move: str, direction: str, way: tuple[float, float, float]
) -> None:
    path = film(MoveRequest(move, direction, magnitude=(2.0, 2.0)))
    right, forward = axis(START.heading_deg + 90.0, 0.0), axis(START.heading_deg, 0.0)
    end = 2.0 * (way[0] * right + way[1] * forward + way[2] * np.array([0.0, 0.0, 1.0]))
    assert np.allclose(path.centres_m[-1] - path.centres_m[0], end, atol=1e-12)
    assert np.ptp(path.world_from_camera[:, :3, :3], axis=0).max() == 0


@pytest.mark.parametrize(("move", "direction"), [("arc", "left"), ("arc", "right"), ("crane", "up"), ("crane", "down")])
def test_orbits_keep_their_point_centred_at_its_distance(move: str, direction: str) -> None:
    path = film(MoveRequest(move, direction, magnitude=(15.0, 15.0)))
    to_target = target(START) - path.centres_m
    assert np.allclose(np.linalg.norm(to_target, axis=1), START.focus_m, atol=1e-12)
    assert np.allclose(to_target / START.focus_m, path.world_from_camera[:, :3, 2], atol=1e-12)
    if move == "arc":
        assert np.ptp(path.centres_m[:, 2]) < 1e-12


@pytest.mark.parametrize("direction", ["left", "right"])
def test_a_full_orbit_returns(direction: str) -> None:
    video = VideoShape(512, 320, 121, 24.0)
    path = film(MoveRequest("arc", direction, magnitude=(360.0, 360.0)), video=video)
    assert np.allclose(path.world_from_camera[-1], path.world_from_camera[0], atol=1e-12)
    assert measure(path, 5.0, (0.0, 0.0, 1.0)).segments[0].magnitude == pytest.approx(360.0)


@pytest.mark.parametrize("direction", ["in", "out"])
def test_a_dolly_zoom_keeps_the_subject_s_size(direction: str) -> None:
    level = replace(START, pitch_deg=0.0)
    path = film(MoveRequest("dolly_zoom", direction, magnitude=(1.2, 1.2)), level)
    depth = ((target(level) - path.centres_m) * path.world_from_camera[:, :3, 2]).sum(1)
    assert np.ptp(path.intrinsics[:, 0] / depth) < 1e-12
    assert np.ptp(depth) == pytest.approx(1.2)


def test_a_zoom_is_exponential_in_time() -> None:
    path = film(MoveRequest("zoom", "in", magnitude=(0.5, 0.5), ease="linear"))
    ratio = path.intrinsics[1:, 0] / path.intrinsics[:-1, 0]
    assert np.allclose(ratio, np.exp(0.5 / 48), rtol=1e-12)


def test_static_is_exactly_still() -> None:
    path = film(MoveRequest("static"))
    assert (path.world_from_camera == path.world_from_camera[0]).all()
    assert (path.intrinsics == path.intrinsics[0]).all()


def test_a_sequence_joins_its_parts_without_a_jump() -> None:
    parts = (MoveRequest("pan", "right", "fast"), MoveRequest("dolly", "in"), MoveRequest("tilt", "up"))
    path = film(MoveRequest("sequence", parts=parts))
    motion = measure(path, 5.0, (0.0, 0.0, 1.0))
    assert motion.primitives == ("pan_right", "dolly_in", "tilt_up")
    step = np.linalg.norm(np.diff(path.centres_m, axis=0), axis=1)
    assert step.max() < 3.0 * step[step > 0].mean()
    # The dolly goes where the camera looks after its pan.
    travel = path.centres_m[-1] - path.centres_m[0]
    looking = path.world_from_camera[-1, :3, 2]
    assert travel[:2] @ looking[:2] == pytest.approx(np.linalg.norm(travel) * np.linalg.norm(looking[:2]))


def test_arc_and_crane_at_once_keep_their_point() -> None:
    parts = (MoveRequest("arc", "left"), MoveRequest("crane", "up"))
    path = film(MoveRequest("at_once", parts=parts))
    to_target = target(START) - path.centres_m
    assert np.allclose(to_target / START.focus_m, path.world_from_camera[:, :3, 2], atol=1e-12)
    assert set(measure(path, 5.0, (0.0, 0.0, 1.0)).primitives) == {"arc_left", "crane_up"}


@pytest.mark.parametrize("steadiness", ["very_smooth", "smooth", "unsteady", "very_unsteady"])
@pytest.mark.parametrize("video", [VIDEO, VideoShape(256, 256, 16, 8.0), VideoShape(832, 480, 81, 16.0)], ids=str)
def test_a_hand_is_as_steady_as_asked(steadiness: str, video: VideoShape) -> None:
    as_asked = 0
    for seed in range(6):
        path = film(MoveRequest("handheld", speed="slow", steadiness=steadiness), video=video, seed=seed)
        as_asked += measure(path, 5.0, (0.0, 0.0, 1.0)).steadiness == steadiness
    assert as_asked >= 5


def test_the_canary_moves_in_every_way() -> None:
    motion = measure(film(MoveRequest("six_dof")), 5.0, (0.0, 0.0, 1.0))
    assert min(abs(motion.pan_deg), abs(motion.tilt_deg), abs(motion.roll_deg)) > 3.0
    assert abs(np.log(motion.focal_ratio)) > 0.08
    assert motion.path_length_m > 0.5


def test_want_of_room_or_time_is_a_rejection() -> None:
    dolly = MoveRequest("dolly", "in", "slow")
    with pytest.raises(Rejected, match="no room for a slow dolly"):
        moves.MOVES["dolly"].rand(stream(0), dolly, scope(reach_m=0.05))
    brief = VideoShape(512, 320, 9, 24.0)
    with pytest.raises(Rejected, match=r"0\.3 s is too short for a slow tilt"):
        moves.MOVES["tilt"].rand(stream(0), MoveRequest("tilt", "up", "slow"), scope(video=brief))
    with pytest.raises(Rejected, match="no room for a dolly of 9"):
        moves.MOVES["dolly"].rand(stream(0), replace(dolly, magnitude=(9.0, 9.0)), scope(reach_m=8.0))


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (MoveRequest("levitate"), "move 'levitate' is unknown; choose one of static, pan"),
        (MoveRequest("pan", "up"), "pan has direction 'up'; choose one of right, left"),
        (MoveRequest("pan", "left", magnitude=(10.0, 500.0)), "needs 0 < low <= high <= 360 deg"),
        (MoveRequest("zoom", "in", magnitude=(3.0, 4.0)), "needs 0 < low <= high <= 1.4 ln f"),
        (MoveRequest("tilt", "up", magnitude=(1.0, 8.0)), "it counts as motion from 2 deg on"),
        (MoveRequest("spline", magnitude=(1.0, 2.0)), "but takes none"),
        (MoveRequest("pan", "left", ease="bouncy"), "ease 'bouncy'; choose one of linear"),
        (MoveRequest("handheld", steadiness="drunk"), "steadiness 'drunk'; it is for handheld"),
        (MoveRequest("sequence", parts=(MoveRequest("pan", "left"),)), "sequence has 1 parts; it needs at least two"),
        (MoveRequest("at_once", parts=(MoveRequest("pan", "left"),) * 2), "at_once has pan twice"),
        (
            MoveRequest("at_once", parts=(MoveRequest("arc", "left"), MoveRequest("dolly", "in"))),
            "at_once has arc with dolly; beside arc only arc, crane, zoom, roll, handheld can go",
        ),
        (MoveRequest("replay"), "replay has no file"),
        (MoveRequest("replay", file="nowhere.txt"), "nowhere.txt cannot be read: No such file"),
    ],
)
def test_impossible_requests_are_refused_in_one_line(request_: MoveRequest, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        moves.check(request_)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def realestate10k(path: Trajectory) -> str:
    lines = ["https://example.org/video"]
    for k, (camera, lens) in enumerate(zip(path.camera_from_world, path.intrinsics, strict=True)):
        numbers = [*lens, 0.0, 0.0, *camera[:3].ravel()]
        lines.append(" ".join([str(round(1e6 * k / path.fps)), *(f"{n:.9f}" for n in numbers)]))
    return "\n".join(lines) + "\n"


def test_a_replayed_file_gives_its_own_path_back_at_another_scale(tmp_path: Path) -> None:
    original = film(MoveRequest("six_dof"))
    file = tmp_path / "path.txt"
    file.write_text(realestate10k(original))
    level = replace(START, pitch_deg=0.0, position_m=(9.0, 9.0, 2.0))
    path = film(MoveRequest("replay", file=str(file)), level)
    local = [(p.world_from_camera[0, :3, :3].T @ (p.centres_m - p.centres_m[0]).T).T for p in (original, path)]
    scale = np.linalg.norm(local[1]) / np.linalg.norm(local[0])
    assert np.allclose(local[1], scale * local[0], atol=1e-6)
    turned = [p.world_from_camera[0, :3, :3].T @ p.world_from_camera[:, :3, :3] for p in (original, path)]
    assert np.allclose(turned[0], turned[1], atol=1e-6)
    zoomed = [p.intrinsics[:, 0] / p.intrinsics[0, 0] for p in (original, path)]
    assert np.allclose(zoomed[0], zoomed[1], atol=1e-6)


def test_a_tum_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "tum.txt"
    half = np.radians(np.linspace(0.0, 20.0, 30)) / 2
    rows = [f"{100 + k / 10:.1f} 0 0 {k * 0.1:.3f} 0 {np.sin(h):.9f} 0 {np.cos(h):.9f}" for k, h in enumerate(half)]
    file.write_text("# time tx ty tz qx qy qz qw\n" + "\n".join(rows))
    path = film(MoveRequest("replay", file=str(file), speed="fast"), replace(START, pitch_deg=0.0))
    validate_rotations(path.world_from_camera)
    motion = measure(path, 5.0, (0.0, 0.0, 1.0))
    assert "dolly_in" in motion.primitives  # tz is forward
    assert motion.pan_deg > 10  # a turn about y, which is down, goes right


def test_a_long_file_is_replayed_in_its_own_time(tmp_path: Path) -> None:
    rows = [f"{k / 10:.1f} {k * 0.1:.3f} 0 0 0 0 0 1" for k in range(600)]
    file = tmp_path / "long.txt"
    file.write_text("\n".join(rows))
    request = MoveRequest("replay", file=str(file))
    params = moves.MOVES["replay"].rand(stream(0), request, scope())
    assert params.share[1] - params.share[0] == pytest.approx(VIDEO.duration_s / 59.9)


GOOD = "0 .5 .9 .5 .5 0 0 1 0 0 0 0 1 0 0 0 0 1 {}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "ends in a line of 0 columns"),
        ("url\n1 2 3\n", "ends in a line of 3 columns; RealEstate10K has 19, TUM 8"),
        (f"url\n{GOOD}\n", "has 1 poses"),
        (f"url\n{GOOD}\n1 2 3\n{GOOD}\n", "line 3 has 3 columns; it needs 19"),
        (f"url\n{GOOD}\n{GOOD.replace('.9', 'x')}\n{GOOD}", "line 3 holds something other than numbers"),
        (f"url\n{GOOD}\n{GOOD.replace('.9', 'nan')}\n{GOOD}", "line 3 holds NaN"),
        (f"url\n{GOOD}\n{GOOD.replace('0 0 1 {}', '0 0 -1 {}')}\n", "frame 1: the rotation has determinant -1"),
        (f"url\n{GOOD}\n{GOOD.replace('0 0 1 {}', '0 0 2 {}')}\n", "frame 1: the rotation is not orthonormal"),
        (f"url\n{GOOD.replace('0 .5 .9', '0 -1 .9')}\n{GOOD}\n", "focal length -1"),
        (f"url\n{GOOD.replace('0 .5 .9', '9 .5 .9')}\n{GOOD}\n{GOOD.replace('0 .5 .9', '12 .5 .9')}", "pose 1 is at"),
        ("0 0 0 0 0 0 0 1\n1 0 0 0 0 0 0 0.5\n", "quaternion of length 0.5"),
    ],
)
def test_a_bad_trajectory_file_is_refused_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "bad.txt"
    file.write_text(text.replace("{}", "0"))
    with pytest.raises(SpecError) as caught:
        read_recording(str(file))
    assert message in str(caught.value)
    assert "bad.txt" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_huge_and_binary_files_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "huge.txt"
    with file.open("wb") as out:
        out.truncate(17 << 20)
    with pytest.raises(SpecError, match="at most"):
        read_recording(str(file))
    file.write_bytes(b"\xff\xfe\x00" * 100)
    with pytest.raises(SpecError, match="is not text"):
        read_recording(str(file))
