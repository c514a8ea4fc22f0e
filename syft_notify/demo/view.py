"""What the page shows, as JSON documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from syft_notify.demo.actions import Actions
from syft_notify.sandbox.mailboxes import Mail

_HEALTH = (
    "polls", "sent", "pending", "failed", "last_poll", "last_good_poll", "interval_seconds", "problems",
)  # fmt: skip


def headline(mail: Mail) -> str:
    """A mail's title: the first line of its text part."""
    return next(iter(mail.text.lstrip().splitlines()), mail.subject)


def conversations(mails: Sequence[Mail]) -> list[dict[str, Any]]:
    """The mails by conversation; what heard something last comes first, its mails oldest first."""
    threads: dict[str, list[Mail]] = {}
    for mail in mails:
        threads.setdefault(mail.thread_id, []).append(mail)
    latest_first = sorted(threads.items(), key=lambda item: item[1][-1].at, reverse=True)
    return [
        {"id": thread_id, "subject": thread[0].subject, "mails": [_line(mail) for mail in thread]}
        for thread_id, thread in latest_first
    ]


def _line(mail: Mail) -> dict[str, Any]:
    return {"id": mail.id, "headline": headline(mail), "at": mail.at.isoformat()}


def opened(mail: Mail) -> dict[str, Any]:
    """One mail, but its HTML, which goes into a frame of its own."""
    return {
        "subject": mail.subject,
        "from": mail.header("From"),
        "to": mail.header("To"),
        "at": mail.at.isoformat(),
        "headers": [[name, str(value)] for name, value in mail.message.items()],
        "text": mail.text,
    }


def people(actions: Actions) -> dict[str, Any]:
    """Who is there, and what can be done now."""
    return {
        "open": actions.is_open,
        "owner": actions.owner.email,
        "scientists": [{"email": email, "peer": email in actions.peers} for email in list(actions.scientists)],
        "jobs": [
            {"id": job.id, "ds": job.ds, "name": job.name, "state": job.state.value, "acts": job.acts}
            for job in list(actions.jobs)
        ],
        "gmail_works": actions.outages.gmail_works,
        "token_lives": actions.outages.token_lives,
    }


def daemon(health: Mapping[str, Any]) -> dict[str, Any]:
    """How the service does, from its health report; `state` is one word for it."""
    needs_person = [text for text in health.get("tokens", {}).values() if text]
    problems = health.get("problems", [])
    if not health:
        state = "starting"
    elif needs_person:
        state = "blocked"
    else:
        state = "troubled" if problems or health.get("undelivered") or health.get("failed") else "well"
    return {"state": state, "needs_person": needs_person, **{key: health[key] for key in _HEALTH if key in health}}
