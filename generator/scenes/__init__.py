"""Scene families and the engine that turns them into splats."""
