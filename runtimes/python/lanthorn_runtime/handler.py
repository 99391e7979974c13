"""From the text of `_HANDLER` to a function, and the places modules are looked for."""

import importlib
import os
import sys

from lanthorn_runtime.errors import Fault

_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def set_path():
    """Puts the function's code first, then its layers, then what came with Python, as AWS orders them."""
    version = "python%d.%d" % sys.version_info[:2]
    task = os.environ.get("LAMBDA_TASK_ROOT", "/var/task")
    first = [task, "/opt/python/lib/%s/site-packages" % version, "/opt/python"]
    first += [place for place in _site_packages(version) if os.path.isdir(place)]
    rest = [place for place in sys.path if place not in first and place != _OURS]
    sys.path[:] = first + [_OURS] + rest


def _site_packages(version):
    """The interpreter's own packages. `site` would find them too, and run every stray file beside them."""
    if not sys.flags.no_site:
        return []
    places = [os.path.join(sys.prefix, "lib", version, "site-packages")]
    if sys.prefix == "/usr":
        # Debian's layout.
        places = ["/usr/local/lib/%s/dist-packages" % version, "/usr/lib/python3/dist-packages"] + places
    return places


def load(text):
    """The handler that `text` names.

    Raises Fault for what AWS has an error type of its own for, else what the module raised.
    """
    module_name, dot, name = text.rpartition(".")
    if not dot:
        raise Fault("Runtime.MalformedHandlerName", "Bad handler '%s': not enough values to unpack (expected 2, got 1)" % text)
    if module_name.split(".")[0] in sys.builtin_module_names:
        raise Fault("Runtime.BuiltInModuleConflict", "Cannot use built-in module %s as a handler module" % module_name)
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise Fault("Runtime.ImportModuleError", "Unable to import module '%s': %s" % (module_name, error))
    except SyntaxError as error:
        trace = ['  File "%s" Line %s\n    %s' % (error.filename, error.lineno, error.text)]
        raise Fault("Runtime.UserCodeSyntaxError", "Syntax error in module '%s': %s" % (module_name, error), trace)
    try:
        return getattr(module, name)
    except AttributeError:
        raise Fault("Runtime.HandlerNotFound", "Handler '%s' missing on module '%s'" % (name, module_name))
