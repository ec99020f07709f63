"""The Code Editor lifecycle script: pure functions from `[editor]` to bash."""
