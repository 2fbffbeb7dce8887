"""The pictures of the documentation, made anew where CHARSEQ_SCREENSHOTS names their folder."""

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
