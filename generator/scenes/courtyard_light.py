"""The light of a courtyard: sun, sky and how the picture is exposed."""

import math
from typing import TYPE_CHECKING

from camera_motion.generator.scenes.sky import Sky, Sun
from camera_motion.generator.splats import Look

if TYPE_CHECKING:
    from camera_motion.generator.scenes.courtyard import Courtyard


def sun(p: "Courtyard") -> Sun:
    """Colour and place of the sun; under clouds it is weak and wide."""
    azimuth, elevation = math.radians(p.sun[0]), math.radians(p.sun[1])
    to_sun = (
        math.cos(elevation) * math.cos(azimuth),
        math.cos(elevation) * math.sin(azimuth),
        math.sin(elevation),
    )
    colour = {
        "morning": (7.2, 5.7, 3.9),
        "noon": (7.6, 6.9, 5.7),
        "afternoon": (7.4, 5.7, 3.75),
        "overcast": (1.5, 1.42, 1.3),
    }[p.light]
    return Sun(to_sun, colour, 0.12 if p.light == "overcast" else 0.009)


def sky(p: "Courtyard") -> Sky:
    """Colours of the sky for the hour."""
    if p.light == "overcast":
        white = (1.75, 1.78, 1.82)
        return Sky((0.7, 0.84, 1.08), (1.25, 1.32, 1.42), (1.4, 1.36, 1.3), 0.85, white, 0.35, p.seed)
    haze = {"morning": (1.02, 0.93, 0.80), "noon": (0.98, 1.0, 1.02), "afternoon": (1.06, 0.93, 0.75)}[p.light]
    cloud = {"morning": (1.6, 1.5, 1.4), "noon": (1.7, 1.68, 1.66), "afternoon": (1.68, 1.52, 1.36)}[p.light]
    return Sky(
        haze_rgb=haze, cloud_cover=p.clouds, cloud_rgb=cloud, glow=0.7 if p.light == "noon" else 1.0, seed=p.seed
    )


def look(p: "Courtyard") -> Look:
    """Exposure, haze and finish."""
    fog = {
        "morning": (0.92, 0.89, 0.82),
        "noon": (0.84, 0.89, 0.95),
        "afternoon": (0.94, 0.88, 0.78),
        "overcast": (0.98, 1.0, 1.03),
    }
    return Look(
        transfer="linear",
        exposure={"morning": 0.66, "noon": 0.58, "afternoon": 0.66, "overcast": 0.82}[p.light],
        bloom=0.05,
        vignette=0.3,
        sharpen=0.35,
        fog_per_m=0.0026,
        fog_start_m=14.0,
        fog_rgb=fog[p.light],
    )
