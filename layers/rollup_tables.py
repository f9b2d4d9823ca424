"""What detections are rolled up to: counts and frames of whole hours, kept for good.

They belong to no client and are no layer: what is shown is computed from them.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, Boolean, DateTime, Float, Index, Integer
from sqlalchemy import Text as SqlText
from sqlalchemy.orm import Mapped, mapped_column

from layers.base import Base

NO_SEGMENT = ""
"""The segment of what a camera saw away from every road: it counts for the camera all the same."""


class SegmentCount(Base):
    __tablename__ = "segment_counts"
    __table_args__ = (
        # The whole province in a few hours; a corridor over months goes by the primary key.
        Index("ix_segment_counts_hour_at", "hour_at"),
        {"postgresql_partition_by": "RANGE (hour_at)"},
    )

    road_segment_code: Mapped[str] = mapped_column(
        SqlText, primary_key=True, comment="Road segment; empty where none is near enough"
    )
    hour_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), primary_key=True, comment="Beginning of the hour (UTC)"
    )
    camera_code: Mapped[str] = mapped_column(SqlText, primary_key=True, comment="Camera that saw them")
    subject: Mapped[str] = mapped_column(SqlText, primary_key=True, comment="Subject")
    class_name: Mapped[str] = mapped_column(SqlText, primary_key=True, comment="Class")
    detections: Mapped[int] = mapped_column(BigInteger, comment="Detections in all frames of the hour")


class CameraHour(Base):
    __tablename__ = "camera_hours"
    __table_args__ = ({"postgresql_partition_by": "RANGE (hour_at)"},)

    camera_code: Mapped[str] = mapped_column(SqlText, primary_key=True, comment="Camera")
    hour_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), primary_key=True, comment="Beginning of the hour (UTC)"
    )
    frame_offsets_ms: Mapped[list[int]] = mapped_column(
        ARRAY(Integer), comment="The frames known of this hour, in milliseconds after it began, ascending"
    )
    frames_seen: Mapped[int] = mapped_column(Integer, comment="How many they are")
    reported: Mapped[bool] = mapped_column(
        Boolean,
        comment="Whether the detector reported the frames it analysed, those with nothing in them too",
    )
    simulated: Mapped[bool] = mapped_column(
        Boolean, comment="Whether all that is known of this hour is simulated"
    )


class HourToEnrich(Base):
    __tablename__ = "hours_to_enrich"

    hour_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True),
        primary_key=True,
        comment="Beginning of an hour (UTC) with detections that are not enriched and not rolled up yet",
    )


class TrackHour(Base):
    __tablename__ = "track_hours"

    road_segment_code: Mapped[str] = mapped_column(SqlText, primary_key=True, comment="Road segment")
    hour_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), primary_key=True, comment="Beginning of the hour (UTC)"
    )
    camera_code: Mapped[str] = mapped_column(SqlText, primary_key=True, comment="Camera that tracked them")
    class_name: Mapped[str] = mapped_column(SqlText, primary_key=True, comment="Class")
    tracks: Mapped[int] = mapped_column(Integer, comment="Vehicles that were tracked on the segment")
    time_s: Mapped[float] = mapped_column(Float, comment="Time that they spent there together, seconds")
    distance_m: Mapped[float] = mapped_column(Float, comment="Distance that they went there together, metres")
    area_m_s: Mapped[float | None] = mapped_column(
        Float,
        comment="Length that the camera sees times the time it looked, metre seconds; none where not known",
    )
    simulated: Mapped[bool] = mapped_column(Boolean, comment="Whether the tracks are simulated")
