"""From (spec, scene plan) to clips: scenes, moves, rendering, captions, encoding."""
