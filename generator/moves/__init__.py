"""Camera moves: what may be asked for, drawn and obeyed. `MOVES` has them all by name."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from camera_motion.generator.moves.base import Expected as Expected
from camera_motion.generator.moves.base import MoveType as MoveType
from camera_motion.generator.moves.compound import AtOnce, Sequence
from camera_motion.generator.moves.elementary import ELEMENTARY, Static
from camera_motion.generator.moves.handheld import Handheld
from camera_motion.generator.moves.replay import Replay
from camera_motion.generator.moves.wander import SixDof, Spline
from camera_motion.schema.base import SpecError
from camera_motion.schema.plan import MoveRequest

_SIMPLE: Final[dict[str, MoveType]] = {move.name: move for move in ELEMENTARY}
_FREE: Final[tuple[MoveType, ...]] = (Spline(), Replay(), Handheld(_SIMPLE))
_PARTS: Final[dict[str, MoveType]] = _SIMPLE | {move.name: move for move in _FREE}

#: Every kind of move.
MOVES: Final[Mapping[str, MoveType]] = MappingProxyType(
    {"static": Static(), **_PARTS, "sequence": Sequence(_PARTS), "at_once": AtOnce(_PARTS), "six_dof": SixDof()}
)


def check(request: MoveRequest) -> None:
    """Raise SpecError unless `request` names a move and makes sense of itself, whatever the scene."""
    if request.move not in MOVES:
        raise SpecError(f"move {request.move!r} is unknown; choose one of {', '.join(MOVES)}")
    MOVES[request.move].check(request)
