#!/bin/bash
# Runs in each space of the team at each start, after everything else of [editor].
mkdir -p "${HOME}/scratch"
