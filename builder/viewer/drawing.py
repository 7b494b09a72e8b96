"""One clip drawn into a viser scene: its splats, its path, frusta along it, and the one that plays."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float64, UInt8
from scipy.spatial.transform import Rotation

from camera_motion.builder.viewer.cloud import Cloud, cloud, thin
from camera_motion.builder.viewer.replay import Replay
from camera_motion.evaluation.decode import stream
from camera_motion.generator.splats import MIRROR, SKY
from camera_motion.schema.camera import Trajectory, invert
from camera_motion.schema.clip import FilmedClip

#: viser keeps covariances in half precision, which holds a millimetre's square badly: it is told of a larger scene,
#: yet not of splats with a standard deviation beyond 240, whose squares half precision does not hold at all.
ENLARGED = 32.0
LARGEST = 240.0
#: Frusta beside the playing one, those of the first and the last frame among them.
FRUSTA = 9
#: What is so much higher than the camera ever goes hides it from above: ceilings, crowns, upper walls.
HEADROOM_M = 0.35
#: Bytes that the decoded frames of a clip may take, and the width of one: they are made smaller until they fit.
FRAME_BYTES = 192 << 20
FRAME_WIDTH = 640
START_RGB, END_RGB, PLAYING_RGB = (70, 140, 235), (235, 84, 40), (255, 190, 60)
SUBJECT_RGB = (110, 220, 150)


@dataclass(frozen=True)
class Showing:
    """A clip to be shown: its path, and its frames as pictures of modest size."""

    clip: FilmedClip
    trajectory: Trajectory
    frames: list[UInt8[np.ndarray, "h w 3"]]

    @property
    def aspect(self) -> float:
        """Width over height of the film."""
        return self.clip.record.width / self.clip.record.height

    def fov(self, frame: int) -> float:
        """Vertical field of view in radians."""
        return 2 * math.atan(0.5 / float(self.trajectory.intrinsics[frame, 1]))

    def fov_within(self, frame: int, aspect: float) -> float:
        """Vertical field of view of a window of this aspect that just holds the whole picture."""
        fx, fy = self.trajectory.intrinsics[frame, :2]
        return 2 * math.atan(max(0.5 / float(fy), 0.5 / float(fx) / max(aspect, 1e-3)))

    @property
    def size_m(self) -> float:
        """How large to draw the playing frustum."""
        extent = float(np.ptp(self.trajectory.centres_m, axis=0).max())
        return min(max(0.15 * extent, 0.25), 0.5)


def showing_of(clip: FilmedClip) -> Showing:
    """Make a clip ready.

    Raises:
        SpecError: its video is damaged, or its lens is none.
    """
    lens = clip.camera_intrinsics.astype(np.float64)
    return Showing(clip, Trajectory(invert(clip.camera_extrinsics), lens, clip.record.fps), frames_of(clip))


def frames_of(clip: FilmedClip) -> list[UInt8[np.ndarray, "h w 3"]]:
    """Decode the clip's frames, each scaled down so that all fit into memory."""
    record = clip.record
    shape = record.height / record.width
    width = int(min(record.width, FRAME_WIDTH, math.sqrt(FRAME_BYTES / (3 * shape * record.num_frames))))
    size = (max(width, 1), max(round(width * shape), 1))
    frames: list[UInt8[np.ndarray, "h w 3"]] = []
    for frame in stream(clip.video):
        if len(frames) < record.num_frames:
            frames.append(cv2.resize(frame, size, interpolation=cv2.INTER_AREA))
    return frames


def pose_of(world_from_camera: Float64[np.ndarray, "4 4"]) -> tuple[np.ndarray, np.ndarray]:
    """Quaternion wxyz and position, as viser takes them; its cameras have our axes."""
    x, y, z, w = Rotation.from_matrix(world_from_camera[:3, :3]).as_quat()
    return np.array([w, x, y, z]), world_from_camera[:3, 3].copy()


class Drawing:
    """The nodes of one clip below `/clip`; drawing another clip takes away what was there."""

    def __init__(self, scene: Any, showing: Showing, made: Replay | None, most: int, tell: Callable[[str], None]):
        """Draw. `scene` is a `viser.SceneApi`; `tell` hears of splats that were left out."""
        self._scene, self.showing = scene, showing
        scene.remove_by_name("/clip")
        scene.add_frame("/clip", show_axes=False)
        self.splats: dict[str, Any] = {}
        self.frusta: dict[int, Any] = {}
        self._draw_path()
        self.subject = self._draw_subject(made) if made and made.subject else None
        self.camera = self._frustum("/clip/camera", 0, showing.size_m, PLAYING_RGB, 4.0)
        if made:
            self._draw_splats(made, most, tell)
        else:
            scene.add_grid("/clip/ground", 40.0, 40.0, cell_color=(52, 54, 60), section_color=(72, 75, 82))
        self.move(0)

    def move(self, frame: int) -> None:
        """Let the playing frustum be that of `frame`, with the film's picture on it."""
        wxyz, position = pose_of(self.showing.trajectory.world_from_camera[frame])
        self.camera.wxyz, self.camera.position = wxyz, position
        self.camera.fov = self.showing.fov(frame)
        self.camera.image = self.showing.frames[min(frame, len(self.showing.frames) - 1)]

    def show(self, *, splats: bool, above: bool, mirrored: bool, path: bool, frusta: bool, subject: bool) -> None:
        """Show and hide."""
        wanted = {"room": splats, "above": splats and above, "sky": splats and above, "mirrored": splats and mirrored}
        for name, node in self.splats.items():
            node.visible = wanted[name]
        for node in (*self.path, self.camera):
            node.visible = path
        for node in self.frusta.values():
            node.visible = frusta
        for node in self.subject or ():
            node.visible = subject

    def _draw_splats(self, made: Replay, most: int, tell: Callable[[str], None]) -> None:
        centres = self.showing.trajectory.centres_m
        eyes = centres[:: max(1, len(centres) // 8)]
        kept = thin(made.scene, eyes, most)
        if len(kept) < len(made.scene):
            tell(
                f"{len(made.scene):,} splats are many for a browser: {len(kept):,} are shown, larger where some are out"
            )
        pixel_rad = 1 / float(np.median(self.showing.trajectory.intrinsics[:, 1]) * self.showing.clip.record.height)
        every = cloud(kept, made.look, eyes, pixel_rad)
        sky, mirrored = kept.classes == SKY, kept.classes == MIRROR
        high = kept.means_m[:, 2] > centres[:, 2].max() + HEADROOM_M
        parts = {"room": ~(sky | mirrored | high), "above": high & ~(sky | mirrored), "sky": sky, "mirrored": mirrored}
        for name, which in parts.items():
            if which.any():
                self.splats[name] = self._add_splats(f"/clip/splats/{name}", every.part(which))

    def _add_splats(self, name: str, part: Cloud) -> Any:
        widest = math.sqrt(float(part.covariances_m2.max()))
        enlarged = min(ENLARGED, LARGEST / widest) if widest > 0 else ENLARGED
        return self._scene.add_gaussian_splats(
            name,
            part.centres_m * np.float32(enlarged),
            part.covariances_m2 * np.float32(enlarged**2),
            part.rgb,
            part.opacities,
            scale=1 / enlarged,
        )

    def _draw_path(self) -> None:
        showing = self.showing
        centres, last = showing.trajectory.centres_m, len(showing.trajectory) - 1
        share = np.linspace(0, 1, last + 1)[:, None]
        shades = np.round((1 - share) * START_RGB + share * END_RGB).astype(np.uint8)
        linear = np.round(255 * (shades / 255.0) ** 2.2).astype(np.uint8)  # which viser makes display values of
        self.path = []
        if last:
            pairs = np.stack([centres[:-1], centres[1:]], axis=1)
            colours = np.stack([linear[:-1], linear[1:]], axis=1)
            self.path = [
                self._scene.add_line_segments("/clip/path", pairs, colours, thickness=4.0, thickness_units="screen")
            ]
        for frame in sorted({round(frame) for frame in np.linspace(0, last, FRUSTA)}):
            self.frusta[frame] = self._frustum(
                f"/clip/frusta/{frame}", frame, 0.6 * showing.size_m, tuple(shades[frame].tolist()), 2.0
            )

    def _draw_subject(self, made: Replay) -> list[Any]:
        subject = made.subject
        assert subject is not None
        ball = self._scene.add_icosphere(
            "/clip/subject", subject.radius_m, SUBJECT_RGB, opacity=0.25, position=subject.position_m, cast_shadow=False
        )
        above = (0.0, 0.0, subject.radius_m)
        return [ball, self._scene.add_label("/clip/subject/name", subject.name, position=above)]

    def _frustum(self, name: str, frame: int, size_m: float, rgb: tuple[int, ...], thickness_px: float) -> Any:
        wxyz, position = pose_of(self.showing.trajectory.world_from_camera[frame])
        return self._scene.add_camera_frustum(
            name,
            self.showing.fov(frame),
            self.showing.aspect,
            scale=size_m,
            thickness=thickness_px,
            thickness_units="screen",
            color=rgb,
            wxyz=wxyz,
            position=position,
            cast_shadow=False,
            receive_shadow=False,
        )
