"""How well the gate tells right annotations from wrong ones: `python benchmarks/gate.py OUT --figures docs/figures`.

Reads the clips of a built set, puts every deliberate fault of `evaluation.faults` into each annotation, and judges it
by the tracks in the tar. Prints Markdown tables: how right clips measure, and how many of each fault are caught, of
those that the move shows. `--recheck` also decodes every video and follows its corners again.
"""

import argparse
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from camera_motion.builder.shard import load_npy, read_tar
from camera_motion.evaluation import gate
from camera_motion.evaluation.correction import PARTS, Correction, corrected
from camera_motion.evaluation.faults import FAULTS, GROSS
from camera_motion.evaluation.fit import Noise, fit_part
from camera_motion.evaluation.gate import Verdict
from camera_motion.evaluation.project import project
from camera_motion.evaluation.tracks import Tracks, from_array
from camera_motion.schema.camera import Trajectory, invert
from camera_motion.schema.clip import ClipRecord

#: A fault of convention shows where it moves half the tracks by at least this much.
SHOWS_PX = 1.0
#: Sizes of gain for the curve of what is caught, in per cent; each is tried with both signs.
SWEEP = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0, 1.5)
GAINS = tuple(part for part in PARTS if part != "time")


@dataclass(frozen=True)
class Clip:
    """What one sample of a tar says."""

    key: str
    motion: str
    size: tuple[int, int]
    trajectory: Trajectory
    tracks: Tracks
    video: bytes


@dataclass(frozen=True)
class Finding:
    """Verdicts on one clip: with its own annotation, with every fault, and with gains of every size of `SWEEP`.

    `shown` tells for each fault whether the move shows it; `shift_px` how far it moves half the tracks.
    """

    key: str
    motion: str
    right: Verdict
    faulty: dict[str, Verdict]
    shown: dict[str, bool]
    shift_px: dict[str, float]
    caught: dict[str, list[float]]
    again: Verdict | None


def clips(folder: Path) -> Iterator[Clip]:
    """Read every clip of a set."""
    for tar in sorted((folder / "webdataset").glob("*.tar")):
        for key, files in read_tar(tar):
            record = ClipRecord.model_validate_json(files["json"])
            poses = invert(load_npy(files["camera_extrinsics.npy"]).astype(np.float64))
            lenses = load_npy(files["camera_intrinsics.npy"]).astype(np.float64)
            yield Clip(
                key,
                record.main_motion,
                (record.width, record.height),
                Trajectory(poses, lenses, record.fps),
                from_array(load_npy(files["tracks.npy"])),
                next(body for suffix, body in files.items() if suffix in ("mp4", "mkv")),
            )


def examine(clip: Clip, recheck: bool) -> Finding:
    """Judge a clip as it is and with every fault."""
    tracks, size = clip.tracks, clip.size
    right = gate.judge(tracks, clip.trajectory, size)
    seen = {found.part: gate.observable(found) for found in right.fits}
    faulty, shown, shift_px = {}, {}, {}
    where = partial(
        project, size=size, start=tracks.start, end=tracks.end, points_px=tracks.from_px, depths_m=tracks.depths_m
    )
    for name, fault in FAULTS.items():
        wrong = fault(clip.trajectory)
        faulty[name] = gate.judge(tracks, wrong, size)
        shift = np.linalg.norm(where(wrong) - where(clip.trajectory), axis=1)
        shift_px[name] = float(np.median(shift)) if len(shift) else 0.0
        shown[name] = shift_px[name] >= SHOWS_PX if name in GROSS else seen[name.split()[0]]
    caught = {}
    for part in (part for part in GAINS if seen[part]):
        caught[part] = [
            float(np.mean([_caught(clip, part, sign * size_pct / 100) for sign in (1, -1)])) for size_pct in SWEEP
        ]
    again = gate.recheck(clip.video, tracks.array(), clip.trajectory) if recheck else None
    return Finding(clip.key, clip.motion, right, faulty, shown, shift_px, caught, again)


def _caught(clip: Clip, part: str, share: float) -> bool:
    wrong = corrected(clip.trajectory, Correction(**{part: share}))
    found = fit_part(clip.tracks, wrong, clip.size, part, gate.pixel_of(clip.size), Noise())
    return abs(found.value) > gate.limit(found)


def tables(findings: Sequence[Finding]) -> Iterator[str]:
    """Write what was found as Markdown."""
    passed = sum(finding.right.passed for finding in findings)
    residuals = np.array([f.right.residual_px for f in findings])
    ratios = np.array([f.right.residual_px / max(f.right.residual_limit_px, 1e-9) for f in findings])
    yield f"{len(findings)} clips, {passed} right annotations pass.\n"
    yield (
        f"Residual: median {np.median(residuals):.3f} px, 95th percentile {np.percentile(residuals, 95):.3f} px, "
        f"at most {ratios.max():.2f} of its limit.\n"
    )
    yield "| part | observable in | correction: mean | rms | 95 % within | largest | tolerance | rms / sigma |"
    yield "|---|---|---|---|---|---|---|---|"
    for index, part in enumerate(PARTS):
        unit, scale = ("", 1.0) if part == "time" else (" %", 100.0)
        fits = [f.right.fits[index] for f in findings if gate.observable(f.right.fits[index])]
        if fits:
            v = scale * np.array([fit.value for fit in fits])
            z = np.array([fit.value / fit.sigma for fit in fits])
            yield (
                f"| {part} | {len(fits)} | {v.mean():+.3f}{unit} | {np.sqrt((v**2).mean()):.3f}{unit} | "
                f"{np.percentile(abs(v), 95):.3f}{unit} | {abs(v).max():.3f}{unit} | "
                f"{scale * gate.TOLERANCES[part]:g}{unit} | {np.sqrt((z**2).mean()):.2f} |"
            )
    yield ""
    yield "| fault | clips that show it | caught | other clips | caught |"
    yield "|---|---|---|---|---|"
    for name in FAULTS:
        here = [not f.faulty[name].passed for f in findings if f.shown[name]]
        there = [not f.faulty[name].passed for f in findings if not f.shown[name]]
        share = f"{100 * np.mean(here):.1f} %" if here else "-"
        yield f"| {name} | {len(here)} | {share} | {len(there)} | {sum(there)} |"
    yield ""
    for finding in findings:
        if not finding.right.passed:
            yield f"rejected though right: {finding.key} ({finding.motion}): {'; '.join(finding.right.reasons)}"
        missed = [name for name in FAULTS if finding.shown[name] and finding.faulty[name].passed]
        if missed:
            yield f"missed: {finding.key} ({finding.motion}): {', '.join(missed)}"
        if finding.again is not None and finding.again.passed != finding.right.passed:
            yield f"recheck differs: {finding.key}: {'; '.join(finding.again.reasons) or 'passes'}"


def figures(findings: Sequence[Finding], folder: Path) -> None:
    """Draw the distributions: corrections, residuals, and what is caught by size of gain."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    folder.mkdir(parents=True, exist_ok=True)
    plt.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "svg.hashsalt": "gate"})
    grey, green, red = "#9aa0a6", "#2a7f62", "#c0392b"

    drawn = [part for part in PARTS if any(gate.observable(f.right.fits[PARTS.index(part)]) for f in findings)]
    figure, axes = plt.subplots(1, len(drawn), figsize=(2.5 * len(drawn), 2.6), squeeze=False)
    for axis, part in zip(axes[0], drawn, strict=True):
        index, scale = PARTS.index(part), 1.0 if part == "time" else 100.0
        seen = [f for f in findings if gate.observable(f.right.fits[index])]
        reach = 1.5 if part == "time" else 1.8
        bins = np.linspace(-reach, reach, 73)
        axis.hist(np.clip([scale * f.right.fits[index].value for f in seen], -reach, reach), bins, color=green)
        names = ("off by one",) if part == "time" else (f"{part} +1 %", f"{part} -1 %")
        wrong = [scale * f.faulty[name].fits[index].value for name in names for f in seen]
        axis.hist(np.clip(wrong, -reach, reach), bins, color=red, alpha=0.7)
        for side in (-1, 1):
            axis.axvline(side * scale * gate.TOLERANCES[part], color="black", linewidth=0.8, linestyle="--")
        axis.set_title(f"{part} ({len(seen)} clips)")
        axis.set_xlabel("frames" if part == "time" else "per cent")
        axis.set_yticks([])
    figure.suptitle("Fitted correction: right annotations (green), and off by 1 % or one frame (red)", fontsize=9)
    figure.tight_layout()
    figure.savefig(folder / "gate_corrections.png", dpi=110)
    plt.close(figure)

    figure, axis = plt.subplots(figsize=(7.5, 3.4))
    rows = ["right", *GROSS]
    for height, name in enumerate(reversed(rows)):
        here = [f for f in findings if name == "right" or f.shown[name]]
        verdicts = [f.right if name == "right" else f.faulty[name] for f in here]
        ratio = [v.residual_px / max(v.residual_limit_px, 1e-9) for v in verdicts]
        jitter = np.linspace(-0.3, 0.3, len(ratio)) if len(ratio) > 1 else np.zeros(len(ratio))
        colours = [green if name == "right" else (grey if v.passed else red) for v in verdicts]
        axis.scatter(np.maximum(ratio, 0.01), height + jitter, s=5, c=colours, linewidths=0)
    axis.axvline(1.0, color="black", linewidth=0.8, linestyle="--")
    axis.set_xscale("log")
    axis.set_yticks(range(len(rows)), list(reversed(rows)))
    axis.set_xlabel("median residual / its limit (clips whose move shows the fault; red: caught, grey: missed)")
    figure.tight_layout()
    figure.savefig(folder / "gate_residuals.png", dpi=110)
    plt.close(figure)

    figure, axis = plt.subplots(figsize=(5.2, 3.2))
    for part in GAINS:
        curves = [f.caught[part] for f in findings if part in f.caught]
        if curves:
            axis.plot(
                (0, *SWEEP), (0, *(100 * np.mean(curves, axis=0))), "o-", markersize=3, label=f"{part} ({len(curves)})"
            )
    axis.axhline(95, color="black", linewidth=0.6, linestyle=":")
    axis.set_xlabel("size of the gain that is wrong, per cent")
    axis.set_ylabel("caught, per cent")
    axis.legend(frameon=False, title="clips that show it")
    figure.tight_layout()
    figure.savefig(folder / "gate_power.png", dpi=110)
    plt.close(figure)


def main() -> None:
    """Examine a set, print the tables and draw the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", type=Path, help="folder of a built set")
    parser.add_argument("--figures", type=Path, help="folder for three PNG figures")
    parser.add_argument("--recheck", action="store_true", help="decode the videos and follow the corners again")
    parser.add_argument("--workers", type=int, default=1)
    arguments = parser.parse_args()
    with ProcessPoolExecutor(arguments.workers) as pool:
        findings = list(pool.map(partial(examine, recheck=arguments.recheck), clips(arguments.set), chunksize=4))
    print("\n".join(tables(findings)))
    if arguments.figures:
        figures(findings, arguments.figures)


if __name__ == "__main__":
    main()
