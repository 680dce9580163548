"""Every way cutbook can fail, as one tree.

    CutbookError                     code                     exit  http
    ├── InputError                   input_invalid            2     422   what was given is wrong
    │   ├── IdentifierError          identifier_invalid       2     422
    │   ├── SourceError              source_unreadable        2     422   broken archive, empty PDF, …
    │   │   ├── UnsafeArchiveError   archive_unsafe           2     422
    │   │   └── NoTextError          source_without_text      2     422
    │   ├── VocabularyError          vocabulary_invalid       2     422
    │   ├── CriteriaError            criteria_invalid         2     422
    │   ├── ProfileError             profile_invalid          2     422
    │   └── DataError                data_unreadable          2     422   truncated ROOT file, no ROOT file, …
    ├── NotFoundError                not_found                3     404
    │   ├── PaperNotFoundError       paper_not_found          3     404
    │   ├── CutNotFoundError         cut_not_found            3     404
    │   ├── DatasetNotFoundError     dataset_not_found        3     404
    │   ├── AnalysisNotFoundError    analysis_not_found       3     404
    │   └── JobNotFoundError         job_not_found            3     404
    ├── UnreachableError             source_unreachable       4     502   arXiv, INSPIRE, GROBID, Qdrant …
    │   └── AnswerError              answer_unusable          4     502   a language model, with what is no answer
    ├── RefusedError                 refused                  5     409   we could, but will not
    │   ├── EvidenceError            evidence_missing         5     409   a cut whose words are not in its paper
    │   ├── SandboxError             sandbox_unavailable      5     503
    │   └── HomeInUseError           home_in_use              5     409   another process has this CUTBOOK_HOME open
    └── FaultError                   fault                    1     500   ours
        └── AnalysisError            analysis_failed          1     500   generated code broke while running

A message says what is wrong and where; the hint says what to do next.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar


class CutbookError(Exception):
    """Carry a stable `code`, a message, a hint and, for structured input, the path of the offending element."""

    code: ClassVar[str] = "error"
    exit_status: ClassVar[int] = 1
    http_status: ClassVar[int] = 500

    def __init__(self, message: str, *, hint: str = "", path: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.path = path

    @classmethod
    def of(cls, code: str, message: str, *, hint: str = "") -> CutbookError:
        """Return the error of this code; a fault for a code that the tree does not have.

        >>> CutbookError.of("paper_not_found", "no such paper")
        PaperNotFoundError('no such paper')
        """
        kinds = [cls]
        for kind in kinds:
            kinds.extend(kind.__subclasses__())
        return next((kind for kind in kinds if kind.code == code), FaultError)(message, hint=hint)


class InputError(CutbookError):
    """What was given is wrong."""

    code = "input_invalid"
    exit_status = 2
    http_status = 422


class IdentifierError(InputError):
    """The text is no identifier of a paper."""

    code = "identifier_invalid"


class SourceError(InputError):
    """A paper's file cannot be read."""

    code = "source_unreadable"


class UnsafeArchiveError(SourceError):
    """An archive holds links, devices, absolute paths or too much."""

    code = "archive_unsafe"


class NoTextError(SourceError):
    """A paper's file is readable but holds no text."""

    code = "source_without_text"


class VocabularyError(InputError):
    """A vocabulary file breaks its own rules."""

    code = "vocabulary_invalid"


class CriteriaError(InputError):
    """Selection criteria contradict the SSC schema or themselves."""

    code = "criteria_invalid"


class ProfileError(InputError):
    """A dataset profile breaks its rules; the message names file and line."""

    code = "profile_invalid"


class DataError(InputError):
    """A data file or folder cannot be read."""

    code = "data_unreadable"


class NotFoundError(CutbookError):
    """What was asked for does not exist."""

    code = "not_found"
    exit_status = 3
    http_status = 404


class PaperNotFoundError(NotFoundError):
    """The paper is neither in the knowledge base nor, if asked, at its source."""

    code = "paper_not_found"


class CutNotFoundError(NotFoundError):
    """No cut has this id."""

    code = "cut_not_found"


class DatasetNotFoundError(NotFoundError):
    """No dataset has this name and no folder this path."""

    code = "dataset_not_found"


class AnalysisNotFoundError(NotFoundError):
    """No analysis has this id."""

    code = "analysis_not_found"


class JobNotFoundError(NotFoundError):
    """No job has this id."""

    code = "job_not_found"


class UnreachableError(CutbookError):
    """A service did not answer."""

    code = "source_unreachable"
    exit_status = 4
    http_status = 502


class AnswerError(UnreachableError):
    """A language model answered what cannot be used."""

    code = "answer_unusable"


class RefusedError(CutbookError):
    """The request is understood and will not be carried out."""

    code = "refused"
    exit_status = 5
    http_status = 409


class EvidenceError(RefusedError):
    """A cut's evidence does not hold."""

    code = "evidence_missing"


class SandboxError(RefusedError):
    """No sandbox tier passes its self-test here."""

    code = "sandbox_unavailable"
    http_status = 503


class HomeInUseError(RefusedError):
    """Another process has this home open."""

    code = "home_in_use"


class FaultError(CutbookError):
    """A fault of ours."""

    code = "fault"


class AnalysisError(FaultError):
    """Generated code broke while running."""

    code = "analysis_failed"


def json_path(location: Iterable[int | str]) -> str:
    """Write where in a JSON value an element is.

    >>> json_path(("cuts", 3, "value"))
    '$.cuts[3].value'
    """
    return "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
