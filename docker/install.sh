#!/bin/sh
# Installs charseq's service with the light runtime, and nothing else, into a folder of its own.
# The Dockerfile runs this, and so does a test. Usage: install.sh SOURCE FOLDER
set -eu
source=$1
folder=$2
"${PYTHON:-python3}" -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --no-cache-dir --disable-pip-version-check \
	--constraint "$source/constraints.txt" "$source[serve]"
# What only installing needs.
"$folder/bin/python" -m pip uninstall --quiet --yes setuptools pip
find "$folder" -type d \( -name tests -o -name test \) -path '*/site-packages/*' -prune -exec rm -rf {} +
