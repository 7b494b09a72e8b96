"""Small trajectories for the tests of motion, written by hand: heading, elevation, roll, place and lens over time."""

import numpy as np

from camera_motion.schema.camera import Trajectory, rotation_yxz

#: Right, down and forward of a level camera that looks north (+y) in a z-up world, as columns.
NORTH = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
UP = (0.0, 0.0, 1.0)


def share(frames, ease="linear"):
    """0 to 1 over the frames."""
    t = np.linspace(0.0, 1.0, frames)
    return {
        "linear": t,
        "smooth": t * t * (3 - 2 * t),
        "quintic": t**3 * (10 - 15 * t + 6 * t * t),
        "sine": 0.5 - 0.5 * np.cos(np.pi * t),
        "decay": -np.expm1(-4 * t) / -np.expm1(-4.0),
    }[ease]


def film(frames, fps, place=(0, 0, 1.6), pan=0.0, tilt=0.0, roll=0.0, focal=1.0):
    """A trajectory from heading (clockwise from north), elevation and roll in degrees, place in metres and fx / W.

    Each is a constant or one value per frame.
    """
    angles = np.stack(np.broadcast_arrays(pan, tilt, roll, np.zeros(frames))[:3], axis=-1).astype(np.float64)
    poses = np.tile(np.eye(4), (frames, 1, 1))
    poses[:, :3, :3] = NORTH @ rotation_yxz(angles)
    poses[:, :3, 3] = np.broadcast_to(np.asarray(place, dtype=np.float64), (frames, 3))
    lens = np.full((frames, 4), 0.5)
    lens[:, 0] = focal
    lens[:, 1] = np.asarray(focal) * 16 / 9
    return Trajectory(poses, lens, float(fps))


def along(share, direction, start=(0.0, 0.0, 1.6)):
    """Places on a straight line: `start` + `share` * `direction`."""
    return np.asarray(start) + np.asarray(share)[:, None] * np.asarray(direction, dtype=np.float64)


def orbit(bearing_deg, elevation_deg, radius_m, target=(0.0, 0.0, 1.2)):
    """Places, headings and elevations of a camera that looks at `target` from a bearing (counter-clockwise from east)."""
    b, e = np.radians(np.broadcast_arrays(np.asarray(bearing_deg, float), np.asarray(elevation_deg, float)))
    outward = np.stack([np.cos(e) * np.cos(b), np.cos(e) * np.sin(b), np.sin(e)], axis=-1)
    heading = -90.0 - np.degrees(b)
    return np.asarray(target) + np.asarray(radius_m)[..., None] * outward, heading, -np.degrees(e)
