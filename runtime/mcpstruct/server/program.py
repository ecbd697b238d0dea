"""Where another process finds a server that was made in this one."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .base import Server

_AGAIN = "__mp_main__"
"""What `multiprocessing` calls the main module of the parent where it has loaded it once more."""


class Program(NamedTuple):
    """A server as a global of a module that is in a file."""

    module: str
    file: str
    name: str

    @classmethod
    def of(cls, server: Server) -> Program:
        """Where a server is. Raises `ValueError` if it is no global of any module that can be loaded again."""
        modules = dict(sys.modules)
        for key in ["__main__", *modules]:
            module = modules.get(key)
            file = getattr(module, "__file__", None)
            if isinstance(module, ModuleType) and file is not None:
                for name, value in list(vars(module).items()):
                    if value is server:
                        return cls(key, str(Path(file).resolve()), name)
        raise ValueError("several workers load the program anew: the server has to be a global of a module in a file")

    def load(self) -> Server:
        """The server, in this process. Raises what the program raises."""
        module = sys.modules.get(_AGAIN if self.module == "__main__" else self.module)
        if not hasattr(module, self.name):
            module = load_module(_AGAIN if self.module == "__main__" else self.module, Path(self.file))
        server: Server = getattr(module, self.name)
        return server


def load_module(name: str, file: Path) -> ModuleType:
    """A Python file as a module of that name. Raises `ImportError` for another file, and what the module raises."""
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is no Python file")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
