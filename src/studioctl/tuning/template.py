"""The objective that `tune init` writes: it trains something real, on data that comes with scikit-learn."""

from pathlib import Path

from studioctl import disk
from studioctl.errors import RefusedError, StudioctlError
from studioctl.tuning.environments import REQUIREMENTS

OBJECTIVE = '''\
"""Tunes a linear classifier of handwritten digits. An ordinary objective of Optuna: change whatever you like."""

import optuna
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

EPOCHS = 20


def objective(trial):
    """The share of wrong answers, which is to be minimized."""
    alpha = trial.suggest_float("alpha", 1e-6, 1e-1, log=True)
    loss = trial.suggest_categorical("loss", ["hinge", "log_loss", "modified_huber"])
    penalty = trial.suggest_categorical("penalty", ["l2", "l1", "elasticnet"])

    images, digits = load_digits(return_X_y=True)
    images = StandardScaler().fit_transform(images)
    train_x, test_x, train_y, test_y = train_test_split(images, digits, test_size=0.3, random_state=0)
    model = SGDClassifier(alpha=alpha, loss=loss, penalty=penalty, random_state=0)
    wrong = 1.0
    for epoch in range(EPOCHS):
        model.partial_fit(train_x, train_y, classes=range(10))
        wrong = 1 - model.score(test_x, test_y)
        trial.report(wrong, epoch)
        if trial.should_prune():
            raise optuna.TrialPruned
    print(f"trial {trial.number}: {wrong:.2%} wrong")
    return wrong
'''
LIBRARIES = "scikit-learn>=1.5\n"


def write(file: Path) -> tuple[Path, ...]:
    """Writes an objective, and requirements.txt beside it where there is none; the files that were written.

    Raises:
        RefusedError: The file is there.
        StudioctlError: Its directory is not.
    """
    if file.exists():
        raise RefusedError(
            f"{file} is there already. Nothing was changed.",
            hint="name another file, such as: studioctl tune init other.py",
        )
    if not file.parent.is_dir():
        raise StudioctlError(
            f"There is no directory '{file.parent}'. Nothing was written.", hint="create it, or name another place"
        )
    disk.replace(file, OBJECTIVE)
    requirements = file.with_name(REQUIREMENTS)
    if requirements.exists():
        return (file,)
    disk.replace(requirements, LIBRARIES)
    return file, requirements
