"""The one statement of axes, units, pixels and time; everything else refers here.

* Camera axes are OpenCV's: x right, y down, z forward.
* World axes are right-handed with z up; one unit is one metre. Gravity points along -z.
* `camera_extrinsics` is w2c, `camera_from_world`: `x_camera = R @ x_world + t`. Trajectories hold its inverse,
  `world_from_camera`.
* Pixel (0, 0) has its centre at (0.5, 0.5); an image is [0, W] x [0, H]. Intrinsics are stored normalised:
  (fx / W, fy / H, cx / W, cy / H), one row per frame.
* Frame k is exposed at the instant k / fps seconds; row k of every array belongs to frame k of the video.
* Depth is z in the camera's axes, in metres.
* Angles are in degrees; pan > 0 turns right, tilt > 0 looks up, roll > 0 turns the camera clockwise as seen from
  behind it.
"""

from typing import Final

WORLD_UP: Final = (0.0, 0.0, 1.0)

#: Written into the `spec.json` of every set: its matrices are not to be guessed at.
TEXT: Final = (
    "camera_extrinsics: w2c (camera_from_world), OpenCV axes (x right, y down, z forward), metres, world z up; "
    "camera_intrinsics: fx/W, fy/H, cx/W, cy/H per frame; pixel (0,0) centred at (0.5, 0.5)"
)
