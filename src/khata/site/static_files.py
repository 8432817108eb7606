"""Static files straight from the installed packages, under names that carry their content's hash.

No `collectstatic`: `khata demo` and the wheel work as they are. WhiteNoise's finders serve the files; the hash in the
query makes a changed file a new address.
"""

from functools import cache
from hashlib import blake2b
from pathlib import Path

from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage


class FinderHashedStorage(StaticFilesStorage):
    def url(self, name: str | None, force: bool = False) -> str:
        url = super().url(name)
        return f"{url}?v={_content_hash(name)}" if name else url


@cache
def _content_hash(name: str) -> str:
    path = finders.find(name)
    if not isinstance(path, str):
        raise ValueError(f"static file {name} does not exist")
    return blake2b(Path(path).read_bytes(), digest_size=6).hexdigest()
