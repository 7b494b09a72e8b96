"""A ray-traced room with exact depth: textured walls, two boxes, a patch of sky and a mirror that lies."""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from camera_motion.evaluation.gate import GateView, frames
from camera_motion.generator.encode import encode
from camera_motion.schema.camera import Trajectory

WIDTH, HEIGHT, FRAMES, FPS = 384, 240, 25, 24.0
TEXELS_PER_M = 40.0
#: Boxes as (lo, hi) in metres; the camera is inside the first.
BOXES = np.array(
    [[[-4, -1, 0], [4, 9, 3]], [[-2.4, 4.4, 0], [-1.2, 5.6, 1.3]], [[1.0, 5.8, 0], [2.2, 7.0, 2.0]]], dtype=float
)
LIE_PX = (140, 60, 220, 110)  # left, top, right, bottom of the "mirror", fixed on the screen


@dataclass(frozen=True)
class Take:
    """A clip as the generator hands it to the gate."""

    video: bytes
    trajectory: Trajectory
    views: dict[int, GateView]


def path(move: str, amount: float = 1.0, width: int = WIDTH, height: int = HEIGHT, count: int = FRAMES) -> Trajectory:
    """An eased move of the toy camera; `amount` scales it."""
    t = np.linspace(0.0, 1.0, count)
    e = amount * t * t * (3 - 2 * t)
    level = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])  # looks along +y
    centres = np.tile([0.3, 0.2, 1.5], (count, 1))
    angles, focal = np.zeros((count, 3)), np.full(count, 0.8)
    match move:
        case "pan":
            angles[:, 0] = 25 * e
        case "tilt":
            angles[:, 1] = 9 * e
        case "roll":
            angles[:, 2] = 20 * e
        case "dolly":
            centres[:, 1] += 1.6 * e
        case "truck":
            centres[:, 0] -= 0.9 * e
        case "zoom":
            focal = 0.8 * 1.5**e
        case "dolly_zoom":
            centres[:, 1] += 1.6 * e
            focal = 0.8 * (5.0 - 1.6 * e) / 5.0
        case "arc":
            around, turn = np.array([0.3, 5.2, 1.5]), np.radians(18 * e)
            offset = np.stack([5 * np.sin(turn), -5 * np.cos(turn), 0 * turn], axis=1)
            centres, angles[:, 0] = around + offset, -18 * e
        case "six_dof":
            centres += np.outer(e, [-0.4, 0.9, 0.25])
            angles = np.outer(e, [14, -5, 7])
        case "static":
            pass
        case _:
            raise ValueError(move)
    pan, tilt, roll = np.radians(angles).T
    zero, one = np.zeros(count), np.ones(count)
    yaw = np.array([[np.cos(pan), zero, np.sin(pan)], [zero, one, zero], [-np.sin(pan), zero, np.cos(pan)]])
    pitch = np.array([[one, zero, zero], [zero, np.cos(tilt), -np.sin(tilt)], [zero, np.sin(tilt), np.cos(tilt)]])
    bank = np.array([[np.cos(roll), -np.sin(roll), zero], [np.sin(roll), np.cos(roll), zero], [zero, zero, one]])
    poses = np.tile(np.eye(4), (count, 1, 1))
    poses[:, :3, :3] = level @ np.einsum("ijt,jkt,klt->til", yaw, pitch, bank)
    poses[:, :3, 3] = centres
    lens = np.stack([focal, focal * width / height, 0.5 * one, 0.5 * one], axis=1)
    return Trajectory(poses, lens, FPS)


@cache
def take(
    move: str, amount: float = 1.0, width: int = WIDTH, height: int = HEIGHT, lie: bool = False, blank: bool = False
) -> Take:
    """Film a move: H.264 at crf 18. With `lie`, part of the screen shows a picture that stays where it is."""
    trajectory = path(move, amount, width, height)
    pictures, views = [], {}
    still = render(path("static"), 0, width, height)[0][::-1]
    for frame in range(len(trajectory)):
        picture, depth_m = render(trajectory, frame, width, height)
        solid = np.ones(depth_m.shape, np.float32)
        if lie:
            left, top, right, bottom = LIE_PX
            picture[top:bottom, left:right] = still[top:bottom, left:right]
            solid[top:bottom, left:right] = 0.4
        if blank:
            picture[:] = 128
        pictures.append(picture)
        if frame in frames(len(trajectory)):
            views[frame] = GateView(depth_m.astype(np.float32), solid)
    return Take(encode(pictures, width, height, FPS), trajectory, views)


def render(trajectory: Trajectory, frame: int, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """Picture and z-depth of one frame, a ray a pixel."""
    pose, (fx, fy, cx, cy) = trajectory.world_from_camera[frame], trajectory.intrinsics[frame]
    across, down = np.meshgrid((np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height)
    rays = np.stack([(across - cx) / fx, (down - cy) / fy, np.ones_like(across)]).astype(np.float32)
    rays = np.einsum("ij,jyx->iyx", pose[:3, :3].astype(np.float32), rays)
    rays[np.abs(rays) < 1e-6] = 1e-6
    depth = np.full((height, width), np.inf, np.float32)
    s, t, shift = np.zeros_like(depth), np.zeros_like(depth), np.zeros_like(depth)
    for box, (lo, hi) in enumerate(BOXES.astype(np.float32) - pose[:3, 3].astype(np.float32)):
        planes = np.stack([lo[:, None, None] / rays, hi[:, None, None] / rays])
        entries, exits = planes.min(0), planes.max(0)
        if box == 0:  # from inside: the first way out
            axis, hit = exits.argmin(0), exits.min(0)
        else:
            axis, hit = entries.argmax(0), entries.max(0)
            hit = np.where((hit < exits.min(0)) & (hit > 0), hit, np.inf)
        nearer = hit < depth
        depth = np.where(nearer, hit, depth)
        x, y, z = (pose[:3, 3, None, None] + np.where(nearer, hit, 0) * rays).astype(np.float32)
        s = np.where(nearer, np.choose(axis, [y, x, x]), s)
        t = np.where(nearer, np.choose(axis, [z, z, y]), t)
        shift = np.where(nearer, 97.0 * box + 31.0 * axis, shift)
    picture = cv2.remap(
        texture(),
        ((TEXELS_PER_M * s + shift) % 1024).astype(np.float32),
        ((TEXELS_PER_M * t + 2 * shift) % 1024).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_WRAP,
    )
    return picture, depth.astype(np.float64)


@cache
def texture() -> np.ndarray:
    """Coloured noise of several sizes, 1024 texels square."""
    rng = np.random.default_rng(3)
    out = np.zeros((1024, 1024, 3))
    for sigma, share in ((1.5, 0.35), (4, 0.4), (16, 0.5)):
        noise = cv2.GaussianBlur(rng.normal(size=(1024, 1024, 3)), (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
        out += share * noise / noise.std()
    return np.clip(125 + 55 * out, 8, 247).astype(np.uint8)
