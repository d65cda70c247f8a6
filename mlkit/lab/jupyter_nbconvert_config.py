"""Settings of nbconvert: pages show widgets as they were last seen."""

c = get_config()  # noqa: F821  # Jupyter's
c.HTMLExporter.preprocessors = ["mlkit.widgets.static.StaticWidgets"]
