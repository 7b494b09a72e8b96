"""Batches to train a camera-controlled model on, and a run that goes on where it was stopped.

    python examples/train_loader.py demo                  # or org/name on the Hub
    python examples/train_loader.py demo --other videos/  # 70 % of the clips, 30 % of a folder of any videos

Run it twice: the second run goes on after the batches of the first, which state.json remembers.
"""

import argparse
import json
from pathlib import Path

from camera_motion.builder.torch import ClipLoader, ClipStream, Sampling, mix


def main() -> None:
    """Go through some batches."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", nargs="?", default="demo")
    parser.add_argument("--other", type=Path, help="a folder of videos without cameras")
    parser.add_argument("--frames", type=int, default=9)
    parser.add_argument("--size", type=int, nargs=2, default=(96, 64), metavar=("W", "H"))
    parser.add_argument("--batches", type=int, default=3, help="to go through before stopping")
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--state", type=Path, default=Path("state.json"))
    args = parser.parse_args()

    sampling = Sampling(
        frames=args.frames,
        size=tuple(args.size),
        pixels="signed",  # -1 to 1
        scale="unit",  # the farthest camera of the clip is at distance 1
        rays=8,  # one for every 8 x 8 pixels, as latents want them
    )
    stream = ClipStream(args.source, sampling=sampling, shuffle=64, seed=0)
    if args.other:
        stream = mix(stream, args.other, share=0.7)
    loader = ClipLoader(stream, batch_size=2, num_workers=args.workers)
    if args.state.exists():
        loader.load_state_dict(json.loads(args.state.read_text()))
    for number, batch in enumerate(loader, 1):
        shapes = tuple(batch["frames"].shape), tuple(batch["rays"].shape)
        print(f"epoch {loader.epoch}:", *shapes, batch["key"], batch["has_camera"].tolist())
        args.state.write_text(json.dumps(loader.state_dict()))  # next to the model's weights
        if number == args.batches:
            break


if __name__ == "__main__":
    main()
