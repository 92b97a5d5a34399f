"""Draw the README's pictures anew: `python -m tests.pictures.make`. They are SVG, exported by the running app."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path

os.environ["COLORTERM"] = "truecolor"  # asked for by Textual as it is imported

from tutor.app.app import TutorApp  # noqa: E402
from tutor.course.progress import Progress  # noqa: E402

HERE = Path(__file__).parent
# name: (language, size, lesson, step, keys)
PICTURES: dict[str, tuple[str, tuple[int, int], str, int, tuple[str, ...]]] = {
    "home": ("en", (100, 30), "", 0, ()),
    "why": ("en", (120, 36), "the-whole-machine", 7, ("down", "down")),
}


async def draw(name: str) -> None:
    """Run the app without a terminal, press the keys, and save what is on screen."""
    language, size, lesson, step, keys = PICTURES[name]
    with tempfile.TemporaryDirectory() as folder:
        app = TutorApp(lang=language, progress=Progress(Path(folder) / "progress.sqlite"))
        async with app.run_test(size=size) as pilot:
            await pilot.pause(1)
            if lesson:
                app.save_step(lesson, step)
                app.open_lesson(lesson, "She likes cats")
                await pilot.pause(2)
                await app.workers.wait_for_complete()
            for key in keys:
                await pilot.press(key)
                await pilot.pause(0.5)
            await pilot.pause(1)
            (HERE / f"{name}.svg").write_text(app.export_screenshot(title="tutor start"), encoding="utf-8")


if __name__ == "__main__":
    for each in PICTURES:
        asyncio.run(draw(each))
