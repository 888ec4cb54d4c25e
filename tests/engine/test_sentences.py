"""Sentences of the engine where they stand alone."""

from __future__ import annotations

from chinchilla_nb.engine.sentences import sentence, stopped


def test_a_question_gets_no_full_stop():
    assert stopped("there is no column 'arch': did you mean 'config/arch'?") == (
        "there is no column 'arch': did you mean 'config/arch'?"
    )
    assert sentence("did you mean 'N'?") == "Did you mean 'N'?"


def test_other_sentences_get_one():
    assert stopped("loss_fn must be a name") == "loss_fn must be a name."
    assert sentence("the runs differ") == "The runs differ."
