"""All templates of the phrasebook."""

from charseq.corpus.phrasebook.assembly import Template
from charseq.corpus.phrasebook.templates import (
    actions,
    descriptions,
    doings,
    having,
    numbers,
    objects,
    places,
)

TEMPLATES: tuple[Template, ...] = (
    *actions.TEMPLATES,
    *objects.TEMPLATES,
    *doings.TEMPLATES,
    *descriptions.TEMPLATES,
    *having.TEMPLATES,
    *places.TEMPLATES,
    *numbers.TEMPLATES,
)
