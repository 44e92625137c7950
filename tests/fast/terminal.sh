#!/usr/bin/env bash
# The prompt as a person uses it, through a pseudo-terminal (terminal.py). usage: terminal.sh DEPOT
exec python3 "$(dirname "$0")/terminal.py" "$@"
