"""The template of the HTML page: style and script are in it, so that it works from a file and without a network."""

from __future__ import annotations

PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>{{ report.title }}</title>
<style>
:root { color-scheme: light dark; --ink: #1d1f23; --paper: #fff; --soft: #f3f4f6; --line: #d7dade; --link: #0a58b5; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e7e9ec; --paper: #15171a; --soft: #202328; --line: #3a3f46; --link: #7db4ff; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 80rem; color: var(--ink); background: var(--paper);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.2; }
h2 { font-size: 1.25rem; margin-top: 2.5rem; padding-top: .6rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin-bottom: .3rem; }
a { color: var(--link); }
nav ul { columns: 20rem auto; padding-left: 1.2rem; margin: .5rem 0; }
li, p, td, th { overflow-wrap: break-word; }
ul.sentences { padding-left: 1.2rem; max-width: 60rem; }
.table { overflow-x: auto; margin: .8rem 0; border: 1px solid var(--line); border-radius: 6px; }
table { border-collapse: collapse; width: 100%; font-size: .87rem; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .6rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
tr:last-child > td { border-bottom: 0; }
td { white-space: nowrap; }
td.long { white-space: normal; min-width: 16rem; }
td.number, th.number { text-align: right; }
thead th { background: var(--soft); vertical-align: bottom; }
tbody tr:hover { background: var(--soft); }
th button { all: unset; cursor: pointer; font-weight: 600; }
th button:focus-visible { outline: 2px solid var(--link); }
th[aria-sort=ascending] button::after { content: " \\2191"; }
th[aria-sort=descending] button::after { content: " \\2193"; }
figure { margin: 1rem 0; overflow-x: auto; }
figure svg { max-width: 100%; height: auto; display: block; }
@media (max-width: 40rem) { figure svg { max-width: 44rem; } }
figcaption { font-size: .85rem; opacity: .8; }
details > summary { cursor: pointer; }
</style>
</head>
<body>
<h1>{{ report.title }}</h1>
{% for line in report.lead %}
<p>{{ line }}</p>
{% endfor %}
<nav aria-label="Contents"><ul>
{% for section in sections if section.level == 2 %}
<li><a href="#{{ 'section-%d' % loop.index }}">{{ section.title }}</a></li>
{% endfor %}
</ul></nav>
<main>
{% set counter = namespace(value=0) %}
{% for section in sections %}
{% if section.level == 2 %}
{% set counter.value = counter.value + 1 %}
<h2 id="{{ 'section-%d' % counter.value }}">{{ section.title }}</h2>
{% else %}
<h3>{{ section.title }}</h3>
{% endif %}
{% if section.folded %}
<details><summary>show</summary>
{% endif %}
{% if section.sentences %}
<ul class="sentences">
{% for sentence in section.sentences %}
<li>{{ sentence }}</li>
{% endfor %}
</ul>
{% endif %}
{% for table in section.tables %}
{% set numeric = numeric_columns(table) %}
<div class="table" tabindex="0"><table id="{{ table.name }}">
<thead><tr>
{% for column in table.columns %}
<th scope="col"{% if numeric[loop.index0] %} class="number"{% endif %}><button type="button">{{ column }}</button></th>
{% endfor %}
</tr></thead>
<tbody>
{% for row in table.rows %}
<tr>
{%- for cell in row -%}
{% if is_number(cell) %}
<td class="number" data-value="{{ cell.value }}">{{ cell.text }}</td>
{%- else %}
<td class="{{ 'number' if numeric[loop.index0] else 'long' if cell.text|length > 60 else '' }}">{{ cell.text }}</td>
{%- endif %}
{%- endfor -%}
</tr>
{% endfor %}
</tbody>
</table></div>
{% endfor %}
{% for picture in section.pictures %}
<figure id="{{ picture.name }}" role="img" aria-label="{{ picture.caption }}">
{{ picture.svg }}
<figcaption>{{ picture.caption }}</figcaption></figure>
{% endfor %}
{% for sentence in section.after %}
<p>{{ sentence }}</p>
{% endfor %}
{% if section.folded %}
</details>
{% endif %}
{% endfor %}
</main>
<script>
"use strict";
// Numbers sort by their exact value and stand before what is not known, whichever way; the first order comes back.
for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells], first = [...body.rows];
  heads.forEach((head, column) => head.querySelector("button").addEventListener("click", () => {
    const now = head.getAttribute("aria-sort");
    const next = now === "ascending" ? "descending" : now === "descending" ? null : "ascending";
    heads.forEach(other => other.removeAttribute("aria-sort"));
    if (next) head.setAttribute("aria-sort", next);
    body.append(...(next ? [...first].sort(order(column, next === "ascending" ? 1 : -1)) : first));
  }));
}
function order(column, sign) {
  return (one, other) => {
    const [a, b] = [one.cells[column], other.cells[column]];
    const numbers = [a, b].map(cell => cell.hasAttribute("data-value") ? Number(cell.dataset.value) : NaN);
    if (numbers.every(Number.isFinite)) return sign * (numbers[0] - numbers[1]);
    if (numbers.some(Number.isFinite)) return Number.isFinite(numbers[0]) ? -1 : 1;
    return sign * a.textContent.localeCompare(b.textContent);
  };
}
</script>
</body>
</html>
"""
