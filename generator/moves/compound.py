"""Several moves in one clip: one after another, or at once."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Final

import numpy as np

from camera_motion.generator.moves.base import Expected, MoveType, Scope, Stance, check_fields
from camera_motion.generator.moves.elementary import Leg, shortened
from camera_motion.generator.moves.handheld import Handheld
from camera_motion.generator.paths import Course, Start, VideoShape, advance, orbit, still
from camera_motion.schema.base import SpecError
from camera_motion.schema.plan import MoveRequest

_ORBITS: Final = ("arc", "crane")
#: What alone may go with a move that keeps a point in the picture: itself, and what leaves that point alone.
_BESIDE: Final = {
    "arc": (*_ORBITS, "zoom", "roll", "handheld"),
    "crane": (*_ORBITS, "zoom", "roll", "handheld"),
    "dolly_zoom": ("dolly_zoom", "roll", "handheld"),
}
#: Two moves that together are a third: a truck with a pan against it circles a point, and so on.
_SAME_AS: Final = {
    frozenset({"truck_right", "pan_left"}): "arc_right",
    frozenset({"truck_left", "pan_right"}): "arc_left",
    frozenset({"pedestal_up", "tilt_down"}): "crane_up",
    frozenset({"pedestal_down", "tilt_up"}): "crane_down",
    frozenset({"dolly_in", "zoom_out"}): "dolly_zoom_in",
    frozenset({"dolly_out", "zoom_in"}): "dolly_zoom_out",
}


@dataclass(frozen=True)
class Piece:
    """One part: the parameters of a move of that name."""

    move: str
    params: Any


@dataclass(frozen=True)
class Pieces:
    """All parts of a compound."""

    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Sequence:
    """One move after another without a cut, each with its own ease, in about equal times."""

    moves: Mapping[str, MoveType]
    name: str = "sequence"

    def check(self, request: MoveRequest) -> None:
        """Raise SpecError for fewer than two parts, or a part that cannot be one."""
        _check_parts(request, self.moves)

    def stance(self, request: MoveRequest) -> Stance:
        """Start as suits all parts."""
        return _stance(request, self.moves)

    def rand(self, rng: np.random.Generator, request: MoveRequest, scope: Scope) -> Pieces:
        """Share out the time, then draw each part where the one before it ends, in this direction and the opposite.

        Raises:
            Rejected: a part has no room or no time.
        """
        shares = np.cumsum(rng.uniform(0.8, 1.25, len(request.parts)))
        cuts = np.round(scope.begin + (scope.end - scope.begin) * np.append(0.0, shares / shares[-1])).astype(int)
        starts = (scope.starts[0], scope.starts[-1])
        pieces = []
        for part, begin, end in zip(request.parts, cuts[:-1], cuts[1:], strict=True):
            move = self.moves[part.move]
            # Parts that start and stop slowly join without a jerk.
            eased = part if part.ease else replace(part, ease="smooth")
            params = move.rand(rng, eased, replace(scope, starts=starts, begin=int(begin), end=int(end)))
            pieces.append(Piece(part.move, params))
            here = move.course(params, starts[0], scope.video)
            there = move.course(move.opposite(params), starts[1], scope.video)
            starts = (advance(starts[0], here), advance(starts[1], there))
        return Pieces(tuple(pieces))

    def course(self, params: Pieces, start: Start, video: VideoShape) -> Course:
        """Join the parts: each departs from where, and whither, the one before it left the camera."""
        total, here = still(video.frames), start
        for piece in params.pieces:
            course = self.moves[piece.move].course(piece.params, here, video)
            total += course.seen_from(here.heading_deg - start.heading_deg)
            here = advance(here, course)
        return total

    def opposite(self, params: Pieces) -> Pieces:
        """Mirror every part."""
        return _opposite(params, self.moves)

    def expected(self, params: Pieces) -> Expected:
        """All that the parts measure as."""
        return _expected(params, self.moves)


@dataclass(frozen=True)
class AtOnce:
    """Several moves over the same time."""

    moves: Mapping[str, MoveType]
    name: str = "at_once"

    def check(self, request: MoveRequest) -> None:
        """Raise SpecError for parts that exclude each other."""
        _check_parts(request, self.moves)
        families = [part.move for part in request.parts]
        for family in families:
            if families.count(family) > 1:
                raise SpecError(f"at_once has {family} twice; ask for it once")
            for other in families:
                if other not in _BESIDE.get(family, families):
                    allowed = ", ".join(_BESIDE[family])
                    raise SpecError(f"at_once has {family} with {other}; beside {family} only {allowed} can go")

    def stance(self, request: MoveRequest) -> Stance:
        """Start as suits all parts."""
        return _stance(request, self.moves)

    def rand(self, rng: np.random.Generator, request: MoveRequest, scope: Scope) -> Pieces:
        """Draw every part; all take the time of the one with the least room, and one ease unless they ask for theirs.

        Raises:
            Rejected: a part has no room or no time.
        """
        drawn = []
        for part in request.parts:
            move = self.moves[part.move]
            drawn.append(move.overlay(rng, part, scope) if isinstance(move, Handheld) else move.rand(rng, part, scope))
        legs = [params for params in drawn if isinstance(params, Leg)]
        if not legs:
            return Pieces(tuple(Piece(part.move, params) for part, params in zip(request.parts, drawn, strict=True)))
        briefest = min(legs, key=lambda leg: leg.timing.end - leg.timing.begin)
        begin, end = briefest.timing.begin, briefest.timing.end
        pieces = []
        for part, params in zip(request.parts, drawn, strict=True):
            if isinstance(params, Leg):
                own = params.timing if part.ease else legs[0].timing
                params = replace(shortened(params, begin, end), timing=replace(own, begin=begin, end=end))
            pieces.append(Piece(part.move, params))
        return Pieces(tuple(pieces))

    def course(self, params: Pieces, start: Start, video: VideoShape) -> Course:
        """Add the parts; arc and crane together circle their point in one."""
        total, angles = still(video.frames), {family: np.zeros(video.frames) for family in _ORBITS}
        for piece in params.pieces:
            if piece.move in _ORBITS:
                angles[piece.move] = piece.params.magnitude * piece.params.timing.progress(video.frames)
            else:
                total += self.moves[piece.move].course(piece.params, start, video)
        return total + orbit(start, angles["arc"], angles["crane"])

    def opposite(self, params: Pieces) -> Pieces:
        """Mirror every part."""
        return _opposite(params, self.moves)

    def expected(self, params: Pieces) -> Expected:
        """All that the parts measure as; or the one move that two of them make together."""
        expected = _expected(params, self.moves)
        also = tuple(
            (found - pair) | {whole}
            for found in expected.primitives
            for pair, whole in _SAME_AS.items()
            if pair <= found
        )
        return replace(expected, primitives=expected.primitives + also)


def _check_parts(request: MoveRequest, moves: Mapping[str, MoveType]) -> None:
    check_fields(request)
    if len(request.parts) < 2:
        raise SpecError(f"{request.move} has {len(request.parts)} parts; it needs at least two")
    for part in request.parts:
        if part.move not in moves:
            raise SpecError(f"{request.move} has the part {part.move!r}; choose among {', '.join(moves)}")
        moves[part.move].check(part)


def _stance(request: MoveRequest, moves: Mapping[str, MoveType]) -> Stance:
    stance = Stance()
    for part in request.parts:
        stance |= moves[part.move].stance(part)
    return stance


def _opposite(params: Pieces, moves: Mapping[str, MoveType]) -> Pieces:
    return Pieces(tuple(replace(p, params=moves[p.move].opposite(p.params)) for p in params.pieces))


def _expected(params: Pieces, moves: Mapping[str, MoveType]) -> Expected:
    parts = [moves[piece.move].expected(piece.params) for piece in params.pieces]
    steadiness = next((part.steadiness for part in parts if part.steadiness), "")
    if not all(part.primitives for part in parts):
        return Expected(steadiness=steadiness)
    unions = tuple(frozenset().union(*choice) for choice in product(*(part.primitives for part in parts)))
    return Expected(unions, steadiness=steadiness)
