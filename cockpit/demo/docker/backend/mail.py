"""Mail to users: queued by the back end, sent by the worker."""

from __future__ import annotations

import email.message
import email.utils
import json
import smtplib

import settings
import store

MAILS = "mails"
"""The list in Redis that the worker takes mails from."""


def queue(receiver: str, subject: str, text: str) -> None:
    """Have the worker send it."""
    store.CACHE.rpush(MAILS, json.dumps({"to": receiver, "subject": subject, "text": text}))


def send(queued: str) -> None:
    """Send one that was queued. Raises OSError; then it goes back into the queue."""
    told = json.loads(queued)
    message = email.message.EmailMessage()
    message["From"], message["To"], message["Subject"] = settings.get("MAIL_FROM"), told["to"], told["subject"]
    message["Message-ID"] = email.utils.make_msgid(domain=settings.get("MAIL_FROM").rpartition("@")[2])
    message.set_content(told["text"])
    try:
        with smtplib.SMTP(settings.get("SMTP_HOST"), int(settings.get("SMTP_PORT")), timeout=3) as server:
            server.send_message(message)
    except OSError:
        store.CACHE.rpush(MAILS, queued)
        raise
