"""Starts a function's Python: everything worth reading is in `lanthorn_runtime`.

This file is compiled at every start, the package is not: so it is short.
"""

from lanthorn_runtime import loop

loop.main()
