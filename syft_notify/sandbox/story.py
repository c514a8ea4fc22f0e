"""The story of the demo: what a scientist and an owner do, step by step, and which mails each step must bring."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from syft_notify.sandbox.actors import Owner, Scientist

AVERAGE = '''"""Average age of the patients."""

import csv
import statistics

ROWS = "age\\n34\\n51\\n47\\n29\\n"


def average_age(table: str) -> float:
    return statistics.mean(int(row["age"]) for row in csv.DictReader(table.splitlines()))


print(f"average age: {average_age(ROWS):.2f}")
'''

MODEL = {
    "main.py": '''"""Fit a line through the points of model/points.py."""

from model.points import POINTS
from model.line import fit

slope, offset = fit(POINTS)
print(f"y = {slope:.3f} x + {offset:.3f}")
''',
    "model/__init__.py": "",
    "model/line.py": '''def fit(points):
    """Least squares, by hand."""
    n = len(points)
    mean_x = sum(x for x, _ in points) / n
    mean_y = sum(y for _, y in points) / n
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)
    return slope, mean_y - slope * mean_x
''',
    "model/points.py": 'POINTS = open("../../../private/points.csv").read()\n',
}

EXPORT = '''"""Copy every record."""

print(open("patients.csv").read())
'''

Mail = tuple[str, str]


@dataclass(frozen=True)
class Step:
    """What people do, and the (recipient, headline) of each mail that it must cause."""

    title: str
    acts: tuple[Callable[[], object], ...]
    mails: tuple[Mail, ...]


_AVERAGE_JOB, _MODEL_JOB, _EXPORT_JOB = "average age", "risk_model", "export_all"


def steps(ds: Scientist, do: Owner, now: Callable[[], datetime]) -> Iterator[Step]:
    """From the first request to the last result."""
    yield from _arrivals(ds, do, now)
    yield from _decisions(ds, do, now)


def _arrivals(ds: Scientist, do: Owner, now: Callable[[], datetime]) -> Iterator[Step]:
    yield Step("Nothing has happened yet.", (), ())
    yield Step(
        f"{ds.email} asks to work with {do.email}.",
        (lambda: ds.ask(do.email),),
        ((do.email, f"New peer request from {ds.email}"), (ds.email, f"Peer request sent to {do.email}")),
    )
    yield Step(
        "The owner accepts.", (lambda: do.accept(ds.email),), ((ds.email, f"Peer request accepted by {do.email}"),)
    )
    yield Step(
        "The scientist submits a python job.",
        (lambda: ds.submit(do.email, _AVERAGE_JOB, {"main.py": AVERAGE}, "main.py", now()),),
        _submitted(_AVERAGE_JOB, ds.email, do.email),
    )
    yield Step(
        "The scientist submits a folder job.",
        (lambda: ds.submit(do.email, _MODEL_JOB, MODEL, "main.py", now()),),
        _submitted(_MODEL_JOB, ds.email, do.email),
    )
    yield Step(
        "A third job is synced by the owner's client before syft-notify polls.",
        (lambda: ds.submit(do.email, _EXPORT_JOB, {"main.py": EXPORT}, "main.py", now()), do.sync),
        _submitted(_EXPORT_JOB, ds.email, do.email),
    )


def _decisions(ds: Scientist, do: Owner, now: Callable[[], datetime]) -> Iterator[Step]:
    yield Step(
        "The owner approves the python job and runs it.",
        (lambda: do.approve(ds.email, _AVERAGE_JOB, now()), lambda: do.run(ds.email, _AVERAGE_JOB, now())),
        ((ds.email, f"Job approved: {_AVERAGE_JOB}"), (ds.email, f"Job completed: {_AVERAGE_JOB}")),
    )
    yield Step(
        "The owner approves the folder job; it fails.",
        (lambda: do.approve(ds.email, _MODEL_JOB, now()), lambda: do.run(ds.email, _MODEL_JOB, now())),
        (
            (ds.email, f"Job approved: {_MODEL_JOB}"),
            (do.email, f"Job failed: {_MODEL_JOB}"),
            (ds.email, f"Job failed: {_MODEL_JOB}"),
        ),
    )
    yield Step(
        "The owner rejects the third job.",
        (lambda: do.reject(ds.email, _EXPORT_JOB, "It copies raw records. Please send aggregates only.", now()),),
        ((ds.email, f"Job rejected: {_EXPORT_JOB}"),),
    )
    yield Step("Nothing new happens.", (), ())


def _submitted(job: str, ds: str, do: str) -> tuple[Mail, ...]:
    return ((do, f"New job: {job} from {ds}"), (ds, f"Job submitted: {job}"))
