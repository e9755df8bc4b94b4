"""How the report looks: light and dark as the reader's system says, and light on paper."""

from __future__ import annotations

from quantscope.engine.picture.look import DARK, LIGHT, Look
from quantscope.engine.picture.marks import Color


def style_sheet() -> str:
    """The style sheet, in the colours of the picture of the ranges."""
    return (
        f":root {{ color-scheme: light dark; {_variables(LIGHT)} }}\n"
        f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {_variables(DARK)} }} }}\n"
        f"{_RULES}"
    )


def _variables(look: Look) -> str:
    colors = {
        "paper": look.background,
        "ink": look.text,
        "dim": look.dim,
        "line": look.faint,
        "edge": look.edge,
        "warning": look.warning,
        "warning-paper": look.warning_back,
    }
    return " ".join(f"--{name}: {_css(color)};" for name, color in colors.items())


def _css(color: Color) -> str:
    return "rgb({}, {}, {})".format(*color)


_RULES = """\
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 2rem 3rem; max-width: 92rem; background: var(--paper);
  color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
h1 { margin: 0; font-size: 1.7rem; line-height: 1.25; overflow-wrap: anywhere; }
h2 { margin: 2.2rem 0 0.6rem; padding-bottom: 0.25rem; border-bottom: 1px solid var(--line);
  font-size: 1.25rem; }
h3 { margin: 1.4rem 0 0.4rem; font-size: 1.02rem; }
p { max-width: 50rem; margin: 0.5rem 0; }
.subtitle, .note, dt { color: var(--dim); }
.mark { margin: 1rem 0; padding: 0.6rem 0.9rem; border-radius: 6px; font-weight: 600;
  max-width: none; background: var(--warning-paper); color: var(--warning); }
.warnings { padding: 0.6rem 0.9rem 0.6rem 2rem; border-radius: 6px;
  background: var(--warning-paper); color: var(--warning); }
.cards { display: flex; flex-wrap: wrap; gap: 0.8rem; margin: 1.2rem 0; }
.card { flex: 1 1 11rem; padding: 0.7rem 0.9rem; border: 1px solid var(--line);
  border-radius: 8px; }
.card b { display: block; font-size: 1.3rem; line-height: 1.3; overflow-wrap: anywhere; }
.card span { color: var(--dim); font-size: 0.86rem; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 0.2rem 1.2rem;
  margin: 0.5rem 0; }
dd { margin: 0; overflow-wrap: anywhere; }
.wide { overflow-x: auto; margin: 0.5rem 0; }
table { border-collapse: collapse; font-size: 0.86rem; }
th, td { padding: 0.22rem 0.7rem 0.22rem 0; text-align: left; vertical-align: top; }
th { color: var(--dim); font-weight: 600; border-bottom: 1px solid var(--line); }
th, .name, .figure { white-space: nowrap; }
td { border-bottom: 1px solid color-mix(in srgb, var(--line) 40%, transparent); }
.figure { text-align: right; font-variant-numeric: tabular-nums; }
.words { min-width: 24rem; }
figure { margin: 0.6rem 0; overflow-x: auto; }
figure svg { display: block; max-width: 100%; height: auto; }
.on-dark { display: none; }
@media screen and (prefers-color-scheme: dark) {
  .on-dark { display: block; }
  .on-light { display: none; }
}
pre { margin: 0.5rem 0; padding: 0.7rem 0.9rem; border: 1px solid var(--line); border-radius: 6px;
  font: 13px/1.5 ui-monospace, "DejaVu Sans Mono", monospace; white-space: pre-wrap;
  overflow-wrap: anywhere; }
details { margin: 0.8rem 0; }
summary { cursor: pointer; color: var(--dim); }
footer { margin-top: 2.5rem; color: var(--dim); font-size: 0.86rem; }
@page { size: A4 landscape; margin: 12mm; }
@page picture { size: A4 portrait; margin: 12mm; }
@media print {
  figure { page: picture; margin: 0; break-after: page; }
  figure svg { max-height: 270mm; margin: 0 auto; }
  body { padding: 0; max-width: none; font-size: 10pt; }
  .wide, figure { overflow: visible; }
  table { font-size: 7pt; }
  th { white-space: normal; vertical-align: bottom; }
  .words { min-width: 0; }
  thead { display: table-header-group; }
  tr, .card, pre { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  .mark, .warnings { border: 1px solid; print-color-adjust: exact; }
}
"""
