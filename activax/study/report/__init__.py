"""The report of a study: its facts, and the same facts as text, tables, figures and files.

Modules:
    summary   The facts, as plain data.
    text      Sentences.
    tables    Tables as texts, and the table for the terminal.
    svg       Axes as SVG.
    figures   The figures of a task.
    markdown  The report as Markdown.
    page      The report as one HTML file.
    writing   The files of a report.
"""
