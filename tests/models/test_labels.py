"""What labels say."""

import pytest

from bridge.models.labels import Kind, Label, read_label


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("yes", Label("نعم", Kind.YES_NO, value=True)),
        ("No", Label("لا", Kind.YES_NO, value=False)),
        ("zero", Label("صفر", Kind.NUMBER, 0)),
        ("zoom in", Label("تكبير", Kind.OTHER, None)),
        ("zoom_in", Label("تكبير", Kind.OTHER, None)),
        ("نعم", Label("نعم", Kind.YES_NO, value=True)),
        ("نَعَم", Label("نعم", Kind.YES_NO, value=True)),
        ("لا_والله", Label("لا والله", Kind.YES_NO, value=False)),
        ("عشرة", Label("عشرة", Kind.NUMBER, 10)),
        ("خمسة وعشرين", Label("خمسة وعشرين", Kind.NUMBER, 25)),
        ("ألم في صدري", Label("ألم في صدري", Kind.OTHER, None)),
    ],
)
def test_labels_are_read(name: str, label: Label) -> None:
    """Folder names of the dataset, and Arabic of any spelling."""
    assert read_label(name) == label


def test_start_is_no_never() -> None:
    """Without its hamza "start" would be "never", a no: the table knows better."""
    assert read_label("start") == read_label("ابدأ") == Label("ابدأ", Kind.OTHER, None)
    assert read_label("أبدا") == Label("أبدا", Kind.YES_NO, value=False)


@pytest.mark.parametrize("name", ["cat", "_background_noise_", "123", ""])
def test_other_names_say_nothing(name: str) -> None:
    """They are neither Arabic nor folders of the dataset."""
    assert read_label(name) is None
