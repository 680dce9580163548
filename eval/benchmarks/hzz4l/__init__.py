"""The benchmark of the H → ZZ* → 4ℓ selection: three notes, their gold file, a hand-written event loop."""
