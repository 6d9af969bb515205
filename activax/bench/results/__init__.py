"""The records of measurements: in files, in tables and in pictures.

Modules:
    files      Files that are written whole or not at all.
    json_rows  JSON with one row a line.
    tables     Tables as text: CSV and Markdown.
    machine    The circumstances of a measurement.
    records    Rows as JSON, CSV and Markdown, and changes of speed.
    plot       Bars against the roofline.
"""
