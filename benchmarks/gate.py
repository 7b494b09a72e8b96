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
from camera_motion.evaluation.fit import Fit, Noise, fit_part, residuals
from camera_motion.evaluation.gate import Verdict
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
class Trial:
    """What the gate said of one fault in one clip.

    `shown`: whether the move shows it. `ratio`: the median residual by its limit. `value`: the fitted part that is at
    fault, where it is one.
    """

    caught: bool
    shown: bool
    ratio: float
    value: float


@dataclass(frozen=True)
class Finding:
    """Verdicts on one clip: with its own annotation, with every fault, and with gains of every size of `SWEEP`."""

    key: str
    motion: str
    right: Verdict
    trials: dict[str, Trial]
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
    right = gate.judge(clip.tracks, clip.trajectory, clip.size)
    trials = {name: _trial(clip, right, name) for name in FAULTS} if len(clip.tracks) else {}
    caught = {}
    for found in right.fits:
        if found.part in GAINS and gate.observable(found):
            caught[found.part] = [
                float(np.mean([_caught(_gain(clip, found.part, sign * size_pct / 100)) for sign in (1, -1)]))
                for size_pct in SWEEP
            ]
    again = gate.recheck(clip.video, clip.tracks.array(), clip.trajectory) if recheck else None
    return Finding(clip.key, clip.motion, right, trials, caught, again)


def _trial(clip: Clip, right: Verdict, name: str) -> Trial:
    """Put one fault into a clip; the gate's full verdict is asked for only where its quickest reason is not enough."""
    wrong = FAULTS[name](clip.trajectory)
    left, before = (residuals(clip.tracks, path, clip.size) for path in (wrong, clip.trajectory))
    ratio = float(np.median(np.linalg.norm(left, axis=1))) / max(right.residual_limit_px, 1e-9)
    part = "time" if name == "off by one" else name.split()[0]
    if part in PARTS:
        found = fit_part(clip.tracks, wrong, clip.size, part, gate.pixel_of(clip.size), Noise())
        shown = gate.observable(right.fits[PARTS.index(part)])
        quick = _caught(found)
        value = found.value
    else:
        shown = float(np.median(np.linalg.norm(left - before, axis=1))) >= SHOWS_PX
        quick = ratio > 1
        value = 0.0
    return Trial(quick or not gate.judge(clip.tracks, wrong, clip.size).passed, shown, ratio, value)


def _gain(clip: Clip, part: str, share: float) -> Fit:
    wrong = corrected(clip.trajectory, Correction(**{part: share}))
    return fit_part(clip.tracks, wrong, clip.size, part, gate.pixel_of(clip.size), Noise())


def _caught(found: Fit) -> bool:
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
        trials = [f.trials[name] for f in findings if f.trials]
        here = [trial.caught for trial in trials if trial.shown]
        there = [trial.caught for trial in trials if not trial.shown]
        share = f"{100 * np.mean(here):.1f} %" if here else "-"
        yield f"| {name} | {len(here)} | {share} | {len(there)} | {sum(there)} |"
    yield ""
    for finding in findings:
        if not finding.right.passed:
            yield f"rejected though right: {finding.key} ({finding.motion}): {'; '.join(finding.right.reasons)}"
        missed = [name for name, trial in finding.trials.items() if trial.shown and not trial.caught]
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
        wrong = [scale * f.trials[name].value for name in names for f in seen]
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
        if name == "right":
            ratio = [f.right.residual_px / max(f.right.residual_limit_px, 1e-9) for f in findings]
            colours = [green] * len(ratio)
        else:
            trials = [f.trials[name] for f in findings if f.trials and f.trials[name].shown]
            ratio = [trial.ratio for trial in trials]
            colours = [red if trial.caught else grey for trial in trials]
        jitter = np.linspace(-0.3, 0.3, len(ratio)) if len(ratio) > 1 else np.zeros(len(ratio))
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
