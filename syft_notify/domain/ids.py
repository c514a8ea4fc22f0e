"""What an event is about: identities that are equal only if all their parts are."""

from __future__ import annotations

import hashlib
import json
from dataclasses import astuple, dataclass

from syft_notify.domain.kinds import Kind


@dataclass(frozen=True, slots=True)
class JobId:
    """A job name in its namespace.

    `folder` is the address of the DS whose folder the client puts the job into; it is empty in J0, where the jobs of
    all DSs share one folder.
    """

    folder: str
    name: str


@dataclass(frozen=True, slots=True)
class SubmissionId:
    """One sending of a job.

    `mark` tells it from the next one of the same name. `sender` is the account of the DS who is proven to have sent it;
    it is empty while nobody is.
    """

    job: JobId
    mark: str
    sender: str = ""


@dataclass(frozen=True, slots=True)
class MessageId:
    """A message on Drive of which nobody could read what job is in it, by the id of its file."""

    file: str


@dataclass(frozen=True, slots=True)
class PeerId:
    """A DS by account. Not `proven` is one of whose folder Drive hides the owner: somebody else may have made it."""

    account: str
    proven: bool = True


Subject = SubmissionId | MessageId | PeerId


@dataclass(frozen=True, slots=True)
class EventId:
    """Something that happened once to its subject.

    `run` tells one finished run of a job from the next, and one change of its code from the next.
    """

    about: Subject
    kind: Kind
    run: str = ""


@dataclass(frozen=True, slots=True)
class ConversationId:
    """All that one recipient hears about one subject."""

    recipient: str
    about: Subject


Identity = Subject | EventId | ConversationId


def text_of(identity: Identity) -> str:
    """The identity as text. Two identities have the same text only if they are equal."""
    return json.dumps([type(identity).__name__, *_parts(identity)], ensure_ascii=True, separators=(",", ":"))


def digest_of(identity: Identity, *more: str) -> str:
    """24 hexadecimal digits that stand for the identity and the texts that follow."""
    text = json.dumps([text_of(identity), *more], ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _parts(identity: Identity) -> list[object]:
    if isinstance(identity, EventId):
        return [text_of(identity.about), identity.kind.value, identity.run]
    if isinstance(identity, ConversationId):
        return [identity.recipient, text_of(identity.about)]
    return list(astuple(identity))
