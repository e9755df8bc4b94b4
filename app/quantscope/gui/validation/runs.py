"""What the end of a validation means for the session."""

from __future__ import annotations

from quantscope.gui.work.job import Job
from quantscope.jobs import messages
from quantscope.session.session import Session
from quantscope.session.validations import new_run, with_run


def attach_validated(session: Session, job: Job, result: messages.Result) -> bool:
    """Keep a validation with the session; whether there was one."""
    if not isinstance(result, messages.Validated):
        return False
    assert isinstance(job.request, messages.Validate)
    settings = job.settings if job.request.export is not None else None
    run = new_run(session.document, settings, result.validation)
    session.attach_validations(with_run(session.validations, run))
    return True
