"""Papers of our own with gold annotations, and published numbers that the analyses must reproduce."""

from pathlib import Path

FOLDER = Path(__file__).parent
HZZ4L = FOLDER / "hzz4l"
OPENDATA4L = FOLDER / "opendata4l"
