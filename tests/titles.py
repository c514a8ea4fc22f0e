"""The first lines of mails, as their templates have them: which mail it is, and about whom, whatever its words are."""

from __future__ import annotations

from importlib.resources import files

from jinja2 import Template


def title(template: str, **names: str) -> str:
    """The first line of the mail that a route's template makes."""
    source = files("syft_notify.mail").joinpath("templates", f"{template}.headline.j2").read_text(encoding="utf-8")
    return Template(source).render(names).strip()


def new_job(job: str, ds: str) -> str:
    return title("job_submitted_do", job=job, ds=ds)


def job_submitted(job: str) -> str:
    return title("job_submitted_ds", job=job)


def job_approved(job: str) -> str:
    return title("job_approved_ds", job=job)


def job_completed(job: str) -> str:
    return title("job_executed_ds", job=job)


def job_failed(job: str) -> str:
    return title("job_failed_ds", job=job)


def job_rejected(job: str) -> str:
    return title("job_rejected_ds", job=job)


def new_request(ds: str) -> str:
    return title("peer_requested_do", ds=ds)


def request_sent(do: str) -> str:
    return title("peer_requested_ds", do=do)


def request_accepted(do: str) -> str:
    return title("peer_granted_ds", do=do)
