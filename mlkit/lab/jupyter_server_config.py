"""Settings of Jupyter's server: what is saved, and exported, needs no kernel to be seen."""

import warnings

from mlkit.widgets import static

# The server reads this file once for itself and once for Lab.
warnings.filterwarnings("ignore", message="Overriding existing pre_save_hook")
c = get_config()  # noqa: F821  # Jupyter's
c.ContentsManager.pre_save_hook = static.on_save
c.HTMLExporter.preprocessors = ["mlkit.widgets.static.StaticWidgets"]
