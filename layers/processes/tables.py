"""The tables of jobs and of what came out of them; they are no layer."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    func,
)
from sqlalchemy import Text as SqlText
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from layers.base import Base, choice

STATUSES = ("accepted", "running", "successful", "failed", "dismissed")


class ProcessJob(Base):
    __tablename__ = "process_jobs"
    __table_args__ = (Index("ix_process_jobs_status_number", "status", "number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(
        BigInteger, Identity(always=True), comment="Order in which jobs were accepted"
    )
    process: Mapped[str] = mapped_column(SqlText, comment="Process")
    status: Mapped[str] = mapped_column(choice("status", *STATUSES), comment="What has become of it")
    progress: Mapped[int] = mapped_column(SmallInteger, server_default="0", comment="How far it is, percent")
    message: Mapped[str | None] = mapped_column(SqlText, comment="What is being done, or why it failed")
    error: Mapped[str | None] = mapped_column(SqlText, comment="Class of the error that it failed with")
    inputs: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="Inputs, checked and with their defaults")
    outputs: Mapped[dict[str, Any]] = mapped_column(
        JSONB, comment="How each output that was asked for is transmitted"
    )
    response: Mapped[str] = mapped_column(
        choice("response", "raw", "document"), comment="How the results are given"
    )
    subscriber: Mapped[dict[str, Any] | None] = mapped_column(
        JSONB(none_as_null=True), comment="Addresses that are told of the job"
    )
    waited_for: Mapped[bool] = mapped_column(Boolean, comment="Whether a client waits for the answer")
    asker: Mapped[str] = mapped_column(SqlText, comment="Digest of whose jobs are counted together")
    account: Mapped[str | None] = mapped_column(
        SqlText, comment="Account that it belongs to; null where anybody may see it"
    )
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0", comment="How often it was begun")
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.clock_timestamp(), comment="When it was accepted (UTC)"
    )
    started_at: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True), comment="When it was begun last (UTC)"
    )
    updated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.clock_timestamp(), comment="When it last changed (UTC)"
    )
    finished_at: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True), comment="When it ended (UTC)"
    )


class ProcessOutput(Base):
    __tablename__ = "process_outputs"

    job_id: Mapped[UUID] = mapped_column(
        ForeignKey(
            f"{Base.metadata.schema}.process_jobs.id",
            name="fk_process_outputs_job_id_process_jobs",
            ondelete="CASCADE",
        ),
        primary_key=True,
        comment="Job",
    )
    name: Mapped[str] = mapped_column(SqlText, primary_key=True, comment="Output")
    media_type: Mapped[str] = mapped_column(SqlText, comment="Its media type")
    content: Mapped[bytes] = mapped_column(LargeBinary, comment="Its value, encoded by its media type")
