"""The scenarios, one file for each thing that an operator does. A scenario's name is the sentence it proves."""

import importlib
import pkgutil


def find(name: str):
    """The scenario called `name`."""
    for module in pkgutil.iter_modules(__path__):
        scenario = getattr(importlib.import_module(f"{__name__}.{module.name}"), name, None)
        if scenario:
            return scenario
    raise SystemExit(f"there is no scenario {name} in tests/browser/scenarios")
