"""Where a stopped examination goes on: its account in a file, replaced as a whole."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from tempfile import NamedTemporaryFile

from app.errors import StartRefused
from app.fsck.progress import Options, Progress, progress_from_json, progress_to_json
from app.vault.durable import reach_disk


def write_state(file: Path, progress: Progress, options: Options) -> None:
    """Replace the file; after a crash it is the old one or the new one.

    Raises:
        OSError: the file cannot be written.
    """
    text = json.dumps(
        {"options": asdict(options), "progress": progress_to_json(progress)}, ensure_ascii=False
    )
    with NamedTemporaryFile("w", dir=file.parent, prefix=file.name, delete=False) as new:
        new.write(text)
        new.flush()
        os.fsync(new.fileno())
    Path(new.name).replace(file)
    reach_disk(file.parent)


def read_state(file: Path, options: Options) -> Progress | None:
    """Read where to go on; None without a file.

    Raises:
        StartRefused: the file is none of ours, or was written with other options.
    """
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        progress, before = progress_from_json(kept["progress"]), kept["options"]
    except FileNotFoundError:
        return None
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise StartRefused(f"không đọc được tệp trạng thái {file}") from error
    if before != asdict(options):
        raise StartRefused(
            f"tệp trạng thái {file} thuộc về một lượt kiểm tra có tùy chọn khác; "
            "chạy lại với các tùy chọn đó, hoặc xóa tệp để bắt đầu lại"
        )
    return progress
