"""What the end of a validation means for the session."""

from __future__ import annotations

from datetime import UTC, datetime

from quantscope.gui.job import Job
from quantscope.jobs import messages
from quantscope.session.session import Session
from quantscope.session.validations import ValidationRun, with_run


def attach_validated(session: Session, job: Job, result: messages.Result) -> bool:
    """Keep a validation with the session; whether there was one."""
    if not isinstance(result, messages.Validated):
        return False
    assert isinstance(job.request, messages.Validate)
    run = ValidationRun(
        fingerprint=session.document.fingerprint,
        settings=job.settings if job.request.export is not None else None,
        when=datetime.now(UTC).isoformat(timespec="seconds"),
        validation=result.validation,
    )
    session.attach_validations(with_run(session.validations, run))
    return True
