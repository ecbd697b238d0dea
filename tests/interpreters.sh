#!/usr/bin/env bash
# Every working Python >= 3.11 of another minor version than $1, one path a line: on the PATH, or kept by pyenv.
own=$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
versions=$(pyenv root 2>/dev/null || echo "$HOME/.pyenv")/versions
for minor in 3.11 3.12 3.13 3.14; do
    [ "$minor" = "$own" ] && continue
    for candidate in "python$minor" "$versions/$minor".*/bin/python; do
        if "$candidate" -c 'import venv' 2>/dev/null; then
            command -v "$candidate"
            break
        fi
    done
done
