#!/bin/sh
# Compares `nomogram serve` with FastAPI and MLServer on this machine, one after the other: requests a second
# and processor time of one row of the demo model. Needs wrk (Debian's package).
#
#   benches/serve/peers.sh PROGRAM VENV
#
# PROGRAM is the program `nomogram`; VENV a Python with the packages of peers.txt:
#   python3 -m venv VENV && VENV/bin/pip install -r benches/serve/peers.txt
set -e
here=$(dirname "$0")
"$2/bin/python" "$here/peers.py" fastapi "$2"
"$2/bin/python" "$here/peers.py" mlserver "$2"
"$here/predict.py" "$1" serve --connections 16
