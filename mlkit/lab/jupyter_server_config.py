"""Settings of Jupyter's server: what is saved, and exported, needs no kernel to be seen."""

from mlkit.widgets import static

c = get_config()  # noqa: F821  # Jupyter's
c.ContentsManager.pre_save_hook = static.on_save
c.HTMLExporter.preprocessors = ["mlkit.widgets.static.StaticWidgets"]
