"""The notebook runs from top to bottom, and prints what is stored in it."""

import re
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

PATH = Path(__file__).parents[2] / "docs" / "guides" / "tour.ipynb"


def printed(notebook):
    """The lines that the cells print."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not any(output.output_type == "error" for output in outputs)
    return "".join(
        output.text for output in outputs if output.output_type == "stream"
    ).splitlines()


def pictures(notebook):
    """How many pictures each cell shows."""
    return [
        sum("image/png" in output.get("data", {}) for output in cell.get("outputs", []))
        for cell in notebook.cells
    ]


@pytest.mark.slow
def test_the_notebook_gives_what_is_stored_in_it(tmp_path):
    stored = nbformat.read(PATH, as_version=4)
    nbformat.validate(stored)
    again = nbformat.read(PATH, as_version=4)
    nbclient.NotebookClient(
        again, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    assert pictures(again) == pictures(stored)
    before, after = printed(stored), printed(again)
    assert re.match(r"error 0\.0\d", before[0])
    assert [re.sub(r"[-\d.e]+", "#", line) for line in after[:2]] == [
        re.sub(r"[-\d.e]+", "#", line) for line in before[:2]
    ]
    error = [float(re.search(r"\d\.\d+", lines[0])[0]) for lines in (before, after)]
    assert error[0] == pytest.approx(error[1], abs=0.01)


def test_the_notebook_was_run_and_shows_its_pictures():
    notebook = nbformat.read(PATH, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert sum(pictures(notebook)) >= 3
    assert len(printed(notebook)) > 10
