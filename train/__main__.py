"""`accelerate launch -m firsthand.train reward CONFIG --data DIR --out DIR`."""

import sys

from firsthand.cli import main

sys.exit(main(["train", *sys.argv[1:]]))
