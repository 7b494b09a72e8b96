"""A clip in three dimensions, in a browser: its scene of splats, the camera's path as frusta, and a playhead.

World up is +z and cameras are OpenCV's, as in the set. The server is viser's and listens on this machine alone.
"""

import contextlib
import errno
import io
import math
import os
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from jaxtyping import Float64

from camera_motion.builder.viewer import panel
from camera_motion.builder.viewer.cloud import MOST_SPLATS
from camera_motion.builder.viewer.drawing import Drawing, Showing, showing_of
from camera_motion.builder.viewer.replay import Clips, Replay, replay
from camera_motion.schema.base import SpecError

try:
    import viser
except ImportError as error:
    raise SpecError(f"the viewer needs viser ({error}): pip install 'camera-motion[viewer]'") from None

HOST = "127.0.0.1"
BACKGROUND_RGB = (22, 23, 26)
#: Clips that the page offers on either side of the one it opens with.
NEIGHBOURS = 500
SPEEDS = ("0.25", "0.5", "1", "2")
#: The page is not asked to draw more pictures a second than this.
MOST_FPS = 30
OUTSIDE_FOV = math.radians(45)


class Viewer:
    """A page on `port` (0: any free one) that shows clips of a set; `run` plays them, `close` ends it.

    `scenes` tells whether their splats are made again, `most` how many of them are sent at most, and `tell` hears
    what there is to say meanwhile.

    Raises:
        SpecError: the port is in use; the clip or its scene cannot be had.
    """

    #: Widgets whose values are set here; viser types them as read-only.
    playhead: Any
    through: Any
    button: Any

    def __init__(
        self,
        clips: Clips,
        key: str,
        port: int,
        *,
        scenes: bool = True,
        most: int = MOST_SPLATS,
        tell: Callable[[str], None] = lambda line: None,
    ) -> None:
        _require_free(port)
        self._clips, self._scenes, self._most, self._tell = clips, scenes, most, tell
        self._lock = threading.RLock()
        self._closed = threading.Event()
        showing, made = self._load(key)
        others = set(threading.enumerate())
        with _silence():
            self.server = viser.ViserServer(HOST, port, label="camera-motion", verbose=False)
        self._threads = set(threading.enumerate()) - others
        if port not in (0, self.server.get_port()):  # somebody took it meanwhile, and viser went on to the next
            self.close()
            raise _in_use(port)
        self.server.gui.configure_theme(dark_mode=True, show_logo=False, show_share_button=False, control_width="large")
        self.server.scene.set_background_image(np.full((2, 2, 3), BACKGROUND_RGB, np.uint8), "png")
        self._add_controls(key, showing)
        self._show(showing, made)
        self.server.on_client_connect(self._place)

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://{HOST}:{self.server.get_port()}"

    def run(self) -> None:
        """Move the playhead while it plays, until `close` is called."""
        while not self._closed.is_set():
            pause_s = 0.05
            if self.playing:
                fps = self.drawing.showing.clip.record.fps * float(self.speed.value)
                frames = max(1, math.ceil(fps / MOST_FPS))
                self.step(frames)
                pause_s = frames / fps
            self._closed.wait(pause_s)

    def close(self) -> None:
        """Close the page."""
        self._closed.set()
        with _silence():
            self.server.stop()
            for thread in self._threads:
                thread.join(5.0)  # until then it may say farewell

    def play(self, playing: bool) -> None:
        """Start or stop."""
        with self._lock:
            self.playing = playing
            self.button.label, self.button.icon = (
                ("Pause", viser.Icon.PLAYER_PAUSE) if playing else ("Play", viser.Icon.PLAYER_PLAY)
            )
            if playing and self.playhead.value >= self.last and not self.loop.value:
                self.playhead.value = 0

    def step(self, frames: int = 1) -> None:
        """Move the playhead on; at the end begin again, or stop where it does not loop."""
        with self._lock:
            frame = self.playhead.value + frames
            if frame > self.last and not self.loop.value:
                self.play(False)
            self.playhead.value = frame if frame <= self.last else 0 if self.loop.value else self.last

    def open(self, key: str) -> None:
        """Show another clip of the set; where that fails the page says why and stays as it is."""
        clients = self.server.get_clients().values()
        notes = [
            client.add_notification("One moment", f"making the scene of {key} again", loading=True)
            for client in clients
        ]
        try:
            self._show(*self._load(key))
        except SpecError as error:
            for client in clients:
                client.add_notification("This clip cannot be shown", str(error), color="red")
        finally:
            for note in notes:
                note.remove()

    @property
    def last(self) -> int:
        """The last frame."""
        return len(self.drawing.showing.trajectory) - 1

    def _load(self, key: str) -> tuple[Showing, Replay | None]:
        clip = self._clips.read(key)
        return showing_of(clip), replay(self._clips, clip) if self._scenes else None

    def _show(self, showing: Showing, made: Replay | None) -> None:
        with self._lock:
            self.play(False)
            self.drawing = Drawing(self.server.scene, showing, made, self._most, self._tell)
            record = showing.clip.record
            self.about.content, self.motions.content = panel.about(record), panel.motions(record)
            self.findings.content = panel.findings(record.checks)
            self.playhead.value = 0
            self.playhead.max = self.last
            self.subject.visible = self.drawing.subject is not None
            self._draw()
            self._toggle()
            position, look_at = self._outside()
            camera = self.server.initial_camera
            camera.position, camera.look_at, camera.fov = position, look_at, OUTSIDE_FOV
            for client in self.server.get_clients().values():
                self._place(client)

    # --- the panel

    def _add_controls(self, key: str, showing: Showing) -> None:
        gui, keys = self.server.gui, self._clips.keys
        at = keys.index(key)
        offered = keys[max(0, at - NEIGHBOURS) : at + NEIGHBOURS + 1]
        self.playing = False
        self.film = gui.add_image(showing.frames[0], label="The film", jpeg_quality=85)
        self.playhead = gui.add_slider("Frame", 0, len(showing.trajectory) - 1, 1, 0)
        self.button = gui.add_button("Play", icon=viser.Icon.PLAYER_PLAY)
        self.speed = gui.add_dropdown("Speed", SPEEDS, initial_value="1")
        self.loop = gui.add_checkbox("Loop", True)
        self.through = gui.add_checkbox("Through the camera", False, hint="see what it saw, following the playhead")
        self.outside, self.from_above = gui.add_button("See from outside"), gui.add_button("See from above")
        with gui.add_folder("Show"):
            self.splats = gui.add_checkbox("Splats", True, visible=self._scenes)
            hint = "always shown through the camera"
            self.above = gui.add_checkbox("Ceiling and sky", False, hint=hint, visible=self._scenes)
            self.mirrored = gui.add_checkbox("Reflections", False, hint=hint, visible=self._scenes)
            self.path = gui.add_checkbox("Path and camera", True)
            self.frusta = gui.add_checkbox("Frusta", True)
            self.subject = gui.add_checkbox("Subject", False)
        with gui.add_folder("Clip"):
            self.key = gui.add_dropdown("Key", offered, initial_value=key)
            self.about, self.motions = gui.add_markdown(""), gui.add_markdown("")
        with gui.add_folder("This frame"):
            self.pose = gui.add_markdown("")
        with gui.add_folder("What the gate found", expand_by_default=False):
            self.findings = gui.add_markdown("")
        self.playhead.on_update(lambda _: self._draw())
        self.button.on_click(lambda _: self.play(not self.playing))
        self.through.on_update(lambda _: self._switch())
        self.outside.on_click(lambda event: self._leave(event.client, self._outside()))
        self.from_above.on_click(lambda event: self._leave(event.client, self._overhead()))
        self.key.on_update(lambda _: self.open(self.key.value))
        for box in (self.splats, self.above, self.mirrored, self.path, self.frusta, self.subject):
            box.on_update(lambda _: self._toggle())

    def _draw(self) -> None:
        """Show the frame at the playhead."""
        with self._lock:
            frame = min(self.playhead.value, self.last)
            with self.server.atomic():
                self.drawing.move(frame)
                self.film.image = self.drawing.camera.image
                self.pose.content = panel.pose(self.drawing.showing.trajectory, frame)
            if self.through.value:
                for client in self.server.get_clients().values():
                    self._look_through(client)

    def _toggle(self) -> None:
        """Show what is ticked; through the camera the scene is whole and nothing is drawn into it."""
        with self._lock:
            inside = self.through.value
            self.drawing.show(
                splats=self.splats.value,
                above=self.above.value or inside,
                mirrored=self.mirrored.value or inside,
                path=self.path.value and not inside,
                frusta=self.frusta.value and not inside,
                subject=self.subject.value and not inside,
            )

    # --- where the page's own camera is

    def _switch(self) -> None:
        self._toggle()
        for client in self.server.get_clients().values():
            self._place(client)

    def _place(self, client: Any) -> None:
        """Put a page's camera where the check box says: into the film's camera, or outside."""
        with self._lock:
            if self.through.value:
                self._look_through(client)
            else:
                _look(client, *self._outside(), np.array([0.0, 0.0, 1.0]), OUTSIDE_FOV)

    def _leave(self, client: Any, view: tuple[np.ndarray, np.ndarray]) -> None:
        self.through.value = False
        if client is not None:
            _look(client, *view, np.array([0.0, 0.0, 1.0]), OUTSIDE_FOV)

    def _look_through(self, client: Any) -> None:
        frame, showing = min(self.playhead.value, self.last), self.drawing.showing
        pose = showing.trajectory.world_from_camera[frame]
        fov = showing.fov_within(frame, client.camera.aspect)
        _look(client, pose[:3, 3], pose[:3, 3] + pose[:3, 2], -pose[:3, 1], fov)

    def _outside(self) -> tuple[Float64[np.ndarray, " 3"], Float64[np.ndarray, " 3"]]:
        """Stand behind the camera and to its left, well above; what it sees is left of the middle, off the panel."""
        target, away_m, forward = self._around()
        right = np.array([forward[1], -forward[0], 0.0])
        aside = 0.1 * away_m * (right + 0.6 * forward)
        return target + aside + away_m * (-0.62 * forward - 0.38 * right + np.array([0.0, 0.0, 0.75])), target + aside

    def _overhead(self) -> tuple[Float64[np.ndarray, " 3"], Float64[np.ndarray, " 3"]]:
        """Hang above the path, with the direction of the first view up: a hair off the plumb line, which has no up."""
        target, away_m, forward = self._around()
        return target + away_m * (np.array([0.0, 0.0, 1.3]) - 0.01 * forward), target

    def _around(self) -> tuple[np.ndarray, float, np.ndarray]:
        """Give a point that the camera looks at nearby, a distance that shows all of its path, and its heading."""
        trajectory = self.drawing.showing.trajectory
        centres = trajectory.centres_m
        forward = trajectory.world_from_camera[0, :3, 2] * (1.0, 1.0, 0.0)
        length = float(np.linalg.norm(forward))
        forward = forward / length if length > 1e-3 else np.array([0.0, 1.0, 0.0])
        extent = float(np.linalg.norm(np.ptp(centres, axis=0)))
        return centres.mean(axis=0) + 0.8 * forward, max(4.0 + 1.6 * extent, 6.5), forward


def _look(client: Any, position: np.ndarray, look_at: np.ndarray, up: np.ndarray, fov: float) -> None:
    with client.atomic():
        client.camera.fov = fov
        client.camera.position = position
        client.camera.up_direction = up
        client.camera.look_at = look_at


def _require_free(port: int) -> None:
    if not 0 <= port < 65536:
        raise SpecError(f"--port is {port}; it must be from 0 to 65535")
    with socket.socket() as probe:
        if os.name == "posix":  # a port whose last user is just gone will do
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise _in_use(port) from None
            raise SpecError(f"cannot listen on port {port}: {(error.strerror or str(error)).lower()}") from None


def _in_use(port: int) -> SpecError:
    return SpecError(f"port {port} is in use; choose another with --port, or --port 0 for any that is free")


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Keep viser from greeting on its own."""
    with contextlib.redirect_stdout(io.StringIO()):
        yield
