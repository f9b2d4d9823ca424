"""Forest fire or something else: a logistic model, a threshold with a guarantee, a reliability curve."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from gis_core.types import BoolArray, FloatArray

_FOLDS = 5
_BINS = 10
_SEED = 0


class Logistic(NamedTuple):
    """A fitted model, in plain numbers: each array has one entry for each feature."""

    mean: FloatArray
    scale: FloatArray
    coefficient: FloatArray
    intercept: float

    def contributions(self, features: FloatArray) -> FloatArray:
        """What each feature adds to the log-odds, against an event of average features; shape (n, k)."""
        return np.asarray((features - self.mean) / self.scale * self.coefficient)

    def probability(self, features: FloatArray) -> FloatArray:
        """Probability of a forest fire for features of shape (n, k); shape (n,)."""
        odds = self.contributions(features).sum(axis=1) + self.intercept
        return np.asarray(1 / (1 + np.exp(-odds)))


class Keep(NamedTuple):
    """A threshold: what scores at least so much is kept.

    A further fire that is exchangeable with the ``fires`` it was set on is kept with a probability of at
    least ``guarantee``.
    """

    threshold: float
    fires: int
    guarantee: float


class Bin(NamedTuple):
    """One point of a reliability curve: what was said on average, what came true, of how many."""

    said: float
    came_true: float
    events: int


class Reliability(NamedTuple):
    """A reliability curve with its Brier score (0 is perfect), and that of saying the share of fires."""

    bins: tuple[Bin, ...]
    brier: float
    brier_of_share: float


def fit(features: FloatArray, is_fire: BoolArray) -> Logistic:
    """Fit the logistic model to events of known outcome.

    Args:
        features: shape (n, k), finite.
        is_fire: shape (n,), with events of both kinds.
    """
    scaler = StandardScaler().fit(features)
    model = LogisticRegression(max_iter=1_000).fit(scaler.transform(features), is_fire)
    return Logistic(scaler.mean_, scaler.scale_, model.coef_[0], float(model.intercept_[0]))


def keep_every_fire(score_of_fires: FloatArray) -> Keep:
    """The highest threshold that keeps every fire of a calibration set.

    By split conformal prediction (Vovk et al. 2005; Angelopoulos & Bates 2023): of n + 1 exchangeable
    fires each is as likely as any other to score least, so that a further one falls below the least of
    n with a probability of at most 1 / (n + 1).

    Args:
        score_of_fires: of a model that has not seen them, shape (n,), n at least 1.
    """
    fires = len(score_of_fires)
    return Keep(float(np.min(score_of_fires)), fires, fires / (fires + 1))


def reliability(features: FloatArray, is_fire: BoolArray) -> Reliability:
    """How often what the model says comes true, each event judged by a model that has not seen it.

    Five-fold cross-validation; ten bins of equal width of which the empty ones are left out.
    """
    folds = min(_FOLDS, int(is_fire.sum()), int((~is_fire).sum()))
    said = cross_val_predict(
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=1_000)),
        features,
        is_fire,
        cv=StratifiedKFold(folds, shuffle=True, random_state=_SEED),
        method="predict_proba",
    )[:, 1]
    which = np.minimum((said * _BINS).astype(int), _BINS - 1)
    bins = tuple(
        Bin(float(said[which == one].mean()), float(is_fire[which == one].mean()), int((which == one).sum()))
        for one in range(_BINS)
        if (which == one).any()
    )
    share = float(is_fire.mean())
    return Reliability(bins, float(((said - is_fire) ** 2).mean()), share * (1 - share))


def split_half(is_fire: BoolArray) -> BoolArray:
    """Which events train the model; the others calibrate. Half of each kind, drawn once and for all."""
    rng = np.random.default_rng(_SEED)
    trains = np.zeros(len(is_fire), dtype=bool)
    for kind in (True, False):
        of_kind = np.flatnonzero(is_fire == kind)
        trains[rng.permutation(of_kind)[: math.ceil(len(of_kind) / 2)]] = True
    return trains
