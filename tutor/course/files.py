"""Where the lessons lie."""

from pathlib import Path


def lessons_folder() -> Path:
    """Where the lessons lie: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parents[1]
    inside = package / "lessons"
    return inside if inside.is_dir() else package.parent / "lessons"


def lesson_files(folder: Path | None = None) -> tuple[Path, ...]:
    """The lesson files of the course in file name order."""
    found = folder or lessons_folder()
    return tuple(sorted(path for path in found.glob("*.y*ml") if not path.name.startswith((".", "_"))))
